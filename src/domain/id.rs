//! Row numbers. Each kind of row has its own type, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The number of a record in this database. People name a record by source and request id.
    RecordId
);
row_id!(
    /// The number of a batch, which people see.
    BatchId
);
row_id!(
    /// The number of a job, which people see.
    JobId
);
row_id!(
    /// The number of an attempt in this database. Printers and people see its name, `cetak-<site>-<uuid>`.
    AttemptKey
);
row_id!(
    /// The number of a lot of blanks.
    LotId
);
row_id!(
    /// The number of a movement of blanks, which people see.
    MovementId
);
row_id!(
    /// The number of an import, which people see.
    ImportId
);
row_id!(
    /// The number of a count of blanks, which people see.
    CountId
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
    /// The number of an open session, which people see.
    SessionId
);
row_id!(
    /// The number of an API token, which people see.
    TokenId
);
row_id!(
    /// The number of a stored photo.
    PhotoId
);
