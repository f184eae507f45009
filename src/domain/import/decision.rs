//! The effect of a row on the record with its key, beside the person's other records.

use super::row::{RejectReason, Rejection};
use crate::domain::{
    reason::Reason,
    record::{OneCard, OtherRecord, may_be_open},
    states::RecordState,
};

/// The record with the request id of a row.
#[derive(Clone, Copy, Debug)]
pub struct KnownRequest<'a> {
    /// Its card profile.
    pub profile: &'a str,
    /// Its state.
    pub state: RecordState,
}

impl KnownRequest<'_> {
    fn of_profile(self, profile: &str) -> Result<(), Rejection> {
        let other = || Rejection::new(RejectReason::Conflict, "(profile)", Reason::OtherProfile);
        if self.profile == profile { Ok(()) } else { Err(other()) }
    }
}

/// Whether a row with a status that is not print-ready withdraws its record. It is refused if there is no such record,
/// if the card was handed over, or if the record has another profile.
pub fn may_withdraw(known: Option<KnownRequest<'_>>, profile: &str, status: &str) -> Result<(), Rejection> {
    match known {
        Some(known) if known.state != RecordState::HandedOver => known.of_profile(profile),
        Some(_) | None => {
            let detail = Reason::Status { status: status.to_owned() };
            Err(Rejection::new(RejectReason::Status, "status", detail))
        }
    }
}

/// Whether a print-ready row with the same body may restore a record that its source withdrew.
pub fn may_restore(known: KnownRequest<'_>, profile: &str) -> Result<(), Rejection> {
    known.of_profile(profile)
}

/// Whether a print-ready row with another body updates its record. `is_update`: the import updates known requests.
pub fn may_update(known: KnownRequest<'_>, profile: &str, is_update: bool) -> Result<(), UpdateRefused> {
    if known.of_profile(profile).is_err() {
        return Err(UpdateRefused::OtherProfile);
    }
    if known.state == RecordState::HandedOver {
        return Err(UpdateRefused::HandedOver);
    }
    if is_update { Ok(()) } else { Err(UpdateRefused::NoUpdate) }
}

/// Why a row with another body does not update its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpdateRefused {
    /// The record has another card profile.
    OtherProfile,
    /// The card was handed over.
    HandedOver,
    /// The import does not update known requests.
    NoUpdate,
}

impl UpdateRefused {
    /// The rejection of the row. `fields` are the columns that differ, separated by commas.
    pub fn rejection(self, fields: String) -> Rejection {
        let (field, detail) = match self {
            Self::OtherProfile => ("(profile)".to_owned(), Reason::OtherProfile),
            Self::HandedOver => (fields, Reason::HandedOver),
            Self::NoUpdate => (fields, Reason::OtherBody),
        };
        Rejection::new(RejectReason::Conflict, field, detail)
    }
}

/// Whether a print-ready body may join the waiting list; if not, it is quarantined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admission {
    /// Whether the person's one slot is free for it.
    slot: Result<(), OneCard>,
    /// Whether its photo can be printed, and its card would be valid.
    body: Result<(), Reason>,
    /// Why a card may exist that another database of the site printed.
    sent: Option<Reason>,
}

impl Admission {
    /// Decides from the person's other records. `replaces`: the request kind replaces a card that was handed over. `sent`: the
    /// job of the record that another database of the site has sent.
    pub fn decide(replaces: bool, others: &[OtherRecord], body: Result<(), Reason>, sent: Option<Reason>) -> Self {
        Self { slot: may_be_open(replaces, others), body, sent }
    }

    /// `Ok` for the waiting list; otherwise the reason for quarantine.
    pub fn rule(&self) -> Result<(), Reason> {
        self.rule_of_body()?;
        self.sent.clone().map_or(Ok(()), Err)
    }

    fn rule_of_body(&self) -> Result<(), Reason> {
        self.slot?;
        self.body.clone()
    }

    /// The state of a new record.
    pub fn state(&self) -> RecordState {
        if self.rule().is_ok() { RecordState::Waiting } else { RecordState::Quarantined }
    }

    /// Refuses an update after which the record would occupy the person's slot, if the new body may not have it.
    /// `identifier` is the column of the person's identifier.
    pub fn check_update(&self, to: RecordState, identifier: &str) -> Result<(), Rejection> {
        match self.rule_of_body() {
            Err(detail) if to.occupies_slot() => {
                let field = if self.slot.is_err() {
                    identifier.to_owned()
                } else if let Reason::Expired { column } = &detail {
                    column.clone()
                } else {
                    "photo".to_owned()
                };
                Err(Rejection::new(RejectReason::Conflict, field, detail))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reason::PhotoFault;

    const KNOWN: KnownRequest<'static> = KnownRequest { profile: "ktp-el", state: RecordState::Waiting };

    #[test]
    fn a_row_withdraws_only_a_known_record_of_its_profile_whose_card_is_not_handed_over() {
        let reason =
            |known, profile| may_withdraw(known, profile, "PROCESSING").err().map(|rejection| rejection.reason);
        assert_eq!(reason(Some(KNOWN), "ktp-el"), None);
        assert_eq!(reason(None, "ktp-el"), Some(RejectReason::Status));
        assert_eq!(reason(Some(KNOWN), "kia"), Some(RejectReason::Conflict));
        let handed_over = KnownRequest { state: RecordState::HandedOver, ..KNOWN };
        assert_eq!(reason(Some(handed_over), "ktp-el"), Some(RejectReason::Status));
    }

    #[test]
    fn a_changed_body_updates_a_record_only_where_the_import_says_so() {
        assert_eq!(may_update(KNOWN, "ktp-el", true), Ok(()));
        assert_eq!(may_update(KNOWN, "ktp-el", false), Err(UpdateRefused::NoUpdate));
        assert_eq!(may_update(KNOWN, "kia", true), Err(UpdateRefused::OtherProfile));
        let handed_over = KnownRequest { state: RecordState::HandedOver, ..KNOWN };
        assert_eq!(may_update(handed_over, "ktp-el", true), Err(UpdateRefused::HandedOver));
    }

    #[test]
    fn an_update_that_may_not_take_the_persons_slot_is_refused_where_the_record_keeps_it() {
        let other = [OtherRecord { state: RecordState::Waiting, surrendered: false }];
        let taken = Admission::decide(false, &other, Ok(()), None);
        assert_eq!(taken.state(), RecordState::Quarantined);
        assert_eq!(taken.check_update(RecordState::Quarantined, "nik"), Ok(()));
        assert_eq!(taken.check_update(RecordState::Printed, "nik").unwrap_err().field, "nik");
        let corrupt = Reason::Photo { fault: PhotoFault::Corrupt };
        let bad_photo = Admission::decide(false, &[], Err(corrupt), None);
        assert_eq!(bad_photo.check_update(RecordState::Printed, "nik").unwrap_err().field, "photo");
        let expired = Admission::decide(false, &[], Err(Reason::Expired { column: "valid_until".into() }), None);
        assert_eq!(expired.check_update(RecordState::Printed, "nik").unwrap_err().field, "valid_until");
        assert_eq!(Admission::decide(false, &[], Ok(()), None).state(), RecordState::Waiting);
        let sent = Admission::decide(false, &[], Ok(()), Some(Reason::HeldAtAdoption));
        assert_eq!(sent.state(), RecordState::Quarantined);
        assert_eq!(sent.check_update(RecordState::Printed, "nik"), Ok(()), "its card is recalled");
    }
}
