//! Bars and spaces by their widths.

/// The modules of bars and spaces in turn as bits, from the highest that is set on: the first module is dark. Each digit
/// is a width in modules.
pub(super) fn bits(widths: &str) -> u32 {
    widths
        .bytes()
        .fold((0, true), |(bits, is_dark), width| {
            let width = width.saturating_sub(b'0');
            ((bits << width) | if is_dark { (1 << width) - 1 } else { 0 }, !is_dark)
        })
        .0
}

/// Appends the modules that [`bits`] returned.
pub(super) fn push(modules: &mut Vec<bool>, bits: u32) {
    modules.extend((0..u32::BITS - bits.leading_zeros()).rev().map(|bit| bits >> bit & 1 == 1));
}
