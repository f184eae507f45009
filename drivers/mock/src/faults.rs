//! Chooses the fault that an attempt meets: from a script by card number, else a pure function of seed and attempt id.

use std::collections::BTreeMap;

use cetak_driver_api::AttemptId;

/// The fault that an attempt meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InjectedFault {
    /// Commit does not reach the printer.
    Offline,
    /// Prepare is refused permanently.
    Reject,
    /// The card is spoiled and stops the printer.
    Jam,
    /// The card is spoiled.
    Spoil,
    /// The card is good, and the answer of commit is lost.
    LoseAck,
    /// The card is good, and the printer forgets it.
    Forget,
    /// No fault.
    None,
}

/// Faults by card number, for a test or a transcript that must be the same in each run. Card numbers count the blanks that
/// the printer fed, from 1. A number without a fault is a good card. `reject` and `offline` feed no blank: the first attempt
/// that would feed the blank of this number meets them, and the next one makes a good card.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct FaultScript(BTreeMap<usize, InjectedFault>);

impl FaultScript {
    /// Reads `NUMBER:FAULT,…`. `None` if the text has another form, or names a number twice.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut faults = BTreeMap::new();
        for part in text.split(',') {
            let (number, fault) = part.split_once(':')?;
            let number = number.parse().ok().filter(|number| *number > 0)?;
            let fault = match fault {
                "jam" => InjectedFault::Jam,
                "spoil" => InjectedFault::Spoil,
                "lose_ack" => InjectedFault::LoseAck,
                "forget" => InjectedFault::Forget,
                "reject" => InjectedFault::Reject,
                "offline" => InjectedFault::Offline,
                _ => return None,
            };
            if faults.insert(number, fault).is_some() {
                return None;
            }
        }
        Some(Self(faults))
    }

    /// The fault of the card of a number, or of the first attempt at it.
    pub(crate) fn fault(&self, number: usize) -> InjectedFault {
        self.0.get(&number).copied().unwrap_or(InjectedFault::None)
    }
}

/// The share of attempts that meets each fault, 0 to 1. The remaining attempts meet none.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(crate) struct FaultShares {
    pub(crate) offline: f64,
    pub(crate) reject: f64,
    pub(crate) jam: f64,
    pub(crate) spoil: f64,
    pub(crate) lose_ack: f64,
    pub(crate) forget: f64,
}

impl FaultShares {
    pub(crate) fn sum(&self) -> f64 {
        self.in_order().iter().map(|(_, share)| share).sum()
    }

    /// The fault of an attempt. The same on every machine and in every version, because tests and demonstrations depend
    /// on seeds.
    pub(crate) fn fault(&self, seed: u64, attempt: &AttemptId) -> InjectedFault {
        let draw = draw(seed, attempt);
        let mut upper = 0.0;
        for (fault, share) in self.in_order() {
            upper += share;
            if draw < upper {
                return fault;
            }
        }
        InjectedFault::None
    }

    /// The order must not change, because the faults of a seed depend on it.
    fn in_order(&self) -> [(InjectedFault, f64); 6] {
        [
            (InjectedFault::Offline, self.offline),
            (InjectedFault::Reject, self.reject),
            (InjectedFault::Jam, self.jam),
            (InjectedFault::Spoil, self.spoil),
            (InjectedFault::LoseAck, self.lose_ack),
            (InjectedFault::Forget, self.forget),
        ]
    }
}

/// A pseudo-random number from 0 to less than 1, in steps of 2^-32.
///
/// FNV-1a of 64 bits over the seed's eight bytes, little-endian, and the id's; then the finisher of `SplitMix64`,
/// because FNV leaves the upper bits almost equal for ids that differ at their end.
fn draw(seed: u64, attempt: &AttemptId) -> f64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let seed = seed.to_le_bytes();
    let bytes = seed.iter().chain(attempt.as_str().as_bytes());
    let mut hash = bytes.fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    let [_, _, _, _, a, b, c, d] = hash.to_le_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: FaultShares =
        FaultShares { offline: 0.1, reject: 0.1, jam: 0.1, spoil: 0.1, lose_ack: 0.1, forget: 0.1 };

    fn faults(shares: &FaultShares, seed: u64, count: u32) -> Vec<InjectedFault> {
        (0..count).map(|n| shares.fault(seed, &AttemptId::new(format!("cetak-solo-{n:08}")).unwrap())).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_seed_others() {
        assert_eq!(faults(&EVEN, 3, 1000), faults(&EVEN, 3, 1000));
        assert_ne!(faults(&EVEN, 3, 1000), faults(&EVEN, 4, 1000));
    }

    #[test]
    fn a_seed_gives_the_same_faults_in_every_version() {
        use InjectedFault::{Jam, None, Offline, Spoil};

        assert_eq!(faults(&EVEN, 1, 8), [None, Offline, Jam, Spoil, None, Spoil, None, Offline]);
    }

    #[test]
    fn faults_have_their_shares_of_ten_thousand_attempts() {
        let shares = FaultShares { offline: 0.02, reject: 0.01, jam: 0.05, spoil: 0.1, lose_ack: 0.2, forget: 0.3 };
        for seed in 0..10 {
            let faults = faults(&shares, seed, 10_000);
            for (fault, share) in shares.in_order() {
                let count = u32::try_from(faults.iter().filter(|found| **found == fault).count()).unwrap();
                let off = (f64::from(count) - share * 10_000.0).abs();
                // Five standard deviations.
                assert!(off <= 5.0 * (10_000.0 * share * (1.0 - share)).sqrt(), "seed {seed}, {fault:?}: {count}");
            }
        }
    }

    #[test]
    fn a_share_of_one_is_every_attempt_and_a_share_of_zero_is_none() {
        let spoil = FaultShares { spoil: 1.0, ..FaultShares::default() };

        assert!(faults(&spoil, 9, 1000).iter().all(|fault| *fault == InjectedFault::Spoil));
        assert!(faults(&FaultShares::default(), 9, 1000).iter().all(|fault| *fault == InjectedFault::None));
    }
}
