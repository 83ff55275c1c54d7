//! What a line tells of the settings of its process: it wins over the era's default.

use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::Formula;
use crate::model::time::Micros;
use crate::replay::decisions::inputs::diagnostics;
use crate::replay::decisions::{names, reason};
use crate::replay::rules;
use crate::replay::rules::limit::Limit;

/// Fields of lines that are settings, in whatever line they stand.
const FIELDS: &[(EventKind, &str, Limit, f64)] = &[
    (EventKind::HeartbeatObserved, "timeout_s", Limit::IdleTimeout, 1.0),
    (EventKind::WorkerScaledDown, "timeout_s", Limit::OvercapacityIdle, 1.0),
    (EventKind::ScalingDecided, "min_based", Limit::MinActive, 1.0),
    (EventKind::ScalingDecided, "keep_idle", Limit::KeepIdle, 1.0),
    (EventKind::ScalingDecided, "desired", Limit::MaxActiveAtLeast, 1.0),
    (EventKind::ScaleUpStarted, "desired", Limit::MaxActiveAtLeast, 1.0),
    (EventKind::EarlyTerminationStarted, "grace_s", Limit::SpawningGrace, 1.0),
    (EventKind::ScaleDownStarted, "keep_idle", Limit::KeepIdle, 1.0),
    (EventKind::ScaleDownStarted, "min_active", Limit::MinActive, 1.0),
    (EventKind::ScaleDownSkipped, "min_active", Limit::MinActive, 1.0),
    (EventKind::FailureRateExceeded, "threshold_percent", Limit::FailureRateMax, 0.01),
    (EventKind::FailureStreakSeen, "threshold", Limit::FailureStreak, 1.0),
];

/// `diagnostics.timeouts` (domain/orchestrator.md 1.3).
const TIMEOUTS: [(&str, Limit); 5] = [
    ("startup_grace_period_sec", Limit::StartupGrace),
    ("ready_not_claiming_timeout_sec", Limit::ReadyNotClaiming),
    ("gpu_not_detected_timeout_sec", Limit::GpuNotDetected),
    ("gpu_idle_timeout_sec", Limit::IdleTimeout),
    ("spawning_timeout_sec", Limit::SpawningTimeout),
];

/// The settings that an event tells.
pub(super) fn told(event: &Event, row: Option<&WorkerRow>) -> Vec<(Limit, f64)> {
    let mut found = Vec::new();
    for (kind, field, limit, unit) in FIELDS {
        if *kind == event.kind
            && let Some(value) = event.number(field)
        {
            found.push((*limit, value * unit));
        }
    }
    if event.kind == EventKind::HealthVerdict {
        let limit = event.number("timeout_s").or_else(|| event.number("threshold"));
        found.extend(names::formula(event).and_then(own).zip(limit));
    }
    if event.kind == EventKind::WorkerMarkedError {
        found.extend(of_kill(event.text("reason").unwrap_or_default(), row, event.at));
    }
    if event.kind == EventKind::ScalingDecided {
        // until E6 the buffer is told as busy workers and the idle ones to keep
        let buffer = event.number("buffer_based").zip(event.number("busy"));
        found.extend(buffer.map(|(all, busy)| (Limit::KeepIdle, all - busy)));
    }
    found
}

/// What the reason of a kill tells, and what was written with it.
pub(super) fn of_kill(reason: &str, row: Option<&WorkerRow>, at: Micros) -> Vec<(Limit, f64)> {
    let told = reason::read(reason);
    let mut found: Vec<(Limit, f64)> =
        told.and_then(|told| own(told.formula).zip(told.limit)).into_iter().collect();
    let diagnostics = row.and_then(|row| diagnostics(row, reason, at)).map(|(all, _)| all);
    let timeouts = diagnostics.as_ref().and_then(|all| all.get("timeouts"));
    for (key, limit) in TIMEOUTS {
        let value = timeouts.and_then(|of| of.get(key)?.as_f64());
        found.extend(value.map(|value| (limit, value)));
    }
    found
}

/// The one limit that a health rule measures its age against.
fn own(formula: Formula) -> Option<Limit> {
    rules::limits_of(formula).first().copied()
}
