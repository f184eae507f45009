//! What people can do to printers before a time in which no person is there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    printer_setting::Printer,
    scenario::{Scenario, Stock},
};

/// What is done to a printer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preparation {
    /// Blanks are loaded into its hopper.
    Load,
    /// A new ribbon is put in.
    Ribbon,
    /// Its output tray is emptied.
    Tray,
    /// It is cleaned.
    Cleaning,
}

/// What can be done to one printer of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prepared {
    /// What.
    pub what: Preparation,
    /// The blanks that are loaded; else the cards that it then prints until the same is needed again.
    pub cards: u32,
}

impl Scenario {
    /// What can be done to a printer before the start, as long as the vault has blanks of its profile. What stops it first comes first. A
    /// ribbon, a tray or a cleaning that lasts for all cards that it can print until the end is left out.
    pub fn preparations(&self, printer: usize) -> Vec<Prepared> {
        let setting = &self.printers[printer];
        let in_vault: u64 = self.stock_of(setting).map(|stock| u64::from(stock.blanks)).sum();
        let room = setting.hopper.map_or(0, |hopper| hopper.saturating_sub(setting.loaded));
        let blanks = room.min(u32::try_from(in_vault).unwrap_or(u32::MAX));
        let ribbon = setting.ribbon_cards();
        let mut found = vec![
            (Preparation::Load, Some(blanks).filter(|blanks| *blanks > 0), setting.loaded),
            (Preparation::Ribbon, ribbon, setting.ribbon_left.or(ribbon).unwrap_or(0)),
            (Preparation::Tray, setting.tray, setting.tray.unwrap_or(0).saturating_sub(setting.in_tray)),
            (Preparation::Cleaning, setting.cleaning, setting.cleaning_left.or(setting.cleaning).unwrap_or(0)),
        ];
        let most = self.most_cards(setting);
        found.retain(|(what, cards, left)| {
            let is_more = cards.is_some_and(|cards| cards > *left) || *what == Preparation::Load;
            is_more && u64::from(*left) < most
        });
        found.sort_by_key(|(what, _, left)| (*left, *what));
        found.into_iter().filter_map(|(what, cards, _)| cards.map(|cards| Prepared { what, cards })).collect()
    }

    /// Does this to a printer.
    pub fn prepare(&mut self, printer: usize, Prepared { what, cards }: Prepared) {
        let setting = &mut self.printers[printer];
        match what {
            Preparation::Load => {
                setting.loaded += cards;
                let (profile, mut wanted) = (setting.profile.clone(), cards);
                for stock in self.stock.iter_mut().filter(|stock| stock.profile == profile) {
                    let taken = wanted.min(stock.blanks);
                    stock.blanks -= taken;
                    wanted -= taken;
                }
            }
            Preparation::Ribbon => setting.ribbon_left = None,
            Preparation::Tray => setting.in_tray = 0,
            Preparation::Cleaning => setting.cleaning_left = None,
        }
    }

    fn stock_of<'a>(&'a self, setting: &'a Printer) -> impl Iterator<Item = &'a Stock> {
        self.stock.iter().filter(|stock| stock.profile == setting.profile)
    }

    /// No more cards than these can be begun on a printer until the end.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bound, which is not below zero")]
    fn most_cards(&self, setting: &Printer) -> u64 {
        let seconds = self.end().since(self.instant(self.start)).as_secs_f64();
        (seconds / setting.seconds_per_card[0]).ceil() as u64 + 1
    }
}
