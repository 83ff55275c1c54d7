//! The worker's machine: pure, total, every pair spelled out.

use crate::model::kind::EventKind;
use crate::model::state::{AnomalyKind, WorkerStateName};
use crate::replay::timeline::Step;

/// What can happen to a worker, in causal order at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkerEvent {
    /// Its row was inserted.
    Created,
    /// A pod was bound.
    PodBound,
    /// The pod runs.
    PodRuns,
    /// The startup script was launched.
    ScriptLaunched,
    /// Its row holds a heartbeat: a process of it was there by then.
    Beat,
    /// Its process gave a sign of life.
    Spoke,
    /// It polls for tasks.
    Ready,
    /// It holds a task.
    Claimed,
    /// It holds the task no more.
    Released,
    /// It was marked as error.
    Condemned,
    /// Its pod is gone.
    Ended,
}

impl WorkerEvent {
    /// The machine's event behind a kind, if it moves the machine.
    pub fn of(kind: EventKind) -> Option<Self> {
        const MOVES: &[(EventKind, WorkerEvent)] = &[
            (EventKind::WorkerCreated, WorkerEvent::Created),
            (EventKind::PodCreated, WorkerEvent::PodBound),
            (EventKind::PodRunning, WorkerEvent::PodRuns),
            (EventKind::StartupLaunched, WorkerEvent::ScriptLaunched),
            (EventKind::HeartbeatRecorded, WorkerEvent::Beat),
            (EventKind::WorkerLoggingStarted, WorkerEvent::Spoke),
            (EventKind::WorkerLogged, WorkerEvent::Spoke),
            (EventKind::TaskStarted, WorkerEvent::Spoke),
            (EventKind::WorkerPromoted, WorkerEvent::Spoke),
            (EventKind::WorkerReady, WorkerEvent::Ready),
            (EventKind::WorkerMarkedError, WorkerEvent::Condemned),
            (EventKind::WorkerSelfTerminated, WorkerEvent::Condemned),
            (EventKind::WorkerCrashed, WorkerEvent::Condemned),
        ];
        MOVES.iter().find(|(known, _)| *known == kind).map(|(_, event)| *event)
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::PodBound => "pod bound",
            Self::PodRuns => "pod running",
            Self::ScriptLaunched => "script launched",
            Self::Beat => "a heartbeat",
            Self::Spoke => "a sign of life",
            Self::Ready => "ready",
            Self::Claimed => "a claim",
            Self::Released => "a release",
            Self::Condemned => "marked as error",
            Self::Ended => "ended",
        }
    }
}

/// Where a worker is, with only the data that matters there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerState {
    /// No event has named it.
    Unseen,
    /// Its row exists.
    Requested,
    /// A pod is bound; it does not run.
    PodPending,
    /// The pod runs; no script yet.
    ScriptPending,
    /// The script runs.
    ScriptRunning,
    /// Its process spoke; it does not poll yet.
    Initialising,
    /// It polls; `holds` counts its tasks (an orchestrator task may wait beside another).
    Working {
        /// Tasks it holds.
        holds: u16,
    },
    /// Marked as error; its pod is there.
    Condemned,
    /// Gone.
    Ended,
}

impl WorkerState {
    /// What `event` does to this state.
    pub fn next(self, event: WorkerEvent) -> Step<Self> {
        use Step::{Illegal, Moved, Stayed};
        use WorkerEvent as E;
        use WorkerState as S;
        match (event, self) {
            (E::Created, S::Unseen) => Moved(S::Requested),
            (E::Created, S::Requested | S::PodPending | S::ScriptPending | S::ScriptRunning) => {
                Stayed
            }
            (E::Created, S::Initialising | S::Working { .. } | S::Condemned | S::Ended) => Stayed,
            (E::PodBound, S::Unseen | S::Requested) => Moved(S::PodPending),
            (E::PodBound, S::PodPending | S::ScriptPending | S::ScriptRunning) => Stayed,
            (E::PodBound, S::Initialising | S::Working { .. } | S::Condemned) => Stayed,
            (E::PodBound, S::Ended) => Illegal,
            (E::PodRuns, S::Unseen | S::Requested | S::PodPending) => Moved(S::ScriptPending),
            (E::PodRuns, S::ScriptPending | S::ScriptRunning | S::Initialising) => Stayed,
            (E::PodRuns, S::Working { .. } | S::Condemned) => Stayed,
            (E::PodRuns, S::Ended) => Illegal,
            (E::ScriptLaunched, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => {
                Moved(S::ScriptRunning)
            }
            (E::ScriptLaunched, S::ScriptRunning | S::Initialising | S::Working { .. }) => Stayed,
            (E::ScriptLaunched, S::Condemned) => Stayed,
            (E::ScriptLaunched, S::Ended) => Illegal,
            (E::Beat, S::Unseen | S::Requested | S::PodPending) => Moved(S::Initialising),
            (E::Beat, S::ScriptPending | S::ScriptRunning) => Moved(S::Initialising),
            (E::Beat, S::Initialising | S::Working { .. } | S::Condemned) => Stayed,
            // a late one sets the row back to active and no more (domain/worker-app.md X1)
            (E::Beat, S::Ended) => Stayed,
            (E::Spoke, S::Unseen | S::Requested | S::PodPending) => Moved(S::Initialising),
            (E::Spoke, S::ScriptPending | S::ScriptRunning) => Moved(S::Initialising),
            (E::Spoke, S::Initialising | S::Working { .. } | S::Condemned) => Stayed,
            (E::Spoke, S::Ended) => Illegal,
            (E::Ready, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => {
                Moved(S::Working { holds: 0 })
            }
            (E::Ready, S::ScriptRunning | S::Initialising) => Moved(S::Working { holds: 0 }),
            (E::Ready, S::Working { .. } | S::Condemned) => Stayed,
            (E::Ready, S::Ended) => Illegal,
            (E::Claimed, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => {
                Moved(S::Working { holds: 1 })
            }
            (E::Claimed, S::ScriptRunning | S::Initialising) => Moved(S::Working { holds: 1 }),
            (E::Claimed, S::Working { holds }) => {
                Moved(S::Working { holds: holds.saturating_add(1) })
            }
            (E::Claimed, S::Condemned) => Stayed,
            (E::Claimed, S::Ended) => Illegal,
            (E::Released, S::Working { holds }) => {
                Moved(S::Working { holds: holds.saturating_sub(1) })
            }
            (E::Released, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => Stayed,
            (E::Released, S::ScriptRunning | S::Initialising | S::Condemned | S::Ended) => Stayed,
            (E::Condemned, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => {
                Moved(S::Condemned)
            }
            (E::Condemned, S::ScriptRunning | S::Initialising | S::Working { .. }) => {
                Moved(S::Condemned)
            }
            (E::Condemned, S::Condemned) => Stayed,
            (E::Condemned, S::Ended) => Illegal,
            (E::Ended, S::Unseen | S::Requested | S::PodPending | S::ScriptPending) => {
                Moved(S::Ended)
            }
            (E::Ended, S::ScriptRunning | S::Initialising | S::Working { .. }) => Moved(S::Ended),
            (E::Ended, S::Condemned) => Moved(S::Ended),
            (E::Ended, S::Ended) => Stayed,
        }
    }

    /// The name in tables; none before the first event.
    pub fn name(self) -> Option<WorkerStateName> {
        match self {
            Self::Unseen => None,
            Self::Requested => Some(WorkerStateName::Requested),
            Self::PodPending => Some(WorkerStateName::SpawningPodPending),
            Self::ScriptPending => Some(WorkerStateName::SpawningScriptPending),
            Self::ScriptRunning => Some(WorkerStateName::SpawningScriptRunning),
            Self::Initialising => Some(WorkerStateName::ActiveInitialising),
            Self::Working { holds: 0 } => Some(WorkerStateName::ActiveIdle),
            Self::Working { .. } => Some(WorkerStateName::ActiveBusy),
            Self::Condemned => Some(WorkerStateName::Condemned),
            Self::Ended => Some(WorkerStateName::Ended),
        }
    }

    /// In words.
    pub fn label(self) -> &'static str {
        self.name().map_or("unseen", WorkerStateName::name)
    }

    /// Which contradiction an illegal event is.
    pub fn contradicted_by(self, event: WorkerEvent) -> AnomalyKind {
        let acted = [WorkerEvent::Spoke, WorkerEvent::Ready, WorkerEvent::Claimed];
        if self == Self::Ended && event == WorkerEvent::Condemned {
            AnomalyKind::KilledAgain
        } else if self == Self::Ended && acted.contains(&event) {
            AnomalyKind::ActedAfterEnd
        } else {
            AnomalyKind::IllegalTransition
        }
    }
}
