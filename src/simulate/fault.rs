//! The kinds of things that go wrong.

use crate::simulate::plan::Era;

/// One kind of thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A whole pod stands still: no heartbeat, no work.
    Freeze,
    /// The worker process dies; its guardian says so once.
    ProcessCrash,
    /// The worker process hangs inside a task for good; heartbeats go on.
    SilentStall,
    /// The same for some minutes; then it goes on.
    TemporaryStall,
    /// The heartbeat guardian dies; the worker goes on.
    GuardianDied,
    /// The worker gives itself up after a fatal GPU error.
    FatalSelfTerminate,
    /// The pod is gone without a word.
    PodKilledExternally,
    /// The next pod never runs.
    PodNeverReady,
    /// The next worker process dies while it starts.
    StartupCrash,
    /// The next startup script never ends.
    StartupHang,
    /// The next pod refuses the SSH login.
    SshAuthFailure,
    /// The SSH port of a healthy worker does not answer (E4 kills for it).
    SshPortUnreachable,
    /// The next worker heartbeats but never polls.
    NeverSignalsReady,
    /// A worker whose GPU is corrupt fails whatever it is given.
    FailsEveryTask,
    /// A task that kills the workers that take it.
    WorkerKillerTask,
    /// A task that fails wherever it runs, three times.
    PoisonTask,
    /// A user cancels a task, queued or running.
    UserCancelledTask,
    /// `complete_task` answers 500 for some minutes.
    CompleteTaskErrors,
    /// Pods made before an instant complete past the generation step.
    MissingGenerations,
    /// The GPU orchestrator is redeployed.
    Restart,
    /// It is redeployed and does not log for a while, though it acts.
    LogOutage,
    /// The API orchestrator is killed and started again later.
    ApiKilled,
    /// The GPU orchestrator's log handler cannot send its batches for some minutes; it acts on.
    BatchesRefused,
    /// Log rows of the beginning are older than what is kept.
    OldLogsDeleted,
    /// Log rows of some minutes, of all sources, were written and are not in the file.
    LogRowsMissing,
    /// A user sends a task back to the queue that had failed or that he had cancelled.
    UserRetry,
    /// A person's script resets a task while its worker goes on with it.
    ResetWhileRunning,
    /// Two workers are given the same task at once.
    DuplicateClaim,
    /// A segment of a travel task fails for good, and its relatives with it.
    SegmentFails,
    /// The answer to a claim of the API orchestrator is lost; it finds the task again.
    PhantomClaim,
    /// No pod can be had for the next worker, in whatever storage and size.
    SpawnFails,
    /// The pod of a worker that starts is gone without a word.
    PodKilledWhileStarting,
    /// The cloud refuses to end the next worker that early termination stops; its row says ended all the
    /// same, and it goes on to start.
    TerminationFails,
    /// A worker process dies, and its number is another's at once: the guardian goes on to heartbeat for it
    /// (a worker older than the fix of 2025-10-19).
    PidReused,
    /// A heartbeat that had read the row before a scale-down wrote to it writes back what it read.
    LostUpdate,
    /// The call that completes a task is lost; its worker finds the task again as its own, and runs it
    /// twice.
    CompletionLost,
    /// A person fails a task whose worker runs on, and the worker's own call writes Complete over it.
    EndOverwritten,
    /// A person cancels a task by an edit of nothing but its row's status.
    RowEdited,
    /// A person's script ends a worker.
    EndedByScript,
    /// A person's script ends a worker while an orchestrator waits for the answer of its startup script's
    /// launch.
    EndedAtLaunch,
    /// There are rows of workers that lived when the orchestrator still wrote heartbeats itself.
    OrchestratorHeartbeats,
}

impl Fault {
    /// Every kind with its name.
    pub const ALL: [(Self, &'static str); 41] = [
        (Self::Freeze, "freeze"),
        (Self::ProcessCrash, "process_crash"),
        (Self::SilentStall, "silent_stall"),
        (Self::TemporaryStall, "temporary_stall"),
        (Self::GuardianDied, "guardian_died"),
        (Self::FatalSelfTerminate, "fatal_self_terminate"),
        (Self::PodKilledExternally, "pod_killed_externally"),
        (Self::PodNeverReady, "pod_never_ready"),
        (Self::StartupCrash, "startup_crash"),
        (Self::StartupHang, "startup_hang"),
        (Self::SshAuthFailure, "ssh_auth_failure"),
        (Self::SshPortUnreachable, "ssh_port_unreachable_eagain"),
        (Self::NeverSignalsReady, "never_signals_ready"),
        (Self::FailsEveryTask, "fails_every_task"),
        (Self::WorkerKillerTask, "worker_killer_task"),
        (Self::PoisonTask, "poison_task"),
        (Self::UserCancelledTask, "user_cancelled_task"),
        (Self::CompleteTaskErrors, "complete_task_errors"),
        (Self::MissingGenerations, "missing_generations"),
        (Self::Restart, "restart"),
        (Self::LogOutage, "log_outage"),
        (Self::ApiKilled, "api_orchestrator_killed"),
        (Self::BatchesRefused, "log_batches_refused"),
        (Self::OldLogsDeleted, "old_logs_deleted"),
        (Self::LogRowsMissing, "log_rows_missing"),
        (Self::UserRetry, "user_retry"),
        (Self::ResetWhileRunning, "reset_while_running"),
        (Self::DuplicateClaim, "duplicate_claim"),
        (Self::SegmentFails, "segment_fails"),
        (Self::PhantomClaim, "phantom_claim"),
        (Self::SpawnFails, "spawn_fails"),
        (Self::PodKilledWhileStarting, "pod_killed_while_starting"),
        (Self::TerminationFails, "termination_fails"),
        (Self::PidReused, "pid_reused"),
        (Self::LostUpdate, "lost_update"),
        (Self::CompletionLost, "completion_lost"),
        (Self::EndOverwritten, "end_overwritten"),
        (Self::RowEdited, "row_edited"),
        (Self::EndedByScript, "ended_by_script"),
        (Self::EndedAtLaunch, "ended_at_launch"),
        (Self::OrchestratorHeartbeats, "orchestrator_heartbeats"),
    ];

    /// Its name, as in `truth.json`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(fault, _)| *fault == self).map_or("", |(_, name)| name)
    }

    /// The fault of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(fault, _)| *fault)
    }

    /// Whether it can happen in an era: there is no API orchestrator in E4's database, and only E4
    /// kills for an SSH port; the end of a relative cascades from E6 on, and phantom claims are looked
    /// for from E9 on. What a person does to a task leaves no row at all before edge functions log. Since
    /// 2026-01-21 workers find their own tasks again; until 2026-02-13 one end was written over another.
    pub fn is_of(self, era: Era) -> bool {
        match self {
            Self::SshPortUnreachable | Self::PidReused | Self::OrchestratorHeartbeats => {
                era == Era::E4
            }
            Self::EndOverwritten => era == Era::E6,
            Self::ApiKilled | Self::CompleteTaskErrors => era != Era::E4,
            Self::NeverSignalsReady | Self::PhantomClaim | Self::CompletionLost => era == Era::E12,
            Self::SegmentFails | Self::UserRetry | Self::ResetWhileRunning => era != Era::E4,
            Self::Freeze
            | Self::ProcessCrash
            | Self::SilentStall
            | Self::TemporaryStall
            | Self::GuardianDied
            | Self::FatalSelfTerminate
            | Self::PodKilledExternally
            | Self::PodNeverReady
            | Self::StartupCrash
            | Self::StartupHang
            | Self::SshAuthFailure
            | Self::FailsEveryTask
            | Self::WorkerKillerTask
            | Self::PoisonTask
            | Self::UserCancelledTask
            | Self::MissingGenerations
            | Self::Restart
            | Self::LogOutage
            | Self::BatchesRefused
            | Self::OldLogsDeleted
            | Self::LogRowsMissing
            | Self::DuplicateClaim
            | Self::SpawnFails
            | Self::PodKilledWhileStarting
            | Self::TerminationFails
            | Self::LostUpdate
            | Self::RowEdited
            | Self::EndedByScript
            | Self::EndedAtLaunch => true,
        }
    }

    /// Whether nothing goes wrong in the fleet by it: rows that tell of it are lost afterwards.
    pub fn hides_rows(self) -> bool {
        matches!(self, Self::BatchesRefused | Self::OldLogsDeleted | Self::LogRowsMissing)
    }
}
