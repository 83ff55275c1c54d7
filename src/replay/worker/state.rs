//! The worker's machine: pure, total, every pair spelled out.

use crate::model::kind::EventKind;
use crate::model::state::{AnomalyKind, WorkerStateName};
use crate::replay::timeline::Step;
use crate::replay::timeline::Step::{Illegal, Moved, Stayed};

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
    /// An orchestrator checks it again as one that is active: a verdict on it came to nothing.
    Reinstated,
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
            Self::Reinstated => "checked as active",
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
    Condemned {
        /// Tasks it holds; none where it did not poll yet.
        holds: Option<u16>,
    },
    /// Gone.
    Ended,
}

impl WorkerState {
    /// What `event` does to this state.
    pub fn next(self, event: WorkerEvent) -> Step<Self> {
        match event {
            WorkerEvent::Created => self.created(),
            WorkerEvent::PodBound => self.pod_bound(),
            WorkerEvent::PodRuns => self.pod_runs(),
            WorkerEvent::ScriptLaunched => self.script_launched(),
            WorkerEvent::Beat => self.beat(),
            WorkerEvent::Spoke => self.spoke(),
            WorkerEvent::Ready => self.ready(),
            WorkerEvent::Claimed => self.claimed(),
            WorkerEvent::Released => self.released(),
            WorkerEvent::Reinstated => self.reinstated(),
            WorkerEvent::Condemned => self.condemned(),
            WorkerEvent::Ended => self.ended(),
        }
    }

    fn created(self) -> Step<Self> {
        match self {
            Self::Unseen => Moved(Self::Requested),
            Self::Requested | Self::PodPending | Self::ScriptPending | Self::ScriptRunning => {
                Stayed
            }
            Self::Initialising | Self::Working { .. } | Self::Condemned { .. } | Self::Ended => {
                Stayed
            }
        }
    }

    fn pod_bound(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested => Moved(Self::PodPending),
            Self::PodPending | Self::ScriptPending | Self::ScriptRunning => Stayed,
            Self::Initialising | Self::Working { .. } | Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn pod_runs(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending => Moved(Self::ScriptPending),
            Self::ScriptPending | Self::ScriptRunning | Self::Initialising => Stayed,
            Self::Working { .. } | Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn script_launched(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => {
                Moved(Self::ScriptRunning)
            }
            Self::ScriptRunning | Self::Initialising => Stayed,
            Self::Working { .. } | Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn beat(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending => Moved(Self::Initialising),
            Self::ScriptPending | Self::ScriptRunning => Moved(Self::Initialising),
            Self::Initialising | Self::Working { .. } | Self::Condemned { .. } => Stayed,
            // a late one sets the row back to active and no more (domain/worker-app.md X1)
            Self::Ended => Stayed,
        }
    }

    fn spoke(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending => Moved(Self::Initialising),
            Self::ScriptPending | Self::ScriptRunning => Moved(Self::Initialising),
            Self::Initialising | Self::Working { .. } | Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn ready(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => {
                Moved(Self::Working { holds: 0 })
            }
            Self::ScriptRunning | Self::Initialising => Moved(Self::Working { holds: 0 }),
            Self::Working { .. } | Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn claimed(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => {
                Moved(Self::Working { holds: 1 })
            }
            Self::ScriptRunning | Self::Initialising => Moved(Self::Working { holds: 1 }),
            Self::Working { holds } => Moved(Self::Working { holds: holds.saturating_add(1) }),
            Self::Condemned { holds } => {
                Moved(Self::Condemned { holds: Some(holds.unwrap_or(0).saturating_add(1)) })
            }
            Self::Ended => Illegal,
        }
    }

    fn released(self) -> Step<Self> {
        match self {
            Self::Working { holds } => Moved(Self::Working { holds: holds.saturating_sub(1) }),
            Self::Condemned { holds } => {
                Moved(Self::Condemned { holds: holds.map(|holds| holds.saturating_sub(1)) })
            }
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => Stayed,
            Self::ScriptRunning | Self::Initialising | Self::Ended => Stayed,
        }
    }

    fn reinstated(self) -> Step<Self> {
        match self {
            Self::Condemned { holds: Some(holds) } => Moved(Self::Working { holds }),
            Self::Condemned { holds: None } => Moved(Self::Initialising),
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => Stayed,
            Self::ScriptRunning | Self::Initialising | Self::Working { .. } | Self::Ended => Stayed,
        }
    }

    fn condemned(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => {
                Moved(Self::Condemned { holds: None })
            }
            Self::ScriptRunning | Self::Initialising => Moved(Self::Condemned { holds: None }),
            Self::Working { holds } => Moved(Self::Condemned { holds: Some(holds) }),
            Self::Condemned { .. } => Stayed,
            Self::Ended => Illegal,
        }
    }

    fn ended(self) -> Step<Self> {
        match self {
            Self::Unseen | Self::Requested | Self::PodPending | Self::ScriptPending => {
                Moved(Self::Ended)
            }
            Self::ScriptRunning | Self::Initialising => Moved(Self::Ended),
            Self::Working { .. } | Self::Condemned { .. } => Moved(Self::Ended),
            Self::Ended => Stayed,
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
            Self::Condemned { .. } => Some(WorkerStateName::Condemned),
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
