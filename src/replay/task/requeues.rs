//! What put a task back into the queue after each claim.

use crate::model::event::{Basis, Event};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends::{self, Ends};
use crate::replay::task::hidden;
use crate::replay::task::state::TaskEvent;
use crate::replay::task::world::World;

/// A task that failed for good was not requeued by the failure itself (evidence-rules class 6: the
/// worker's line stands at most 0.6 s from the write).
const FINAL_S: f64 = 5.0;

/// One way back into the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Requeue {
    /// When.
    pub at: Micros,
    /// Reset by an orchestrator, requeued by the worker's side, or lost.
    pub outcome: Outcome,
    /// In words.
    pub reason: &'static str,
    /// How it is known.
    pub basis: Basis,
    /// The event that proves it.
    pub event: Option<EventId>,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Event>,
    /// Whether it names the task itself: it holds even where nothing after it needs it.
    named: bool,
}

/// For each claim, what ended it in the queue, if something did.
pub fn find(
    row: &TaskRow,
    events: &[&Event],
    claims: &[Claim],
    ends: &Ends,
    world: &World<'_>,
) -> Vec<Option<Requeue>> {
    (0..claims.len())
        .map(|n| {
            if claims[n].is_duplicate {
                return None;
            }
            let next = claims[n + 1..].iter().find(|claim| !claim.is_duplicate);
            let earlier = ends.of(&claims[n], next.map(|next| next.at));
            let end = earlier.or(ends.last.as_ref().filter(|_| next.is_none()));
            let until = end.map_or(next.map_or(Micros(i64::MAX), |next| next.at), |end| end.at);
            let found = candidates(row, &claims[n], until, events, world);
            let Some(end) = end else {
                let needed = next.is_some() || row.status == "Queued";
                let best = if needed { pick(found) } else { None };
                let implied = || hidden::requeue(row, &claims[n], next, world);
                return best.or_else(|| if needed { implied() } else { None });
            };
            let survives = |requeue: &Requeue| {
                let before_the_end = match end.what {
                    // its last child completes an orchestrator task, claimed or not (domain/worker-app.md T5)
                    TaskEvent::Completed => row.is_orchestrator(),
                    TaskEvent::Created
                    | TaskEvent::Claimed
                    | TaskEvent::Requeued
                    | TaskEvent::Revived
                    | TaskEvent::Resumed
                    | TaskEvent::Delivered
                    | TaskEvent::Failed
                    | TaskEvent::Cancelled => end.at.seconds_since(requeue.at) > FINAL_S,
                };
                requeue.named || (earlier.is_none() && row.worker.is_none() && before_the_end)
            };
            pick(found.into_iter().filter(survives).collect())
        })
        .collect()
}

/// Whether the task certainly went back to the queue between a claim and an instant.
pub(crate) fn between(claim: &Claim, until: Micros, events: &[&Event], world: &World<'_>) -> bool {
    let after = |at: Micros| claim.at < at && at <= until;
    events.iter().filter(|event| after(event.at)).any(|event| {
        names_task(event)
            || (event.kind == EventKind::TaskHandlerFailed && event.worker == claim.worker)
            || seen_queued(event)
            || ends::tells(event).is_some()
    }) || claim.worker.as_ref().is_some_and(|worker| {
        world
            .of_worker(worker)
            .iter()
            .filter(|event| after(event.at))
            .any(|event| resets_worker(event))
    })
}

/// A capture that found the task's row in the queue again: some time before.
fn seen_queued(event: &Event) -> bool {
    event.kind == EventKind::TaskRowChanged
        && event.text("old_status") == Some("In Progress")
        && event.text("new_status") == Some("Queued")
}

/// A row that names the task as queued again.
fn names_task(event: &Event) -> bool {
    let status = event.text("new_status").or_else(|| event.text("status"));
    event.kind == EventKind::TaskResetListed
        || (event.kind == EventKind::TaskStatusUpdated && status == Some("Queued"))
}

fn resets_worker(event: &Event) -> bool {
    let count = event.int("count").unwrap_or(1);
    matches!(event.kind, EventKind::TasksReset | EventKind::WorkerTasksReset) && count > 0
}

/// A requeue that names the task wins; else the earliest, because between two claims there is one.
fn pick(mut found: Vec<Requeue>) -> Option<Requeue> {
    found.sort_by(|a, b| (!a.named, a.at, &a.event).cmp(&(!b.named, b.at, &b.event)));
    found.into_iter().next()
}

fn candidates(
    row: &TaskRow,
    claim: &Claim,
    until: Micros,
    events: &[&Event],
    world: &World<'_>,
) -> Vec<Requeue> {
    let after = |at: Micros| claim.at < at && at <= until;
    let mut found = Vec::new();
    for event in events.iter().filter(|event| after(event.at)) {
        if names_task(event) {
            let by_worker = event.kind == EventKind::TaskStatusUpdated;
            let outcome = if by_worker { Outcome::Requeued } else { Outcome::Reset };
            found.push(requeue(event, outcome, why_named(event), true));
        } else if event.kind == EventKind::TaskHandlerFailed && event.worker == claim.worker {
            found.push(requeue(event, Outcome::Requeued, "its worker failed on it", false));
        } else if seen_queued(event) {
            found.push(requeue(event, by_text(row), "a capture found it queued again", false));
        }
    }
    if let Some(worker) = &claim.worker {
        found.extend(by_worker_events(row, worker, &after, world));
        let ended = world.out_of_service(worker);
        let swept = world.sweeps(claim.at, until).iter();
        found.extend(swept.filter(|event| ended.is_some_and(|ended| ended <= event.at)).map(
            |event| requeue(event, Outcome::Reset, "tasks of dead workers were swept", false),
        ));
    }
    found
}

fn by_worker_events(
    row: &TaskRow,
    worker: &WorkerId,
    after: &impl Fn(Micros) -> bool,
    world: &World<'_>,
) -> Vec<Requeue> {
    let mut found = Vec::new();
    for event in world.of_worker(worker).iter().filter(|event| after(event.at)) {
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
            found.push(requeue(event, Outcome::Requeued, "its worker crashed", false));
        }
        if event.kind == EventKind::WorkerSelfTerminated && !row.is_orchestrator() {
            found.push(requeue(event, Outcome::Requeued, "its worker gave itself up", false));
        }
    }
    // a later mark overwrites error_time; then the last heartbeat is the nearest we know
    // (evidence-rules class 9)
    let gave_up =
        world.of_worker(worker).iter().any(|event| event.kind == EventKind::WorkerSelfTerminated);
    if gave_up && found.is_empty() && !row.is_orchestrator() {
        let beats = world.heartbeats(worker).iter().filter(|beat| after(beat.at));
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
    text.starts_with("Requeued: worker crashed") || since.is_some_and(|since| since <= at)
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

impl Requeue {
    /// A requeue that only something later implies.
    pub(crate) fn implied(event: Event, reason: &'static str) -> Self {
        Self {
            at: event.at,
            outcome: Outcome::Lost,
            reason,
            basis: Basis::Inferred,
            event: Some(event.id),
            made: Some(event),
            named: false,
        }
    }
}
