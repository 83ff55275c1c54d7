//! Names of inputs: one for each thing, however lines call it (docs/decisions.md).

use crate::model::event::Event;
use crate::model::state::Formula;

/// Fields of lines under their documented names. Others keep the name that the grammar gives them.
const NAMES: &[(&str, &str)] = &[
    ("queued", "queued_tasks"),
    ("active_tasks", "active_tasks"),
    ("active", "workers_active"),
    ("spawning", "workers_spawning"),
    ("idle", "workers_idle"),
    ("busy", "workers_busy"),
    ("desired", "workers_desired"),
    ("capacity", "workers_capacity"),
    ("current", "workers_capacity"),
    ("recent", "workers_recent"),
    ("failed", "workers_failed"),
    ("terminated", "workers_terminated"),
];

/// Fields that are no inputs: the verdict, limits, and what other columns hold.
const NO_INPUTS: [&str; 14] = [
    "holds",
    "reason",
    "rule",
    "what",
    "cycle",
    "age_s",
    "timeout_s",
    "threshold",
    "grace_s",
    "min_based",
    "min_active",
    "keep_idle",
    "heartbeat",
    "total",
];

/// The documented name of a field; `None` of what is no input.
pub(super) fn input(field: &str) -> Option<&str> {
    if NO_INPUTS.contains(&field) {
        return None;
    }
    let known = NAMES.iter().find(|(logged, _)| *logged == field);
    Some(known.map_or(field, |(_, documented)| documented))
}

/// The rule that a line names itself.
pub(super) fn formula(event: &Event) -> Option<Formula> {
    // one template of two rules
    match event.text("what") {
        Some("Spawning") => return Some(Formula::SpawningTimeout),
        Some("Script running") => return Some(Formula::ScriptRunningTimeout),
        Some(_) | None => {}
    }
    let name = event.text("rule")?;
    Formula::ALL.iter().copied().find(|known| known.name() == name)
}
