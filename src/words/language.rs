//! The languages that people are answered in, and the choice by `Accept-Language`.

/// A language.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Language {
    /// The language of those who ask for none.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
}

/// The quality of a language range, in thousandths.
type Quality = u16;

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Indonesian];

    /// The primary language subtag (BCP 47), as in `Content-Language`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
        }
    }

    /// The language that a header `Accept-Language` prefers (RFC 9110, section 12.5.4): the one of the highest quality, and among
    /// equals the one that is named first. Only the primary subtag counts, so that `id-ID` is Indonesian. A range with a quality that
    /// cannot be read is not regarded. If no language is acceptable, it is English.
    pub fn preferred(accept: &str) -> Self {
        let mut named: [Option<Quality>; 2] = [None; 2];
        let mut others: Option<Quality> = None;
        let mut order = Vec::with_capacity(2);
        for (tag, quality) in accept.split(',').filter_map(range) {
            if tag == "*" {
                others = Some(others.unwrap_or_default().max(quality));
            } else if let Some(language) = Self::of_tag(tag) {
                let known = &mut named[language as usize];
                *known = Some(known.unwrap_or_default().max(quality));
                if !order.contains(&language) {
                    order.push(language);
                }
            }
        }
        // Those that `*` stands for come after those that are named.
        order.extend(Self::ALL.into_iter().filter(|language| named[*language as usize].is_none()));
        let mut best = (Self::default(), 0);
        for language in order {
            let quality = named[language as usize].or(others).unwrap_or_default();
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The language of a tag such as `id-ID`. `in` is what Indonesian was called before 1989, and what old programs still send.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        let is = |code: &str| primary.eq_ignore_ascii_case(code);
        if is("in") {
            return Some(Self::Indonesian);
        }
        Self::ALL.into_iter().find(|language| is(language.code()))
    }
}

/// A language range with its quality: `id-ID;q=0.8`.
fn range(text: &str) -> Option<(&str, Quality)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let Some(weight) = parts.next() else { return Some((tag, 1_000)) };
    let (name, value) = weight.split_once('=')?;
    let is_alone = parts.next().is_none() && name.trim_end().eq_ignore_ascii_case("q");
    is_alone.then(|| quality(value.trim_start()))?.map(|quality| (tag, quality))
}

/// `0` to `1` with at most three decimals.
fn quality(text: &str) -> Option<Quality> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_form = matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|c| c.is_ascii_digit());
    let thousandths: Quality = format!("{whole}{decimals:0<3}").parse().ok().filter(|_| is_form)?;
    (thousandths <= 1_000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::{Language::*, *};

    #[test]
    fn the_language_of_the_highest_quality_is_chosen_and_english_without_a_wish() {
        for (accept, language) in [
            ("", English),
            ("id", Indonesian),
            ("ID-id", Indonesian),
            ("in", Indonesian),
            ("in-ID;q=0.5", Indonesian),
            ("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", Indonesian),
            ("en-US,en;q=0.9,id;q=0.8", English),
            ("id;q=0.3, en;q=0.31", English),
            ("en;q=0.5 , id ; q=0.8", Indonesian),
            ("id, en", Indonesian),
            ("en, id", English),
            ("id;q=0.2, en;q=0.5, id-ID;q=0.9", Indonesian),
            ("de, fr;q=0.9", English),
            ("de, id;q=0.1", Indonesian),
            ("*", English),
            ("*;q=0.5, id;q=0.4", English),
            ("*, id", Indonesian),
            ("en;q=0, *", Indonesian),
            ("en;q=0", English),
            ("id;q=0", English),
            ("id;q=0, *", English),
        ] {
            assert_eq!(Language::preferred(accept), language, "{accept}");
        }
    }

    #[test]
    fn a_range_that_cannot_be_read_is_not_regarded() {
        for quality in ["", "2", "1.001", "-1", "0.1234", "0,5", "0.x", "1e0", "NaN", "+1", "0x1", " ", "1;q=1"] {
            assert_eq!(Language::preferred(&format!("id;q={quality}")), English, "{quality}");
            assert_eq!(Language::preferred(&format!("en;q={quality},id;q=0.001")), Indonesian, "{quality}");
        }
        for accept in ["id;", "id;q", "id;p=1", ";q=1", "i", "indonesian", "idn", "id_ID", "\u{0}id", ",,;;==**", "*id"]
        {
            assert_eq!(Language::preferred(accept), English, "{accept}");
        }
        assert_eq!(Language::preferred("id;Q=1.000"), Indonesian);
        assert_eq!(Language::preferred("id;q=0."), English);
        assert_eq!(Language::preferred("id;q=1."), Indonesian);
    }

    #[test]
    fn a_long_header_is_read_to_its_end() {
        let long = "xx;q=0.9,".repeat(100_000);
        assert_eq!(Language::preferred(&format!("{long}id;q=0.1")), Indonesian);
        assert_eq!(Language::preferred(&"id;q=".repeat(100_000)), English);
        assert_eq!(Language::preferred(&format!("id;q=0.{}", "0".repeat(1_000_000))), English);
    }

    #[test]
    fn each_language_is_found_by_its_code() {
        for language in Language::ALL {
            assert_eq!(Language::preferred(language.code()), language);
        }
    }
}
