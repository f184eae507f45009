//! Decisions on batches over plain data: from the waiting list and blanks to batches, and back.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{
    batch::{BatchState, Claimed, size, sort_pile},
    id::{LotId, RecordId},
    job::{JobState, OpenJob},
    stock::{Account, LotQuantity, Place},
};

/// A printer that needs its next batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchRequest<'a> {
    /// Its name.
    pub printer: &'a str,
    /// The capacity of its hopper, if the hopper is counted.
    pub hopper: Option<i64>,
    /// The cards that its limits allow, where they are counted.
    pub room: Option<i64>,
    /// Its profile.
    pub profile: &'a str,
    /// The profile's blank type.
    pub blank_type: &'a str,
}

impl BatchRequest<'_> {
    /// The place of its blanks.
    pub fn place(&self) -> Place {
        place(self.printer, self.hopper)
    }

    /// The most cards of its next batch.
    fn most(&self, batch_size: i64, blanks: i64) -> i64 {
        size(batch_size, blanks, self.hopper).min(self.room.unwrap_or(i64::MAX)).max(0)
    }
}

/// The place of the blanks for a printer's batches: its hopper if that is counted, otherwise the vault.
pub fn place(printer: &str, hopper: Option<i64>) -> Place {
    if hopper.is_some() { Place::Printer(printer.to_owned()) } else { Place::Vault }
}

/// The settings on which the decision depends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The maximum of records in a batch.
    pub batch_size: i64,
    /// A new batch waits until a person approves it.
    pub needs_approval: bool,
}

/// Free blanks by blank type and account, by lot, oldest lot first.
pub type FreeBlanks<'a> = HashMap<(&'a str, Account), Vec<LotQuantity>>;

/// Waiting records by profile, in order of priority.
pub type Waiting<'a> = HashMap<&'a str, VecDeque<Claimed>>;

/// Who shares the blanks of an account with the printers of a step.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Sharing {
    /// Other printers that can print and take their blanks there.
    pub printers: i64,
    /// The cards that are left in batches.
    pub cards: i64,
}

/// Who shares blanks, by blank type and account; accounts that are left out have enough.
pub type Sharers<'a> = HashMap<(&'a str, Account), Sharing>;

/// A planned batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchPlan {
    /// The place of its blanks.
    pub place: Place,
    /// `planned` or `running`.
    pub state: BatchState,
    /// Its blanks by lot, one for each card.
    pub lots: Vec<LotQuantity>,
    /// Its records, in printing order.
    pub cards: Vec<Claimed>,
}

impl BatchPlan {
    /// The lot of each card's blank, in printing order.
    pub fn lot_of_each(&self) -> impl Iterator<Item = LotId> {
        self.lots.iter().flat_map(|lot| std::iter::repeat_n(lot.lot, usize::try_from(lot.quantity).unwrap_or(0)))
    }
}

/// The result of planning for one printer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Planned {
    /// A batch.
    Batch(BatchPlan),
    /// No free blank for this printer.
    NoBlanks,
    /// Its limits allow no card.
    NoRoom,
    /// The waiting list of its profile is empty.
    NothingWaits,
}

/// For each profile, the maximum of records that batches of these printers can take, as if all blanks were for that
/// profile.
pub fn most_wanted<'a>(requests: &[BatchRequest<'a>], free: &FreeBlanks, batch_size: i64) -> BTreeMap<&'a str, i64> {
    let mut wanted: BTreeMap<&str, HashMap<Account, i64>> = BTreeMap::new();
    for request in requests {
        let account = request.place().free();
        let lots = free.get(&(request.blank_type, account.clone()));
        let available = lots.map_or(0, |lots| quantity(lots));
        let of_account = wanted.entry(request.profile).or_default().entry(account).or_default();
        *of_account = available.min(*of_account + request.most(batch_size, available));
    }
    wanted.into_iter().map(|(profile, accounts)| (profile, accounts.values().sum())).filter(|(_, n)| *n > 0).collect()
}

/// Plans the next batch of each printer, in the given order: the first records of the waiting list, limited by the printer's share of the
/// free blanks. Removes the planned records and blanks from `waiting` and `free`.
pub fn plan<'a>(
    requests: &[BatchRequest<'a>],
    waiting: &mut Waiting<'a>,
    free: &mut FreeBlanks<'a>,
    sharers: &Sharers<'a>,
    policy: Policy,
) -> Vec<Planned> {
    let state = if policy.needs_approval { BatchState::Planned } else { BatchState::Running };
    let mut sharers = sharers.clone();
    for request in requests {
        if let Some(sharing) = sharers.get_mut(&(request.blank_type, request.place().free())) {
            sharing.printers += 1;
        }
    }
    let plan_one = |request: &BatchRequest<'a>| {
        let place = request.place();
        let lots = free.entry((request.blank_type, place.free())).or_default();
        let sharing = sharers.get_mut(&(request.blank_type, place.free()));
        let blanks = sharing.as_ref().map_or(quantity(lots), |sharing| share(quantity(lots), **sharing));
        let wanted = request.most(policy.batch_size, blanks);
        if wanted == 0 {
            return if request.room == Some(0) { Planned::NoRoom } else { Planned::NoBlanks };
        }
        let list = waiting.entry(request.profile).or_default();
        let mut cards: Vec<Claimed> = list.drain(..list.len().min(usize::try_from(wanted).unwrap_or(0))).collect();
        if cards.is_empty() {
            return Planned::NothingWaits;
        }
        sort_pile(&mut cards);
        if let Some(sharing) = sharing {
            sharing.cards += i64::try_from(cards.len()).unwrap_or(0);
        }
        let lots = take(lots, i64::try_from(cards.len()).unwrap_or(0));
        Planned::Batch(BatchPlan { place, state, lots, cards })
    };
    requests.iter().map(plan_one).collect()
}

/// How many of the free blanks are for a printer that has no card left, so that all printers end together: as many as each would have if
/// the cards of all were divided evenly. At least one, if one is free. `sharing` counts the printer.
fn share(free: i64, sharing: Sharing) -> i64 {
    let printers = sharing.printers.max(1);
    ((free + sharing.cards + printers - 1) / printers).min(free)
}

fn quantity(lots: &[LotQuantity]) -> i64 {
    lots.iter().map(|lot| lot.quantity.max(0)).sum()
}

/// Takes up to `wanted` blanks from lots, in their order.
fn take(lots: &mut [LotQuantity], wanted: i64) -> Vec<LotQuantity> {
    let mut left = wanted;
    let mut taken = Vec::new();
    for lot in lots {
        let quantity = lot.quantity.max(0).min(left);
        if quantity > 0 {
            lot.quantity -= quantity;
            left -= quantity;
            taken.push(LotQuantity { lot: lot.lot, quantity });
        }
    }
    taken
}

/// The effect of ending a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Its new state.
    pub state: BatchState,
    /// Queued jobs to be closed: their records return to the waiting list, and their blanks to their place.
    pub returned: Vec<(RecordId, OpenJob)>,
}

/// Ends a batch with these queued or printing jobs. A printing job keeps it `closing` until its attempt has ended.
/// `None` if the batch is in that state already.
pub fn end(state: BatchState, open: Vec<(RecordId, OpenJob)>) -> Option<Ending> {
    let (returned, printing): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, job)| job.state == JobState::Queued);
    let to = if printing.is_empty() { BatchState::Closed } else { BatchState::Closing };
    (to != state).then_some(Ending { state: to, returned })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{BatchId, JobId};

    fn claimed(record: i64, district: &str) -> Claimed {
        Claimed {
            record: RecordId(record),
            district: district.into(),
            village: String::new(),
            version: 1,
            copy: 1,
            recalled: false,
            is_walk_in: false,
        }
    }

    fn lot(lot: i64, quantity: i64) -> LotQuantity {
        LotQuantity { lot: LotId(lot), quantity }
    }

    const POLICY: Policy = Policy { batch_size: 3, needs_approval: false };
    const P1: BatchRequest =
        BatchRequest { printer: "p1", hopper: None, room: None, profile: "ktp", blank_type: "card" };

    #[test]
    fn printers_share_the_list_and_the_blanks_in_their_order_and_oldest_lots_go_first() {
        let requests = [P1, BatchRequest { printer: "p2", ..P1 }, BatchRequest { printer: "p3", ..P1 }];
        let mut free: FreeBlanks = [(("card", Account::Vault), vec![lot(1, 2), lot(2, 3)])].into();
        let mut waiting: Waiting = [("ktp", (1..9).map(|n| claimed(n, "a")).collect())].into();
        let sharers: Sharers = [(("card", Account::Vault), Sharing::default())].into();
        let plans = plan(&requests, &mut waiting, &mut free, &sharers, POLICY);
        let shape = |plan: &Planned| match plan {
            Planned::Batch(plan) => {
                plan.cards.iter().map(|c| c.record.0).zip(plan.lot_of_each().map(|l| l.0)).collect()
            }
            Planned::NoBlanks | Planned::NoRoom | Planned::NothingWaits => Vec::new(),
        };
        assert_eq!(shape(&plans[0]), [(1, 1), (2, 1)]);
        assert_eq!(shape(&plans[1]), [(3, 2), (4, 2)]);
        assert_eq!(shape(&plans[2]), [(5, 2)]);
        assert_eq!((waiting["ktp"].len(), quantity(&free[&("card", Account::Vault)])), (3, 0));
        assert_eq!(plan(&requests, &mut waiting, &mut free, &Sharers::new(), POLICY)[0], Planned::NoBlanks);
    }

    #[test]
    fn printers_that_share_few_blanks_end_together() {
        let share = |free, printers, cards| share(free, Sharing { printers, cards });
        assert_eq!(share(300, 26, 0), 12);
        assert_eq!(share(250, 3, 70), 107, "each has 107 cards then");
        assert_eq!([share(1, 26, 0), share(0, 26, 0), share(7, 1, 0)], [1, 0, 7]);
        assert_eq!(share(10, 3, 200), 10, "the others have enough");
    }

    #[test]
    fn a_printer_beside_one_that_prints_gets_its_share_of_the_blanks() {
        let request = BatchRequest { printer: "p1", ..P1 };
        let mut free: FreeBlanks = [(("card", Account::Vault), vec![lot(1, 60)])].into();
        let mut waiting: Waiting = [("ktp", (1..99).map(|n| claimed(n, "a")).collect())].into();
        let sharers: Sharers = [(("card", Account::Vault), Sharing { printers: 1, cards: 20 })].into();
        let policy = Policy { batch_size: 50, ..POLICY };
        let plans = plan(&[request], &mut waiting, &mut free, &sharers, policy);
        let Planned::Batch(plan) = &plans[0] else { panic!("there are blanks and records") };
        assert_eq!(plan.cards.len(), 40, "the other has 20, and 20 more are left for it");
    }

    #[test]
    fn a_batch_is_no_larger_than_the_limits_of_its_printer_allow() {
        let mut free: FreeBlanks = [(("card", Account::Vault), vec![lot(1, 9)])].into();
        let mut waiting: Waiting = [("ktp", (1..9).map(|n| claimed(n, "a")).collect())].into();
        let requests = [BatchRequest { room: Some(2), ..P1 }, BatchRequest { printer: "p2", room: Some(0), ..P1 }];
        assert_eq!(most_wanted(&requests, &free, 3), [("ktp", 2)].into());
        let plans = plan(&requests, &mut waiting, &mut free, &Sharers::new(), POLICY);
        assert!(matches!(&plans[0], Planned::Batch(plan) if plan.cards.len() == 2), "{plans:?}");
        assert_eq!(plans[1], Planned::NoRoom);
    }

    #[test]
    fn a_walk_in_is_the_first_card_of_its_batch_whatever_its_district() {
        let mut cards = [claimed(2, "Laweyan"), claimed(3, "Banjarsari"), claimed(1, "Serengan")];
        cards[2].is_walk_in = true;
        sort_pile(&mut cards);
        assert_eq!(cards.map(|card| card.record.0), [1, 3, 2]);
    }

    #[test]
    fn the_pile_is_sorted_by_district_and_a_counted_hopper_bounds_it() {
        let request = BatchRequest { hopper: Some(2), ..P1 };
        let mut free: FreeBlanks = [(("card", Account::Hopper("p1".into())), vec![lot(1, 9)])].into();
        let mut waiting: Waiting = [("ktp", [claimed(1, "b"), claimed(2, "a"), claimed(3, "a")].into())].into();
        assert_eq!(most_wanted(&[request], &free, 3), [("ktp", 2)].into());
        let policy = Policy { needs_approval: true, ..POLICY };
        let plans = plan(&[request], &mut waiting, &mut free, &Sharers::new(), policy);
        let Planned::Batch(plan) = &plans[0] else { panic!("there are blanks and records") };
        assert_eq!(plan.cards.iter().map(|c| c.record.0).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((plan.state, &plan.place), (BatchState::Planned, &Place::Printer("p1".into())));
        let waits_for_no_record = plan_again(request, &mut waiting, &mut free);
        assert_eq!(waits_for_no_record, [Planned::NothingWaits]);
    }

    fn plan_again<'a>(request: BatchRequest<'a>, waiting: &mut Waiting<'a>, free: &mut FreeBlanks<'a>) -> Vec<Planned> {
        plan(&[request], waiting, free, &Sharers::new(), POLICY);
        plan(&[request], waiting, free, &Sharers::new(), POLICY)
    }

    #[test]
    fn a_batch_with_a_card_in_the_printer_closes_when_its_attempt_ends() {
        let job = |id, state| {
            let (batch, lot, place) = (BatchId(1), LotId(1), Place::Vault);
            (RecordId(id), OpenJob { id: JobId(id), state, batch, lot, place })
        };
        let open = vec![job(1, JobState::Printing), job(2, JobState::Queued)];
        let ending = end(BatchState::Running, open.clone()).unwrap();
        assert_eq!((ending.state, ending.returned), (BatchState::Closing, vec![open[1].clone()]));
        assert_eq!(end(BatchState::Closing, open[..1].to_vec()), None);
        assert_eq!(end(BatchState::Closing, Vec::new()).unwrap().state, BatchState::Closed);
    }
}
