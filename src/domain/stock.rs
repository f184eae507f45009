//! The ledger of blanks: double-entry and append-only. The balances of a blank type sum to zero, and only `supplier` may be
//! negative.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{AttemptKey, BatchId, LotId, MovementId};

/// A place where unprinted blanks are kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Place {
    /// The safe, or the shelf of the print room if hoppers are not counted.
    Vault,
    /// The counted hopper of a printer.
    Printer(String),
}

impl Place {
    /// The account of free blanks at this place.
    pub fn free(&self) -> Account {
        match self {
            Self::Vault => Account::Vault,
            Self::Printer(name) => Account::Hopper(name.clone()),
        }
    }

    /// The account of blanks at this place that are reserved for a batch.
    pub fn reserved(&self) -> Account {
        Account::Reserved(self.clone())
    }

    /// The text in the database: empty for the vault, otherwise the printer's name, which is never empty.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Vault => "",
            Self::Printer(name) => name,
        }
    }

    /// Parses the text in the database.
    pub fn from_stored(text: &str) -> Self {
        if text.is_empty() { Self::Vault } else { Self::Printer(text.to_owned()) }
    }
}

/// An account of the ledger.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Account {
    /// The supplier. Its balance is the negative number of delivered blanks.
    Supplier,
    /// Free blanks in the vault.
    Vault,
    /// Free blanks in the counted hopper of a printer.
    Hopper(String),
    /// Blanks that are reserved for a batch and still at their place.
    Reserved(Place),
    /// Good cards that have not been handed over.
    Printed,
    /// Spoiled cards, to be destroyed.
    Spoiled,
    /// Blanks of attempts with an uncertain outcome.
    Uncertain,
    /// Cards that were handed over.
    HandedOver,
    /// Destroyed before two witnesses, with a document.
    Destroyed,
    /// Blanks that were lent to another office.
    Loan(String),
    /// Blanks that a count or an inspection did not find, and lost cards.
    Missing,
}

/// The names of all accounts, in the order of a report.
pub const ACCOUNTS: [&str; 11] = [
    "supplier",
    "vault",
    "hopper",
    "reserved",
    "printed",
    "spoiled",
    "uncertain",
    "handed-over",
    "destroyed",
    "loan",
    "missing",
];

impl Account {
    /// The name in the database, in commands and in reports, without the place.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Vault => "vault",
            Self::Hopper(_) => "hopper",
            Self::Reserved(_) => "reserved",
            Self::Printed => "printed",
            Self::Spoiled => "spoiled",
            Self::Uncertain => "uncertain",
            Self::HandedOver => "handed-over",
            Self::Destroyed => "destroyed",
            Self::Loan(_) => "loan",
            Self::Missing => "missing",
        }
    }

    /// The printer or office that the account is kept for; empty where there is none.
    pub fn place(&self) -> &str {
        match self {
            Self::Hopper(name) | Self::Loan(name) => name,
            Self::Reserved(place) => place.as_str(),
            Self::Supplier
            | Self::Vault
            | Self::Printed
            | Self::Spoiled
            | Self::Uncertain
            | Self::HandedOver
            | Self::Destroyed
            | Self::Missing => "",
        }
    }

    /// Parses the two columns of the database; `None` for an unknown name.
    pub fn from_stored(name: &str, place: &str) -> Option<Self> {
        Some(match name {
            "supplier" => Self::Supplier,
            "vault" => Self::Vault,
            "hopper" => Self::Hopper(place.to_owned()),
            "reserved" => Self::Reserved(Place::from_stored(place)),
            "printed" => Self::Printed,
            "spoiled" => Self::Spoiled,
            "uncertain" => Self::Uncertain,
            "handed-over" => Self::HandedOver,
            "destroyed" => Self::Destroyed,
            "loan" => Self::Loan(place.to_owned()),
            "missing" => Self::Missing,
            _ => return None,
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            "" => f.write_str(self.name()),
            place => write!(f, "{}:{place}", self.name()),
        }
    }
}

/// The cause of a movement. The causes of spoilage are those that offices must report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Delivered by the supplier.
    Received,
    /// From the vault into a hopper.
    Loaded,
    /// From a hopper back into the vault.
    Unloaded,
    /// Reserved for a batch, or for the retry of a spoiled card.
    Reserved,
    /// No longer reserved.
    Released,
    /// Printed: a good card.
    Printed,
    /// The attempt's outcome is uncertain.
    OutcomeUnknown,
    /// An inspection resolved an uncertain outcome.
    Inspected,
    /// Spoiled: the chip could not be written.
    EncodeFailed,
    /// Spoiled: the printer failed.
    PrintFailed,
    /// Spoiled: bent or scratched.
    Damaged,
    /// Spoiled: the record changed after the card was printed.
    DataChanged,
    /// Handed over to the citizen.
    HandedOver,
    /// Given back by the citizen.
    Surrendered,
    /// Destroyed.
    Destroyed,
    /// Lent to another office.
    Lent,
    /// Given back by another office.
    Returned,
    /// A count found fewer blanks than booked, or found missing ones again.
    Counted,
    /// Used for a test card.
    TestCard,
    /// A delivery was booked wrongly, and is taken back.
    Reversed,
    /// A hand-over was booked wrongly, and the card is in the office.
    HandOverCorrected,
}

impl Cause {
    const ALL: [(Self, &'static str); 21] = [
        (Self::Received, "received"),
        (Self::Loaded, "loaded"),
        (Self::Unloaded, "unloaded"),
        (Self::Reserved, "reserved"),
        (Self::Released, "released"),
        (Self::Printed, "printed"),
        (Self::OutcomeUnknown, "outcome-unknown"),
        (Self::Inspected, "inspected"),
        (Self::EncodeFailed, "encode-failed"),
        (Self::PrintFailed, "print-failed"),
        (Self::Damaged, "damaged"),
        (Self::DataChanged, "data-changed"),
        (Self::HandedOver, "handed-over"),
        (Self::Surrendered, "surrendered"),
        (Self::Destroyed, "destroyed"),
        (Self::Lent, "lent"),
        (Self::Returned, "returned"),
        (Self::Counted, "counted"),
        (Self::TestCard, "test-card"),
        (Self::Reversed, "reversed"),
        (Self::HandOverCorrected, "hand-over-corrected"),
    ];

    /// The name in the database, in commands and in reports.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(cause, _)| *cause == self).map_or("", |(_, name)| name)
    }

    /// The cause with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(cause, _)| *cause)
    }

    /// Whether it is one of the causes of spoilage.
    pub fn is_spoilage(self) -> bool {
        matches!(self, Self::EncodeFailed | Self::PrintFailed | Self::Damaged | Self::DataChanged)
    }
}

/// A movement of blanks from one account to another. Movements are never changed; a mistake is corrected by another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Movement {
    /// The lot; it belongs to one blank type.
    pub lot: LotId,
    /// The account that the blanks leave.
    pub from: Account,
    /// The account that the blanks go to.
    pub to: Account,
    /// The number of blanks, at least 1.
    pub quantity: i64,
    /// The cause.
    pub cause: Cause,
    /// The number of a document, such as a delivery note or a destruction record.
    pub document: Option<String>,
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
    /// The attempt that it belongs to.
    pub attempt: Option<AttemptKey>,
    /// The delivery that it reverses.
    pub reverses: Option<MovementId>,
}

impl Movement {
    /// A movement without document, batch and attempt.
    pub fn new(lot: LotId, from: Account, to: Account, quantity: i64, cause: Cause) -> Self {
        Self { lot, from, to, quantity, cause, document: None, batch: None, attempt: None, reverses: None }
    }

    /// Sets the batch.
    #[must_use]
    pub fn of_batch(mut self, batch: BatchId) -> Self {
        self.batch = Some(batch);
        self
    }

    /// Sets the attempt.
    #[must_use]
    pub fn of_attempt(mut self, attempt: AttemptKey) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// Sets the delivery that it reverses.
    #[must_use]
    pub fn reversing(mut self, delivery: MovementId) -> Self {
        self.reverses = Some(delivery);
        self
    }

    /// Sets the document.
    #[must_use]
    pub fn with_document(mut self, document: &str) -> Self {
        self.document = Some(document.to_owned());
        self
    }
}

/// The blanks of a lot in an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LotQuantity {
    /// The lot.
    pub lot: LotId,
    /// The number of blanks.
    pub quantity: i64,
}

/// Takes `wanted` blanks from lots in the given order (oldest first).
///
/// Returns how many to take from which lot. The error is the number of available blanks, if it is less than `wanted`.
pub fn allocate(lots: &[LotQuantity], wanted: i64) -> Result<Vec<LotQuantity>, i64> {
    let available: i64 = lots.iter().map(|l| l.quantity.max(0)).sum();
    if available < wanted {
        return Err(available);
    }
    let mut left = wanted;
    let taken = lots.iter().map(|l| {
        let take = l.quantity.max(0).min(left);
        left -= take;
        LotQuantity { lot: l.lot, quantity: take }
    });
    Ok(taken.filter(|l| l.quantity > 0).collect())
}

/// A serial range `FIRST..LAST`. Both ends are included; they have the same prefix and the same number of digits.
struct SerialRange<'a> {
    prefix: &'a str,
    width: usize,
    from: i64,
    to: i64,
}

impl<'a> SerialRange<'a> {
    /// None if the text is not a range.
    fn read(range: &'a str) -> Option<Self> {
        let (first, last) = range.split_once("..")?;
        let digits = |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let width = digits(first).min(18);
        if width == 0 || first.len() != last.len() {
            return None;
        }
        let split = first.len() - width;
        let (prefix, from) = first.split_at_checked(split)?;
        let (same_prefix, to) = last.split_at_checked(split)?;
        if prefix != same_prefix {
            return None;
        }
        let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to).then_some(Self { prefix, width, from, to })
    }
}

/// How many serials a range covers, at least 1; `None` if it is not a range.
pub fn serial_count(range: &str) -> Option<i64> {
    SerialRange::read(range).map(|range| range.to - range.from + 1)
}

/// The serials that are in both ranges, as a range; `None` if there are none. Capitals make no difference.
pub fn shared_serials(one: &str, other: &str) -> Option<String> {
    let (one, other) = (SerialRange::read(one)?, SerialRange::read(other)?);
    let (from, to, SerialRange { prefix, width, .. }) = (one.from.max(other.from), one.to.min(other.to), one);
    let is_same = prefix.eq_ignore_ascii_case(other.prefix) && width == other.width;
    (is_same && from <= to).then(|| format!("{prefix}{from:0width$}..{prefix}{to:0width$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_that_are_in_two_ranges_are_named() {
        let shared = |one, other| shared_serials(one, other);
        assert_eq!(shared("A20..A69", "A01..A50").as_deref(), Some("A20..A50"));
        assert_eq!(shared("A01..A50", "a50..a50").as_deref(), Some("A50..A50"));
        for other in ["A51..A99", "B01..B50", "A001..A050", "unclear"] {
            assert_eq!(shared("A01..A50", other), None, "{other}");
        }
    }

    #[test]
    fn blanks_are_taken_from_the_oldest_lot_first_and_never_more_than_there_are() {
        let lots = [LotQuantity { lot: LotId(1), quantity: 3 }, LotQuantity { lot: LotId(2), quantity: 10 }];
        let taken = allocate(&lots, 5).unwrap();
        assert_eq!(taken, [LotQuantity { lot: LotId(1), quantity: 3 }, LotQuantity { lot: LotId(2), quantity: 2 }]);
        assert_eq!(allocate(&lots, 14), Err(13));
    }

    #[test]
    fn a_serial_range_counts_both_ends() {
        assert_eq!(serial_count("KT000001..KT005000"), Some(5000));
        assert_eq!(serial_count("7..7"), Some(1));
        for wrong in ["KT1", "A1..B2", "KT9..KT1", "KT1..KT10", "..", "é1..é", "1..é"] {
            assert_eq!(serial_count(wrong), None, "{wrong}");
        }
    }
}
