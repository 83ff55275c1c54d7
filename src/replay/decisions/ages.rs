//! How old things were when a decision was made: by its line, by its cycle, or by the rows.

use crate::model::attribute::Attribute;
use crate::model::event::Event;
use crate::model::state::Formula;
use crate::model::time::Micros;
use crate::replay::decisions::inputs::{About, Inputs};
use crate::replay::decisions::process::{FLEET, Process};

/// A check reads the database for each worker, so that what it measured is up to a second older than
/// its line (domain/orchestrator.md 9.4: lines of one decision lie within it).
const READS_S: f64 = 1.0;
/// A line that follows its comparison at once.
const AT_ONCE_S: f64 = 0.1;

impl Process {
    /// Ages that the line tells, or that its cycle and the rows do.
    pub(super) fn ages(
        &self,
        event: &Event,
        formula: Option<Formula>,
        about: &About<'_>,
        inputs: &mut Inputs,
    ) {
        let Some(formula) = formula else { return };
        let tenths = formula == Formula::BasicHealth;
        let age = event.number("age_s").map(|age| (age, if tenths { 0.05 } else { 0.5 }));
        inputs.age(age_name(formula), age);
        let worker = event.worker.as_ref();
        let idle = |at| worker.and_then(|worker| about.idle(worker, at)).map(|age| (age, READS_S));
        match formula {
            Formula::IdleTimeout => inputs.age("idle_s", idle(event.at)),
            Formula::ScaleDownVictim => {
                inputs.age("idle_s", idle(self.notes.scale_down_at.unwrap_or(event.at)));
                inputs.of_fleet(&self.notes, FLEET);
            }
            Formula::EarlyTermination => {
                let at = self.notes.early_at.unwrap_or(event.at);
                inputs.age("worker_age_s", about.worker_age(at).map(|age| (age, READS_S)));
                let kept = self.notes.fleet.get("workers_kept").cloned();
                inputs.put("workers_kept", kept);
                inputs.put("workers_capacity", self.notes.fleet.get("workers_capacity").cloned());
            }
            Formula::Failsafe if age.is_none() => {
                let beat = event.text("heartbeat").unwrap_or_default();
                let seen = Micros::parse(beat);
                let never = matches!(beat, "never" | "None");
                let since_beat = seen.map(|seen| event.at.seconds_since(seen));
                let since_row = about.worker_age(event.at).filter(|_| never);
                let age = since_beat.or(since_row).map(|age| (age, AT_ONCE_S));
                inputs.age("heartbeat_age_s", age);
            }
            Formula::ErrorCleanup => {
                inputs.put("has_error_time", Some(Attribute::Bool(age.is_some())));
            }
            Formula::UnassignedReset | Formula::StaleReset => inputs.of_tasks(event, about),
            Formula::ScaleDown => {
                let count = |name| inputs.0.get(name).and_then(Attribute::number);
                let both = count("workers_active").zip(count("workers_spawning"));
                if count("workers_capacity").is_none() {
                    inputs.number("workers_capacity", both.map(|(a, b)| a + b));
                }
                inputs.of_idle(&self.notes, about, event.at);
            }
            Formula::Failsafe
            | Formula::BasicHealth
            | Formula::StaleHeartbeat
            | Formula::NoHeartbeat
            | Formula::StuckTask
            | Formula::SpawningTimeout
            | Formula::ScriptRunningTimeout
            | Formula::StartupPhase
            | Formula::GpuNotDetected
            | Formula::NeverInitialised
            | Formula::ReadyNotClaiming
            | Formula::IdleWithQueue
            | Formula::FailureStreak
            | Formula::FailureRate
            | Formula::Promotion
            | Formula::Desired
            | Formula::ScaleUp
            | Formula::KeptEarly => {}
        }
    }
}

/// What the age of a rule is called.
pub(super) fn age_name(formula: Formula) -> &'static str {
    match formula {
        Formula::BasicHealth
        | Formula::StaleHeartbeat
        | Formula::NoHeartbeat
        | Formula::Failsafe
        | Formula::Promotion => "heartbeat_age_s",
        Formula::ErrorCleanup => "error_age_s",
        Formula::StuckTask
        | Formula::IdleTimeout
        | Formula::SpawningTimeout
        | Formula::ScriptRunningTimeout
        | Formula::StartupPhase
        | Formula::GpuNotDetected
        | Formula::NeverInitialised
        | Formula::ReadyNotClaiming
        | Formula::IdleWithQueue
        | Formula::FailureStreak
        | Formula::FailureRate
        | Formula::Desired
        | Formula::ScaleUp
        | Formula::ScaleDown
        | Formula::ScaleDownVictim
        | Formula::KeptEarly
        | Formula::EarlyTermination
        | Formula::UnassignedReset
        | Formula::StaleReset => "age_s",
    }
}
