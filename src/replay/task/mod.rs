//! Task timelines: which claims there were, what ended each, and the states between.

pub mod afterwork;
pub mod attempt;
pub mod claims;
pub mod deliveries;
pub mod elimination;
pub mod ends;
pub mod fold;
pub mod hidden;
pub mod requeues;
pub mod state;
mod twice;
pub mod world;

pub use crate::replay::task::world::World;

use crate::model::event::Event;
use crate::model::id::TaskId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::{AnomalyKind, TaskStateName};
use crate::replay::seen::Seen;
use crate::replay::task::attempt::Attempt;
use crate::replay::task::claims::Claim;
use crate::replay::task::deliveries::Delivery;
use crate::replay::task::ends::Ends;
use crate::replay::task::fold::Parts;
use crate::replay::task::requeues::Requeue;
use crate::replay::timeline::{Anomaly, Stay};

/// One task's life.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTimeline {
    /// Which.
    pub id: TaskId,
    /// Its states; each lasts until the next begins.
    pub states: Vec<Stay<TaskStateName>>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
    /// Contradictions.
    pub anomalies: Vec<Anomaly>,
    /// Events that no row tells but that what follows implies; a whole replay takes them out.
    pub inferred: Vec<Event>,
}

/// Rebuilds one task.
pub fn replay(row: &TaskRow, events: &[Seen<'_>], world: &World<'_>) -> TaskTimeline {
    if !events.iter().any(|event| is_refuted(row, event)) {
        return believed(row, events, world);
    }
    let events: Vec<Seen<'_>> =
        events.iter().copied().filter(|event| !is_refuted(row, event)).collect();
    believed(row, &events, world)
}

/// Whether a sweep listed the task and did not put it back: it lists what it found before it wrote, and its write
/// empties the time of the claim, which the row still has from before (domain/orchestrator.md section 3). The end
/// of an orchestrator task puts that of its first child there. A claim right before the line came after the write, and
/// its clock or the line is late.
fn is_refuted(row: &TaskRow, event: &Seen<'_>) -> bool {
    event.kind == EventKind::TaskResetListed
        && !row.is_orchestrator()
        && row
            .started_at
            .is_some_and(|started| event.at.seconds_since(started) >= requeues::SAID_LATE_S)
}

fn believed(row: &TaskRow, events: &[Seen<'_>], world: &World<'_>) -> TaskTimeline {
    let last = ends::last(row, events);
    let mut claims = claims::find(row, events, last.as_ref(), world);
    let ends = ends::all(row, events, &claims, last);
    let mut requeues = requeues::find(row, events, &claims, &ends, world);
    hidden::complete(row, events, &mut claims, &mut requeues, ends.last.as_ref(), world);
    requeues::name_by_text(row, &mut requeues);
    let results = deliveries::find(row, events, &claims, &ends, world);
    let parts = Parts { claims: &claims, requeues: &requeues, ends: &ends, results: &results };
    let (mut states, mut anomalies) = fold::states(&fold::moments(row, events, &parts));
    anomalies.extend(disagreement(row, &states));
    anomalies.extend(overtaken(&claims, &results));
    anomalies.extend(twice::run_twice(&claims, &requeues, events, world));
    let mut attempts = attempt::of(row, &parts, events, world);
    // all tasks are held until the last one is folded: without room for more
    states.shrink_to_fit();
    attempts.shrink_to_fit();
    anomalies.shrink_to_fit();
    TaskTimeline {
        id: row.id.clone(),
        attempts,
        states,
        anomalies,
        inferred: inferred(&claims, &requeues, &ends),
    }
}

/// What stands in no row.
fn inferred(claims: &[Claim], requeues: &[Option<Requeue>], ends: &Ends) -> Vec<Event> {
    let of_ends = ends.earlier.iter().flat_map(|(end, then)| {
        [end.made.as_ref(), then.revival().and_then(|revival| revival.made.as_ref())]
    });
    let of_claims = claims.iter().map(|claim| claim.made.as_ref());
    let of_requeues = requeues.iter().flatten().map(|requeue| requeue.made.as_ref());
    let made = of_claims.chain(of_ends).chain(of_requeues).flatten();
    made.map(|event| Event::clone(event)).collect()
}

/// A result of an earlier claim that completed the task while another worked on it.
fn overtaken(claims: &[Claim], results: &[Delivery]) -> Option<Anomaly> {
    let name = |n: usize| claims[n].worker.as_ref().map_or("?", |worker| worker.as_str());
    results.iter().filter(|result| result.is_effective).find_map(|result| {
        let holder =
            claims.iter().rposition(|claim| !claim.is_duplicate && claim.at < result.at)?;
        let by = result.by.filter(|by| *by != holder && !claims[*by].is_duplicate)?;
        Some(Anomaly {
            at: result.at,
            kind: AnomalyKind::LateCompletion,
            state: TaskStateName::InProgress.name(),
            event: Some(result.event),
            detail: format!("completed by {} while {} held it", name(by), name(holder)),
        })
    })
}

/// Whether a worker says that it failed on a task, or that it asks for another try of it, which it says beside that
/// (domain/worker-app.md #80 and #93): where one line was lost, the other tells.
pub(crate) fn is_failure(event: &Seen<'_>) -> bool {
    matches!(event.kind, EventKind::TaskHandlerFailed | EventKind::TaskRetryScheduled)
}

/// The row's status against the last state: the row is the later witness.
fn disagreement(row: &TaskRow, states: &[Stay<TaskStateName>]) -> Option<Anomaly> {
    let last = states.last()?;
    let expected = TaskStateName::of_status(&row.status)?;
    (last.state != expected).then(|| Anomaly {
        at: last.entered_at,
        kind: AnomalyKind::RowDisagrees,
        state: last.state.name(),
        event: last.because,
        detail: format!("the row says {}", row.status),
    })
}
