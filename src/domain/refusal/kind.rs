//! The sorts of refusals, and how refusals are declared.

use serde::{Deserialize, Serialize};

/// What sort of refusal it is, by what the caller can do about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The thing that was named does not exist.
    NotFound,
    /// The thing is in another state than the act needs; the same act may be possible later.
    Conflict,
    /// The arguments are wrong in themselves.
    Invalid,
    /// The person may not do it.
    Forbidden,
}

/// Declares an enumeration of refusals, with the kind and the code of each variant beside it, and variants that contain others.
macro_rules! refusals {
    (
        $(#[$about:meta])+ $refusal:ident also { $($(#[$of:meta])+ $outer:ident($inner:ty),)* }
        $($(#[$doc:meta])+ $kind:ident $code:literal $name:ident $({ $($field:ident: $type:ty),+ $(,)? })?;)+
    ) => {
        $(#[$about])+
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(tag = "code", content = "args")]
        pub enum $refusal {
            $($(#[$doc])+ #[serde(rename = $code)] $name $({ $($field: $type),+ })?,)+
            $($(#[$of])+ #[serde(untagged)] $outer($inner),)*
        }

        impl $refusal {
            /// Every code, with what sort of refusal it is of.
            pub fn codes() -> Vec<(RefusalKind, &'static str)> {
                let inner: Vec<Vec<(RefusalKind, &'static str)>> = vec![$(<$inner>::codes(),)*];
                [$((RefusalKind::$kind, $code)),+].into_iter().chain(inner.into_iter().flatten()).collect()
            }

            /// What sort of refusal it is.
            pub fn kind(&self) -> RefusalKind {
                match self {
                    $(Self::$name { .. } => RefusalKind::$kind,)+
                    $(Self::$outer(inner) => inner.kind(),)*
                }
            }

            /// The stable name, as in its JSON.
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                    $(Self::$outer(inner) => inner.code(),)*
                }
            }
        }
    };
}
pub(super) use refusals;
