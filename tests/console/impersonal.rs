//! Helper: what the people of these offices are known by, and the search for it.

use crate::people;

/// How many citizens there are beside the students.
pub(crate) const CITIZENS: usize = 3;

/// What the people of these offices are known by: names, numbers and addresses, also as an address encodes them.
fn known() -> Vec<String> {
    let citizens = (0..CITIZENS).map(people::citizen).flat_map(|row| [6, 7, 8, 12, 19].map(|at| row[at].clone()));
    let students = ["STUDENT NUMBER".to_owned(), "S0000".to_owned()];
    let spaced = citizens.chain(students);
    spaced
        .flat_map(|text| [text.replace(' ', "%20"), text.replace(' ', "+"), text])
        .map(|text| text.to_lowercase())
        .collect()
}

/// Fails if a text has something that a person is known by.
pub(crate) fn assert_impersonal(what: &str, text: &str) {
    let text = text.to_lowercase();
    for known in known() {
        if let Some(at) = text.find(&known) {
            let around: String = text.chars().skip(at.saturating_sub(200)).take(400).collect();
            panic!("{what} has {known:?}: {around}");
        }
    }
}
