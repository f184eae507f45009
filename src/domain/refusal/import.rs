//! Refusals about imports that were made.

use serde::{Deserialize, Serialize};

use super::kind::{RefusalKind, refusals};
use crate::domain::id::ImportId;

refusals! {
    /// Why an act or a read is refused because of an import.
    ImportRefusal also {}
    /// No import has this number.
    NotFound "no-import" NoImport { import: ImportId };
    /// The import was undone already.
    Conflict "import-undone" Undone { import: ImportId };
    /// The import changed no record, or none that can still be changed.
    Conflict "import-nothing" Nothing { import: ImportId };
    /// The import has more records than are changed in one transaction.
    Conflict "import-too-large" TooLarge { import: ImportId, most: i64 };
}
