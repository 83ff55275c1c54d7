//! The reason of a kill, as the orchestrator spells it (domain/orchestrator.md 2.2 and 2.3).

use crate::model::state::Formula;

/// What a reason tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reason<'a> {
    /// The rule.
    pub(super) formula: Formula,
    /// The age it names, in whole seconds.
    pub(super) age_s: Option<f64>,
    /// The timeout or threshold it names.
    pub(super) limit: Option<f64>,
    /// The task it names.
    pub(super) task: Option<&'a str>,
    /// How many failures it names.
    pub(super) failures: Option<i64>,
    /// Whether it says that the worker holds a task.
    pub(super) has_active_task: bool,
}

/// How reasons begin; the longer of two that fit comes first.
const BEGINNINGS: &[(&str, Formula)] = &[
    ("Stale heartbeat with active tasks", Formula::StaleHeartbeat),
    ("Stale heartbeat with tasks queued", Formula::StaleHeartbeat),
    ("Idle with tasks queued", Formula::StaleHeartbeat),
    ("No heartbeat with active tasks", Formula::NoHeartbeat),
    ("No heartbeat or activity", Formula::NoHeartbeat),
    ("Idle timeout", Formula::IdleTimeout),
    ("Failed basic health check", Formula::BasicHealth),
    ("Stuck task", Formula::StuckTask),
    ("Spawning timeout", Formula::SpawningTimeout),
    ("Script running timeout", Formula::ScriptRunningTimeout),
    ("Startup phase exceeded maximum", Formula::StartupPhase),
    ("GPU not detected (VRAM=0) after", Formula::GpuNotDetected),
    ("GPU ready but never claimed tasks", Formula::ReadyNotClaiming),
    ("GPU ready, previously claimed", Formula::IdleWithQueue),
    ("Never initialized after startup grace period", Formula::NeverInitialised),
    ("Task failure loop detected:", Formula::FailureStreak),
];

/// Reads a reason; `None` of one without a formula.
pub(super) fn read(reason: &str) -> Option<Reason<'_>> {
    let (begin, formula) = BEGINNINGS.iter().find(|(begin, _)| reason.starts_with(begin))?;
    let rest = reason[begin.len()..].trim_start();
    let mut told = Reason {
        formula: *formula,
        age_s: None,
        limit: None,
        task: None,
        failures: None,
        has_active_task: reason.contains("active tasks"),
    };
    match formula {
        Formula::IdleTimeout => told.limit = number(rest),
        Formula::StuckTask => {
            told.task = rest.split(' ').next();
            told.limit = rest.split("timeout: ").nth(1).and_then(number);
        }
        Formula::FailureStreak => {
            told.failures = number(rest).map(|n| n as i64);
            told.limit = rest.split("threshold: ").nth(1).and_then(number);
        }
        Formula::StartupPhase => {
            told.age_s = number(rest);
            told.limit = rest.split("> ").nth(1).and_then(number);
        }
        Formula::StaleHeartbeat
        | Formula::SpawningTimeout
        | Formula::ScriptRunningTimeout
        | Formula::GpuNotDetected
        | Formula::ReadyNotClaiming
        | Formula::IdleWithQueue
        | Formula::NeverInitialised => told.age_s = number(rest),
        Formula::BasicHealth
        | Formula::NoHeartbeat
        | Formula::FailureRate
        | Formula::Failsafe
        | Formula::ErrorCleanup
        | Formula::Promotion
        | Formula::Desired
        | Formula::ScaleUp
        | Formula::ScaleDown
        | Formula::ScaleDownVictim
        | Formula::KeptEarly
        | Formula::EarlyTermination
        | Formula::UnassignedReset
        | Formula::StaleReset => {}
    }
    Some(told)
}

/// The first number of a text.
fn number(text: &str) -> Option<f64> {
    let begin = text.find(|c: char| c.is_ascii_digit())?;
    let digits = &text[begin..];
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    digits[..end].trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age_and_limit(reason: &str) -> (Formula, Option<f64>, Option<f64>) {
        let told = read(reason).expect("a known reason");
        (told.formula, told.age_s, told.limit)
    }

    #[test]
    fn a_reason_tells_its_rule_its_age_and_its_limit() {
        let stale = "Stale heartbeat with active tasks (615s old)";
        assert_eq!(age_and_limit(stale), (Formula::StaleHeartbeat, Some(615.0), None));
        assert!(read(stale).is_some_and(|told| told.has_active_task));
        let idle = "Idle timeout (600s) with no work available";
        assert_eq!(age_and_limit(idle), (Formula::IdleTimeout, None, Some(600.0)));
        let phase = "Startup phase exceeded maximum (1812s > 1800s)";
        assert_eq!(age_and_limit(phase), (Formula::StartupPhase, Some(1_812.0), Some(1_800.0)));
        let gpu = "GPU not detected (VRAM=0) after 301s";
        assert_eq!(age_and_limit(gpu), (Formula::GpuNotDetected, Some(301.0), None));
        assert_eq!(age_and_limit("Spawning timeout"), (Formula::SpawningTimeout, None, None));
        assert_eq!(read("Pod externally terminated - not found in RunPod"), None);
    }

    #[test]
    fn a_reason_names_the_task_and_the_failures() {
        let stuck = "Stuck task 0c1d2e3f-0000-4000-8000-000000000001 (type: vace, timeout: 1200s)";
        let told = read(stuck).expect("a known reason");
        assert_eq!(told.task, Some("0c1d2e3f-0000-4000-8000-000000000001"));
        assert_eq!(told.limit, Some(1_200.0));
        let loops = "Task failure loop detected: 4 consecutive failures (threshold: 3). Possible OOM or worker corruption.";
        let told = read(loops).expect("a known reason");
        assert_eq!((told.failures, told.limit), (Some(4), Some(3.0)));
    }
}
