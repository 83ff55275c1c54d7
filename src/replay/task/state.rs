//! The task's machine: pure, total, every pair spelled out.

use crate::model::state::{AnomalyKind, TaskStateName};
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
    /// A person sent it back to the queue after its end.
    Revived,
    /// Its end was written over by `In Progress`.
    Resumed,
    /// A result of it came in that did not change its row.
    Delivered,
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
            Self::Revived => "sent back",
            Self::Resumed => "resumed",
            Self::Delivered => "a result",
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

            (E::Revived, S::Unseen) => Moved(S::Queued),
            (E::Revived, S::Queued | S::InProgress) => Illegal,
            (E::Revived, S::Complete | S::Failed | S::Cancelled) => Moved(S::Queued),

            (E::Resumed, S::Unseen) => Moved(S::InProgress),
            (E::Resumed, S::Queued) => Illegal,
            (E::Resumed, S::InProgress) => Stayed,
            (E::Resumed, S::Complete | S::Failed | S::Cancelled) => Moved(S::InProgress),

            // the generation is made whatever the status is (domain/worker-app.md X5)
            (E::Delivered, S::Unseen | S::InProgress) => Stayed,
            (E::Delivered, S::Queued) => Illegal,
            (E::Delivered, S::Complete | S::Failed | S::Cancelled) => Illegal,

            // an orchestrator completes from the queue, too (domain/worker-app.md T5); until 2026-02-13
            // one end could be written over another (2.1): the row that says so is the later witness
            (E::Completed, S::Unseen | S::Queued | S::InProgress) => Moved(S::Complete),
            (E::Completed, S::Complete) => Stayed,
            (E::Completed, S::Failed | S::Cancelled) => Moved(S::Complete),

            (E::Failed, S::Unseen | S::Queued | S::InProgress) => Moved(S::Failed),
            (E::Failed, S::Failed) => Stayed,
            (E::Failed, S::Complete | S::Cancelled) => Moved(S::Failed),

            (E::Cancelled, S::Unseen | S::Queued | S::InProgress) => Moved(S::Cancelled),
            (E::Cancelled, S::Cancelled) => Stayed,
            (E::Cancelled, S::Complete | S::Failed) => Moved(S::Cancelled),
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

    /// Which contradiction an event in this state is, if it is one: every illegal one, and a move away
    /// from an end.
    pub fn contradicted_by(self, event: TaskEvent) -> Option<AnomalyKind> {
        let is_end = matches!(self, Self::Complete | Self::Failed | Self::Cancelled);
        match (self.next(event), event) {
            (Step::Stayed, _) => None,
            (Step::Moved(_), TaskEvent::Revived) => is_end.then_some(AnomalyKind::Reopened),
            (Step::Moved(_), _) => is_end.then_some(AnomalyKind::EndOverwritten),
            (Step::Illegal, TaskEvent::Claimed) if self == Self::InProgress => {
                Some(AnomalyKind::ClaimedWhileHeld)
            }
            (Step::Illegal, TaskEvent::Delivered) if self == Self::Complete => {
                Some(AnomalyKind::CompletedAgain)
            }
            (Step::Illegal, TaskEvent::Delivered) => Some(AnomalyKind::LateCompletion),
            (Step::Illegal, _) => Some(AnomalyKind::IllegalTransition),
        }
    }
}
