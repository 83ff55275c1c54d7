//! Claims, ways back, ends and results into the states of a task.

use crate::model::event::Basis;
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::deliveries::Delivery;
use crate::replay::task::ends::{Ends, Then};
use crate::replay::task::requeues::Requeue;
use crate::replay::task::state::{TaskEvent, TaskState};
use crate::replay::timeline::{Anomaly, Stay, Step};

/// One step of a task's life.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    at: Micros,
    what: TaskEvent,
    basis: Basis,
    because: Option<EventId>,
}

/// What a timeline is made of.
pub(super) struct Parts<'a> {
    pub(super) claims: &'a [Claim],
    pub(super) requeues: &'a [Option<Requeue>],
    pub(super) ends: &'a Ends,
    pub(super) results: &'a [Delivery],
}

/// The steps of a task's life, in order.
pub(super) fn moments(row: &TaskRow, events: &[Seen<'_>], parts: &Parts<'_>) -> Vec<Moment> {
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

impl Then {
    /// What it does to the machine.
    fn event(&self) -> TaskEvent {
        match self {
            Self::Queued(_) => TaskEvent::Revived,
            Self::Overwritten(_) => TaskEvent::Resumed,
        }
    }
}

/// Folds moments into stays. Cannot fail: bad data becomes anomalies.
pub(super) fn states(moments: &[Moment]) -> (Vec<Stay<TaskStateName>>, Vec<Anomaly>) {
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
