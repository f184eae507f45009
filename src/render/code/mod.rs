//! Machine-readable codes as dark and light modules.
//!
//! [`encode`] turns a text into modules. [`place`] finds the largest whole number of dots per module that fits a field,
//! so that all modules have the same size on the printer.
//!
//! Not supported: Micro QR, compact PDF417, structured append, GS1.

mod code128;
mod compaction;
mod pdf417;
mod qr;
mod qr_matrix;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
mod widths;

use crate::domain::card::profile::Symbology;

impl Symbology {
    /// Longest text in bytes of UTF-8. QR and PDF417 hold any text of this length; on a card, shorter texts already
    /// need too small modules. Code 128 has no limit of its own, but readers have.
    pub(super) fn bytes_max(self) -> usize {
        match self {
            Self::Qr | Self::Pdf417 => 1_000,
            Self::Code128 => 80,
        }
    }

    /// Width of the quiet zone in modules, as the standard requires. Code 128 needs it at both ends only.
    pub(super) fn quiet_zone(self) -> u32 {
        match self {
            Self::Qr => 4,
            Self::Pdf417 => 2,
            Self::Code128 => 10,
        }
    }
}

/// The modules of a code in rows from the top, without the quiet zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Modules {
    symbology: Symbology,
    width: u32,
    height: u32,
    dark: Vec<bool>,
}

impl Modules {
    /// The rows from the top. True is dark.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks_exact(self.width.max(1) as usize)
    }
}

impl Placed {
    /// The runs of dark modules of each row, in dots: left and top from the field's corner, width, height.
    pub(super) fn bars<'a>(&self, modules: &'a Modules) -> impl Iterator<Item = (u32, u32, u32, u32)> + 'a {
        let Self { module, row: height, left, top } = *self;
        (0..).zip(modules.rows()).flat_map(move |(number, row): (u32, &[bool])| {
            let mut at = 0;
            row.chunk_by(|one, next| one == next).filter_map(move |run| {
                let (from, width) = (at, u32::try_from(run.len()).unwrap_or(0));
                at += width;
                let is_dark = run.first().copied().unwrap_or(false);
                is_dark.then_some((left + from * module, top + number * height, width * module, height))
            })
        })
    }
}

/// Position and module size of a code in its field, in dots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Placed {
    /// Width of a module, at least 1.
    pub(super) module: u32,
    /// Height of a row: the module width for QR, three times that for PDF417, the height of the field for Code 128.
    pub(super) row: u32,
    /// Distance from the field's left edge to the first module.
    pub(super) left: u32,
    /// Distance from the field's top edge to the first row.
    pub(super) top: u32,
}

/// Why a text cannot be encoded. No message contains the text, except the code point of one character.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeError {
    /// The text is empty.
    #[error("the code's text is empty")]
    Empty,
    /// The text is longer than the symbology allows.
    #[error("the code's text has {bytes} bytes; at most {bytes_max} are allowed")]
    TooLong {
        /// Length of the text in bytes.
        bytes: usize,
        /// Most bytes that are allowed.
        bytes_max: usize,
    },
    /// Code 128 carries printable ASCII only, space to tilde.
    #[error("the code's text has the character U+{code_point:04X}, which Code 128 cannot carry")]
    Character {
        /// The first other character.
        code_point: u32,
    },
    /// The encoder failed on a text within the limits; not known to happen.
    #[error("the code's text cannot be encoded")]
    Encoder,
    /// Modules of the least width do not fit the field.
    #[error(
        "the code's field of {width} x {height} dots is too small: modules of {module_min} dots need {width_min} x \
         {height_min} dots"
    )]
    FieldTooSmall {
        /// Width of the field in dots.
        width: u32,
        /// Height of the field in dots.
        height: u32,
        /// Least module width in dots.
        module_min: u32,
        /// Width that would suffice, in dots.
        width_min: u64,
        /// Height that would suffice, in dots.
        height_min: u64,
    },
}

/// Encodes a text. The same text gives the same modules.
///
/// Text that is not ASCII is encoded as UTF-8 and marked as such (extended channel interpretation 26). Readers that
/// ignore the mark mostly guess UTF-8.
pub(super) fn encode(symbology: Symbology, text: &str) -> Result<Modules, CodeError> {
    if text.is_empty() {
        return Err(CodeError::Empty);
    }
    let bytes_max = symbology.bytes_max();
    if text.len() > bytes_max {
        return Err(CodeError::TooLong { bytes: text.len(), bytes_max });
    }
    let rows = match symbology {
        Symbology::Qr => qr::encode(text),
        Symbology::Pdf417 => pdf417::encode(text),
        Symbology::Code128 => match text.chars().find(|c| !matches!(c, ' '..='~')) {
            Some(c) => return Err(CodeError::Character { code_point: u32::from(c) }),
            None => code128::encode(text).map(|row| vec![row]),
        },
    };
    modules(symbology, &rows.unwrap_or_default()).ok_or(CodeError::Encoder)
}

/// A code with its quiet zone as a drawing in modules: its width, its height, and the dark modules as the path of an SVG drawing. Code
/// 128 is a fifth as high as it is wide.
pub fn outline(symbology: Symbology, text: &str) -> Result<(u32, u32, String), CodeError> {
    let modules = encode(symbology, text)?;
    let quiet = 2 * symbology.quiet_zone();
    let width = modules.width + quiet;
    let height = match symbology {
        Symbology::Qr => modules.height + quiet,
        Symbology::Pdf417 => modules.height * PDF417_ROW_MODULES + quiet,
        Symbology::Code128 => width / 5,
    };
    let placed = place(&modules, width, height, 1)?;
    let bar = |(left, top, width, height)| format!("M{left} {top}h{width}v{height}h-{width}z");
    Ok((width, height, placed.bars(&modules).map(bar).collect()))
}

/// Centres a code in a field, with the largest modules that leave room for the quiet zone. Code 128 is as high as the
/// field.
///
/// Fails if modules would be narrower than `module_min` dots (at least 1). Readers and printers differ in what they
/// need; 3 dots at 300 dpi, a quarter of a millimetre, suit most.
pub(super) fn place(
    modules: &Modules,
    width_dots: u32,
    height_dots: u32,
    module_min: u32,
) -> Result<Placed, CodeError> {
    let quiet = 2 * modules.symbology.quiet_zone();
    // Height of a row and of the vertical quiet zones, in module widths.
    let (row, quiet_above) = match modules.symbology {
        Symbology::Qr => (1, quiet),
        Symbology::Pdf417 => (PDF417_ROW_MODULES, quiet),
        Symbology::Code128 => (0, 0),
    };
    let across = modules.width.saturating_add(quiet);
    let down = modules.height.saturating_mul(row).saturating_add(quiet_above);
    let module_min = module_min.max(1);
    let module = (width_dots / across.max(1)).min(height_dots.checked_div(down).unwrap_or(u32::MAX));
    if module < module_min || height_dots == 0 {
        return Err(CodeError::FieldTooSmall {
            width: width_dots,
            height: height_dots,
            module_min,
            width_min: u64::from(across) * u64::from(module_min),
            height_min: (u64::from(down) * u64::from(module_min)).max(1),
        });
    }
    let middle = |field: u32, used: u32| field.saturating_sub(used) / 2;
    let left = middle(width_dots, modules.width.saturating_mul(module));
    Ok(match modules.symbology {
        Symbology::Code128 => Placed { module, row: height_dots, left, top: 0 },
        Symbology::Qr | Symbology::Pdf417 => {
            let row = module.saturating_mul(row);
            Placed { module, row, left, top: middle(height_dots, modules.height.saturating_mul(row)) }
        }
    })
}

/// Height of a PDF417 row in module widths, the least that ISO/IEC 15438 allows. In lower rows a reader's scan line
/// crosses into the next row.
const PDF417_ROW_MODULES: u32 = 3;

fn modules(symbology: Symbology, rows: &[Vec<bool>]) -> Option<Modules> {
    let width = rows.first().filter(|row| !row.is_empty())?.len();
    if rows.iter().any(|row| row.len() != width) {
        return None;
    }
    let height = u32::try_from(rows.len()).ok()?;
    Some(Modules { symbology, width: u32::try_from(width).ok()?, height, dark: rows.concat() })
}
