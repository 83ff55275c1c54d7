//! Attempts: one claim of a task by one worker until it ends.

use crate::model::event::{Basis, Event};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::task::Final;
use crate::replay::task::claims::Claim;
use crate::replay::task::requeues::Requeue;
use crate::replay::task::state::TaskEvent;

/// One attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// By whom; `None` where not known.
    pub worker: Option<WorkerId>,
    /// When it was claimed.
    pub claimed_at: Micros,
    /// When its worker said that it works on it.
    pub started_at: Option<Micros>,
    /// When it ended; `None` = still open.
    pub ended_at: Option<Micros>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: Option<&'static str>,
    /// How the claim is known.
    pub basis: Basis,
    /// The claim's event.
    pub claimed_event: Option<EventId>,
    /// The end's event.
    pub ended_event: Option<EventId>,
}

/// The attempts behind claims and requeues.
pub fn of(
    claims: &[Claim],
    requeues: &[Option<Requeue>],
    end: Option<&Final>,
    events: &[&Event],
) -> Vec<Attempt> {
    claims
        .iter()
        .zip(requeues)
        .map(|(claim, requeue)| {
            let (ended_at, outcome, reason, ended_event) = match (requeue, end) {
                (Some(r), _) => (Some(r.at), r.outcome, Some(r.reason), r.event),
                (None, Some(end)) => (Some(end.at), outcome(end.what), None, Some(end.event)),
                (None, None) => (None, Outcome::Open, None, None),
            };
            let started = events.iter().find(|event| {
                event.kind == EventKind::TaskStarted
                    && event.worker == claim.worker
                    && event.at >= claim.at.plus_seconds(-1.0)
                    && ended_at.is_none_or(|ended| event.at < ended)
            });
            Attempt {
                worker: claim.worker.clone(),
                claimed_at: claim.at,
                started_at: started.map(|event| event.at.max(claim.at)),
                ended_at,
                outcome,
                reason,
                basis: claim.basis,
                claimed_event: Some(claim.event),
                ended_event,
            }
        })
        .collect()
}

fn outcome(end: TaskEvent) -> Outcome {
    match end {
        TaskEvent::Completed => Outcome::Complete,
        TaskEvent::Failed => Outcome::Failed,
        TaskEvent::Cancelled => Outcome::Cancelled,
        TaskEvent::Requeued => Outcome::Requeued,
        TaskEvent::Created | TaskEvent::Claimed => Outcome::Open,
    }
}
