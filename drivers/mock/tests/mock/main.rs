//! Tests of the mock printer through the driver contract.
#![cfg(test)]

mod cards;
mod conformance;
mod faults;
mod truth_file;
mod world;
