//! Reads values out of attribute groups. Pure. A missing attribute or a value of another type reads as nothing, so no
//! reader fails because of what a printer sent.

use cetak_driver_api::reason_keyword;
use ipp::attribute::IppAttributeGroup;
use ipp::model::DelimiterTag;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

/// Reasons kept of one attribute. A person cannot read more.
pub(crate) const REASONS_MAX: usize = 32;

/// The first group with that delimiter tag.
pub(crate) fn group(response: &IppRequestResponse, tag: DelimiterTag) -> Option<&IppAttributeGroup> {
    response.attributes().first_of(tag)
}

/// The values of an attribute. If the attribute occurs twice, those of its first occurrence.
pub(crate) fn values<'a>(attributes: &'a IppAttributeGroup, name: &str) -> impl Iterator<Item = &'a IppValue> {
    attributes.get(name).into_iter().flat_map(|attribute| attribute.value().into_iter())
}

/// The values of type `integer` or `enum`.
pub(crate) fn integers(attributes: &IppAttributeGroup, name: &str) -> Vec<i32> {
    values(attributes, name).filter_map(|value| value.as_integer().or_else(|| value.as_enum()).copied()).collect()
}

/// The first integer.
pub(crate) fn integer(attributes: &IppAttributeGroup, name: &str) -> Option<i32> {
    integers(attributes, name).first().copied()
}

/// The first integer, if it is not negative.
pub(crate) fn count(attributes: &IppAttributeGroup, name: &str) -> Option<u64> {
    integer(attributes, name).and_then(|count| u64::try_from(count).ok())
}

/// The first boolean.
pub(crate) fn boolean(attributes: &IppAttributeGroup, name: &str) -> Option<bool> {
    values(attributes, name).find_map(IppValue::as_boolean).copied()
}

/// The first `octetString`.
pub(crate) fn octets<'a>(attributes: &'a IppAttributeGroup, name: &str) -> Option<&'a [u8]> {
    values(attributes, name)
        .find_map(|value| if let IppValue::OctetString(bytes) = value { Some(&**bytes) } else { None })
}

/// The values of a text type (keyword, name, text, `uri`, `mimeMediaType`), without control characters, because they
/// are shown on terminals.
pub(crate) fn texts(attributes: &IppAttributeGroup, name: &str) -> Vec<String> {
    let printable = |text: &str| text.chars().filter(|c| !c.is_control()).collect();
    values(attributes, name).filter_map(text_of).map(printable).collect()
}

/// The first text.
pub(crate) fn text(attributes: &IppAttributeGroup, name: &str) -> Option<String> {
    texts(attributes, name).into_iter().next()
}

/// Whether one of the texts is `text`.
pub(crate) fn has_text(attributes: &IppAttributeGroup, name: &str, text: &str) -> bool {
    texts(attributes, name).iter().any(|value| value == text)
}

/// The reasons of `printer-state-reasons` or `job-state-reasons`, each mapped by `keyword`, without duplicates and
/// `none`, at most [`REASONS_MAX`].
pub(crate) fn reasons(attributes: &IppAttributeGroup, name: &str, keyword: fn(&str) -> &str) -> Vec<String> {
    let mut reasons = Vec::new();
    for text in texts(attributes, name) {
        let keyword = keyword(&text);
        if reasons.len() < REASONS_MAX && is_reason(&text) && !reasons.iter().any(|known| known == keyword) {
            reasons.push(keyword.to_owned());
        }
    }
    reasons
}

/// Whether a value of `printer-state-reasons` is a reason: not empty and not `none`.
pub(crate) fn is_reason(reason: &str) -> bool {
    let keyword = reason_keyword(reason);
    !keyword.is_empty() && keyword != "none"
}

fn text_of(value: &IppValue) -> Option<&str> {
    if let IppValue::Keyword(text)
    | IppValue::MimeMediaType(text)
    | IppValue::NameWithoutLanguage(text)
    | IppValue::NameWithLanguage { name: text, .. } = value
    {
        Some(text)
    } else if let IppValue::TextWithoutLanguage(text) | IppValue::TextWithLanguage { text, .. } = value {
        Some(text)
    } else if let IppValue::Uri(text) = value {
        Some(text)
    } else {
        None
    }
}

/// Attribute groups for the tests of the modules that read them.
#[cfg(test)]
pub(crate) mod samples {
    use ipp::attribute::{IppAttribute, IppAttributeGroup};
    use ipp::model::DelimiterTag;
    use ipp::value::IppValue;

    /// A group with these attributes, in this order.
    pub(crate) fn group(tag: DelimiterTag, attributes: &[(&str, IppValue)]) -> IppAttributeGroup {
        let mut group = IppAttributeGroup::new(tag);
        for (name, value) in attributes {
            group.attributes_mut().push(IppAttribute::with_name(name, value.clone()).unwrap());
        }
        group
    }

    /// The attributes of a printer.
    pub(crate) fn printer(attributes: &[(&str, IppValue)]) -> IppAttributeGroup {
        group(DelimiterTag::PrinterAttributes, attributes)
    }

    /// A value of `operations-supported`.
    pub(crate) fn operations(codes: &[i32]) -> IppValue {
        IppValue::Array(codes.iter().copied().map(IppValue::Enum).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::samples::printer;
    use crate::wire::{keyword, keywords};

    #[test]
    fn a_value_of_another_type_reads_as_nothing() {
        let odd = printer(&[("a", keyword("x")), ("b", IppValue::Integer(-1))]);

        assert_eq!((integer(&odd, "a"), boolean(&odd, "a"), octets(&odd, "a")), (None, None, None));
        assert_eq!((text(&odd, "b"), count(&odd, "b"), integer(&odd, "missing")), (None, None, None));
    }

    #[test]
    fn reasons_have_no_duplicates_no_none_and_a_limit() {
        let few = printer(&[("r", keywords(&["none", "media-jam-error", "media-jam-report", "-error"]))]);
        assert_eq!(reasons(&few, "r", reason_keyword), ["media-jam"]);

        let many: Vec<String> = (0..100).map(|number| format!("reason-{number}")).collect();
        let many = printer(&[("r", keywords(&many.iter().map(String::as_str).collect::<Vec<_>>()))]);
        assert_eq!(reasons(&many, "r", reason_keyword).len(), REASONS_MAX);
    }

    #[test]
    fn texts_have_no_control_characters() {
        let escape = printer(&[("t", IppValue::new_text_without_language("a\u{1b}[2Jb\n").unwrap())]);

        assert_eq!(texts(&escape, "t"), ["a[2Jb"]);
    }
}
