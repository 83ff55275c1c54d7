//! Every kind of event there is. Closed, so that a new kind must be thought of everywhere.

use serde::{Deserialize, Serialize};

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

/// What an event says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// It did not spawn, for too many workers had failed.
    ScaleUpBlocked,
    /// How many of the young workers had failed.
    FailureRateSampled,
    /// Too many of the young workers had failed.
    FailureRateExceeded,
    /// It began to stop spawning workers that are not needed.
    EarlyTerminationStarted,
    /// It began to stop idle workers.
    ScaleDownStarted,
    /// It stopped none, for too few would be left.
    ScaleDownSkipped,
    /// A read failed; the decision that follows rests on nothing.
    ReadFailed,
    /// The log handler's own counters.
    LogPipelineObserved,
    /// Tasks of named workers went back to the queue.
    TasksReset,
    /// A sweep that puts tasks back into the queue failed: none was.
    TasksResetFailed,
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
    /// The SSH port of the pod is open.
    SshReachable,
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
    /// It could not put its task back as it gave itself up.
    WorkerTaskRequeueFailed,
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
    /// The orchestrator listed as in progress on a worker a task whose cut id several tasks share.
    TaskListedAmbiguous,
    /// The diagnostics of a killed worker name the task.
    TaskHeldAtKill,
    /// `generation_started_at` with `worker_id`: the last claim.
    TaskClaimRecorded,
    /// The worker's handler ended well; not yet uploaded.
    TaskHandlerSucceeded,
    /// The worker's handler failed.
    TaskHandlerFailed,
    /// The worker takes a failure for passing and asks for another try: beside the line of the failure itself.
    TaskRetryScheduled,
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
    /// Two captures of a worker's row differ.
    WorkerRowChanged,
    /// A capture no longer found a worker's row.
    WorkerRowVanished,
    /// A capture found a worker's row again that the one before had not found.
    WorkerRowReturned,
    /// Two captures of a task's row differ.
    TaskRowChanged,
    /// A capture no longer found a task's row.
    TaskRowVanished,
    /// A capture found a task's row again that the one before had not found.
    TaskRowReturned,
    /// A later claim implies that the task went back to the queue.
    TaskRequeueInferred,
    /// The row implies a claim that no line tells.
    TaskClaimInferred,
    /// A later claim implies that the ended task went back to the queue.
    TaskRevivalInferred,
    /// A row that undid it implies that the task had ended.
    TaskEndInferred,
}

impl EventKind {
    /// All kinds, in causal order: the rank between events of one microsecond.
    pub const ALL: &'static [(Self, &'static str, SubjectKind)] = &[
        (Self::ProcessStarted, "process_started", SubjectKind::Run),
        (Self::ProcessStopped, "process_stopped", SubjectKind::Run),
        (Self::CycleStarted, "cycle_started", SubjectKind::Run),
        (Self::CycleCompleted, "cycle_completed", SubjectKind::Run),
        (Self::CycleFailed, "cycle_failed", SubjectKind::Run),
        (Self::LoopTicked, "loop_ticked", SubjectKind::Run),
        (Self::DemandObserved, "demand_observed", SubjectKind::Run),
        (Self::TaskCountDecided, "task_count_decided", SubjectKind::Run),
        (Self::FleetObserved, "fleet_observed", SubjectKind::Run),
        (Self::ScalingDecided, "scaling_decided", SubjectKind::Run),
        (Self::ScaleUpStarted, "scale_up_started", SubjectKind::Run),
        (Self::ScaleUpBlocked, "scale_up_blocked", SubjectKind::Run),
        (Self::FailureRateSampled, "failure_rate_sampled", SubjectKind::Run),
        (Self::FailureRateExceeded, "failure_rate_exceeded", SubjectKind::Run),
        (Self::EarlyTerminationStarted, "early_termination_started", SubjectKind::Run),
        (Self::ScaleDownStarted, "scale_down_started", SubjectKind::Run),
        (Self::ScaleDownSkipped, "scale_down_skipped", SubjectKind::Run),
        (Self::ReadFailed, "read_failed", SubjectKind::Run),
        (Self::LogPipelineObserved, "log_pipeline_observed", SubjectKind::Run),
        (Self::TasksReset, "tasks_reset", SubjectKind::Run),
        (Self::TasksResetFailed, "tasks_reset_failed", SubjectKind::Run),
        (Self::TasksSwept, "tasks_swept", SubjectKind::Run),
        (Self::WorkerCreated, "worker_created", SubjectKind::Worker),
        (Self::PodCreated, "pod_created", SubjectKind::Worker),
        (Self::PodRunning, "pod_running", SubjectKind::Pod),
        (Self::StartupLaunched, "startup_launched", SubjectKind::Worker),
        (Self::WorkerLoggingStarted, "worker_logging_started", SubjectKind::Worker),
        (Self::WorkerReady, "worker_ready", SubjectKind::Worker),
        (Self::WorkerPromoted, "worker_promoted", SubjectKind::Worker),
        (Self::WorkerStartFailed, "worker_start_failed", SubjectKind::Worker),
        (Self::WorkerSpawnFailed, "worker_spawn_failed", SubjectKind::Worker),
        (Self::WorkerLogged, "worker_logged", SubjectKind::Worker),
        (Self::HeartbeatRecorded, "heartbeat_recorded", SubjectKind::Worker),
        (Self::HeartbeatObserved, "heartbeat_observed", SubjectKind::Worker),
        (Self::HeartbeatStale, "heartbeat_stale", SubjectKind::Worker),
        (Self::ClaimAttempted, "claim_attempted", SubjectKind::Worker),
        (Self::HealthVerdict, "health_verdict", SubjectKind::Worker),
        (Self::SshReachable, "ssh_reachable", SubjectKind::Worker),
        (Self::SshUnreachable, "ssh_unreachable", SubjectKind::Worker),
        (Self::PodNotSeen, "pod_not_seen", SubjectKind::Worker),
        (Self::FailureStreakSeen, "failure_streak_seen", SubjectKind::Worker),
        (Self::WorkerMarkedError, "worker_marked_error", SubjectKind::Worker),
        (Self::WorkerErrorRecorded, "worker_error_recorded", SubjectKind::Worker),
        (Self::WorkerTerminating, "worker_terminating", SubjectKind::Worker),
        (Self::WorkerScaledDown, "worker_scaled_down", SubjectKind::Worker),
        (Self::WorkerEarlyTerminated, "worker_early_terminated", SubjectKind::Worker),
        (Self::WorkerTerminationRecorded, "worker_termination_recorded", SubjectKind::Worker),
        (Self::WorkerPodTerminated, "worker_pod_terminated", SubjectKind::Worker),
        (Self::PodTerminated, "pod_terminated", SubjectKind::Pod),
        (Self::PodTerminateFailed, "pod_terminate_failed", SubjectKind::Worker),
        (Self::PodGone, "pod_gone", SubjectKind::Pod),
        (Self::FailsafeStale, "failsafe_stale", SubjectKind::Worker),
        (Self::FailsafeTerminating, "failsafe_terminating", SubjectKind::Worker),
        (Self::FailsafeCleaned, "failsafe_cleaned", SubjectKind::Worker),
        (Self::ErrorCleanupForced, "error_cleanup_forced", SubjectKind::Worker),
        (Self::ErrorCleanupDone, "error_cleanup_done", SubjectKind::Worker),
        (Self::WorkerExternallyTerminated, "worker_externally_terminated", SubjectKind::Worker),
        (Self::OrphanPodDetected, "orphan_pod_detected", SubjectKind::Worker),
        (Self::WorkerSelfTerminated, "worker_self_terminated", SubjectKind::Worker),
        (Self::WorkerTaskRequeueFailed, "worker_task_requeue_failed", SubjectKind::Worker),
        (Self::WorkerCrashed, "worker_crashed", SubjectKind::Worker),
        (Self::WorkerSaidGoodbye, "worker_said_goodbye", SubjectKind::Worker),
        (Self::WorkerFatalPattern, "worker_fatal_pattern", SubjectKind::Worker),
        (Self::WorkerTasksReset, "worker_tasks_reset", SubjectKind::Worker),
        (Self::TaskCreated, "task_created", SubjectKind::Task),
        (Self::TaskClaimed, "task_claimed", SubjectKind::Task),
        (Self::TaskStarted, "task_started", SubjectKind::Task),
        (Self::TaskRecovered, "task_recovered", SubjectKind::Task),
        (Self::TaskListedActive, "task_listed_active", SubjectKind::Task),
        (Self::TaskListedAmbiguous, "task_listed_ambiguous", SubjectKind::Worker),
        (Self::TaskHeldAtKill, "task_held_at_kill", SubjectKind::Task),
        (Self::TaskClaimRecorded, "task_claim_recorded", SubjectKind::Task),
        (Self::TaskHandlerSucceeded, "task_handler_succeeded", SubjectKind::Task),
        (Self::TaskHandlerFailed, "task_handler_failed", SubjectKind::Task),
        (Self::TaskRetryScheduled, "task_retry_scheduled", SubjectKind::Task),
        (Self::GenerationFailed, "generation_failed", SubjectKind::Task),
        (Self::TaskStatusUpdated, "task_status_updated", SubjectKind::Task),
        (Self::TaskStatusRefused, "task_status_refused", SubjectKind::Task),
        (Self::TaskResetListed, "task_reset_listed", SubjectKind::Run),
        (Self::TaskResetText, "task_reset_text", SubjectKind::Task),
        (Self::CompletionRequested, "completion_requested", SubjectKind::Task),
        (Self::CompletionAcknowledged, "completion_acknowledged", SubjectKind::Task),
        (Self::CompletionRepeated, "completion_repeated", SubjectKind::Task),
        (Self::CompletionFailed, "completion_failed", SubjectKind::Task),
        (Self::TaskCompletionSaid, "task_completion_said", SubjectKind::Task),
        (Self::TaskFailureSaid, "task_failure_said", SubjectKind::Task),
        (Self::GenerationCreationFailed, "generation_creation_failed", SubjectKind::Task),
        (Self::GenerationSkipped, "generation_skipped", SubjectKind::Task),
        (Self::UploadFailed, "upload_failed", SubjectKind::Task),
        (Self::UploadFellBack, "upload_fell_back", SubjectKind::Task),
        (Self::GenerationCreated, "generation_created", SubjectKind::Task),
        (Self::TaskCompleted, "task_completed", SubjectKind::Task),
        (Self::TaskFailed, "task_failed", SubjectKind::Task),
        (Self::TaskCancelled, "task_cancelled", SubjectKind::Task),
        (Self::WorkerRowChanged, "worker_row_changed", SubjectKind::Worker),
        (Self::WorkerRowVanished, "worker_row_vanished", SubjectKind::Worker),
        (Self::WorkerRowReturned, "worker_row_returned", SubjectKind::Worker),
        (Self::TaskRowChanged, "task_row_changed", SubjectKind::Task),
        (Self::TaskRowVanished, "task_row_vanished", SubjectKind::Task),
        (Self::TaskRowReturned, "task_row_returned", SubjectKind::Task),
        (Self::TaskRequeueInferred, "task_requeue_inferred", SubjectKind::Task),
        (Self::TaskClaimInferred, "task_claim_inferred", SubjectKind::Task),
        (Self::TaskRevivalInferred, "task_revival_inferred", SubjectKind::Task),
        (Self::TaskEndInferred, "task_end_inferred", SubjectKind::Task),
    ];

    /// The name in tables, grammar files and findings.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    /// What events of this kind are about.
    pub fn subject(self) -> SubjectKind {
        Self::ALL[self as usize].2
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
        for (at, (kind, name, _)) in EventKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, at);
            assert_eq!(EventKind::from_name(name), Some(*kind));
        }
    }
}
