//! What people read on a page of a text that names codes for programs.

use crate::{domain::permission::Operation, words::Language};

/// A text without the codes that an Indonesian one has beside their words: those of states (`menunggu (`waiting`)`) and of operations
/// (`` `card-check` (memeriksa kartu)``). What was typed stays as it is quoted.
pub(crate) fn without_codes(text: &str, language: Language) -> String {
    if language == Language::English {
        return text.to_owned();
    }
    let mut parts = text.split('`');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    while let Some(code) = parts.next() {
        let Some(rest) = parts.next() else {
            shown.push('`');
            shown += code;
            break;
        };
        let is_operation = code.parse::<Operation>().is_ok();
        if let (Some(before), Some(after)) = (shown.strip_suffix(" ("), rest.strip_prefix(')')) {
            shown = format!("{before}{after}");
        } else if let Some((words, after)) =
            rest.strip_prefix(" (").filter(|_| is_operation).and_then(|rest| rest.split_once(')'))
        {
            shown += words;
            shown += after;
        } else {
            shown = format!("{shown}`{code}`{rest}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_operations_are_told_in_words_alone_and_names_stay_quoted() {
        let of = |text| without_codes(text, Language::Indonesian);
        assert_eq!(
            of("permohonan `default/r1` menunggu (`waiting`), bukan ditahan"),
            "permohonan `default/r1` menunggu, bukan ditahan"
        );
        assert_eq!(
            of("operasi `card-check` (memeriksa mutu kartu) memerlukan hak"),
            "operasi memeriksa mutu kartu memerlukan hak"
        );
        assert_eq!(of("printer `p1` (ipp://a) `x"), "printer `p1` (ipp://a) `x");
        assert_eq!(without_codes("is held (`held`)", Language::English), "is held (`held`)");
    }
}
