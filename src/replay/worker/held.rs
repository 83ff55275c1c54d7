//! Which tasks each worker held, and when.

use std::collections::BTreeMap;

use crate::model::id::{EventId, WorkerId};
use crate::model::rows::Facts;
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
    /// Whether its process works on it; an orchestrator task waits for its children without one.
    pub works: bool,
}

/// Attempts by worker.
pub fn by_worker(facts: &Facts, tasks: &[TaskTimeline]) -> BTreeMap<WorkerId, Vec<Held>> {
    let mut held: BTreeMap<WorkerId, Vec<Held>> = BTreeMap::new();
    let attempts = facts.tasks.iter().zip(tasks);
    let attempts = attempts.flat_map(|(row, task)| task.attempts.iter().map(move |one| (row, one)));
    for (row, attempt) in attempts {
        if let Some(worker) = &attempt.worker {
            held.entry(worker.clone()).or_default().push(Held {
                from: attempt.claimed_at,
                until: attempt.ended_at,
                claimed_event: attempt.claimed_event,
                ended_event: attempt.ended_event,
                works: !row.is_orchestrator(),
            });
        }
    }
    held
}
