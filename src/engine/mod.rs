//! The engine: import, planning, printing, and the acts of people. All effects and all waiting are here.
//!
//! * [`import`] reads waiting lists.
//! * [`scheduling`] runs one worker for each printer ([`printing`]); all that the workers save goes through the group commit.
//! * [`planning`] makes and ends batches.
//! * [`accounts`] proves who acts: passwords, sessions, API tokens.
//! * [`operations`] has every act of a person; the command line and the console change nothing without it.
//! * [`query`] has every read of a person.

pub mod accounts;
pub mod answers;
mod batched_reads;
pub mod client;
pub mod clock;
mod context;
mod error;
pub mod events;
pub mod fault;
pub mod figures;
pub mod files;
mod group_commit;
pub mod import;
mod instance;
pub mod instance_memory;
mod lane;
mod looks;
pub mod metrics;
pub mod operations;
mod outage_log;
pub mod owners;
mod person;
mod person_rule;
pub mod planning;
pub mod printing;
pub mod projector;
pub mod query;
pub mod readiness;
pub mod refused_rows;
mod render_fault;
mod render_threads;
pub mod scheduling;
mod sent_elsewhere;
pub mod service;
mod session_uses;
mod settings;
pub mod settings_in_force;
mod sign_ins;
pub mod source;
pub mod sources;
mod test_cards;
pub mod unproved;
mod used_blanks;
pub mod vitals;

pub use self::{
    context::{CLOCK_TOLERANCE, DriverFactory, Engine, Profiles, RendererFactory},
    error::EngineError,
    looks::Looks,
    render_threads::RenderThreads,
    session_uses::SessionUses,
    settings::{Broken, BrokenProfile, Settings},
    sign_ins::SignIns,
    used_blanks::UsedBefore,
};
pub use crate::store::{Expected, LockHolder, Outage, StoreError, Versioned, version};
