//! Millimetres on the card, and dots.

pub(super) const MM_PER_INCH: f32 = 25.4;

/// A rectangle on a side, in millimetres from the card's top left corner.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to the name")]
pub(super) struct Area {
    pub(super) x_mm: f32,
    pub(super) y_mm: f32,
    pub(super) width_mm: f32,
    pub(super) height_mm: f32,
}

/// The nearest whole number of dots; 0 for negative numbers and NaN.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates, as wanted")]
pub(super) fn whole(dots: f32) -> u32 {
    dots.round() as u32
}
