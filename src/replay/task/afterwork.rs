//! What a worker went on with: nobody tells it that its task was cancelled or taken from it.

use crate::model::event::Clock;
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::deliveries::Delivery;

/// How long a worker worked on after somebody else had ended its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwork {
    /// Not at all, or nothing tells.
    Nothing,
    /// Until its result came in, or it said that it was done.
    Until(Micros, EventId),
    /// Its lines on the task reached us, and none says that it was done: until its next claim or its end.
    Unfinished,
}

/// The afterwork of a claim that ended at an instant.
pub fn of(
    row: &TaskRow,
    claim: &Claim,
    (ended, outcome): (Option<Micros>, Outcome),
    sent: Option<&Delivery>,
    events: &[Seen<'_>],
) -> Afterwork {
    let Some(ended) = ended else { return Afterwork::Nothing };
    // an orchestrator task waits for its children without its worker
    if row.is_orchestrator() || !is_by_others(row, outcome) {
        return Afterwork::Nothing;
    }
    if let Some(sent) = sent.filter(|sent| ended < sent.at) {
        return Afterwork::Until(sent.at, sent.event);
    }
    let own = |event: &&Seen<'_>| {
        event.clock == Clock::Worker
            && claim.worker.is_some()
            && claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
    };
    let mut is_heard = false;
    for event in events.iter().filter(own) {
        is_heard = true;
        if is_done(event.kind) {
            let is_after = ended < event.at;
            return if is_after {
                Afterwork::Until(event.at, event.id)
            } else {
                Afterwork::Nothing
            };
        }
    }
    if is_heard { Afterwork::Unfinished } else { Afterwork::Nothing }
}

/// Whether an attempt that ended like this was ended without its worker.
fn is_by_others(row: &TaskRow, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Cancelled | Outcome::Reset | Outcome::Overtaken => true,
        Outcome::Failed => row.is_failed_by_others(),
        Outcome::Complete
        | Outcome::Requeued
        | Outcome::Duplicate
        | Outcome::Lost
        | Outcome::Open => false,
    }
}

/// Whether a worker that says this is done with its task.
fn is_done(kind: EventKind) -> bool {
    let done = [
        EventKind::TaskHandlerSucceeded,
        EventKind::TaskHandlerFailed,
        EventKind::TaskRetryScheduled,
        EventKind::TaskCompletionSaid,
    ];
    done.contains(&kind)
}
