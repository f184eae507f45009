//! Tests of the columns of a list and of the checks of a row.

use super::*;

fn ktp() -> CardProfile {
    toml::from_str(include_str!("../../profiles/ktp-el/profile.toml")).unwrap()
}

fn good() -> Vec<(&'static str, &'static str)> {
    vec![
        ("request_id", "r1"),
        ("request_kind", "first"),
        ("status", "PRINT_READY_RECORD"),
        ("requested_at", "2015-05-30T13:43:00+07:00"),
        ("verified_at", "2015-06-15T08:43:00+07:00"),
        ("photo", "portraits/a.png"),
        ("nik", "3372042007670001"),
        ("name", "SITI"),
        ("birth_date", "1967-07-20"),
        ("sex", "M"),
    ]
}

fn check(changes: &[(&'static str, &str)]) -> Result<Vec<Warning>, String> {
    let profile = ktp();
    let layout = Layout::new(&profile);
    let mut row = layout.empty_row();
    for (column, value) in good().into_iter().chain(changes.iter().copied()) {
        layout.set(&mut row, layout.position(column).unwrap(), value);
    }
    let now = Timestamp::parse("2026-11-24T00:00:00Z").unwrap();
    match layout.check(&profile, row, now) {
        Checked::Ready(candidate) => Ok(candidate.warnings),
        Checked::NotReady { status, .. } => Err(format!("status {status}")),
        Checked::Refused { rejection, .. } => {
            let further = rejection.further.iter().map(|fault| format!(", {} {}", fault.reason, fault.field));
            Err(format!("{} {}{}", rejection.reason, rejection.field, further.collect::<String>()))
        }
    }
}

#[test]
fn a_row_gets_the_first_reason_that_applies_and_then_all_others() {
    let far = "2031-01-01T00:00:00+07:00";
    let long = "X".repeat(1_001);
    let mut faults = vec![
        ("photo", "", "photo photo"),
        ("verified_at", far, "future verified_at"),
        ("birth_date", "31/31/2015", "date birth_date"),
        ("name", "  ", "name name"),
        ("nik", "NULL", "identifier nik"),
        ("status", "NO_SUCH_STATUS", "status status"),
        ("request_kind", "gift", "malformed request_kind"),
        ("request_id", "", "malformed request_id"),
        ("address", long.as_str(), "malformed address"),
    ];
    let (mut changes, mut all) = (Vec::new(), Vec::new());
    for (column, value, expected) in faults.drain(..) {
        assert_eq!(check(&[(column, value)]), Err(expected.into()));
        changes.push((column, value));
        all.insert(0, expected);
        assert_eq!(check(&changes), Err(all.join(", ")));
    }
    let withdrawal = [("status", "BIO_CAPTURED"), ("name", ""), ("nik", "NULL")];
    assert_eq!(check(&withdrawal), Err("status BIO_CAPTURED".into()), "a withdrawal needs no values");
    assert_eq!(check(&[]), Ok(Vec::new()));
}

#[test]
fn what_is_only_odd_is_a_warning() {
    assert_eq!(check(&[("nik", "9972042007670001")]), Ok(vec![Warning::UnknownRegion]));
    assert_eq!(check(&[("birth_date", "1968-07-20")]), Ok(vec![Warning::OtherBirthDate]));
    assert_eq!(check(&[("sex", "F")]), Ok(vec![Warning::OtherSex]));
}

#[test]
fn a_verification_before_the_request_is_a_warning() {
    let early = [("requested_at", "2015-08-31T10:00:00+07:00"), ("verified_at", "2015-08-31T09:59:59+07:00")];
    assert_eq!(check(&early), Ok(vec![Warning::VerifiedBeforeRequest]));
}

#[test]
fn what_a_spreadsheet_did_to_a_value_is_told() {
    assert_eq!(check(&[("nik", "' 3372042007670001 ")]), Ok(vec![Warning::MarkTakenOff]));
    assert_eq!(check(&[("address", "JL. A\nGANG 2")]), Ok(vec![Warning::LinesJoined]));
    assert_eq!(check(&[("rt", "6")]), Ok(vec![Warning::FewerDigits]));
    assert_eq!(check(&[("rt", "006"), ("rw", "-")]), Ok(Vec::new()));
    assert_eq!(check(&[("name", "SI\u{202e}TI")]), Err("malformed name".into()));
    for (column, refused) in [("village_code", "malformed village_code"), ("nik", "identifier nik")] {
        assert_eq!(check(&[(column, "3,3E+15")]), Err(refused.into()));
    }
}

#[test]
fn a_status_that_the_profile_does_not_know_is_refused_and_not_repeated() {
    assert_eq!(check(&[("status", "SITI 3372042007670001")]), Err("status status".into()));
    assert_eq!(check(&[("status", "")]), Err("status status".into()));
    for (status, like) in [("print ready record", Some("PRINT_READY_RECORD")), ("3372042007670001", None)] {
        let like = like.map(str::to_owned);
        assert_eq!(unknown_status(&ktp(), status), Reason::UnknownStatus { like });
    }
}

#[test]
fn a_request_id_that_looks_like_another_column_is_refused_and_not_repeated() {
    for other in ["SITI", "SITI 2", "3372042007670001", "337204200767000", "1967-07-20", "31/08/1980", "k\u{200e}1"] {
        assert_eq!(check(&[("request_id", other)]), Err("malformed request_id".into()), "{other}");
    }
}

#[test]
fn a_heading_is_recognised_in_any_case_and_with_blanks() {
    let layout = Layout::new(&ktp());
    for heading in ["birth_date", "Birth Date", "BIRTH-DATE", "birthdate"] {
        assert_eq!(layout.recognise(heading), layout.position("birth_date"), "{heading}");
    }
    assert_eq!(layout.recognise("tanggal lahir"), layout.position("birth_date"), "the profile maps it");
    assert_eq!(layout.recognise("tanggal lain"), None);
}

#[test]
fn columns_have_the_letters_of_spreadsheets() {
    let letters = [0, 25, 26, 51, 52, 701, 702].map(column_letters);
    assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}
