//! The room when a night begins: what is in it, and what people do to its printers.

use super::{
    super::{
        preparation::{Preparation, Prepared},
        tally::Spent,
    },
    Ended, Room,
};
use crate::domain::supply::Said;

impl Room<'_> {
    /// From now on, cards are counted anew.
    pub(in super::super) fn count_anew(&mut self) {
        self.ended = Ended::default();
        self.waits_by_class.clear();
        self.waits_by_district.clear();
        for printer in &mut self.printers {
            (printer.printed, printer.spoiled, printer.spent) = (0, 0, Spent::default());
        }
    }

    /// The free blanks in the vault, by profile.
    pub(in super::super) fn vault(&self) -> impl Iterator<Item = (&str, i64)> {
        self.profiles.iter().copied().zip(self.vault.iter().copied())
    }

    /// The blanks in the hopper of a printer, reserved ones too.
    pub(in super::super) fn in_hopper(&self, at: usize) -> i64 {
        self.hoppers[at] + i64::try_from(self.printers[at].cards_left()).unwrap_or(0)
    }

    /// People do this to a printer.
    pub(in super::super) fn prepare(&mut self, at: usize, Prepared { what, cards }: Prepared) {
        let printer = &mut self.printers[at];
        let said = match what {
            Preparation::Load => return self.fill(at, Some(cards)),
            Preparation::Ribbon => Said { ribbon: printer.supplies.limits.ribbon_cards(), ..Said::default() },
            Preparation::Tray => Said { tray: Some(0), ..Said::default() },
            Preparation::Cleaning => Said { is_cleaned: true, ..Said::default() },
        };
        printer.supplies = printer.supplies.said(said);
    }
}
