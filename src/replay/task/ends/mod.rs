//! The ends of a task: the one its row tells, and earlier ones that did not last.
//!
//! A user or an admin sends a failed or cancelled task back to the queue, and until 2026-02-13 any
//! status could be written over nearly any other (domain/worker-app.md 2.1): so a task may end more
//! than once, and its row keeps the last end only.

mod undone;

use crate::model::event::{Basis, Event};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends::undone::{then, unseen};
use crate::replay::task::state::TaskEvent;

/// What tells of one end stands within this of it: the edge function's line 0.15 s after the write
/// (evidence-rules fact 1), a worker's 0.6 s (class 6).
pub(super) const ONE_END_S: f64 = 5.0;

/// An end of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Final {
    /// When.
    pub at: Micros,
    /// Which end.
    pub what: TaskEvent,
    /// How it is known.
    pub basis: Basis,
    /// The event.
    pub event: EventId,
    /// Who or what ended it, in words, where the row says so.
    pub reason: Option<&'static str>,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Box<Event>>,
}

/// What became of a task after an end that did not last.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// It went back to the queue.
    Queued(Revival),
    /// It was written over: by `In Progress`, or by another end.
    Overwritten(Option<Revival>),
}

/// When and by what an end was undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Revival {
    /// When.
    pub at: Micros,
    /// How it is known.
    pub basis: Basis,
    /// The event.
    pub event: EventId,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Box<Event>>,
}

impl Then {
    /// When and by what the end was undone, where something tells.
    pub(crate) fn revival(&self) -> Option<&Revival> {
        match self {
            Self::Queued(revival) => Some(revival),
            Self::Overwritten(revival) => revival.as_ref(),
        }
    }
}

/// All ends of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ends {
    /// Those that did not last, in order.
    pub earlier: Vec<(Final, Then)>,
    /// The one its row tells.
    pub last: Option<Final>,
}

impl Ends {
    /// The end that took the task from the holder of a claim, before the next claim.
    pub fn of(&self, claim: &Claim, next: Option<Micros>) -> Option<&Final> {
        let within = |end: &&Final| claim.at < end.at && next.is_none_or(|next| end.at < next);
        let queued = self.earlier.iter().filter(|(_, then)| matches!(then, Then::Queued(_)));
        queued.map(|(end, _)| end).find(within)
    }
}

/// The end that the row tells: its status is the last word. Of one that was edited by hand no time tells
/// ([`TaskRow::ended_at`]); then what was written last by anything else.
pub fn last(row: &TaskRow, events: &[Seen<'_>]) -> Option<Final> {
    let (kind, what) = end_of(TaskStateName::of_status(&row.status)?)?;
    let of_row = events.iter().rev().find(|event| event.kind == kind).map(|event| (event, what));
    let told = || events.iter().rev().find_map(|event| Some((event, tells(event)?)));
    let (event, what) = of_row.or_else(told)?;
    Some(Final {
        at: event.at,
        what,
        basis: event.basis,
        event: event.id,
        reason: reason(row),
        made: None,
    })
}

/// Whether an event tells of an end that need not have lasted.
pub(crate) fn tells(event: &Seen<'_>) -> Option<TaskEvent> {
    if event.kind == EventKind::TaskStatusUpdated {
        return Some(end_of(TaskStateName::of_status(event.written_status()?)?)?.1);
    }
    const ENDS: [TaskStateName; 3] =
        [TaskStateName::Complete, TaskStateName::Failed, TaskStateName::Cancelled];
    let ends = ENDS.into_iter().filter_map(end_of);
    ends.into_iter().find(|(kind, _)| *kind == event.kind).map(|(_, what)| what)
}

/// The kind of event of a row that is at its end, and what it does to the machine.
fn end_of(state: TaskStateName) -> Option<(EventKind, TaskEvent)> {
    match state {
        TaskStateName::Complete => Some((EventKind::TaskCompleted, TaskEvent::Completed)),
        TaskStateName::Failed => Some((EventKind::TaskFailed, TaskEvent::Failed)),
        TaskStateName::Cancelled => Some((EventKind::TaskCancelled, TaskEvent::Cancelled)),
        TaskStateName::Queued | TaskStateName::InProgress => None,
    }
}

/// The ends that did not last: something of the task came after them that an ended task cannot have.
pub fn all(row: &TaskRow, events: &[Seen<'_>], claims: &[Claim], last: Option<Final>) -> Ends {
    let mut earlier: Vec<(Final, Then)> = Vec::new();
    for event in events {
        let unseen = unseen(row, event, events, claims);
        // a line that stands there twice tells of one end
        let is_known = |end: &Final| earlier.iter().any(|(known, _)| known.at == end.at);
        if let Some((end, then)) = unseen.filter(|(end, _)| !is_known(end)) {
            earlier.push((end, then));
        }
        let Some(what) = tells(event) else { continue };
        let is_last =
            |last: &Final| event.at.seconds_since(last.at) > -ONE_END_S || event.id == last.event;
        let is_told = earlier.last().is_some_and(|(before, _)| {
            before.what == what && event.at.seconds_since(before.at) < ONE_END_S
        });
        if last.as_ref().is_some_and(is_last) || is_told {
            continue;
        }
        let (at, basis, id) = (event.at, event.basis, event.id);
        let end = Final { at, what, basis, event: id, reason: None, made: None };
        if let Some(then) = then(row, events, claims, &end, last.as_ref()) {
            earlier.push((end, then));
        }
    }
    Ends { earlier, last }
}

/// Who ended a task, by the text that it left in the row (domain/worker-app.md 2.2: T6, T8, T11 to T13).
fn reason(row: &TaskRow) -> Option<&'static str> {
    const TEXTS: [(&str, &str); 10] = [
        ("Cascaded failed from", "a related task failed"),
        ("Cascaded cancelled from", "a related task was cancelled"),
        ("Auto-failed: stuck", "the database failed it after a day in progress"),
        ("Auto-failed: dependency", "a task that it depends on failed"),
        ("Failed: worker crashed", "its worker crashed and no retry was left"),
        ("Generation creation failed", "its generation could not be created"),
        ("Task completion", "its completion failed"),
        ("Only ", "some of its segments were missing"),
        ("Upload failed", "its result could not be uploaded"),
        ("Completion failed", "its completion failed"),
    ];
    let text = row.error_message.as_deref().filter(|_| row.status != "Complete")?;
    let known = TEXTS.iter().find(|(start, _)| text.starts_with(start));
    let segments = text.ends_with(" segments failed").then_some("some of its segments failed");
    known.map(|(_, words)| *words).or(segments)
}
