//! What the office has that the fields of a form may name, so that a person chooses it and does not spell it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    form::{Control, Field, Shown},
    form_value::Sent,
    page::Page,
    place::with_kinds,
};
use crate::{
    domain::{card::profile::CardProfile, reason::Reason},
    engine::query::{AnyQuery, ListDistricts, Query, ShowPrinter, ShowRecord, ShowStock},
    web::{context::Web, input, route::Sort},
};

/// The values that fields may have, by the fields' JSON pointers; and the kinds of requests that have each priority class.
#[derive(Default)]
pub(super) struct Known(BTreeMap<&'static str, BTreeSet<String>>, BTreeMap<i64, Vec<String>>);

/// What a printer has now, where a form changes it.
pub(super) async fn present(web: &Web, page: &Page, act: &str, sent: &Sent) -> Sent {
    let mut filled = sent.clone();
    if act != "SetPrinterLimits" {
        return filled;
    }
    let query = ShowPrinter { printer: sent.value("/printer").to_owned() };
    let limits = read(web, page, query).await.map(|setting| setting.limits);
    let limits = limits.and_then(|limits| serde_json::to_value(limits).ok()).unwrap_or_default();
    for (name, value) in limits.as_object().into_iter().flatten() {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => if *is { "on" } else { "off" }.to_owned(),
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => continue,
        };
        filled.fill(format!("/{name}"), text);
    }
    filled
}

impl Known {
    /// Reads what the fields of a form may name. What the person may not read, or what cannot be read now, is typed.
    pub(super) async fn read(web: &Web, page: &Page, fields: &[Field], sent: &Sent) -> Self {
        let mut known = Self::of_page(web, page);
        let has = |pointer: &str| fields.iter().any(|field| field.pointer == pointer);
        if has("/reason") && has("/record/request_id") {
            let profiles = profiles_of(web, page, sent).await;
            known.put("/reason", profiles.iter().flat_map(|profile| profile.reprint_reasons.iter().cloned()).collect());
        }
        if has("/class") {
            let profiles = profiles_of(web, page, sent).await;
            for kind in profiles.iter().flat_map(|profile| &profile.kinds) {
                known.1.entry(kind.class).or_default().push(kind.name.clone());
            }
            known.put("/class", known.1.keys().map(i64::to_string).collect());
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

    /// Names the priority classes of a field by the kinds of requests that have them, the lowest first.
    pub(super) fn name_classes(&self, page: &Page, field: &mut Shown) {
        if field.control != Control::Class {
            return;
        }
        let class = |value: &str| value.parse::<i64>().unwrap_or(i64::MAX);
        field.choices.sort_by_key(|(value, ..)| class(value));
        for (value, label, _) in &mut field.choices {
            let mut kinds = self.1.get(&class(value)).cloned().unwrap_or_default();
            kinds.sort_unstable();
            kinds.dedup();
            *label = with_kinds(page, class(value), &kinds);
        }
    }

    /// The values that a field may have; empty if it is typed.
    pub(super) fn of(&self, pointer: &str) -> Vec<String> {
        self.0.get(pointer).into_iter().flatten().cloned().collect()
    }
}

/// The card profile of the record that a form is about; all of them where it is not known which record is meant.
async fn profiles_of(web: &Web, page: &Page, sent: &Sent) -> Vec<Arc<CardProfile>> {
    let named = json!({ "record": {
        "source": sent.value("/record/source"),
        "request_id": sent.value("/record/request_id"),
    } });
    let record = match input::read::<ShowRecord>(&named) {
        Ok(query) => read(web, page, query).await,
        Err(_) => None,
    };
    let is_meant = |name: &str| record.as_ref().is_none_or(|record| record.profile == name);
    web.engine.profiles.values().filter(|profile| is_meant(&profile.name)).cloned().collect()
}

/// What a query answers the person; `None` if it is refused or fails.
pub(super) async fn read<Q: Query + Into<AnyQuery>>(web: &Web, page: &Page, query: Q) -> Option<Q::Answer> {
    if !page.may(Q::OPERATION, Sort::Query) {
        return None;
    }
    page.ask(web, query).await.ok()
}
