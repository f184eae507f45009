//! Pictures of dots: a person's photo, a card's page, and the raster formats that printers take.
//!
//! A crate of its own, so that a debug build can have it optimised: loops over millions of dots are fifty times slower
//! otherwise. Nothing here knows of cards, records or printers' addresses.
#![warn(missing_docs)]

pub mod photo;
pub mod picture;
pub mod raster;
