//! English text for what the layers below say in types.

mod need;

pub use need::{NeedText, need};
