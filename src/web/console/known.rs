//! What the office has that the fields of a form may name, so that a person chooses it and does not spell it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{form::Field, form_value::Sent, page::Page};
use crate::{
    domain::reason::Reason,
    engine::query::{AnyQuery, ListDistricts, Query, ShowRecord, ShowStock},
    web::{context::Web, input, route::Sort},
};

/// The values that fields may have, by the fields' JSON pointers.
#[derive(Default)]
pub(super) struct Known(BTreeMap<&'static str, BTreeSet<String>>);

impl Known {
    /// Reads what the fields of a form may name. What the person may not read, or what cannot be read now, is typed.
    pub(super) async fn read(web: &Web, page: &Page, fields: &[Field], sent: &Sent) -> Self {
        let mut known = Self::of_page(web, page);
        let has = |pointer: &str| fields.iter().any(|field| field.pointer == pointer);
        if has("/reason") && has("/record/request_id") {
            known.put("/reason", reasons(web, page, sent).await);
        }
        if has("/district") {
            let sent = read(web, page, ListDistricts {}).await.unwrap_or_default();
            known.0.entry("/district").or_default().extend(sent.into_iter().map(|line| line.district));
        }
        if has("/from") {
            let stock = read(web, page, ShowStock {}).await.map(|stock| stock.accounts).unwrap_or_default();
            let lent = stock.into_iter().filter(|line| line.account == "loan" && line.quantity > 0);
            known.put("/from", lent.map(|line| line.place).collect());
        }
        known
    }

    /// What every page knows.
    pub(super) fn of_page(web: &Web, page: &Page) -> Self {
        let mut known = Self::default();
        known.of_office(web, page);
        known
    }

    /// Adds card profiles, kinds of requests, and what stands on the board.
    fn of_office(&mut self, web: &Web, page: &Page) {
        let board = page.shown.as_ref().map(|shown| &shown.board);
        let profiles = || web.engine.profiles.values();
        for pointer in ["/profile", "/printer/profile", "/setting/profile", "/filter/profile"] {
            self.put(pointer, profiles().map(|profile| profile.name.clone()).collect());
        }
        let used = board.into_iter().flat_map(|board| board.blangko.keys().cloned());
        self.put("/blank_type", profiles().map(|profile| profile.blank_type.clone()).chain(used).collect());
        let kinds = profiles().flat_map(|profile| &profile.kinds);
        self.put("/filter/reason", Reason::CODES_OF_RECORDS.iter().map(|code| (*code).to_owned()).collect());
        self.put("/filter/kind", kinds.map(|kind| kind.name.clone()).collect());
        let printers = || board.into_iter().flat_map(|board| &board.printers).map(|printer| printer.name.clone());
        for pointer in ["/printer", "/setting/printer"] {
            self.put(pointer, printers().collect());
        }
        let districts = board.into_iter().flat_map(|board| board.districts.keys());
        self.put("/district", districts.filter(|district| !district.is_empty()).cloned().collect());
        let scopes = printers().map(|name| format!("printer {name}"));
        self.put("/scope", ["queue".to_owned()].into_iter().chain(scopes).collect());
    }

    fn put(&mut self, pointer: &'static str, values: BTreeSet<String>) {
        self.0.insert(pointer, values);
    }

    /// The values that a field may have; empty if it is typed.
    pub(super) fn of(&self, pointer: &str) -> Vec<String> {
        self.0.get(pointer).into_iter().flatten().cloned().collect()
    }
}

/// The reasons for a reprint: those of the record's card profile, or those of all where it is not known which record is meant.
async fn reasons(web: &Web, page: &Page, sent: &Sent) -> BTreeSet<String> {
    let named = json!({ "record": {
        "source": sent.value("/record/source"),
        "request_id": sent.value("/record/request_id"),
    } });
    let record = match input::read::<ShowRecord>(&named) {
        Ok(query) => read(web, page, query).await,
        Err(_) => None,
    };
    let is_meant = |name: &str| record.as_ref().is_none_or(|record| record.profile == name);
    let profiles = web.engine.profiles.values().filter(|profile| is_meant(&profile.name));
    profiles.flat_map(|profile| profile.reprint_reasons.iter().cloned()).collect()
}

/// What a query answers the person; `None` if it is refused or fails.
pub(super) async fn read<Q: Query + Into<AnyQuery>>(web: &Web, page: &Page, query: Q) -> Option<Q::Answer> {
    if !page.may(Q::OPERATION, Sort::Query) {
        return None;
    }
    page.ask(web, query).await.ok()
}
