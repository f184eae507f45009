//! The text and the hint of a filter with a value that nothing has, and of filters that match too few records or too many.

use super::{
    message::{Message, list},
    number::thousands,
};

/// Nothing has this value.
pub(super) fn unknown_filter(filter: &str, value: &str, known: &[String]) -> Message {
    let hint = if known.is_empty() { "there is none yet".to_owned() } else { format!("known are {}", list(known)) };
    Message::new(format!("no {} is named `{value}`", filter.replace('-', " ")), hint)
}

/// A record cannot jump into a class that no kind of request of its profile has.
pub(super) fn no_class(record: &str, profile: &str, class: i64, known: &[i64], own: i64) -> Message {
    let known = known.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    Message::new(
        format!("no kind of request of profile `{profile}` has class {class}; {record} is in class {own} otherwise"),
        format!("its classes are {known}; `cetak record priority` without `--class` puts it first"),
    )
}

/// No record matches that an act is for, or more than it takes.
pub(super) fn matching_number(is_none: bool, most: i64) -> Message {
    if is_none {
        return Message::new(
            "no record that matches is in a state that the act is for",
            "see which records match, and their states, with `cetak record list`",
        );
    }
    Message::new(
        format!("more than {} records match, and the act is done with all of them at once", thousands(most)),
        "name more filters, such as a district, and do it in parts",
    )
}

/// That no record is of a person with an identifier. `has_form`: it may be one.
pub(super) fn no_person(profiles: &[String], has_form: bool) -> Message {
    if has_form {
        Message::new(
            format!("no record of profile {} is of a person with this identifier", list(profiles)),
            "the request has not been imported, or it is of another person: compare the identifier",
        )
    } else {
        Message::new(
            format!("this is not an identifier of profile {}", list(profiles)),
            "compare its length and its digits with the document",
        )
    }
}
