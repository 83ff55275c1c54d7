//! Task timelines: which claims there were, what ended each, and the states between.

pub mod attempt;
pub mod claims;
pub mod elimination;
pub mod hidden;
pub mod requeues;
pub mod state;
pub mod world;

pub use crate::replay::task::world::World;

use crate::model::event::{Basis, Event};
use crate::model::id::{EventId, TaskId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::{AnomalyKind, TaskStateName};
use crate::model::time::Micros;
use crate::replay::task::attempt::Attempt;
use crate::replay::task::claims::Claim;
use crate::replay::task::requeues::Requeue;
use crate::replay::task::state::{TaskEvent, TaskState};
use crate::replay::timeline::{Anomaly, Stay, Step};

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
    /// Events that no row tells but that what follows implies.
    pub inferred: Vec<Event>,
}

/// One step of a task's life.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    at: Micros,
    what: TaskEvent,
    basis: Basis,
    because: Option<EventId>,
}

/// How the row says that the task ended.
#[derive(Clone, Debug)]
pub struct Final {
    /// When.
    pub at: Micros,
    /// Which end.
    pub what: TaskEvent,
    /// The event.
    pub event: EventId,
}

/// Rebuilds one task.
pub fn replay(row: &TaskRow, events: &[&Event], world: &World<'_>) -> TaskTimeline {
    let end = end_of(events);
    let mut claims = claims::find(row, events, end.as_ref(), world);
    let mut requeues = requeues::find(row, events, &claims, end.as_ref(), world);
    hidden::complete(row, &mut claims, &mut requeues, end.as_ref(), world);
    let inferred = claims
        .iter()
        .filter_map(|claim| claim.made.clone())
        .chain(requeues.iter().flatten().filter_map(|requeue| requeue.made.clone()))
        .collect();
    let (states, mut anomalies) = fold(&moments(row, events, &claims, &requeues, end.as_ref()));
    anomalies.extend(disagreement(row, &states));
    TaskTimeline {
        id: row.id.clone(),
        attempts: attempt::of(&claims, &requeues, end.as_ref(), events),
        states,
        anomalies,
        inferred,
    }
}

fn end_of(events: &[&Event]) -> Option<Final> {
    const ENDS: [(EventKind, TaskEvent); 3] = [
        (EventKind::TaskCompleted, TaskEvent::Completed),
        (EventKind::TaskFailed, TaskEvent::Failed),
        (EventKind::TaskCancelled, TaskEvent::Cancelled),
    ];
    events.iter().rev().find_map(|event| {
        let (_, what) = ENDS.iter().find(|(kind, _)| *kind == event.kind)?;
        Some(Final { at: event.at, what: *what, event: event.id })
    })
}

fn moments(
    row: &TaskRow,
    events: &[&Event],
    claims: &[Claim],
    requeues: &[Option<Requeue>],
    end: Option<&Final>,
) -> Vec<Moment> {
    let mut moments = Vec::new();
    let created = events.iter().find(|event| event.kind == EventKind::TaskCreated);
    if let (Some(at), Some(event)) = (row.created_at, created) {
        let because = Some(event.id);
        moments.push(Moment { at, what: TaskEvent::Created, basis: Basis::Recorded, because });
    }
    for (claim, requeue) in claims.iter().zip(requeues) {
        let because = Some(claim.event);
        moments.push(Moment {
            at: claim.at,
            what: TaskEvent::Claimed,
            basis: claim.basis,
            because,
        });
        if let Some(requeue) = requeue {
            let (at, because) = (requeue.at, requeue.event);
            moments.push(Moment { at, what: TaskEvent::Requeued, basis: requeue.basis, because });
        }
    }
    if let Some(end) = end {
        let because = Some(end.event);
        moments.push(Moment { at: end.at, what: end.what, basis: Basis::Recorded, because });
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Folds moments into stays. Cannot fail: bad data becomes anomalies.
pub(crate) fn fold(moments: &[Moment]) -> (Vec<Stay<TaskStateName>>, Vec<Anomaly>) {
    let (mut stays, mut anomalies): (Vec<Stay<TaskStateName>>, Vec<Anomaly>) = Default::default();
    let mut state = TaskState::Unseen;
    for moment in moments {
        match state.next(moment.what) {
            Step::Moved(to) => {
                state = to;
                if let Some(name) = to.name() {
                    stays.push(Stay {
                        state: name,
                        entered_at: moment.at,
                        basis: moment.basis,
                        because: moment.because,
                    });
                }
            }
            Step::Stayed => {}
            Step::Illegal => anomalies.push(Anomaly {
                at: moment.at,
                kind: AnomalyKind::IllegalTransition,
                state: state.name().map_or("unseen", TaskStateName::name),
                event: moment.because,
                detail: format!("{} while {}", moment.what.name(), state.label()),
            }),
        }
    }
    (stays, anomalies)
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
