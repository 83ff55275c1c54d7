//! Task timelines: which claims there were, what ended each, and the states between.

pub mod attempt;
pub mod claims;
pub mod deliveries;
pub mod elimination;
pub mod ends;
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
use crate::replay::task::deliveries::Delivery;
use crate::replay::task::ends::{Ends, Final, Revival, Then};
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

/// Rebuilds one task.
pub fn replay(row: &TaskRow, events: &[&Event], world: &World<'_>) -> TaskTimeline {
    let last = ends::last(row, events);
    let mut claims = claims::find(row, events, last.as_ref(), world);
    let ends = ends::all(row, events, &claims, last);
    let mut requeues = requeues::find(row, events, &claims, &ends, world);
    hidden::complete(row, &mut claims, &mut requeues, ends.last.as_ref(), world);
    let results = deliveries::find(row, events, &claims, &ends, world);
    let (states, mut anomalies) = fold(&moments(
        row,
        events,
        &Parts { claims: &claims, requeues: &requeues, ends: &ends, results: &results },
    ));
    anomalies.extend(disagreement(row, &states));
    anomalies.extend(overtaken(&claims, &results));
    anomalies.extend(run_twice(&claims, events));
    TaskTimeline {
        id: row.id.clone(),
        attempts: attempt::of(&claims, &requeues, &ends, &results, events),
        states,
        anomalies,
        inferred: inferred(&claims, &requeues, &ends),
    }
}

/// What stands in no row.
fn inferred(claims: &[Claim], requeues: &[Option<Requeue>], ends: &Ends) -> Vec<Event> {
    let revivals = ends.earlier.iter().filter_map(|(_, then)| then.revival());
    let claims = claims.iter().filter_map(|claim| claim.made.clone());
    claims
        .chain(requeues.iter().flatten().filter_map(|requeue| requeue.made.clone()))
        .chain(revivals.filter_map(|revival| revival.made.clone()))
        .collect()
}

impl Then {
    fn revival(&self) -> Option<&Revival> {
        match self {
            Self::Queued(revival) => Some(revival),
            Self::Overwritten(revival) => revival.as_ref(),
        }
    }

    /// What it does to the machine.
    fn event(&self) -> TaskEvent {
        match self {
            Self::Queued(_) => TaskEvent::Revived,
            Self::Overwritten(_) => TaskEvent::Resumed,
        }
    }
}

/// What a timeline is made of.
struct Parts<'a> {
    claims: &'a [Claim],
    requeues: &'a [Option<Requeue>],
    ends: &'a Ends,
    results: &'a [Delivery],
}

fn moments(row: &TaskRow, events: &[&Event], parts: &Parts<'_>) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut add = |at, what, basis, because| {
        moments.push(Moment { at, what, basis, because });
    };
    let created = events.iter().find(|event| event.kind == EventKind::TaskCreated);
    if let (Some(at), Some(event)) = (row.created_at, created) {
        add(at, TaskEvent::Created, Basis::Recorded, Some(event.id));
    }
    for (claim, requeue) in parts.claims.iter().zip(parts.requeues) {
        add(claim.at, TaskEvent::Claimed, claim.basis, Some(claim.event));
        if let Some(requeue) = requeue {
            add(requeue.at, TaskEvent::Requeued, requeue.basis, requeue.event);
        }
    }
    for (end, then) in &parts.ends.earlier {
        add(end.at, end.what, end.basis, Some(end.event));
        if let Some(revival) = then.revival() {
            add(revival.at, then.event(), revival.basis, Some(revival.event));
        }
    }
    if let Some(end) = &parts.ends.last {
        add(end.at, end.what, end.basis, Some(end.event));
    }
    for result in parts.results.iter().filter(|result| !result.is_effective) {
        add(result.at, TaskEvent::Delivered, Basis::Logged, Some(result.event));
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Folds moments into stays. Cannot fail: bad data becomes anomalies.
pub(crate) fn fold(moments: &[Moment]) -> (Vec<Stay<TaskStateName>>, Vec<Anomaly>) {
    let (mut stays, mut anomalies): (Vec<Stay<TaskStateName>>, Vec<Anomaly>) = Default::default();
    let mut state = TaskState::Unseen;
    for moment in moments {
        if let Some(kind) = state.contradicted_by(moment.what) {
            anomalies.push(Anomaly {
                at: moment.at,
                kind,
                state: state.name().map_or("unseen", TaskStateName::name),
                event: moment.because,
                detail: format!("{} while {}", moment.what.name(), state.label()),
            });
        }
        if let Step::Moved(to) = state.next(moment.what) {
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
    }
    (stays, anomalies)
}

/// A result of an earlier claim that completed the task while another worked on it.
fn overtaken(claims: &[Claim], results: &[Delivery]) -> Option<Anomaly> {
    let result = results.iter().find(|result| result.is_effective)?;
    let holder = claims.iter().rposition(|claim| !claim.is_duplicate && claim.at < result.at)?;
    let by = result.by.filter(|by| *by != holder && !claims[*by].is_duplicate)?;
    let name = |n: usize| claims[n].worker.as_ref().map_or("?", |worker| worker.as_str());
    Some(Anomaly {
        at: result.at,
        kind: AnomalyKind::LateCompletion,
        state: TaskStateName::InProgress.name(),
        event: Some(result.event),
        detail: format!("completed by {} while {} held it", name(by), name(holder)),
    })
}

/// A worker that takes up its own task again (domain/worker-app.md X7): the claim is the same, the work is
/// done twice.
fn run_twice(claims: &[Claim], events: &[&Event]) -> Vec<Anomaly> {
    let again = events.iter().filter(|event| event.kind == EventKind::TaskRecovered);
    let own = again.filter(|event| {
        claims.iter().any(|claim| claim.worker == event.worker && claim.event != event.id)
    });
    own.map(|event| Anomaly {
        at: event.at,
        kind: AnomalyKind::RunTwice,
        state: TaskStateName::InProgress.name(),
        event: Some(event.id),
        detail: "its worker found it still assigned and took it up again".to_string(),
    })
    .collect()
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
