//! Why a photo cannot be shown.

use super::{reason::photo, thing::thing};
use crate::domain::reason::PhotoFault;

/// A photo that cannot be shown.
pub(super) fn no_photo(record: &str, fault: Option<PhotoFault>) -> String {
    let why = fault.map_or("daftarnya tidak menyebut foto", photo);
    format!("{} tidak memiliki foto: {why}", thing(record))
}
