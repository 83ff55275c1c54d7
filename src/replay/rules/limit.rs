//! What the rules measure against: settings of the orchestrator, and constants of its code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A threshold, by the name of the setting it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// GPU_IDLE_TIMEOUT_SEC: seconds without a heartbeat, or without work.
    IdleTimeout,
    /// GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC: seconds without work before one too many is stopped.
    OvercapacityIdle,
    /// A heartbeat older than so many seconds fails the basic check; a constant of the code.
    HealthyHeartbeat,
    /// TASK_STUCK_TIMEOUT_SEC: seconds since the task's start.
    StuckTimeout,
    /// SPAWNING_TIMEOUT_SEC: seconds since the worker's row.
    SpawningTimeout,
    /// SCRIPT_RUNNING_TIMEOUT_SEC: seconds.
    ScriptRunningTimeout,
    /// STARTUP_GRACE_PERIOD_SEC: seconds.
    StartupGrace,
    /// The longest startup phase, seconds; a constant of the code.
    StartupPhase,
    /// READY_NOT_CLAIMING_TIMEOUT_SEC: seconds.
    ReadyNotClaiming,
    /// GPU_NOT_DETECTED_TIMEOUT_SEC: seconds.
    GpuNotDetected,
    /// HEARTBEAT_PROMOTION_THRESHOLD_SEC: seconds.
    HeartbeatPromotion,
    /// MAX_CONSECUTIVE_TASK_FAILURES.
    FailureStreak,
    /// ERROR_CLEANUP_GRACE_PERIOD_SEC: seconds since `error_time`.
    ErrorCleanupGrace,
    /// SPAWNING_GRACE_PERIOD_SEC: seconds in which a spawning worker is not stopped early.
    SpawningGrace,
    /// MIN_ACTIVE_GPUS.
    MinActive,
    /// MAX_ACTIVE_GPUS, as far as known from below: more workers than this were never wanted.
    MaxActiveAtLeast,
    /// MACHINES_TO_KEEP_IDLE.
    KeepIdle,
    /// SCALE_UP_MULTIPLIER: workers a task.
    ScaleUpMultiplier,
    /// SCALE_DOWN_MULTIPLIER: workers a task that early termination keeps.
    ScaleDownMultiplier,
    /// MAX_WORKER_FAILURE_RATE: a share.
    FailureRateMax,
    /// MIN_WORKERS_FOR_RATE_CHECK.
    FailureWorkersMin,
    /// Seconds after which a task without a worker is reset; a constant of the code.
    UnassignedReset,
    /// Seconds without activity after which an assigned task is reset; a constant of the code.
    StaleReset,
}

impl Limit {
    /// The name in `decisions.thresholds`; it ends in the unit where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdleTimeout => "idle_timeout_s",
            Self::OvercapacityIdle => "overcapacity_idle_s",
            Self::HealthyHeartbeat => "healthy_heartbeat_s",
            Self::StuckTimeout => "stuck_timeout_s",
            Self::SpawningTimeout => "spawning_timeout_s",
            Self::ScriptRunningTimeout => "script_running_timeout_s",
            Self::StartupGrace => "startup_grace_s",
            Self::StartupPhase => "startup_phase_s",
            Self::ReadyNotClaiming => "ready_not_claiming_s",
            Self::GpuNotDetected => "gpu_not_detected_s",
            Self::HeartbeatPromotion => "heartbeat_promotion_s",
            Self::FailureStreak => "failure_streak",
            Self::ErrorCleanupGrace => "error_cleanup_grace_s",
            Self::SpawningGrace => "spawning_grace_s",
            Self::MinActive => "min_active",
            Self::MaxActiveAtLeast => "max_active_at_least",
            Self::KeepIdle => "keep_idle",
            Self::ScaleUpMultiplier => "scale_up_multiplier",
            Self::ScaleDownMultiplier => "scale_down_multiplier",
            Self::FailureRateMax => "failure_rate_max",
            Self::FailureWorkersMin => "failure_workers_min",
            Self::UnassignedReset => "unassigned_reset_s",
            Self::StaleReset => "stale_reset_s",
        }
    }
}

/// Where a limit is from. Declared from weakest to strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Told {
    /// The era's default: the process may have been set otherwise.
    Default,
    /// Another line of the same process.
    Process,
    /// The deciding line itself, or what was written with it.
    Line,
}

/// The limits that hold for one decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    values: BTreeMap<Limit, (f64, Told)>,
}

impl Limits {
    /// One of them; `None` where nothing tells it and the era has no default.
    pub fn get(&self, limit: Limit) -> Option<f64> {
        self.values.get(&limit).map(|(value, _)| *value)
    }

    /// One of them, with where it is from.
    pub fn with_source(&self, limit: Limit) -> Option<(f64, Told)> {
        self.values.get(&limit).copied()
    }

    /// Sets one. A stronger source wins; of two as strong, the later.
    pub fn set(&mut self, limit: Limit, value: f64, from: Told) {
        let kept = self.values.get(&limit).filter(|(_, before)| *before > from);
        if kept.is_none() {
            self.values.insert(limit, (value, from));
        }
    }

    /// These, and what others tell more strongly.
    pub fn with(mut self, more: &Self) -> Self {
        for (limit, (value, from)) in &more.values {
            self.set(*limit, *value, *from);
        }
        self
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Limit, f64, Told)> {
        self.values.iter().map(|(limit, (value, from))| (*limit, *value, *from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_tells_wins_over_the_process_and_that_over_the_default() {
        let mut limits = Limits::default();
        limits.set(Limit::IdleTimeout, 300.0, Told::Line);
        limits.set(Limit::IdleTimeout, 600.0, Told::Default);
        assert_eq!(limits.get(Limit::IdleTimeout), Some(300.0));
        let mut defaults = Limits::default();
        defaults.set(Limit::IdleTimeout, 600.0, Told::Default);
        defaults.set(Limit::StuckTimeout, 1_200.0, Told::Default);
        let both = defaults.with(&limits);
        assert_eq!(both.with_source(Limit::IdleTimeout), Some((300.0, Told::Line)));
        assert_eq!(both.get(Limit::StuckTimeout), Some(1_200.0));
        assert_eq!(both.get(Limit::KeepIdle), None);
    }
}
