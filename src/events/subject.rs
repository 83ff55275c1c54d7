//! What each kind of event is about.

use crate::model::kind::EventKind;

/// The sort of thing an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// An orchestrator process.
    Run,
    /// A worker.
    Worker,
    /// A pod; its worker where the binding is known.
    Pod,
    /// A task.
    Task,
}

/// What events of this kind are about.
pub fn subject_kind(kind: EventKind) -> SubjectKind {
    match kind {
        EventKind::ProcessStarted
        | EventKind::ProcessStopped
        | EventKind::CycleStarted
        | EventKind::CycleCompleted
        | EventKind::CycleFailed
        | EventKind::LoopTicked
        | EventKind::DemandObserved
        | EventKind::TaskCountDecided
        | EventKind::FleetObserved
        | EventKind::ScalingDecided
        | EventKind::ScaleUpStarted
        | EventKind::ReadFailed
        | EventKind::LogPipelineObserved
        | EventKind::TasksReset
        | EventKind::TasksSwept
        | EventKind::TaskResetListed => SubjectKind::Run,
        EventKind::WorkerCreated
        | EventKind::PodCreated
        | EventKind::StartupLaunched
        | EventKind::WorkerLoggingStarted
        | EventKind::WorkerReady
        | EventKind::WorkerPromoted
        | EventKind::WorkerStartFailed
        | EventKind::WorkerSpawnFailed
        | EventKind::WorkerLogged
        | EventKind::HeartbeatRecorded
        | EventKind::HeartbeatObserved
        | EventKind::HeartbeatStale
        | EventKind::ClaimAttempted
        | EventKind::HealthVerdict
        | EventKind::SshUnreachable
        | EventKind::PodNotSeen
        | EventKind::FailureStreakSeen
        | EventKind::WorkerMarkedError
        | EventKind::WorkerErrorRecorded
        | EventKind::WorkerTerminating
        | EventKind::WorkerScaledDown
        | EventKind::WorkerEarlyTerminated
        | EventKind::WorkerTerminationRecorded
        | EventKind::WorkerPodTerminated
        | EventKind::PodTerminateFailed
        | EventKind::FailsafeStale
        | EventKind::FailsafeTerminating
        | EventKind::FailsafeCleaned
        | EventKind::ErrorCleanupForced
        | EventKind::ErrorCleanupDone
        | EventKind::WorkerExternallyTerminated
        | EventKind::OrphanPodDetected
        | EventKind::WorkerSelfTerminated
        | EventKind::WorkerCrashed
        | EventKind::WorkerSaidGoodbye
        | EventKind::WorkerFatalPattern
        | EventKind::WorkerTasksReset => SubjectKind::Worker,
        EventKind::PodRunning | EventKind::PodTerminated | EventKind::PodGone => SubjectKind::Pod,
        EventKind::TaskCreated
        | EventKind::TaskClaimed
        | EventKind::TaskStarted
        | EventKind::TaskRecovered
        | EventKind::TaskListedActive
        | EventKind::TaskHeldAtKill
        | EventKind::TaskClaimRecorded
        | EventKind::TaskHandlerSucceeded
        | EventKind::TaskHandlerFailed
        | EventKind::GenerationFailed
        | EventKind::TaskStatusUpdated
        | EventKind::TaskStatusRefused
        | EventKind::TaskResetText
        | EventKind::CompletionRequested
        | EventKind::CompletionAcknowledged
        | EventKind::CompletionRepeated
        | EventKind::CompletionFailed
        | EventKind::TaskCompletionSaid
        | EventKind::TaskFailureSaid
        | EventKind::GenerationCreationFailed
        | EventKind::GenerationSkipped
        | EventKind::UploadFailed
        | EventKind::UploadFellBack
        | EventKind::GenerationCreated
        | EventKind::TaskCompleted
        | EventKind::TaskFailed
        | EventKind::TaskCancelled
        | EventKind::TaskRequeueInferred
        | EventKind::TaskClaimInferred => SubjectKind::Task,
    }
}
