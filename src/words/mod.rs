//! What the program says to people: of failures what failed, on which thing, what was expected against what was found, and
//! what to do next. No layer below names a command.

pub mod en;
mod message;
mod time;

// The command line speaks English.
pub use self::{en::*, message::Message, time::local};
