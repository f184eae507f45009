//! Each text stands in both languages, with the same names and numbers in it, and no English is in an Indonesian one.

mod samples;

use std::fmt::Debug;

use jiff::tz::TimeZone;

use self::samples::samples;
use super::{Fault, Language, ValueRule, pages};
use crate::{
    domain::{
        actor::Role,
        import::Warning,
        objection::Objection,
        pending::PendingState,
        permission::{Operation, RIGHTS},
        printer_reason::Task,
        reason::{Reason, RenderFault},
        refusal::Refusal,
        standing::Standing,
        states::{AttemptState, BatchState, CountState, JobState, RecordState},
        value::InvalidValue,
    },
    engine::{operations::Caution, query::Need},
};

/// Words that no Indonesian text has, of those that English ones have most.
const ENGLISH: &str = "a an the is are was were be been has have had does do not no none with without and or of to for from \
    in into on at by it its this that these those which who when where if as than then there their they can cannot could must \
    may might only also already another other others one two first last all each every any same more most least new old record \
    records request requests batch job jobs attempt attempts card cards blank blanks photo file row rows line lines column \
    columns field fields value values text name names number person people account password session role act acts warrant \
    hopper vault delivery movement count counted book booked printed print prints held hold released release withdrawn \
    quarantined uncertain database backup list lists time wrong right missing known unknown needs need before after during \
    while because so";

/// Fails if two texts of one thing are not each other's translation, as far as a program can see.
fn assert_parity(of: &dyn Debug, english: &str, indonesian: &str) {
    assert_ne!(english, indonesian, "{of:?}");
    let of = format!("{of:?}:\n{english}\n{indonesian}");
    assert_no_english(&of, indonesian);
    for name in english.split('`').skip(1).step_by(2).filter(|name| !is_code(name)) {
        assert!(indonesian.contains(&format!("`{name}`")), "`{name}` is missing: {of}");
    }
    let (english, indonesian) = (without_separators(english), without_separators(indonesian));
    let with_digits = english.split(|c: char| c.is_whitespace() || "()\"`,:;".contains(c));
    for value in
        with_digits.map(|word| word.trim_end_matches('.')).filter(|word| word.contains(|c: char| c.is_ascii_digit()))
    {
        assert!(indonesian.contains(value), "{value} is missing: {of}");
    }
}

/// Whether English names a state, a role or an operation for programs, where Indonesian has words alone.
fn is_code(name: &str) -> bool {
    let is_state = name.parse::<RecordState>().is_ok()
        || name.parse::<JobState>().is_ok()
        || name.parse::<BatchState>().is_ok()
        || name.parse::<AttemptState>().is_ok()
        || name.parse::<PendingState>().is_ok();
    is_state || name.parse::<Role>().is_ok() || name.parse::<Operation>().is_ok()
}

fn assert_no_english(of: &str, indonesian: &str) {
    assert!(!indonesian.trim().is_empty(), "{of}");
    // Names stand in backticks, and the texts of others in quotes.
    let own: String = indonesian.split(['`', '"']).step_by(2).collect();
    let words = own.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let found: Vec<String> = words.filter(|word| ENGLISH.split_whitespace().any(|known| known == word)).collect();
    assert!(found.is_empty(), "{found:?} in {of}");
}

/// Numbers without the separators of thousands and decimals, which differ.
fn without_separators(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let is_separator = |at: usize| ",.".contains(chars[at]) && at > 0 && is_digit(at - 1) && is_digit(at + 1);
    (0..chars.len()).filter(|at| !is_separator(*at)).map(|at| chars[at]).collect()
}

/// Compares the texts of each value.
fn compare<T: Debug>(values: &[T], text: impl Fn(Language, &T) -> String) {
    for value in values {
        let [english, indonesian] = Language::ALL.map(|language| text(language, value));
        assert_parity(value, &english, &indonesian);
    }
}

#[test]
fn every_refusal_is_said_in_both_languages_with_the_same_values() {
    let refusals: Vec<Refusal> = samples();
    for (_, code) in Refusal::codes() {
        assert!(refusals.iter().any(|refusal| refusal.code() == code), "{code} has no sample");
    }
    compare(&refusals, Language::refusal);
}

#[test]
fn every_reason_objection_and_caution_is_said_in_both_languages_with_the_same_values() {
    compare(&samples::<Reason>(), |language, reason| {
        // Of some there is only what a printer or the renderer said.
        let is_quotation = matches!(reason, Reason::Printer { .. } | Reason::NotRendered(RenderFault::Profile { .. }));
        let language_code = if is_quotation { language.code() } else { "" };
        format!("{language_code} {}", language.reason(reason))
    });
    compare(&samples::<Objection>(), Language::objection);
    let cautions = [
        Caution::CannotHold,
        Caution::NoUpTime,
        Caution::UpTimeNoClock,
        Caution::NoMedia,
        Caution::CountsBackendPages,
        Caution::ForgetsJobs,
    ];
    compare(&cautions, |language, caution| language.caution(*caution).to_owned());
    let warnings = [
        Warning::UnknownRegion,
        Warning::OtherBirthDate,
        Warning::OtherSex,
        Warning::OtherBackground,
        Warning::LinesJoined,
        Warning::MarkTakenOff,
        Warning::FewerDigits,
        Warning::VerifiedBeforeRequest,
        Warning::ApostropheInFront,
        Warning::ValueLeftOut,
    ];
    compare(&warnings, |language, warning| language.warning(*warning).to_owned());
}

#[test]
fn what_the_server_itself_objects_to_is_said_in_both_languages() {
    compare(Fault::ALL, |language, fault| language.fault(*fault).to_owned());
    let statuses = [400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422, 429, 500, 503];
    compare(&statuses, |language, status| language.title(*status).to_owned());
    let values = [
        InvalidValue::Empty,
        InvalidValue::TooLong,
        InvalidValue::AccountNameTooLong,
        InvalidValue::NotOneLine,
        InvalidValue::NotAName,
        InvalidValue::OutOfRange { least: 1, most: 27_140 },
        InvalidValue::NotANumber,
        InvalidValue::SamePerson,
        InvalidValue::NotSpoilage,
        InvalidValue::OfPeople(Operation::RoleGive),
    ];
    let rules = [
        ValueRule::Missing,
        ValueRule::Unknown,
        ValueRule::GivenTwice,
        ValueRule::WrongType,
        ValueRule::NotWhole,
        ValueRule::NotATime,
        ValueRule::NotFlag,
        ValueRule::NotOneOf(&["png", "pdf"]),
        ValueRule::NotADevice,
        ValueRule::NotAFileName,
        ValueRule::Other,
    ];
    let rules: Vec<ValueRule> = rules.into_iter().chain(values.map(ValueRule::Value)).collect();
    compare(&rules, |language, rule| language.value_rule(*rule));
}

#[test]
fn what_the_board_shows_is_said_in_both_languages_with_the_same_values() {
    compare(&samples::<Need>(), |language, need| pages::need(need, language, &TimeZone::UTC).0);
    compare(&samples::<Standing>(), |language, standing| pages::standing(standing, language, &TimeZone::UTC));
    compare(&samples::<Task>(), |language, task| pages::task(*task).in_language(language).to_owned());
    compare(&samples::<RecordState>(), |language, state| language.record_state(*state).to_owned());
    compare(&samples::<JobState>(), |language, state| language.job_state(*state).to_owned());
    compare(&samples::<AttemptState>(), |language, state| language.attempt_state(*state).to_owned());
    compare(&samples::<BatchState>(), |language, state| language.batch_state(*state).to_owned());
    compare(&samples::<CountState>(), |language, state| language.count_state(*state).to_owned());
    compare(&samples::<PendingState>(), |language, state| language.pending_state(*state).to_owned());
    let operations: Vec<Operation> = RIGHTS.iter().map(|(operation, _)| *operation).collect();
    compare(&operations, |language, operation| language.operation(*operation).to_owned());
    for role in Role::ALL {
        // Two of the words are the same in both languages.
        assert_no_english(role.as_str(), Language::Indonesian.role(role));
    }
}

#[test]
fn a_difference_between_two_texts_is_seen() {
    for (english, indonesian) in [
        ("batch `b1`", "kelompok cetak"),
        ("batch 7 is closed", "kelompok cetak sudah ditutup"),
        ("27,140 blanks", "27.141 keping"),
        ("blanks", "blanks"),
        ("not known", "kartu is tidak dikenal"),
        ("not known", ""),
    ] {
        let seen = std::panic::catch_unwind(|| assert_parity(&"", english, indonesian));
        assert!(seen.is_err(), "{indonesian}");
    }
    assert_parity(&"", "27,140 blanks of `the` list; \"the panel\"", "27.140 keping dari `the` daftar; \"the panel\"");
}
