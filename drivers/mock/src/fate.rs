//! What becomes of an attempt: a pure function of seed and attempt id.

use cetak_driver_api::AttemptId;

/// What an attempt meets. One fault at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Offline,
    Reject,
    Jam,
    Spoil,
    LoseAck,
    Forget,
    Good,
}

/// Which part of all attempts meets which fault, each 0 to 1; the rest is [`Fate::Good`].
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(crate) struct Shares {
    pub(crate) offline: f64,
    pub(crate) reject: f64,
    pub(crate) jam: f64,
    pub(crate) spoil: f64,
    pub(crate) lose_ack: f64,
    pub(crate) forget: f64,
}

impl Shares {
    pub(crate) fn sum(&self) -> f64 {
        self.in_order().iter().map(|(_, share)| share).sum()
    }

    /// The same on every machine and in every version: tests and demonstrations name seeds.
    pub(crate) fn fate(&self, seed: u64, attempt: &AttemptId) -> Fate {
        let draw = draw(seed, attempt);
        let mut upper = 0.0;
        for (fate, share) in self.in_order() {
            upper += share;
            if draw < upper {
                return fate;
            }
        }
        Fate::Good
    }

    /// The order is part of what a seed means.
    fn in_order(&self) -> [(Fate, f64); 6] {
        [
            (Fate::Offline, self.offline),
            (Fate::Reject, self.reject),
            (Fate::Jam, self.jam),
            (Fate::Spoil, self.spoil),
            (Fate::LoseAck, self.lose_ack),
            (Fate::Forget, self.forget),
        ]
    }
}

/// 0 up to, not including, 1 in steps of 2^-32.
///
/// FNV-1a of 64 bits over the seed's eight bytes, little-endian, and the id's; then the finisher of `SplitMix64`, because
/// FNV leaves the upper bits of ids that differ at their end almost alike.
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

    const EVEN: Shares = Shares { offline: 0.1, reject: 0.1, jam: 0.1, spoil: 0.1, lose_ack: 0.1, forget: 0.1 };

    fn fates(shares: &Shares, seed: u64, count: u32) -> Vec<Fate> {
        (0..count).map(|n| shares.fate(seed, &AttemptId::new(format!("cetak-solo-{n:08}")).unwrap())).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_fates_and_another_seed_others() {
        assert_eq!(fates(&EVEN, 3, 1000), fates(&EVEN, 3, 1000));
        assert_ne!(fates(&EVEN, 3, 1000), fates(&EVEN, 4, 1000));
    }

    #[test]
    fn a_seed_means_the_same_in_every_version() {
        use Fate::{Good, Jam, Offline, Spoil};

        assert_eq!(fates(&EVEN, 1, 8), [Good, Offline, Jam, Spoil, Good, Spoil, Good, Offline]);
    }

    #[test]
    fn shares_come_out_over_ten_thousand_attempts() {
        let shares = Shares { offline: 0.02, reject: 0.01, jam: 0.05, spoil: 0.1, lose_ack: 0.2, forget: 0.3 };
        for seed in 0..10 {
            let fates = fates(&shares, seed, 10_000);
            for (fate, share) in shares.in_order() {
                let count = u32::try_from(fates.iter().filter(|found| **found == fate).count()).unwrap();
                let off = (f64::from(count) - share * 10_000.0).abs();
                // Five standard deviations.
                assert!(off <= 5.0 * (10_000.0 * share * (1.0 - share)).sqrt(), "seed {seed}, {fate:?}: {count}");
            }
        }
    }

    #[test]
    fn a_share_of_one_is_every_attempt_and_of_zero_none() {
        let spoil = Shares { spoil: 1.0, ..Shares::default() };

        assert!(fates(&spoil, 9, 1000).iter().all(|fate| *fate == Fate::Spoil));
        assert!(fates(&Shares::default(), 9, 1000).iter().all(|fate| *fate == Fate::Good));
    }
}
