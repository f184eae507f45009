//! What each answer leaves out while blanks are counted. An answer that is added says here what of it is hidden, or does not compile.

use std::collections::BTreeMap;

use super::{
    AccountLine, AuditEntry, AuditVerification, BatchLine, Board, CardOutLine, CardToCheck, ChainHead, CheckedRule,
    DistrictLine, Duplicate, EndedAttemptLine, FoundName, FoundNames, FoundRecord, ImportLine, ImportRecordLine,
    ImportShown, JobLine, JumpLine, MovementLine, Need, NeedKind, Night, NightPlan, NightReport, OfficeScenario,
    OrderPage, Page, PendingActItem, PendingActView, Pile, PileLine, PrinterLine, PrinterReport, RecordLine,
    RecordPlace, ScannedCard, SessionLine, ShownJob, ShownProxy, Simulated, SourceLine, Stock, StockCountLine,
    TokenLine, UncertainLine, WarrantLine,
    hidden::{Blind, Hidden},
};
use crate::{
    domain::{
        audit_row::RecordedEvent, correction::RequestBeside, id::CountId, printer::PrinterSetting,
        refusal::CountRefusal, states::RecordState,
    },
    engine::operations::{Archived, MatchingCount},
};

/// Answers without quantities of blanks.
macro_rules! nothing_to_hide {
    ($($name:ty),+ $(,)?) => {
        $(impl Blind for $name {})+
    };
}

nothing_to_hide! {
    AccountLine, Archived, Simulated, CardOutLine, ChainHead, CheckedRule, DistrictLine, Duplicate, EndedAttemptLine, ImportLine, ImportRecordLine, ImportShown, JobLine, JumpLine, PrinterReport, PrinterSetting, RecordLine, RecordedEvent, RequestBeside, SessionLine, ShownProxy, SourceLine, TokenLine, UncertainLine, WarrantLine,
}

impl<T: Blind> Blind for Page<T> {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.hidden_by = self.items.iter().filter_map(|row| row.hidden_by(hidden)).collect();
        self.hidden_by.sort_unstable();
        self.hidden_by.dedup();
        self.items.hide(hidden)
    }
}

impl Blind for Board {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.hidden = hidden.listed();
        self.blangko.retain(|blank_type, _| hidden.of_type(blank_type).is_none());
        self.cover.retain(|cover| hidden.of_type(&cover.blank_type).is_none());
        // Those that wait and those in batches are told as one number, so that the list without batches is not told either.
        for oldest in self.oldest_waiting.iter_mut().filter(|oldest| hidden.of_profile(&oldest.profile).is_some()) {
            (oldest.count, oldest.is_counted) = (None, false);
        }
        // Each card in a batch has its blank reserved, so that those in batches count as waiting.
        self.districts.values_mut().for_each(join_waiting);
        join_waiting(&mut self.records);
        self.printers.hide(hidden)?;
        self.batches.hide(hidden)?;
        self.needs_person.hide(hidden)
    }
}

/// Counts the records in batches as waiting.
fn join_waiting(records: &mut BTreeMap<String, i64>) {
    if let Some(batched) = records.remove(RecordState::Batched.as_str()) {
        *records.entry(RecordState::Waiting.as_str().to_owned()).or_default() += batched;
    }
}

/// Of those in batches, each has a blank.
impl Blind for MatchingCount {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.listed().first().map(|of| of.count)
    }
}

impl Blind for Stock {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.hidden = hidden.listed();
        self.blangko.retain(|blank_type, _| hidden.of_type(blank_type).is_none());
        self.accounts.retain(|line| hidden.of_type(&line.blank_type).is_none());
        Ok(())
    }
}

impl Blind for MovementLine {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.of_type(&self.blank_type)
    }
}

/// An open batch has as many blanks reserved as it has cards to print, and a closed one has used as many as it has printed.
impl Blind for BatchLine {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.of_profile(&self.profile)
    }
}

/// The good cards of a batch are the blanks that it used. One job or one record tells of no quantity, and is not hidden.
impl Blind for Pile {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.of_profile(&self.profile)
    }
}

/// The cards of an open batch are the blanks that it has reserved.
impl Blind for ShownJob {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.place = self.place.take().filter(|_| hidden.of_profile(&self.profile).is_none());
        Ok(())
    }
}

impl Blind for PileLine {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.of_profile(&self.profile)
    }
}

/// Whether a printer has blanks is seen in what it does.
impl Blind for PrinterLine {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        if let Some(count) = hidden.of_printer(&self.name, &self.profile) {
            self.hidden_by = Some(count);
            self.hopper_blanks = None;
            self.standing = self.standing.during_count(count);
            self.beneath = self.beneath.as_ref().map(|standing| standing.during_count(count));
        }
        Ok(())
    }
}

impl Blind for FoundRecord {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        if let Some(count) = hidden.of_profile(&self.record.profile)
            && let Some(standing) = self.in_hand.as_mut().and_then(|hand| hand.standing.as_mut())
        {
            *standing = standing.during_count(count);
        }
        Ok(())
    }
}

impl Blind for RecordPlace {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.found.hide(hidden)
    }
}

impl Blind for ScannedCard {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.found.hide(hidden)
    }
}

impl Blind for CardToCheck {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        let profile = self.card.found.as_ref().map(|found| found.record.profile.as_str());
        self.pile = self.pile.filter(|_| profile.is_none_or(|profile| hidden.of_profile(profile).is_none()));
        self.card.hide(hidden)
    }
}

impl Blind for FoundName {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.found.hide(hidden)
    }
}

impl Blind for FoundNames {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        self.records.hide(hidden)
    }
}

impl Blind for Need {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        if let NeedKind::NoBlanks(none) = &self.kind { hidden.of_type(&none.blank_type) } else { None }
    }
}

impl Blind for PendingActView {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.of_subject(&self.line.target)
    }
}

/// That an act waits is shown, and what it does with blanks that are counted is not.
impl Blind for PendingActItem {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        if let Some(count) = hidden.of_subject(&self.line.target) {
            self.hidden_by = Some(count);
            self.arguments = None;
        }
        Ok(())
    }
}

/// The details of events have quantities of blanks in many places.
impl Blind for AuditEntry {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

/// What was used in a night are movements of all blank types.
impl Blind for Night {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

/// What a plan does with blanks, and a scenario has of them, are the quantities of all types.
impl Blind for NightPlan {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

impl Blind for NightReport {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

/// The cards of batches are the blanks that were reserved for them.
impl Blind for OrderPage {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

impl Blind for OfficeScenario {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first()
    }
}

/// A fault of an account names its balance.
impl Blind for AuditVerification {
    fn hidden_by(&self, hidden: &Hidden) -> Option<CountId> {
        hidden.first().filter(|_| !self.accounts.is_empty())
    }
}

/// Who counts, and that the count is open, is shown; no number is, also not that of another person.
impl Blind for StockCountLine {
    fn hide(&mut self, hidden: &Hidden) -> Result<(), CountRefusal> {
        if let Some(count) = hidden.of_type(&self.blank_type) {
            self.hidden = true;
            self.hidden_by = Some(count);
            for made in [&mut self.first, &mut self.second].into_iter().flatten() {
                (made.counted, made.booked) = (None, None);
            }
        }
        Ok(())
    }
}
