//! An event as the fold of one row looks at it.

use std::ops::Deref;

use crate::events::ordered::Head;
use crate::model::event::{Basis, Clock, Event};
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::spool::keyed::Keyed;

/// An event. A fold looks through the events of its row a dozen times, and each stands elsewhere in memory: so
/// what nearly every look asks for stands beside that of the next.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When it happened.
    pub at: Micros,
    /// What happened.
    pub kind: EventKind,
    /// How it is known.
    pub basis: Basis,
    /// Whose clock tells.
    pub clock: Clock,
    event: &'a Event,
}

impl<'a> Seen<'a> {
    /// Looks at an event, without looking at it yet.
    pub fn of(held: &'a Keyed<Event>) -> Self {
        let Head { at, kind, basis, clock } = held.key;
        Self { at, kind, basis, clock, event: &held.item }
    }

    /// All of it.
    pub fn event(&self) -> &'a Event {
        self.event
    }
}

impl Deref for Seen<'_> {
    type Target = Event;

    fn deref(&self) -> &Event {
        self.event
    }
}
