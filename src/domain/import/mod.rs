//! The rows of a waiting list: layout, checks, and outcomes.

pub mod cell;
pub mod decision;
mod file_form;
pub mod identifier;
mod layout;
mod row;
mod sheet_fault;
pub mod survey;
pub mod value;
mod warning;

pub use self::{
    file_form::FileForm,
    layout::{Candidate, Checked, Layout, column_letters},
    row::{Fault, Faults, Judgement, RejectReason, Rejection, Row, RowOutcome, RowPlace, judge},
    sheet_fault::SheetFault,
    warning::Warning,
};
