//! An event as the fold of one row looks at it.

use std::ops::Deref;

use crate::events::ordered::Head;
use crate::model::event::{Basis, Clock, Event, RowNumbers};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::spool::keyed::Keyed;
use crate::spool::lent::Lent;

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
    /// Whether its fields list workers or tasks.
    pub lists: bool,
    /// The rows of those it names.
    pub rows: RowNumbers,
    /// Its name.
    pub id: EventId,
    event: &'a Event,
}

impl<'a> Seen<'a> {
    /// Looks at an event, without looking at it yet.
    #[inline]
    pub fn of(held: &'a Keyed<Event>) -> Self {
        Self::by(held.key, &held.item)
    }

    /// The same, as a pass does.
    #[inline]
    pub fn lent(event: &'a Lent<'_, Event>) -> Self {
        // where it stands is known without looking there
        Self::by(*event.key(), event)
    }

    #[inline]
    fn by(head: Head, event: &'a Event) -> Self {
        let Head { at, kind, basis, clock, lists, rows, id } = head;
        Self { at, kind, basis, clock, lists, rows, id, event }
    }

    /// The status that a line of update-task-status says it wrote. Where the function names one status alone, it is
    /// the one that was asked for (domain/evidence-rules.md 1, fact 7: `{"status": "Queued"}`).
    pub fn written_status(&self) -> Option<&str> {
        let alone = if self.kind == EventKind::TaskStatusUpdated { "status" } else { "new_status" };
        self.text("new_status").or_else(|| self.text(alone))
    }

    /// All of it.
    #[inline]
    pub fn event(&self) -> &'a Event {
        self.event
    }
}

impl Deref for Seen<'_> {
    type Target = Event;

    #[inline]
    fn deref(&self) -> &Event {
        self.event
    }
}
