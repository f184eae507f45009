//! One type per noun, so that a job cannot be taken for a batch.

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// A record, within this database. People name records by source and request id.
    RecordId
);
row_id!(
    /// A batch; the number that people see.
    BatchId
);
row_id!(
    /// A job.
    JobId
);
row_id!(
    /// An attempt, within this database. Printers and people get its name, `cetak-<site>-<uuid>`.
    AttemptKey
);
row_id!(
    /// A lot of blanks of one type.
    LotId
);
row_id!(
    /// An act that waits for its second person; the number that people see. A reprint warrant is one.
    PendingActId
);
row_id!(
    /// A user account.
    AccountId
);
row_id!(
    /// A stored photo.
    PhotoId
);
