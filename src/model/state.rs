//! Names of states, ends, outcomes, gap causes and anomalies: one spelling each.

use serde::{Deserialize, Serialize};

/// Declares a closed vocabulary with its spelling in tables.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every word of the vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in tables.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

vocabulary!(
    /// What a capture promises of the rows it holds.
    Guarantee {
        /// All rows, at one instant.
        Transactional = "transactional",
        /// The same through a transaction pooler, which may lead each transaction to another session.
        TransactionalPooled = "transactional_pooled",
        /// The same from a standby, which may be behind.
        TransactionalStandby = "transactional_standby",
        /// Page by page, each at a moment of its own: whatever stood in the source all the while.
        Paged = "paged",
        /// Files that someone gave us: any part of the source.
        AsGiven = "as_given",
    }
);

impl Guarantee {
    /// That of this name; a later build may have made others.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

vocabulary!(
    /// Where a task is.
    TaskStateName {
        /// Waiting to be claimed.
        Queued = "queued",
        /// Claimed.
        InProgress = "in_progress",
        /// Done.
        Complete = "complete",
        /// Failed for good.
        Failed = "failed",
        /// Cancelled by a user or a cascade.
        Cancelled = "cancelled",
    }
);

vocabulary!(
    /// Where a worker is in its life.
    WorkerStateName {
        /// Its row exists; nothing tells yet that a pod of its started.
        Requested = "requested",
        /// A pod is bound; it does not run yet.
        SpawningPodPending = "spawning_pod_pending",
        /// The pod runs; the script was not launched yet.
        SpawningScriptPending = "spawning_script_pending",
        /// The script runs.
        SpawningScriptRunning = "spawning_script_running",
        /// Its process gave a sign of life; it does not poll yet.
        ActiveInitialising = "active_initialising",
        /// It polls and holds no task.
        ActiveIdle = "active_idle",
        /// It holds a task, or is still at one that was cancelled or taken from it.
        ActiveBusy = "active_busy",
        /// Marked as error; its pod is still there.
        Condemned = "condemned",
        /// Its pod is gone or it said goodbye.
        Ended = "ended",
    }
);

vocabulary!(
    /// How a worker ended.
    EndKind {
        /// Idle and over capacity.
        ScaleDown = "scale_down",
        /// Stopped while spawning.
        EarlyTermination = "early_termination",
        /// Idle for too long; written as an error, but a normal stop.
        IdleTimeout = "idle_timeout",
        /// Marked as error.
        Error = "error",
        /// Cleaned by the failsafe.
        Failsafe = "failsafe",
        /// Its pod was found gone.
        External = "external",
        /// It gave itself up.
        SelfTerminated = "self_terminated",
        /// By a person's script.
        Manual = "manual",
        /// It never got a pod.
        SpawnFailed = "spawn_failed",
        /// Not knowable.
        Unknown = "unknown",
    }
);

vocabulary!(
    /// How an attempt ended.
    Outcome {
        /// Its task became Complete.
        Complete = "complete",
        /// Its task became Failed.
        Failed = "failed",
        /// An orchestrator put the task back.
        Reset = "reset",
        /// The worker, its guardian or an edge function put the task back.
        Requeued = "requeued",
        /// Its task was cancelled.
        Cancelled = "cancelled",
        /// Its task became Complete by the result of an earlier claim, while it still worked.
        Overtaken = "overtaken",
        /// Claimed while another held the task: the row kept the other.
        Duplicate = "duplicate",
        /// A later claim shows that it ended; no line says when, at most the text in its row says how.
        Lost = "lost",
        /// Still running at the end of the evidence.
        Open = "open",
    }
);

vocabulary!(
    /// Why a source could not have reached us. Where two apply, the one declared first counts.
    GapCause {
        /// It did not write to the log yet, in those days.
        NoSuchSource = "no_such_source",
        /// Nobody took these rows before they were deleted, or at all.
        NotExported = "not_exported",
        /// Rows older than this were deleted.
        Retention = "retention",
        /// Lines that waited to be sent when the process ended.
        Unsent = "unsent",
        /// The handler dropped rows, or could not send them.
        Dropped = "dropped",
        /// Lines of this kind are of a level that is no longer stored; others still come.
        LevelDemoted = "level_demoted",
        /// The process acted and did not log.
        LoggingOutage = "logging_outage",
        /// The process did not run.
        ProcessDown = "process_down",
        /// A worker that had not begun to log: its pod was booting, or its first lines make no row.
        NotStarted = "not_started",
        /// A worker's lines travel with its heartbeats, and none came.
        NoHeartbeat = "no_heartbeat",
        /// Not knowable.
        Unknown = "unknown",
    }
);

vocabulary!(
    /// A contradiction in the evidence.
    AnomalyKind {
        /// An event that the state forbids.
        IllegalTransition = "illegal_transition",
        /// A row set back to active after its worker had ended.
        Resurrected = "resurrected",
        /// The worker acted after its end.
        ActedAfterEnd = "acted_after_end",
        /// A worker was killed again after its pod was gone.
        KilledAgain = "killed_again",
        /// Two workers held the task at once.
        ClaimedWhileHeld = "claimed_while_held",
        /// The row and the events disagree about the final state.
        RowDisagrees = "row_disagrees",
        /// A line tells of a write that the row does not show: another writer undid it.
        LostUpdate = "lost_update",
        /// A task that had ended went back to the queue: a retry by a person, or an edit of the row.
        Reopened = "reopened",
        /// The end of a task was written over by another status.
        EndOverwritten = "end_overwritten",
        /// A result came for a task that its sender no longer held, or that had failed or was cancelled.
        LateCompletion = "late_completion",
        /// A result came for a task that was complete.
        CompletedAgain = "completed_again",
        /// A worker took up a task that it had taken up before, without a way back into the queue between.
        RunTwice = "run_twice",
        /// Heartbeats went on long after the last sign of the process, while it held a task.
        GuardianAlone = "guardian_alone",
        /// The process went on to work after the heartbeats had ended.
        GuardianDead = "guardian_dead",
        /// A heartbeat that the orchestrator itself may have written: no sign of life.
        UnprovenHeartbeat = "unproven_heartbeat",
    }
);

vocabulary!(
    /// What sort of decision an orchestrator took.
    DecisionKind {
        /// A pod was made for a new worker.
        Spawn = "spawn",
        /// A spawning worker became active.
        Promotion = "promotion",
        /// A check of a worker passed.
        HealthCheck = "health_check",
        /// A health rule spoke against a worker.
        HealthVerdict = "health_verdict",
        /// A worker's last tasks all failed.
        FailureStreak = "failure_streak",
        /// A worker was marked as error, and is killed.
        Kill = "kill",
        /// A worker is stopped as one too many; of a process: how many are.
        ScaleDown = "scale_down",
        /// A spawning worker is stopped; of a process: how many are.
        EarlyTermination = "early_termination",
        /// The failsafe ends a worker.
        Failsafe = "failsafe",
        /// A worker is taken as ended from outside.
        External = "external",
        /// A worker in error is cleaned up.
        ErrorCleanup = "error_cleanup",
        /// Tasks go back to the queue.
        TaskReset = "task_reset",
        /// How many workers are wanted.
        Scaling = "scaling",
        /// How many workers are spawned.
        ScaleUp = "scale_up",
        /// Whether too many young workers failed.
        FailureRate = "failure_rate",
    }
);

vocabulary!(
    /// The rule behind a decision, where its formula is known.
    Formula {
        /// An idle worker answers: by its SSH port until E4, by its heartbeat since E5.
        BasicHealth = "basic_health",
        /// Its heartbeat is old and there is work.
        StaleHeartbeat = "stale_heartbeat",
        /// It never had a heartbeat and there is work.
        NoHeartbeat = "no_heartbeat",
        /// Its task runs for too long.
        StuckTask = "stuck_task",
        /// It has been idle for too long.
        IdleTimeout = "idle_timeout",
        /// It has been spawning for too long.
        SpawningTimeout = "spawning_timeout",
        /// Its startup script has been running for too long.
        ScriptRunningTimeout = "script_running_timeout",
        /// It has been in startup phases for too long.
        StartupPhase = "startup_phase",
        /// It reports no GPU memory.
        GpuNotDetected = "gpu_not_detected",
        /// It has been initialising for too long.
        NeverInitialised = "never_initialised",
        /// It is ready and never claimed.
        ReadyNotClaiming = "ready_not_claiming",
        /// It is ready, claimed before, and does not now.
        IdleWithQueue = "idle_with_queue",
        /// Its last tasks all failed.
        FailureStreak = "failure_streak",
        /// Too many young workers failed.
        FailureRate = "failure_rate",
        /// Its heartbeat is too old, whatever its status.
        Failsafe = "failsafe",
        /// Its error is old enough, or has no time.
        ErrorCleanup = "error_cleanup",
        /// It is alive.
        Promotion = "promotion",
        /// How many workers are wanted.
        Desired = "desired",
        /// How many workers are spawned.
        ScaleUp = "scale_up",
        /// How many idle workers are stopped.
        ScaleDown = "scale_down",
        /// An idle worker that is one too many.
        ScaleDownVictim = "scale_down_victim",
        /// How many workers early termination keeps.
        KeptEarly = "kept_early",
        /// A spawning worker that is not needed.
        EarlyTermination = "early_termination",
        /// A task in progress without a worker.
        UnassignedReset = "unassigned_reset",
        /// An assigned task without activity.
        StaleReset = "stale_reset",
    }
);

impl TaskStateName {
    /// The state behind a spelling of `tasks.status`.
    pub fn of_status(status: &str) -> Option<Self> {
        match status {
            "Queued" => Some(Self::Queued),
            "In Progress" => Some(Self::InProgress),
            "Complete" => Some(Self::Complete),
            "Failed" => Some(Self::Failed),
            "Cancelled" => Some(Self::Cancelled),
            _ => None,
        }
    }
}
