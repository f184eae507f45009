//! The rows of a waiting list: layout, checks, and outcomes.

pub mod cell;
mod date_form;
pub mod decision;
mod file_form;
mod file_name;
pub mod identifier;
mod layout;
mod mapping;
mod row;
mod shape;
mod sheet_fault;
pub mod survey;
pub mod value;
mod warning;

pub use self::{
    file_form::FileForm,
    file_name::shown_file_name,
    layout::{Candidate, Checked, Layout, column_letters},
    mapping::Mapping,
    row::{Fault, Faults, Judgement, RejectReason, Rejection, Row, RowOutcome, RowPlace, judge},
    shape::Shape,
    sheet_fault::SheetFault,
    warning::Warning,
};
