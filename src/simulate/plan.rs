//! What a simulated fleet is asked to be: era, size, length, seed, and what goes wrong in it.

use crate::model::time::Micros;

/// The span of history whose line formats, tables and rules are imitated (`domain/orchestrator.md`
/// section 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Era {
    /// 2025-10-19 to 11-05: SSH health checks, no edge rows.
    E4,
    /// 2025-12-07 to 2026-01-21: heartbeat health checks, edge rows, API orchestrator.
    E6,
    /// From 2026-05-06: no emoji, derived worker states, few lines a cycle.
    E12,
}

impl Era {
    /// What sets the chances of one era apart from another's under the same seed: ids, for one.
    pub(super) fn salt(self) -> u64 {
        (self as u64) << 60
    }

    /// Every era, in order.
    pub const ALL: [Self; 3] = [Self::E4, Self::E6, Self::E12];

    /// Its name on the command line and in `truth.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::E4 => "E4",
            Self::E6 => "E6",
            Self::E12 => "E12",
        }
    }

    /// The era of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.name().eq_ignore_ascii_case(name))
    }

    /// When a simulation of this era begins: a date inside it, and inside one era of the completion
    /// functions (`domain/worker-app.md` section 3: F0, F2 and F6).
    pub fn starts_at(self) -> Micros {
        let text = match self {
            Self::E4 => "2025-10-28T14:00:00Z",
            Self::E6 => "2026-01-12T06:00:00Z",
            Self::E12 => "2026-05-20T09:00:00Z",
        };
        Micros::parse(text).unwrap_or(Micros(0))
    }

    /// Whether edge functions write rows (since 2025-12-09).
    pub(super) fn has_edge_rows(self) -> bool {
        self >= Self::E6
    }

    /// Whether orchestrators decorate their lines (until 2026-01-21).
    pub(super) fn is_decorated(self) -> bool {
        self <= Self::E6
    }
}

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
}

impl Fault {
    /// Every kind with its name.
    pub const ALL: [(Self, &'static str); 30] = [
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
    /// for from E9 on. What a person does to a task leaves no row at all before edge functions log.
    pub fn is_of(self, era: Era) -> bool {
        match self {
            Self::SshPortUnreachable => era == Era::E4,
            Self::ApiKilled | Self::CompleteTaskErrors => era != Era::E4,
            Self::NeverSignalsReady | Self::PhantomClaim => era == Era::E12,
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
            | Self::DuplicateClaim => true,
        }
    }

    /// Whether nothing goes wrong in the fleet by it: rows that tell of it are lost afterwards.
    pub fn hides_rows(self) -> bool {
        matches!(self, Self::BatchesRefused | Self::OldLogsDeleted | Self::LogRowsMissing)
    }
}

/// A fleet to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose formats and rules.
    pub era: Era,
    /// Workers at once, at most (`MAX_ACTIVE_GPUS`).
    pub workers: u32,
    /// Simulated hours.
    pub hours: f64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Tasks that users create in an hour, children of orchestrator tasks not counted.
    pub tasks_per_hour: f64,
    /// What goes wrong; each of them about every [`hours_between`](Self::hours_between).
    pub faults: Vec<Fault>,
    /// Hours between two faults of one kind; each kind happens at least once.
    pub hours_between: f64,
}
