//! Card profiles: a kind of card, as data.
//!
//! * [`profile`]: a kind of card: identifier rule, eligible statuses, blank type, attempts, reprint reasons
//! * [`comparison`]: how the identifiers of its persons are compared
//! * [`layout`]: its sides, and the content of each place
//! * [`expression`]: the text of a place, composed of a record's columns
//! * [`mrz`]: the machine-readable zone (ICAO Doc 9303)
//! * [`media`]: IPP media names and sizes (PWG 5101.1)

pub mod comparison;
pub mod expression;
pub mod layout;
pub mod media;
pub mod mrz;
pub mod profile;
