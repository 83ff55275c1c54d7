//! Whether a task certainly went back between two instants.

use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends;
use crate::replay::task::is_failure;
use crate::replay::task::requeues::held::stood_until;
use crate::replay::task::world::{Kept, World};

/// Whether the task certainly went back to the queue between a claim and an instant.
pub(crate) fn between(
    claim: &Claim,
    until: Micros,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> bool {
    let after = |at: Micros| claim.at < at && at <= until;
    let held = stood_until(claim, until, events, world);
    events.iter().filter(|event| after(event.at)).any(|event| {
        names_task(event)
            || (is_failure(event) && claim.is_by(event) && held.is_none_or(|held| held <= event.at))
            || seen_queued(event)
            || ends::tells(event).is_some()
    }) || claim.worker.as_ref().is_some_and(|worker| {
        world.of_worker_within(worker, claim.at, until).iter().any(resets_worker)
    })
}

/// A capture that found the task's row in the queue again: some time before.
pub(super) fn seen_queued(event: &Seen<'_>) -> bool {
    event.kind == EventKind::TaskRowChanged
        && event.text("old_status") == Some("In Progress")
        && event.text("new_status") == Some("Queued")
}

/// A row that names the task as queued again.
pub(super) fn names_task(event: &Seen<'_>) -> bool {
    event.kind == EventKind::TaskResetListed
        || (event.kind == EventKind::TaskStatusUpdated && event.written_status() == Some("Queued"))
}

pub(super) fn resets_worker(event: &Kept) -> bool {
    matches!(event.kind, EventKind::TasksReset | EventKind::WorkerTasksReset)
        && event.int("count").unwrap_or(1) > 0
}
