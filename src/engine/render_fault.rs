//! The renderer's errors as codes of the domain.

use crate::{
    domain::{
        card::mrz::MrzError,
        reason::{PhotoFault, RenderFault},
    },
    render::{CodeError, PhotoError, RenderError},
};

/// Why a card cannot be rendered.
pub(super) fn render_fault(error: &RenderError) -> RenderFault {
    match error {
        RenderError::Character { field, code_point } => {
            RenderFault::Character { field: field.clone(), code_point: *code_point }
        }
        RenderError::TooLong { field } => RenderFault::TooLong { field: field.clone() },
        RenderError::Code { field, error } => code_fault(field.clone(), error),
        RenderError::Mrz(error) => mrz_fault(error),
        RenderError::MrzSex => RenderFault::MrzSex,
        RenderError::Photo(error) => RenderFault::Photo { photo: photo_fault(error) },
        RenderError::Profile(_) | RenderError::Size | RenderError::Encode(_) | RenderError::Pdf(_) => {
            RenderFault::Profile { detail: error.to_string().into() }
        }
    }
}

fn code_fault(field: String, error: &CodeError) -> RenderFault {
    match *error {
        CodeError::Empty => RenderFault::CodeEmpty { field },
        CodeError::TooLong { bytes, bytes_max } => RenderFault::CodeTooLong { field, bytes, bytes_max },
        CodeError::Character { code_point } => RenderFault::CodeCharacter { field, code_point },
        CodeError::Encoder => RenderFault::CodeEncoder { field },
        CodeError::FieldTooSmall { width, height, module_min: _, width_min, height_min } => {
            RenderFault::CodePlace { field, width, height, width_min, height_min }
        }
    }
}

fn mrz_fault(error: &MrzError) -> RenderFault {
    match *error {
        MrzError::Missing { field } => RenderFault::MrzMissing { field: field.to_owned() },
        MrzError::Character { field, code_point } => RenderFault::MrzCharacter { field: field.to_owned(), code_point },
        MrzError::TooLong { field, length_max } => RenderFault::MrzTooLong { field: field.to_owned(), length_max },
        MrzError::Date { field } => RenderFault::MrzDate { field: field.to_owned() },
        MrzError::DocumentCode => RenderFault::MrzDocumentCode,
    }
}

/// Why a photo cannot be used.
pub(super) fn photo_fault(error: &PhotoError) -> PhotoFault {
    match error {
        PhotoError::Kind => PhotoFault::Kind,
        PhotoError::Bytes { .. } | PhotoError::TooLarge { .. } => PhotoFault::TooLarge,
        PhotoError::TooSmall { .. } => PhotoFault::TooSmall,
        PhotoError::CutOff => PhotoFault::CutOff,
        PhotoError::Unsupported { .. } => PhotoFault::Unsupported,
        PhotoError::Corrupt { .. } => PhotoFault::Corrupt,
    }
}
