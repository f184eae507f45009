//! Gives the persons of a profile other look-up keys, after the profile compares identifiers in another way.
//!
//! The rule is saved as begun first, which keeps imports and new batches of the profile away. Then all records are read to find the
//! requests that become those of one person, and only then are they changed, a page in each transaction. An interrupted run goes on
//! where it was. Keys by two rules are never equal, so that each page is settled with the records before it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::act::Act;
use crate::{
    domain::{
        audit::Event,
        card::{comparison::Comparison, profile::CardProfile},
        id::RecordId,
        permission::{Operation, Permit},
        personal::Person,
        record::RecordView,
        refusal::{KeysFault, Refusal, SamePerson},
        rekey::{PersonsRequest, Settled, set_aside, settle},
    },
    engine::{
        Engine, EngineError,
        clock::nonce,
        person::{person_key, rekey},
        person_rule::refused,
    },
    store::{PersonRule, Rekeyed, SealedBody, Tx, keys::Digest},
};

/// The records of one transaction, for whose end others wait.
const RECORDS_AT_ONCE: i64 = 500;
/// The persons and the requests of each that a refusal names.
const NAMED_MAX: usize = 20;

/// The newest record with another key where none has one, and where some have one by the rule of a run that did not end.
const UNTOUCHED: RecordId = RecordId(0);
const MIXED: RecordId = RecordId(-1);

/// Makes the look-up keys of all persons of a profile again, by the rule that the profile has now. Refused while a batch of the
/// profile is open; if a record has no identifier; and if two requests that become those of one person have a card in the office, or
/// may have one. An interrupted run goes on when the act is repeated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RekeyPersons {
    /// The card profile.
    pub profile: String,
    /// Whether requests that become those of one person are quarantined where it may have one card only. Otherwise the act is
    /// refused.
    pub accept_duplicates: bool,
}

/// The result of [`RekeyPersons`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RekeyedPersons {
    /// The number of records with other keys. An interrupted run before this one may have made more.
    pub records: u64,
    /// The number of requests that were quarantined.
    pub quarantined: u64,
}

impl Act for RekeyPersons {
    type Answer = RekeyedPersons;
    const OPERATION: Operation = Operation::DatabaseCare;

    async fn perform(self, engine: &Engine, permit: &Permit) -> Result<RekeyedPersons, EngineError> {
        let permit = permit.covers(Self::OPERATION)?;
        let profile = engine.profile(&self.profile)?;
        let rule = profile.identifier.key_rule();
        let run =
            Run { engine, permit, profile: &profile, stored: rule.to_stored(), rule, accepts: self.accept_duplicates };
        if !run.begin().await? {
            return Ok(RekeyedPersons::default());
        }
        if let Err(refusal) = run.survey().await {
            run.give_up().await?;
            return Err(refusal);
        }
        let mut done = RekeyedPersons::default();
        while run.page(&mut done).await? {
            engine.store.others_first().await;
        }
        Ok(done)
    }
}

struct Run<'a> {
    engine: &'a Engine,
    permit: &'a Permit,
    profile: &'a CardProfile,
    rule: Comparison,
    /// The rule as stored.
    stored: String,
    accepts: bool,
}

/// A record that has a living card or may get one, by the key of its person.
struct Alive {
    person: Digest,
    request: PersonsRequest,
}

impl Run<'_> {
    /// Saves that other keys are being made. `false` if the keys are by the rule.
    async fn begin(&self) -> Result<bool, EngineError> {
        let mut tx = self.engine.write(self.permit).await?;
        let rule = self.rule_now(&mut tx).await?;
        let is_begun = rule.next.as_ref().is_some_and(|(next, _)| *next == self.stored);
        if rule.next.is_none() && rule.rule == self.stored {
            return Ok(false);
        }
        if let Some(batch) = tx.batch_open_of_profile(&self.profile.name).await? {
            return Err(refused(self.profile, KeysFault::OpenBatch(batch)));
        }
        if !is_begun {
            let first = match &rule.next {
                None | Some((_, UNTOUCHED)) => UNTOUCHED,
                Some(_) => MIXED,
            };
            let next = Some((self.stored.clone(), first));
            let event = self.event("persons.rekey-begun").with("from", &rule.rule).with("to", &self.stored);
            self.save(&mut tx, PersonRule { next, ..rule }, event).await?;
            // What records were before has keys by the old rule.
            tx.earlier_bodies_of_profile_remove(&self.profile.name).await?;
            tx.commit_part().await?;
        }
        Ok(true)
    }

    /// If no record has another key yet, the rule is again as it was.
    async fn give_up(&self) -> Result<(), EngineError> {
        let mut tx = self.engine.write(self.permit).await?;
        let rule = self.rule_now(&mut tx).await?;
        if rule.next == Some((self.stored.clone(), UNTOUCHED)) {
            self.save(&mut tx, PersonRule { next: None, ..rule }, self.event("persons.rekey-refused")).await?;
            tx.commit_part().await?;
        }
        Ok(())
    }

    async fn rule_now(&self, tx: &mut Tx) -> Result<PersonRule, EngineError> {
        Ok(tx.person_rules().await?.remove(&self.profile.name).unwrap_or_default())
    }

    async fn save(&self, tx: &mut Tx, rule: PersonRule, event: Event) -> Result<(), EngineError> {
        tx.audit(event);
        Ok(tx.person_rule_set(&self.profile.name, &rule).await?)
    }

    fn event(&self, act: &'static str) -> Event {
        Event::new(act, format!("profile {}", self.profile.name))
    }

    /// Reads all records of the profile; refused if one has no identifier, and if requests become those of one person and that is not
    /// accepted, or must be settled by a person. Keeps 32 bytes of each that is alive.
    async fn survey(&self) -> Result<(), EngineError> {
        let (mut alive, mut after) = (Vec::new(), RecordId(0));
        loop {
            let page = self.engine.store.read().await?.sealed_bodies(after, RECORDS_AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            for body in page.iter().filter(|body| body.profile == self.profile.name) {
                let (person, _) = self.rekeyed(body)?;
                let request = self.request(body)?;
                alive.extend(request.is_alive().then_some(Alive { person, request }));
            }
        }
        alive.sort_unstable_by_key(|alive| (alive.person, alive.request.id));
        let settled =
            alive.chunk_by(|a, b| a.person == b.person).filter(|requests| requests.len() > 1).map(|requests| {
                let requests: Vec<PersonsRequest> = requests.iter().map(|alive| alive.request).collect();
                settle(&requests)
            });
        let (mut cards, mut aside) = (Found::default(), Found::default());
        for Settled { aside: duplicates, cards: both } in settled {
            cards.add(both);
            // A request and the one in its way.
            let ids: BTreeSet<RecordId> = duplicates.iter().flat_map(|aside| [aside.id, aside.beside]).collect();
            aside.add(ids.into_iter().collect());
        }
        self.refuse(cards, KeysFault::TwoCards).await?;
        if self.accepts { Ok(()) } else { self.refuse(aside, KeysFault::SamePerson).await }
    }

    async fn refuse(&self, found: Found, fault: fn(SamePerson) -> KeysFault) -> Result<(), EngineError> {
        if found.persons == 0 {
            return Ok(());
        }
        let mut tx = self.engine.store.read().await?;
        let mut requests = Vec::new();
        for ids in found.named {
            let mut names = Vec::new();
            for id in ids.into_iter().take(NAMED_MAX) {
                names.push(tx.record_view(id).await?.subject);
            }
            requests.push(names);
        }
        Err(refused(self.profile, fault(SamePerson { requests, persons: found.persons })))
    }

    /// Gives the records of the next page other keys; `false` after the last one.
    async fn page(&self, done: &mut RekeyedPersons) -> Result<bool, EngineError> {
        let mut tx = self.engine.write(self.permit).await?;
        let rule = self.rule_now(&mut tx).await?;
        let after = match &rule.next {
            Some((next, after)) if *next == self.stored => *after,
            // Another process has finished it, or has begun with another rule.
            None if rule.rule == self.stored => return Ok(false),
            Some(_) | None => return Err(refused(self.profile, KeysFault::OtherRule)),
        };
        let page = tx.sealed_bodies(after, RECORDS_AT_ONCE).await?;
        let Some(last) = page.last().map(|body| body.id) else {
            let finished = PersonRule { rule: self.stored.clone(), next: None };
            self.save(&mut tx, finished, self.event("persons.rekeyed").with("rule", &self.stored)).await?;
            tx.commit_part().await?;
            return Ok(false);
        };
        let mut persons: BTreeMap<Digest, BTreeSet<RecordId>> = BTreeMap::new();
        let mut rekeyed: Vec<Rekeyed> = Vec::new();
        for body in page.iter().filter(|body| body.profile == self.profile.name) {
            let (person, record) = self.rekeyed(body)?;
            persons.entry(person).or_default().insert(body.id);
            rekeyed.extend(record);
        }
        let quarantined = self.settle(&mut tx, persons).await?;
        tx.persons_rekey(&rekeyed).await?;
        let event = self.event("persons.rekeying").with("records", rekeyed.len()).with("until_record", last);
        let next = Some((self.stored.clone(), last));
        self.save(&mut tx, PersonRule { next, ..rule }, event.with("quarantined", quarantined)).await?;
        tx.commit_part().await?;
        done.records += rekeyed.len() as u64;
        done.quarantined += quarantined;
        Ok(true)
    }

    /// Quarantines what would break the rule of one card beside the records that have their key. Returns the number.
    async fn settle(&self, tx: &mut Tx, mut persons: BTreeMap<Digest, BTreeSet<RecordId>>) -> Result<u64, EngineError> {
        let of_all_slots: Vec<(Digest, i64)> = persons.keys().map(|person| (*person, -1)).collect();
        for (person, record, _) in tx.records_after_slots(&self.profile.name, &of_all_slots).await? {
            persons.entry(person).or_default().insert(record);
        }
        let mut transitions = Vec::new();
        for ids in persons.into_values().filter(|ids| ids.len() > 1) {
            let mut views: BTreeMap<RecordId, RecordView> = BTreeMap::new();
            for id in ids {
                views.insert(id, tx.record_view(id).await?);
            }
            let requests: Vec<PersonsRequest> = views.values().map(|view| self.request_of(view)).collect();
            let Settled { aside, cards } = settle(&requests);
            let subject = |id: &RecordId| views.get(id).map(|view| view.subject.clone()).unwrap_or_default();
            let same = |ids: &[RecordId]| SamePerson { requests: vec![ids.iter().map(subject).collect()], persons: 1 };
            if !cards.is_empty() {
                return Err(refused(self.profile, KeysFault::TwoCards(same(&cards))));
            }
            for aside in aside {
                if !self.accepts {
                    return Err(refused(self.profile, KeysFault::SamePerson(same(&[aside.beside, aside.id]))));
                }
                let Some(view) = views.get(&aside.id) else { continue };
                transitions.extend(set_aside(view, aside.rule, &subject(&aside.beside)));
            }
        }
        let quarantined = transitions.len() as u64;
        tx.save(transitions).await?;
        Ok(quarantined)
    }

    fn rekeyed(&self, body: &SealedBody) -> Result<(Digest, Option<Rekeyed>), EngineError> {
        let (keys, profile) = (self.engine.store.keys(), self.profile);
        let record = || format!("record {}/{}", body.source, body.request_id);
        // The column may have had another name when the record was imported.
        let key = |person: &Person| {
            let identifier = person.reveal(&profile.identifier.column);
            (!identifier.is_empty()).then(|| person_key(keys, &profile.name, (&self.rule, &self.stored), identifier))
        };
        rekey(keys, nonce(&*self.engine.entropy), body, key)
            .map_err(|fault| Refusal::RecordUnreadable { record: record(), fault })?
            .ok_or_else(|| {
                let column = profile.identifier.column.clone();
                refused(profile, KeysFault::NoIdentifier { record: record(), column })
            })
    }

    fn request(&self, body: &SealedBody) -> Result<PersonsRequest, EngineError> {
        let state = body.state.parse().map_err(|what| {
            EngineError::Store(crate::store::StoreError::Corrupt { table: "record", id: body.id.to_string(), what })
        })?;
        let replaces = self.replaces(&body.kind);
        Ok(PersonsRequest::new(body.id, state, body.surrendered, replaces, body.reason.as_deref()))
    }

    fn request_of(&self, view: &RecordView) -> PersonsRequest {
        let replaces = self.replaces(&view.kind);
        PersonsRequest::new(view.id, view.state, view.surrendered, replaces, view.reason.as_deref())
    }

    fn replaces(&self, kind: &str) -> bool {
        self.profile.kind(kind).is_some_and(|kind| kind.replaces)
    }
}

/// Requests that become those of one person, of the first persons.
#[derive(Default)]
struct Found {
    named: Vec<Vec<RecordId>>,
    persons: u64,
}

impl Found {
    fn add(&mut self, requests: Vec<RecordId>) {
        if requests.is_empty() {
            return;
        }
        self.persons += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(requests);
        }
    }
}
