//! The task's machine: pure, total, every pair spelled out.

use crate::model::state::TaskStateName;
use crate::replay::timeline::Step;

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// Its row was inserted.
    Created,
    /// A worker claimed it.
    Claimed,
    /// It went back to the queue.
    Requeued,
    /// It became Complete.
    Completed,
    /// It became Failed.
    Failed,
    /// It became Cancelled.
    Cancelled,
}

impl TaskEvent {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Claimed => "claimed",
            Self::Requeued => "requeued",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where a task is (domain/worker-app.md 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// No event has named it.
    Unseen,
    /// Waiting.
    Queued,
    /// Claimed.
    InProgress,
    /// Done.
    Complete,
    /// Failed for good.
    Failed,
    /// Cancelled.
    Cancelled,
}

impl TaskState {
    /// What `event` does to this state.
    pub fn next(self, event: TaskEvent) -> Step<Self> {
        use Step::{Illegal, Moved, Stayed};
        use TaskEvent as E;
        use TaskState as S;
        match (event, self) {
            (E::Created, S::Unseen) => Moved(S::Queued),
            (E::Created, S::Queued | S::InProgress) => Illegal,
            (E::Created, S::Complete | S::Failed | S::Cancelled) => Illegal,

            (E::Claimed, S::Unseen | S::Queued) => Moved(S::InProgress),
            (E::Claimed, S::InProgress) => Illegal,
            (E::Claimed, S::Complete | S::Failed | S::Cancelled) => Illegal,

            (E::Requeued, S::InProgress) => Moved(S::Queued),
            (E::Requeued, S::Queued) => Stayed,
            (E::Requeued, S::Unseen) => Moved(S::Queued),
            (E::Requeued, S::Complete | S::Failed | S::Cancelled) => Illegal,

            // an orchestrator completes from the queue, too (domain/worker-app.md T5)
            (E::Completed, S::Unseen | S::Queued | S::InProgress) => Moved(S::Complete),
            (E::Completed, S::Complete) => Stayed,
            (E::Completed, S::Failed | S::Cancelled) => Illegal,

            (E::Failed, S::Unseen | S::Queued | S::InProgress) => Moved(S::Failed),
            (E::Failed, S::Failed) => Stayed,
            (E::Failed, S::Complete | S::Cancelled) => Illegal,

            (E::Cancelled, S::Unseen | S::Queued | S::InProgress) => Moved(S::Cancelled),
            (E::Cancelled, S::Cancelled) => Stayed,
            (E::Cancelled, S::Complete | S::Failed) => Illegal,
        }
    }

    /// The name in tables; none before the first event.
    pub fn name(self) -> Option<TaskStateName> {
        match self {
            Self::Unseen => None,
            Self::Queued => Some(TaskStateName::Queued),
            Self::InProgress => Some(TaskStateName::InProgress),
            Self::Complete => Some(TaskStateName::Complete),
            Self::Failed => Some(TaskStateName::Failed),
            Self::Cancelled => Some(TaskStateName::Cancelled),
        }
    }

    /// In words.
    pub fn label(self) -> &'static str {
        self.name().map_or("unseen", TaskStateName::name)
    }
}
