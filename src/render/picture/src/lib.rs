//! Pictures of dots: photos, pages of a card, and the raster formats of printers.
//!
//! A crate of its own, so that debug builds can optimise it: its loops over millions of dots are fifty times slower
//! otherwise. It has no notion of cards, records or printers.
#![warn(missing_docs)]

mod middle;
pub mod photo;
pub mod picture;
pub mod raster;
