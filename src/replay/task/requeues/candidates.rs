//! What may have put a task back after a claim, by who tells of it.

use crate::model::event::Event;
use crate::model::id::WorkerId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::{Outcome, TaskStateName};
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::is_failure;
use crate::replay::task::requeues::certain::{names_task, resets_worker, seen_queued};
use crate::replay::task::requeues::{Requeue, crashed};
use crate::replay::task::world::World;

/// A sweep takes no claim that is as young (domain/orchestrator.md section 3: five minutes at least): a line so soon
/// after one tells of the claim before, by clocks that differ, or as it follows the write.
pub(crate) const SAID_LATE_S: f64 = 5.0;
/// A claim writes the time by which a text dates itself: so near to one, it is the claim's (domain/worker-app.md T2).
const CLAIM_REACH_S: f64 = 2.0;

pub(super) fn candidates(
    row: &TaskRow,
    claim: &Claim,
    until: Micros,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> Vec<Requeue> {
    let after = |at: Micros| claim.at < at && at <= until;
    let mut found = Vec::new();
    for event in events.iter().filter(|event| after(event.at)) {
        if is_too_young(claim.at, event) {
            // it is of the claim before
        } else if names_task(event) && !found_ended(event) {
            let by_worker = event.kind == EventKind::TaskStatusUpdated;
            let outcome = if by_worker { Outcome::Requeued } else { Outcome::Reset };
            found.push(requeue(event, outcome, why_named(event), true));
        } else if is_failure(event) && claim.is_by(event) {
            found.push(requeue(event, Outcome::Requeued, "its worker failed on it", false));
        } else if event.kind == EventKind::TaskResetText
            && event.earliest == event.latest
            && until.seconds_since(event.at) > CLAIM_REACH_S
        {
            found.push(requeue(event, Outcome::Requeued, by_its_text(event), true));
        } else if seen_queued(event) {
            found.push(requeue(event, by_text(row), "a capture found it queued again", false));
        }
    }
    if let Some(worker) = &claim.worker {
        found.extend(by_worker_events(row, worker, (claim.at, until), world));
        let sweeps = world.sweeps(claim.at, until);
        // few claims see one: only then it is asked for
        let ended = if sweeps.is_empty() { None } else { world.out_of_service(worker) };
        let swept = sweeps.iter().filter(|sweep| ended.is_some_and(|ended| ended <= sweep.at));
        found.extend(swept.map(|event| {
            requeue(event, Outcome::Reset, "tasks of dead workers were swept", false)
        }));
    }
    found
}

/// Whether a sweep lists a task that was claimed too shortly before for any sweep.
fn is_too_young(claimed: Micros, event: &Seen<'_>) -> bool {
    event.kind == EventKind::TaskResetListed && event.at.seconds_since(claimed) < SAID_LATE_S
}

/// Sweeps that say only after the next claim what they had put back before it: by clocks that differ, or as the line
/// follows the write.
pub(super) fn listed_late(next: Micros, events: &[Seen<'_>]) -> impl Iterator<Item = Requeue> {
    let late = move |event: &&Seen<'_>| next < event.at && is_too_young(next, event);
    events.iter().filter(late).map(move |event| Requeue { at: Micros(next.0 - 1), ..listed(event) })
}

/// A line that found the task at its end put nothing back that a claim holds: it undid the end.
fn found_ended(event: &Event) -> bool {
    let before = event.text("old_status").and_then(TaskStateName::of_status);
    match before {
        Some(TaskStateName::Complete | TaskStateName::Failed | TaskStateName::Cancelled) => true,
        Some(TaskStateName::Queued | TaskStateName::InProgress) | None => false,
    }
}

fn by_worker_events(
    row: &TaskRow,
    worker: &WorkerId,
    (after, until): (Micros, Micros),
    world: &World<'_>,
) -> Vec<Requeue> {
    let mut found = Vec::new();
    for event in world.of_worker_within(worker, after, until) {
        if resets_worker(event) {
            let by_itself = &*event.source.0 == "orchestrator_api";
            let why = if by_itself {
                "its worker started again"
            } else {
                "its worker's tasks were reset"
            };
            found.push(requeue(event, Outcome::Reset, why, false));
        }
        if event.kind == EventKind::WorkerCrashed && requeues_crashed(row, event.at) {
            found.push(requeue(event, Outcome::Requeued, crashed::WHY, false));
        }
        let gave_up = event.kind == EventKind::WorkerSelfTerminated && world.gave_up(worker);
        if gave_up && !row.is_orchestrator() {
            found.push(requeue(event, Outcome::Requeued, "its worker gave itself up", false));
        }
    }
    // a later mark overwrites error_time; then the last heartbeat is the nearest we know
    // (evidence-rules class 9)
    if found.is_empty() && world.gave_up(worker) && !row.is_orchestrator() {
        let beats = world.heartbeats(worker).iter();
        let beats = beats.filter(|beat| after < beat.at && beat.at <= until);
        found.extend(beats.map(|beat| Requeue {
            at: beat.at,
            outcome: Outcome::Requeued,
            reason: "its worker gave itself up",
            basis: beat.basis,
            event: Some(beat.event),
            made: None,
            named: false,
        }));
    }
    found
}

/// Why a row names a task as queued again: the sweeps by the function that says so (domain/orchestrator.md
/// section 3), the rest by update-task-status, whoever asked it.
fn why_named(event: &Event) -> &'static str {
    const SWEEPS: [(&str, &str); 3] = [
        ("reset_unassigned_orphaned_tasks", "no worker stood on it"),
        ("reset_api_worker_orphaned_tasks", "its API worker took too long"),
        ("reset_stale_assigned_tasks", "it showed no activity for long"),
    ];
    if event.kind == EventKind::TaskStatusUpdated {
        return "update-task-status put it back";
    }
    let site = event.call_site.as_deref().unwrap_or_default();
    let known = SWEEPS.iter().find(|(function, _)| site.contains(function));
    known.map_or("a sweep listed it", |(_, why)| *why)
}

/// Why, by a text that dates itself: nothing was written to the row since.
fn by_its_text(event: &Event) -> &'static str {
    match event.text("why") {
        Some("worker_crashed") => crashed::WHY,
        Some(_) | None => "its worker failed on it",
    }
}

/// Who put a task back, by the text that it left in the row (domain/worker-app.md 2.2).
fn by_text(row: &TaskRow) -> Outcome {
    let text = row.error_message.as_deref().unwrap_or("");
    if text.starts_with("Reset") {
        Outcome::Reset
    } else if text.starts_with("Requeued: ") || text.starts_with("Retry ") {
        Outcome::Requeued
    } else {
        Outcome::Lost
    }
}

/// A crash report puts tasks back since 2026-03-31 (domain/worker-app.md 1.5), and leaves a text.
fn requeues_crashed(row: &TaskRow, at: Micros) -> bool {
    let text = row.error_message.as_deref().unwrap_or("");
    let since = Micros::parse("2026-03-31T00:00:00Z");
    text.starts_with(crashed::TEXT) || since.is_some_and(|since| since <= at)
}

/// What a sweep says that it put back.
pub(crate) fn listed(event: &Event) -> Requeue {
    requeue(event, Outcome::Reset, why_named(event), true)
}

fn requeue(event: &Event, outcome: Outcome, reason: &'static str, named: bool) -> Requeue {
    Requeue {
        at: event.at,
        outcome,
        reason,
        basis: event.basis,
        event: Some(event.id),
        made: None,
        named,
    }
}
