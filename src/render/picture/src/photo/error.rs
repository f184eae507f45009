//! Why a photo cannot be used.

/// Why a photo cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PhotoError {
    /// The first bytes are those of neither format.
    #[error("the photo is neither a JPEG nor a PNG")]
    Kind,
    /// The file is too large. It is not decoded.
    #[error("the photo has {bytes} bytes; at most {max} are allowed")]
    Bytes {
        /// Size of the file.
        bytes: usize,
        /// Most bytes allowed.
        max: usize,
    },
    /// A side or the whole has too many pixels, or decoding would take too much memory.
    #[error("the photo is too large: {width} x {height} pixels")]
    TooLarge {
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
    },
    /// A side has too few pixels to be printed.
    #[error("the photo is too small: {width} x {height} pixels, less than {side_min} on a side")]
    TooSmall {
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
        /// Least pixels of a side.
        side_min: u32,
    },
    /// The file ends before the picture does.
    #[error("the photo is cut off: its file ends before the picture does")]
    CutOff,
    /// The file violates its format.
    #[error("the photo is corrupt: {reason}")]
    Corrupt {
        /// The violation.
        reason: &'static str,
    },
    /// The file is valid, but a variant that is not supported.
    #[error("the photo cannot be read: {what}")]
    Unsupported {
        /// The variant.
        what: &'static str,
    },
}

pub(super) const DAMAGED: PhotoError = corrupt("the data of its pixels are damaged");

pub(super) const fn corrupt(reason: &'static str) -> PhotoError {
    PhotoError::Corrupt { reason }
}

pub(super) const fn unsupported(what: &'static str) -> PhotoError {
    PhotoError::Unsupported { what }
}
