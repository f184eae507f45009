//! Whether two people stand behind an act, and who acts.

use std::sync::Arc;

use crate::{
    domain::{actor::Actor, audit::Event, id::PendingActId, permission::Permit},
    engine::Engine,
};

/// Whether two people stand behind an act.
#[derive(Clone, Copy, Debug)]
pub(super) enum Approval<'a> {
    /// One person does it alone.
    Alone,
    /// One person asked for it, and another confirms it now.
    Confirmed {
        /// The act that was asked for.
        act: PendingActId,
        /// The names of the person who asked and of the person who confirms.
        people: [&'a str; 2],
        /// Whether the person who confirms it proved who that is.
        authenticated: bool,
        /// Whether one account did both, where the office only records that.
        is_alone: bool,
    },
}

impl Approval<'_> {
    /// The event of the act, with what tells an act of two people from one of a person alone.
    pub(super) fn mark(self, event: Event) -> Event {
        match self {
            Self::Alone => event.with("second_person", "none"),
            Self::Confirmed { act, people: [requested_by, confirmed_by], authenticated, is_alone } => {
                let event = event.with("act", act).with("requested_by", requested_by);
                let event = event.with("confirmed_by", confirmed_by).with("authenticated", authenticated);
                if is_alone { Self::Alone.mark(event) } else { event }
            }
        }
    }
}

/// The person who acts.
pub(super) fn actor(engine: &Engine, permit: &Permit) -> Arc<Actor> {
    permit.actor().unwrap_or(&engine.writer.actor).clone()
}
