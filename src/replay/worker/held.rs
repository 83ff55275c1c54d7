//! Which tasks each worker held, and when.

use std::collections::BTreeMap;

use crate::model::id::{EventId, WorkerId};
use crate::model::time::Micros;
use crate::replay::task::TaskTimeline;

/// One attempt, seen from its worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// From the claim.
    pub from: Micros,
    /// Until its end; `None` = still held.
    pub until: Option<Micros>,
    /// The claim's event.
    pub claimed_event: Option<EventId>,
    /// The end's event.
    pub ended_event: Option<EventId>,
}

/// Attempts by worker.
pub fn by_worker(tasks: &[TaskTimeline]) -> BTreeMap<WorkerId, Vec<Held>> {
    let mut held: BTreeMap<WorkerId, Vec<Held>> = BTreeMap::new();
    for attempt in tasks.iter().flat_map(|task| &task.attempts) {
        if let Some(worker) = &attempt.worker {
            held.entry(worker.clone()).or_default().push(Held {
                from: attempt.claimed_at,
                until: attempt.ended_at,
                claimed_event: attempt.claimed_event,
                ended_event: attempt.ended_event,
            });
        }
    }
    held
}
