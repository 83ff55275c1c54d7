//! Reads that failed, and which decisions they feed (domain/orchestrator.md G26, G27, G108, G140, G141
//! and 9.22).

use crate::model::event::Event;
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::state::{DecisionKind, Formula};

/// What could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The task counts: zero stands in for them.
    Demand,
    /// The workers: none stands in for them.
    Workers,
    /// The tasks of one worker: it counts as idle.
    RunningTasks,
    /// Which workers hold a task: none does.
    ActiveTasks,
    /// Which workers ever claimed: all did.
    EverClaimed,
    /// The last outcomes of a worker: no streak.
    FailureStreak,
    /// When a worker completed its last task.
    IdleTime,
    /// Whether a worker completed a task just now.
    Completions,
    /// Which young workers failed: spawning goes on.
    FailureRate,
    /// A worker's heartbeat, where the check itself broke.
    HealthCheck,
    /// The SSH port of a worker.
    Ssh,
    /// The cloud's word on a worker's pod.
    PodStatus,
}

/// The names that the grammar gives to reads of orchestrators.
const NAMES: [(&str, Read); 10] = [
    ("demand", Read::Demand),
    ("workers", Read::Workers),
    ("running_tasks", Read::RunningTasks),
    ("active_tasks", Read::ActiveTasks),
    ("ever_claimed", Read::EverClaimed),
    ("failure_streak", Read::FailureStreak),
    ("idle_time", Read::IdleTime),
    ("completions", Read::Completions),
    ("failure_rate", Read::FailureRate),
    ("health_check", Read::HealthCheck),
];

/// A read that failed in a cycle.
#[derive(Clone, Debug)]
pub(super) struct FailedRead {
    /// What.
    pub(super) read: Read,
    /// The event that says so.
    pub(super) event: EventId,
    /// Whose, where it is of one worker.
    pub(super) worker: Option<WorkerId>,
}

impl FailedRead {
    /// The failed read that an event tells of. A cloud that names another status has been read.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let read = if event.kind == EventKind::ReadFailed {
            let name = event.text("read")?;
            NAMES.iter().find(|(known, _)| *known == name).map(|(_, read)| *read)?
        } else if event.kind == EventKind::SshUnreachable {
            Read::Ssh
        } else if event.kind == EventKind::PodNotSeen && event.text("status").is_none() {
            Read::PodStatus
        } else {
            return None;
        };
        Some(Self { read, event: event.id, worker: event.worker.clone() })
    }

    /// Whether a decision used what was not read. `about` is the worker that it is about.
    pub(super) fn feeds(
        &self,
        kind: DecisionKind,
        formula: Option<Formula>,
        about: Option<&WorkerId>,
    ) -> bool {
        let is_other = about.is_some() && self.worker.is_some() && self.worker.as_ref() != about;
        let used = formula.and_then(of_worker).unwrap_or_else(|| of_fleet(kind));
        // who is busy is asked of every worker, and counts for the fleet
        let counts_all = about.is_none() || used == VICTIMS;
        used.contains(&self.read) && (counts_all || !is_other)
    }
}

const COUNTS: &[Read] =
    &[Read::Demand, Read::Workers, Read::RunningTasks, Read::ActiveTasks, Read::Completions];
const SPAWNS: &[Read] = &[
    Read::Demand,
    Read::Workers,
    Read::RunningTasks,
    Read::ActiveTasks,
    Read::Completions,
    Read::FailureRate,
];
const VICTIMS: &[Read] = &[
    Read::Demand,
    Read::Workers,
    Read::RunningTasks,
    Read::ActiveTasks,
    Read::Completions,
    Read::IdleTime,
];

/// What a rule about one worker reads. `None` of rules about the fleet.
fn of_worker(formula: Formula) -> Option<&'static [Read]> {
    match formula {
        Formula::BasicHealth => Some(&[
            Read::Demand,
            Read::RunningTasks,
            Read::ActiveTasks,
            Read::HealthCheck,
            Read::Ssh,
            Read::PodStatus,
        ]),
        Formula::StaleHeartbeat | Formula::NoHeartbeat => {
            Some(&[Read::Demand, Read::RunningTasks, Read::ActiveTasks])
        }
        Formula::IdleTimeout => {
            Some(&[Read::Demand, Read::RunningTasks, Read::ActiveTasks, Read::IdleTime])
        }
        Formula::ReadyNotClaiming | Formula::NeverInitialised | Formula::IdleWithQueue => {
            Some(&[Read::Demand, Read::RunningTasks, Read::ActiveTasks, Read::EverClaimed])
        }
        Formula::FailureStreak => Some(&[Read::FailureStreak]),
        Formula::StuckTask
        | Formula::SpawningTimeout
        | Formula::ScriptRunningTimeout
        | Formula::StartupPhase
        | Formula::GpuNotDetected
        | Formula::Failsafe
        | Formula::ErrorCleanup
        | Formula::Promotion
        | Formula::UnassignedReset
        | Formula::StaleReset => Some(&[]),
        Formula::FailureRate
        | Formula::Desired
        | Formula::ScaleUp
        | Formula::ScaleDown
        | Formula::ScaleDownVictim
        | Formula::KeptEarly
        | Formula::EarlyTermination => None,
    }
}

/// What decisions about the fleet read.
fn of_fleet(kind: DecisionKind) -> &'static [Read] {
    match kind {
        DecisionKind::Scaling => COUNTS,
        DecisionKind::ScaleUp | DecisionKind::Spawn => SPAWNS,
        DecisionKind::ScaleDown => VICTIMS,
        DecisionKind::EarlyTermination => &[Read::Demand, Read::Workers],
        DecisionKind::FailureRate => &[Read::FailureRate],
        DecisionKind::Promotion
        | DecisionKind::HealthCheck
        | DecisionKind::HealthVerdict
        | DecisionKind::FailureStreak
        | DecisionKind::Kill
        | DecisionKind::Failsafe
        | DecisionKind::External
        | DecisionKind::ErrorCleanup
        | DecisionKind::TaskReset => &[],
    }
}
