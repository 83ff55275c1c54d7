//! How and when a worker ended: when its pod stopped, by whom, and how that is known.

mod kind;
mod logged;
mod recorded;
mod silent;

use crate::model::event::{Basis, Event};
use crate::model::id::{EventId, RunId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::EndKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::worker::contradicted;

/// A pod that vanished did so within one heartbeat period of its last heartbeat; the middle is wrong
/// by at most half of it (evidence-rules class 14).
const HEARTBEAT_PERIOD_S: f64 = 20.0;
/// A decision and the pod's end it led to lie within this (evidence-rules fact 15: at most 19 s).
const DECISION_REACH_S: f64 = 60.0;
/// The pod is dead so soon after it was asked to stop (evidence-rules fact 15).
const ASKED_DEAD_AFTER_S: f64 = 8.0;
/// The line that names the worker and the step follows the cloud's answer by what one write of the row
/// takes (domain/orchestrator.md G53 and G56 after G128).
const SAID_AFTER_S: f64 = 5.0;

/// The end of one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerEnd {
    /// When its pod stopped; `None` where not knowable.
    pub ended_at: Option<Micros>,
    /// It stopped no earlier.
    pub after: Option<Micros>,
    /// And no later.
    pub before: Option<Micros>,
    /// How.
    pub kind: EndKind,
    /// The reason as written.
    pub reason: Option<String>,
    /// The error code as written.
    pub error_code: Option<String>,
    /// When the decision was logged.
    pub decided_at: Option<Micros>,
    /// By which process.
    pub decided_by: Option<RunId>,
    /// Its last heartbeat.
    pub last_alive: Option<Micros>,
    /// The last act of its working process: known once its tasks are.
    pub last_work: Option<Micros>,
    /// The event that proves the end.
    pub event: Option<EventId>,
    /// Only its process ended, by its own word: when its pod stopped is not known.
    pub of_process: bool,
    /// How it is known.
    pub basis: Basis,
}

impl WorkerEnd {
    /// Whether what the row records is of this end: a late heartbeat sets the row back to active, and what
    /// ends it again overwrites what it kept (evidence-rules fact 19). A pod that was found gone is marked only
    /// after that.
    fn is_told_by(&self, recorded: &Event) -> bool {
        let found_gone = self.kind == EndKind::External;
        let reach = if found_gone { DECISION_REACH_S } else { SAID_AFTER_S };
        let over = self.ended_at.or(self.before).max(self.decided_at);
        over.is_none_or(|over| recorded.at.seconds_since(over) <= reach)
    }
}

/// The end of a worker, if it ended: the API orchestrator's own row has no pod that could.
///
/// `heard` tells whether an orchestrator's lines reached us throughout an interval.
pub fn of(
    row: &WorkerRow,
    events: &[Seen<'_>],
    heard: &dyn Fn(Micros, Micros) -> bool,
) -> Option<WorkerEnd> {
    View { row, events, heard }.end().filter(|_| !row.is_api())
}

/// A worker's row and events.
struct View<'a> {
    row: &'a WorkerRow,
    events: &'a [Seen<'a>],
    heard: &'a dyn Fn(Micros, Micros) -> bool,
}

impl View<'_> {
    fn end(&self) -> Option<WorkerEnd> {
        let mut end = self.by_logs().or_else(|| self.by_row())?;
        if end.ended_at.is_some_and(|at| contradicted::is_contradicted(self.row, self.events, at)) {
            return None;
        }
        if let Some(event) = self.unlogged_kill(&end) {
            end = self.errored(event);
        }
        if let Some(unsure) = self.stopped_or_lost(&end) {
            end = unsure;
        }
        let errors = [EventKind::WorkerSelfTerminated, EventKind::WorkerErrorRecorded];
        let recorded = self.first(&errors);
        let own = recorded.filter(|event| end.is_told_by(event) && !self.is_past(event, end.kind));
        let code = own.and_then(|event| event.text("error_code")).map(str::to_string);
        end.error_code = code;
        if end.reason.is_none() {
            let terminated = self.first(&[EventKind::WorkerTerminationRecorded]);
            end.reason = own
                .or_else(|| terminated.filter(|event| end.is_told_by(event)))
                .and_then(|event| event.text("reason"))
                .map(str::to_string);
        }
        if recorded.is_some_and(|event| self.says_itself(event))
            && matches!(
                end.kind,
                EndKind::EarlyTermination | EndKind::Failsafe | EndKind::Error | EndKind::ScaleDown
            )
        {
            end.kind = EndKind::SelfTerminated;
        }
        end.last_alive = self.row.real_heartbeat();
        Some(end)
    }

    /// Whether what a worker said of its own end is what ended it: one that went on was ended by the orchestrator that wrote its
    /// reason over the worker's, and the worker's mark stays beside it.
    fn says_itself(&self, error: &Event) -> bool {
        let reason = self.row.meta("error_reason");
        let is_its = |event: &Seen<'_>| {
            event.kind == EventKind::WorkerMarkedError && event.text("reason") == reason.as_deref()
        };
        let is_past = contradicted::is_contradicted(self.row, self.events, error.at);
        error.kind == EventKind::WorkerSelfTerminated
            && !(is_past && self.events.iter().any(is_its))
    }

    /// Whether an error is none of what ended its worker: it outlived it, or was idle and stopped for that.
    fn is_past(&self, error: &Event, kind: EndKind) -> bool {
        let stopped = match kind {
            EndKind::ScaleDown => true,
            EndKind::EarlyTermination | EndKind::Unknown => self.lived_on(error.at),
            EndKind::IdleTimeout
            | EndKind::SpawnFailed
            | EndKind::External
            | EndKind::Failsafe
            | EndKind::Error
            | EndKind::SelfTerminated
            | EndKind::Manual => false,
        };
        stopped && error.kind == EventKind::WorkerErrorRecorded
    }

    /// The first event of one of these kinds.
    fn first(&self, kinds: &[EventKind]) -> Option<&Event> {
        self.events.iter().find(|event| kinds.contains(&event.kind)).map(Seen::event)
    }

    /// The first of these kinds that no later act of the worker contradicts.
    fn first_true(&self, kinds: &[EventKind]) -> Option<&Event> {
        let found = self.events.iter().find(|event| {
            kinds.contains(&event.kind)
                && !contradicted::is_contradicted(self.row, self.events, event.at)
        });
        found.map(Seen::event)
    }

    /// The last claim or completion, which a living process alone brings about.
    fn last_act(&self) -> Option<Micros> {
        let acts =
            [EventKind::TaskClaimed, EventKind::TaskCompleted, EventKind::CompletionRequested];
        let acts = self.events.iter().filter(|event| acts.contains(&event.kind));
        acts.map(|event| event.at).max()
    }
}
