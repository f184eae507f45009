//! The machine readable zone of a card of size TD1 (ICAO Doc 9303, parts 3 and 5): three lines of 30 characters, each
//! A to Z, 0 to 9 or the filler `<`.
//!
//! A reader cannot compare the zone with anything, so an error in it goes unnoticed. Therefore all input that the rules
//! do not cover is refused, and only names may lose characters.
//!
//! Deliberately absent: Cyrillic and Arabic (part 3, sections 6.B and 6.C), other sizes, reading.

mod error;
mod name;

pub use error::MrzError;
use error::character;
use name::{components, name_field};

/// The content of the zone. It has no `Debug`, because it contains personal data.
#[derive(Clone, Copy)]
pub struct Td1<'a> {
    /// `I` (identity card), `A` or `C`, and a second letter of the issuer's choice or none; neither `V` as the second
    /// letter nor `AI` (part 5, 4.2.2.3, note k).
    pub document_code: &'a str,
    /// The issuer's code of one to three letters (part 3, section 5), such as `IDN`, or `D` for Germany.
    pub issuing_state: &'a str,
    /// Letters and digits; a space or hyphen becomes a filler. At most 22 characters: the tenth and later ones stand
    /// in the first optional field, where there must be no space or hyphen among them, since a filler ends the number.
    pub document_number: &'a str,
    /// Letters, digits, spaces and hyphens; up to 15 characters. A long document number takes what it has more than
    /// nine characters, and two.
    pub optional_1: &'a str,
    /// `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where the rest is unknown (part 3, 4.8).
    pub date_of_birth: &'a str,
    /// As on the card.
    pub sex: Sex,
    /// `YYYY-MM-DD`.
    pub date_of_expiry: &'a str,
    /// A code as [`Self::issuing_state`].
    pub nationality: &'a str,
    /// Letters, digits, spaces and hyphens; up to 11 characters.
    pub optional_2: &'a str,
    /// Surname, or the whole name where it has no parts.
    pub primary_identifier: &'a str,
    /// Given names; may be empty.
    pub secondary_identifier: &'a str,
}

/// The sex in the zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sex {
    /// `M`.
    Male,
    /// `F`.
    Female,
    /// `<`; on the card itself an `X`.
    Unspecified,
}

/// The three lines, from the top. The same input gives the same lines.
///
/// A name that is too long for the lower line is truncated to initials from the last component on, as far as necessary
/// (part 5, 4.2.2.3 and 4.2.3); the line then ends in a letter. Nothing else is truncated.
pub fn td1(card: &Td1<'_>) -> Result<[String; 3], MrzError> {
    let (number, optional_1) = number_and_optional(card)?;
    let upper = format!(
        "{code:<<2}{state:<<3}{number}{optional_1:<<15}",
        code = document_code(card.document_code)?,
        state = state_code("issuing_state", card.issuing_state)?,
    );
    let birth = date("date_of_birth", card.date_of_birth, 4)?;
    let expiry = date("date_of_expiry", card.date_of_expiry, 10)?;
    let sex = match card.sex {
        Sex::Male => 'M',
        Sex::Female => 'F',
        Sex::Unspecified => '<',
    };
    let nationality = state_code("nationality", card.nationality)?;
    let optional_2 = optional("optional_2", card.optional_2, OPTIONAL_2_LENGTH)?;
    let (birth, expiry) = (with_check_digit(&birth), with_check_digit(&expiry));
    // All that has a check digit of its own, and the optional fields (part 5, 4.2.4).
    let covered = upper.bytes().skip(5).chain(birth.bytes()).chain(expiry.bytes()).chain(optional_2.bytes());
    let composite = check_digit(covered);
    let middle = format!("{birth}{sex}{expiry}{nationality:<<3}{optional_2:<<11}{composite}");

    let primary = components("primary_identifier", card.primary_identifier)?;
    let secondary = components("secondary_identifier", card.secondary_identifier)?;
    if primary.is_empty() {
        return Err(MrzError::Missing { field: "primary_identifier" });
    }
    Ok([upper, middle, name_field(&primary, &secondary, NAME_LENGTH)])
}

const NAME_LENGTH: usize = 30;
const NUMBER_LENGTH: usize = 9;
const OPTIONAL_1_LENGTH: usize = 15;
const OPTIONAL_2_LENGTH: usize = 11;

/// The check digit of a text of the zone: the sum of the characters' values times 7, 3, 1, 7 and so on, modulo 10 (part
/// 3, 4.9).
fn check_digit(text: impl Iterator<Item = u8>) -> u32 {
    let weighted = text.zip([7, 3, 1].into_iter().cycle()).map(|(byte, weight)| {
        // A filler counts as 0.
        char::from(byte).to_digit(36).unwrap_or(0) * weight
    });
    weighted.fold(0, |sum, product| (sum + product) % 10)
}

fn with_check_digit(text: &str) -> String {
    format!("{text}{}", check_digit(text.bytes()))
}

fn document_code(code: &str) -> Result<&str, MrzError> {
    match code.as_bytes() {
        [b'A' | b'C' | b'I', b'V'] | [b'A', b'I'] => Err(MrzError::DocumentCode),
        [b'A' | b'C' | b'I'] | [b'A' | b'C' | b'I', b'A'..=b'Z'] => Ok(code),
        _ => Err(MrzError::DocumentCode),
    }
}

fn state_code<'a>(field: &'static str, code: &'a str) -> Result<&'a str, MrzError> {
    if code.is_empty() {
        return Err(MrzError::Missing { field });
    }
    match code.chars().find(|c| !c.is_ascii_uppercase()) {
        Some(c) => Err(character(field, c)),
        None if code.len() > 3 => Err(MrzError::TooLong { field, length_max: 3 }),
        None => Ok(code),
    }
}

/// The ten positions of the document number and its check digit, and the first optional field (part 5, 4.2.2.3,
/// note j).
fn number_and_optional(card: &Td1<'_>) -> Result<(String, String), MrzError> {
    let field = "document_number";
    // Two more positions are for the check digit and the filler that ends the number.
    let length_max = NUMBER_LENGTH + OPTIONAL_1_LENGTH - 2;
    let number = optional(field, card.document_number, length_max)?;
    if number.bytes().all(|byte| byte == b'<') {
        return Err(MrzError::Missing { field });
    }
    let Some((first, rest)) = number.split_at_checked(NUMBER_LENGTH).filter(|(_, rest)| !rest.is_empty()) else {
        let optional_1 = optional("optional_1", card.optional_1, OPTIONAL_1_LENGTH)?;
        return Ok((with_check_digit(&format!("{number:<<9}")), optional_1));
    };
    if let Some(c) = card.document_number.chars().skip(NUMBER_LENGTH).find(|c| !c.is_ascii_alphanumeric()) {
        return Err(character(field, c));
    }
    let left = OPTIONAL_1_LENGTH.saturating_sub(rest.len() + 2);
    let optional_1 = optional("optional_1", card.optional_1, left)?;
    Ok((format!("{first}<"), format!("{rest}{}<{optional_1}", check_digit(number.bytes()))))
}

/// Letters and digits; a space or hyphen becomes a filler, so that the length stays.
fn optional(field: &'static str, text: &str, length_max: usize) -> Result<String, MrzError> {
    let written = text.chars().map(|c| match c {
        ' ' | '-' => Ok('<'),
        c if c.is_ascii_alphanumeric() => Ok(c.to_ascii_uppercase()),
        c => Err(character(field, c)),
    });
    let written: String = written.collect::<Result<_, _>>()?;
    if written.len() > length_max { Err(MrzError::TooLong { field, length_max }) } else { Ok(written) }
}

/// `YYMMDD`, with fillers for what is unknown. `length_min`: a shorter text is no date.
fn date(field: &'static str, text: &str, length_min: usize) -> Result<String, MrzError> {
    let well_formed = text.len() >= length_min
        && matches!(text.len(), 4 | 7 | 10)
        && text.bytes().zip(b"0000-00-00").all(|(byte, form)| match form {
            b'-' => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let exists = match (year.parse(), month.map(str::parse), day.map(str::parse)) {
        (Ok(_), None, None) => true,
        (Ok(_), Some(Ok(month)), None) => (1..=12).contains(&month),
        (Ok(year), Some(Ok(month)), Some(Ok(day))) => (1..=days_in_month(year, month)).contains(&day),
        _ => false,
    };
    match year.get(2..) {
        Some(year) if well_formed && exists => {
            Ok(format!("{year:<<2}{:<<2}{:<<2}", month.unwrap_or_default(), day.unwrap_or_default()))
        }
        _ => Err(MrzError::Date { field }),
    }
}

/// None where there is no such month.
fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The specimen of part 5, appendix A.
    const SPECIMEN: Td1<'static> = Td1 {
        document_code: "I",
        issuing_state: "UTO",
        document_number: "D23145890",
        optional_1: "",
        date_of_birth: "1974-08-12",
        sex: Sex::Female,
        date_of_expiry: "2012-04-15",
        nationality: "UTO",
        optional_2: "",
        primary_identifier: "Eriksson",
        secondary_identifier: "Anna Maria",
    };

    fn refusal(card: Td1<'_>) -> MrzError {
        td1(&card).unwrap_err()
    }

    /// A second way to a check digit: from the printed line, by a table of values.
    fn proves(digit: char, covered: &str) -> bool {
        let value = |c| "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".find(c).unwrap_or(0);
        let weight = |at: usize| [7, 3, 1][at % 3];
        let sum: usize = covered.chars().enumerate().map(|(at, c)| value(c) * weight(at)).sum();
        digit.to_string() == (sum % 10).to_string()
    }

    /// The columns of a line as the tables of part 5 count them, from 1.
    fn columns(line: &str, from: usize, to: usize) -> &str {
        &line[from - 1..to]
    }

    fn column(line: &str, at: usize) -> char {
        line.chars().nth(at - 1).unwrap()
    }

    /// What a reader checks in a zone (part 5, 4.2.4).
    fn check([upper, middle, lower]: &[String; 3]) -> Result<(), String> {
        for line in [upper, middle, lower] {
            if line.len() != 30 || !line.chars().all(|c| c == '<' || c.is_ascii_digit() || c.is_ascii_uppercase()) {
                return Err(line.clone());
            }
        }
        let number = if column(upper, 15) == '<' {
            let (rest, _) = columns(upper, 16, 30).split_once('<').ok_or("no end of the number")?;
            let (rest, digit) = rest.split_at(rest.len() - 1);
            (digit.chars().next().unwrap(), format!("{}{rest}", columns(upper, 6, 14)))
        } else {
            (column(upper, 15), columns(upper, 6, 14).to_owned())
        };
        let composite = [columns(upper, 6, 30), columns(middle, 1, 7), columns(middle, 9, 15), columns(middle, 19, 29)];
        let digits = [
            number,
            (column(middle, 7), columns(middle, 1, 6).to_owned()),
            (column(middle, 15), columns(middle, 9, 14).to_owned()),
            (column(middle, 30), composite.concat()),
        ];
        match digits.iter().find(|(digit, covered)| !proves(*digit, covered)) {
            Some((digit, covered)) => Err(format!("{digit} for {covered}")),
            None => Ok(()),
        }
    }

    #[test]
    fn the_specimen_of_the_standard_is_written_as_printed_there() {
        assert_eq!(
            td1(&SPECIMEN).unwrap(),
            ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
        );
    }

    #[test]
    fn a_long_document_number_goes_on_in_the_optional_field() {
        // Part 11, appendix D.2.
        let card = Td1 {
            document_number: "D23145890734",
            date_of_birth: "1934-07-12",
            sex: Sex::Male,
            date_of_expiry: "1995-07-12",
            primary_identifier: "Stevenson",
            secondary_identifier: "Peter John",
            ..SPECIMEN
        };
        assert_eq!(
            td1(&card).unwrap(),
            ["I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"]
        );
        let [upper, ..] = td1(&Td1 { optional_1: "AB-1234567", ..card }).unwrap();
        assert_eq!(upper, "I<UTOD23145890<7349<AB<1234567");
        let [upper, ..] = td1(&Td1 { document_number: "1234567890123456789012", ..card }).unwrap();
        assert_eq!(upper, "I<UTO123456789<01234567890129<");
    }

    #[test]
    fn check_digits_are_those_of_the_examples_of_the_standard() {
        // Part 3, appendix A, examples 1 to 5.
        for (text, digit) in [
            ("520727", 3),
            ("AB2134<<<", 5),
            ("HA672242<658022549601086<<<<<<<<<<<<<<0", 8),
            ("D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<<", 2),
            ("HA672242<658022549601086<<<<<<<", 8),
        ] {
            assert_eq!(check_digit(text.bytes()), digit, "{text}");
        }
    }

    #[test]
    fn a_character_without_a_rule_is_refused_with_its_field_and_code_point() {
        for (text, code_point) in
            [("Siti 2", 0x32), ("Иван", 0x418), ("Zoe\u{308}", 0x308), ("A<B", 0x3C), ("Ș", 0x218)]
        {
            let error = refusal(Td1 { secondary_identifier: text, ..SPECIMEN });
            assert_eq!(error, MrzError::Character { field: "secondary_identifier", code_point });
        }
        for (document_number, c) in [("A.1", '.'), ("Ü1", 'Ü'), ("3372-2015-00001234", '-'), ("A<1", '<')] {
            let error = refusal(Td1 { document_number, ..SPECIMEN });
            assert_eq!(error, MrzError::Character { field: "document_number", code_point: u32::from(c) });
        }
        let error = refusal(Td1 { nationality: "Uto", ..SPECIMEN });
        assert_eq!(
            error.to_string(),
            "field `nationality` has the character U+0074, which the machine readable zone cannot show there"
        );
    }

    #[test]
    fn what_is_missing_or_too_long_is_refused() {
        for (card, field) in [
            (Td1 { issuing_state: "", ..SPECIMEN }, "issuing_state"),
            (Td1 { nationality: "", ..SPECIMEN }, "nationality"),
            (Td1 { document_number: "", ..SPECIMEN }, "document_number"),
            (Td1 { document_number: "- -", ..SPECIMEN }, "document_number"),
            (Td1 { primary_identifier: "'", ..SPECIMEN }, "primary_identifier"),
        ] {
            assert_eq!(refusal(card), MrzError::Missing { field });
        }
        for (card, field, length_max) in [
            (Td1 { issuing_state: "UTOP", ..SPECIMEN }, "issuing_state", 3),
            (Td1 { document_number: "12345678901234567890123", ..SPECIMEN }, "document_number", 22),
            (Td1 { optional_1: "1234567890123456", ..SPECIMEN }, "optional_1", 15),
            (Td1 { document_number: "1234567890", optional_1: "1234567890123", ..SPECIMEN }, "optional_1", 12),
            (Td1 { optional_2: "123456789012", ..SPECIMEN }, "optional_2", 11),
        ] {
            assert_eq!(refusal(card), MrzError::TooLong { field, length_max });
        }
        for document_code in ["", "P", "i", "IV", "AI", "I<", "IDN", "I1"] {
            assert_eq!(refusal(Td1 { document_code, ..SPECIMEN }), MrzError::DocumentCode);
        }
        for document_code in ["I", "ID", "AC", "C"] {
            assert!(td1(&Td1 { document_code, ..SPECIMEN }).is_ok());
        }
    }

    #[test]
    fn an_unknown_part_of_the_birth_date_is_filled() {
        for (date_of_birth, start) in
            [("1974", "74<<<<2F"), ("1974-08", "7408<<2F"), ("2000-02-29", "0002299F"), ("2023-12-31", "2312316F")]
        {
            let lines = td1(&Td1 { date_of_birth, ..SPECIMEN }).unwrap();
            assert_eq!(check(&lines), Ok(()));
            let [_, middle, _] = lines;
            assert_eq!(columns(&middle, 1, 6), columns(start, 1, 6));
        }
        for date_of_birth in [
            "",
            "1974-",
            "1974-13",
            "1974-00",
            "1900-02-29",
            "2023-04-31",
            "74-08-12",
            "1974-8-12",
            "+974-08-12",
            "１974-08",
        ] {
            assert_eq!(refusal(Td1 { date_of_birth, ..SPECIMEN }), MrzError::Date { field: "date_of_birth" });
        }
        for date_of_expiry in ["2012", "2012-04", "2012-04-31"] {
            assert_eq!(refusal(Td1 { date_of_expiry, ..SPECIMEN }), MrzError::Date { field: "date_of_expiry" });
        }
    }

    #[test]
    fn an_unspecified_sex_is_a_filler() {
        let [_, middle, _] = td1(&Td1 { sex: Sex::Unspecified, ..SPECIMEN }).unwrap();
        assert_eq!(middle, "7408122<1204159UTO<<<<<<<<<<<6");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_zone_that_is_written_is_one_that_a_reader_accepts(
            document_code in "[ACI][A-HJ-U]?",
            (issuing_state, nationality) in ("[A-Z]{1,3}", "[A-Z]{1,3}"),
            document_number in "[A-Z0-9][A-Za-z0-9 -]{0,8}|[A-Z0-9]{10,22}",
            (optional_1, optional_2) in ("[A-Za-z0-9 -]{0,15}", "[A-Z0-9 -]{0,11}"),
            date_of_birth in "(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?",
            date_of_expiry in "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
            (primary_identifier, secondary_identifier) in ("[A-Za-zÀ-Öß' -]{0,40}Q", "[A-Za-zÀ-Öß'. -]{0,40}"),
        ) {
            let card = Td1 {
                document_code: &document_code,
                issuing_state: &issuing_state,
                document_number: &document_number,
                optional_1: &optional_1,
                date_of_birth: &date_of_birth,
                sex: Sex::Unspecified,
                date_of_expiry: &date_of_expiry,
                nationality: &nationality,
                optional_2: &optional_2,
                primary_identifier: &primary_identifier,
                secondary_identifier: &secondary_identifier,
            };
            match td1(&card) {
                Ok(lines) => prop_assert_eq!(check(&lines), Ok(())),
                Err(MrzError::TooLong { field: "optional_1", .. }) => prop_assert!(document_number.len() > 9),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }

        #[test]
        fn no_text_is_too_strange(
            (code, state, number, birth, expiry) in any::<(String, String, String, String, String)>(),
            (primary, secondary, optional_1, optional_2) in any::<(String, String, String, String)>(),
        ) {
            for card in [
                Td1 { document_code: &code, ..SPECIMEN },
                Td1 { issuing_state: &state, ..SPECIMEN },
                Td1 { document_number: &number, ..SPECIMEN },
                Td1 { date_of_birth: &birth, ..SPECIMEN },
                Td1 { date_of_expiry: &expiry, ..SPECIMEN },
                Td1 { primary_identifier: &primary, ..SPECIMEN },
                Td1 { secondary_identifier: &secondary, ..SPECIMEN },
                Td1 { optional_1: &optional_1, ..SPECIMEN },
                Td1 { optional_2: &optional_2, ..SPECIMEN },
            ] {
                if let Ok(lines) = td1(&card) {
                    prop_assert_eq!(check(&lines), Ok(()));
                }
            }
        }
    }
}
