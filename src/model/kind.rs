//! Every kind of event there is. Closed, so that a new kind must be thought of everywhere.

/// What an event says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// An orchestrator process began to log.
    ProcessStarted,
    /// An orchestrator said that it stops.
    ProcessStopped,
    /// A control cycle began.
    CycleStarted,
    /// A control cycle ended, with what it did.
    CycleCompleted,
    /// A control cycle raised an error.
    CycleFailed,
    /// The API orchestrator's loop turned.
    LoopTicked,
    /// The task counts came back.
    DemandObserved,
    /// The counts that scaling used.
    TaskCountDecided,
    /// The fleet as the orchestrator saw it.
    FleetObserved,
    /// How many workers it wanted.
    ScalingDecided,
    /// It began to spawn.
    ScaleUpStarted,
    /// A read failed; the decision that follows rests on nothing.
    ReadFailed,
    /// The log handler's own counters.
    LogPipelineObserved,
    /// Tasks of named workers went back to the queue.
    TasksReset,
    /// Tasks of unnamed dead workers went back to the queue.
    TasksSwept,
    /// The worker's row was inserted.
    WorkerCreated,
    /// A pod was bound to the worker.
    PodCreated,
    /// The pod runs.
    PodRunning,
    /// The startup script was launched.
    StartupLaunched,
    /// The worker's first own lines.
    WorkerLoggingStarted,
    /// The worker polls for tasks.
    WorkerReady,
    /// The orchestrator set the worker active.
    WorkerPromoted,
    /// The worker could not start.
    WorkerStartFailed,
    /// No pod could be had.
    WorkerSpawnFailed,
    /// A line of the worker's main process.
    WorkerLogged,
    /// The last heartbeat the row holds.
    HeartbeatRecorded,
    /// The orchestrator saw a recent heartbeat and logged its age.
    HeartbeatObserved,
    /// The orchestrator saw an old heartbeat and logged its age.
    HeartbeatStale,
    /// The worker asked for a task.
    ClaimAttempted,
    /// A health rule spoke.
    HealthVerdict,
    /// The SSH port could not be reached.
    SshUnreachable,
    /// The cloud did not show the pod, or not as running.
    PodNotSeen,
    /// The worker failed several tasks in a row.
    FailureStreakSeen,
    /// The orchestrator condemned the worker.
    WorkerMarkedError,
    /// `metadata.error_time`: when the error was written.
    WorkerErrorRecorded,
    /// A normal termination began.
    WorkerTerminating,
    /// An idle worker was stopped.
    WorkerScaledDown,
    /// A spawning worker was stopped.
    WorkerEarlyTerminated,
    /// `metadata.terminated_at`.
    WorkerTerminationRecorded,
    /// The cloud confirmed the end of the worker's pod.
    WorkerPodTerminated,
    /// The cloud confirmed the end of a pod.
    PodTerminated,
    /// Terminating the pod failed.
    PodTerminateFailed,
    /// The pod to terminate was already gone.
    PodGone,
    /// The failsafe saw a stale heartbeat.
    FailsafeStale,
    /// The failsafe terminates the pod.
    FailsafeTerminating,
    /// The failsafe is done with the worker.
    FailsafeCleaned,
    /// The error cleanup took the worker.
    ErrorCleanupForced,
    /// The error cleanup is done with the worker.
    ErrorCleanupDone,
    /// The pod was found gone.
    WorkerExternallyTerminated,
    /// A pod without a live row was found.
    OrphanPodDetected,
    /// The worker gave itself up.
    WorkerSelfTerminated,
    /// The guardian reported the process dead.
    WorkerCrashed,
    /// The worker shut down by itself.
    WorkerSaidGoodbye,
    /// A fatal GPU error was counted.
    WorkerFatalPattern,
    /// This worker's tasks went back to the queue.
    WorkerTasksReset,
    /// The task's row was inserted.
    TaskCreated,
    /// A worker claimed the task, by the claim function's own words.
    TaskClaimed,
    /// A worker says it works on the task.
    TaskStarted,
    /// A worker takes up its own task again.
    TaskRecovered,
    /// The orchestrator listed the task as in progress on a worker.
    TaskListedActive,
    /// The diagnostics of a killed worker name the task.
    TaskHeldAtKill,
    /// `generation_started_at` with `worker_id`: the last claim.
    TaskClaimRecorded,
    /// The worker's handler ended well; not yet uploaded.
    TaskHandlerSucceeded,
    /// The worker's handler failed.
    TaskHandlerFailed,
    /// The engine failed.
    GenerationFailed,
    /// update-task-status wrote a status.
    TaskStatusUpdated,
    /// update-task-status refused.
    TaskStatusRefused,
    /// Named tasks went back to the queue.
    TaskResetListed,
    /// The row's error text names an earlier reset.
    TaskResetText,
    /// complete_task was called.
    CompletionRequested,
    /// complete_task answered well.
    CompletionAcknowledged,
    /// complete_task ran again for the task.
    CompletionRepeated,
    /// complete_task failed, the worker says.
    CompletionFailed,
    /// Somebody says the task is complete.
    TaskCompletionSaid,
    /// Somebody says the task failed.
    TaskFailureSaid,
    /// complete_task could not create the generation.
    GenerationCreationFailed,
    /// complete_task skipped the generation, with a reason.
    GenerationSkipped,
    /// The result could not be uploaded.
    UploadFailed,
    /// The provider's URL stands in for the upload.
    UploadFellBack,
    /// A generation of the task was inserted.
    GenerationCreated,
    /// The row became Complete.
    TaskCompleted,
    /// The row became Failed.
    TaskFailed,
    /// The row became Cancelled.
    TaskCancelled,
    /// A later claim implies that the task went back to the queue.
    TaskRequeueInferred,
    /// The row implies a claim that no line tells.
    TaskClaimInferred,
}

impl EventKind {
    /// All kinds, in causal order: the rank between events of one microsecond.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::ProcessStarted, "process_started"),
        (Self::ProcessStopped, "process_stopped"),
        (Self::CycleStarted, "cycle_started"),
        (Self::CycleCompleted, "cycle_completed"),
        (Self::CycleFailed, "cycle_failed"),
        (Self::LoopTicked, "loop_ticked"),
        (Self::DemandObserved, "demand_observed"),
        (Self::TaskCountDecided, "task_count_decided"),
        (Self::FleetObserved, "fleet_observed"),
        (Self::ScalingDecided, "scaling_decided"),
        (Self::ScaleUpStarted, "scale_up_started"),
        (Self::ReadFailed, "read_failed"),
        (Self::LogPipelineObserved, "log_pipeline_observed"),
        (Self::TasksReset, "tasks_reset"),
        (Self::TasksSwept, "tasks_swept"),
        (Self::WorkerCreated, "worker_created"),
        (Self::PodCreated, "pod_created"),
        (Self::PodRunning, "pod_running"),
        (Self::StartupLaunched, "startup_launched"),
        (Self::WorkerLoggingStarted, "worker_logging_started"),
        (Self::WorkerReady, "worker_ready"),
        (Self::WorkerPromoted, "worker_promoted"),
        (Self::WorkerStartFailed, "worker_start_failed"),
        (Self::WorkerSpawnFailed, "worker_spawn_failed"),
        (Self::WorkerLogged, "worker_logged"),
        (Self::HeartbeatRecorded, "heartbeat_recorded"),
        (Self::HeartbeatObserved, "heartbeat_observed"),
        (Self::HeartbeatStale, "heartbeat_stale"),
        (Self::ClaimAttempted, "claim_attempted"),
        (Self::HealthVerdict, "health_verdict"),
        (Self::SshUnreachable, "ssh_unreachable"),
        (Self::PodNotSeen, "pod_not_seen"),
        (Self::FailureStreakSeen, "failure_streak_seen"),
        (Self::WorkerMarkedError, "worker_marked_error"),
        (Self::WorkerErrorRecorded, "worker_error_recorded"),
        (Self::WorkerTerminating, "worker_terminating"),
        (Self::WorkerScaledDown, "worker_scaled_down"),
        (Self::WorkerEarlyTerminated, "worker_early_terminated"),
        (Self::WorkerTerminationRecorded, "worker_termination_recorded"),
        (Self::WorkerPodTerminated, "worker_pod_terminated"),
        (Self::PodTerminated, "pod_terminated"),
        (Self::PodTerminateFailed, "pod_terminate_failed"),
        (Self::PodGone, "pod_gone"),
        (Self::FailsafeStale, "failsafe_stale"),
        (Self::FailsafeTerminating, "failsafe_terminating"),
        (Self::FailsafeCleaned, "failsafe_cleaned"),
        (Self::ErrorCleanupForced, "error_cleanup_forced"),
        (Self::ErrorCleanupDone, "error_cleanup_done"),
        (Self::WorkerExternallyTerminated, "worker_externally_terminated"),
        (Self::OrphanPodDetected, "orphan_pod_detected"),
        (Self::WorkerSelfTerminated, "worker_self_terminated"),
        (Self::WorkerCrashed, "worker_crashed"),
        (Self::WorkerSaidGoodbye, "worker_said_goodbye"),
        (Self::WorkerFatalPattern, "worker_fatal_pattern"),
        (Self::WorkerTasksReset, "worker_tasks_reset"),
        (Self::TaskCreated, "task_created"),
        (Self::TaskClaimed, "task_claimed"),
        (Self::TaskStarted, "task_started"),
        (Self::TaskRecovered, "task_recovered"),
        (Self::TaskListedActive, "task_listed_active"),
        (Self::TaskHeldAtKill, "task_held_at_kill"),
        (Self::TaskClaimRecorded, "task_claim_recorded"),
        (Self::TaskHandlerSucceeded, "task_handler_succeeded"),
        (Self::TaskHandlerFailed, "task_handler_failed"),
        (Self::GenerationFailed, "generation_failed"),
        (Self::TaskStatusUpdated, "task_status_updated"),
        (Self::TaskStatusRefused, "task_status_refused"),
        (Self::TaskResetListed, "task_reset_listed"),
        (Self::TaskResetText, "task_reset_text"),
        (Self::CompletionRequested, "completion_requested"),
        (Self::CompletionAcknowledged, "completion_acknowledged"),
        (Self::CompletionRepeated, "completion_repeated"),
        (Self::CompletionFailed, "completion_failed"),
        (Self::TaskCompletionSaid, "task_completion_said"),
        (Self::TaskFailureSaid, "task_failure_said"),
        (Self::GenerationCreationFailed, "generation_creation_failed"),
        (Self::GenerationSkipped, "generation_skipped"),
        (Self::UploadFailed, "upload_failed"),
        (Self::UploadFellBack, "upload_fell_back"),
        (Self::GenerationCreated, "generation_created"),
        (Self::TaskCompleted, "task_completed"),
        (Self::TaskFailed, "task_failed"),
        (Self::TaskCancelled, "task_cancelled"),
        (Self::TaskRequeueInferred, "task_requeue_inferred"),
        (Self::TaskClaimInferred, "task_claim_inferred"),
    ];

    /// The name in tables, grammar files and findings.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Causal rank: decides only between events of one microsecond.
    pub fn rank(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_names_is_in_the_order_of_the_kinds() {
        for (at, (kind, name)) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, at);
            assert_eq!(EventKind::from_name(name), Some(*kind));
        }
    }
}
