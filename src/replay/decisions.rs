//! What orchestrators decided, with the inputs they logged.

use rustc_hash::FxHashSet;

use crate::model::event::Event;
use crate::model::id::{EventId, RunId};
use crate::model::kind::EventKind;
use crate::replay::cycles::Cycle;

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The event that made it known.
    pub event: EventId,
    /// The event's kind says which rule spoke.
    pub rule: &'static str,
    /// What it decided: a reason, or a number.
    pub verdict: String,
    /// Whether a read failed in its cycle.
    pub based_on_failed_read: bool,
}

/// Cycles in which a read failed.
pub struct Blind<'a>(FxHashSet<(&'a RunId, i64)>);

impl<'a> Blind<'a> {
    /// Of all cycles.
    pub fn of(cycles: &'a [Cycle]) -> Self {
        let blind = cycles.iter().filter(|cycle| cycle.failed_reads > 0);
        Self(blind.filter_map(|cycle| Some((cycle.run.as_ref()?, cycle.cycle))).collect())
    }

    /// The spawn, promotion, verdict, kill, reset or scale step that an event is, if it is one.
    pub fn decision(&self, event: &Event) -> Option<Decision> {
        let (rule, run) = (rule(event.kind)?, event.run.as_ref()?);
        let verdict = event.text("reason").map(str::to_string);
        let number = ["desired", "count", "age_s"].iter().find_map(|name| event.int(name));
        Some(Decision {
            event: event.id,
            rule,
            verdict: verdict.or(number.map(|n| n.to_string())).unwrap_or_default(),
            based_on_failed_read: event.cycle.is_some_and(|cycle| self.0.contains(&(run, cycle))),
        })
    }
}

/// The rule behind a kind of event, for the kinds that are decisions.
fn rule(kind: EventKind) -> Option<&'static str> {
    const RULES: &[(EventKind, &str)] = &[
        (EventKind::PodCreated, "spawn"),
        (EventKind::WorkerPromoted, "promotion"),
        (EventKind::HealthVerdict, "health_verdict"),
        (EventKind::FailureStreakSeen, "failure_streak"),
        (EventKind::WorkerMarkedError, "kill"),
        (EventKind::WorkerTerminating, "scale_down"),
        (EventKind::WorkerEarlyTerminated, "early_termination"),
        (EventKind::FailsafeStale, "failsafe"),
        (EventKind::WorkerExternallyTerminated, "external"),
        (EventKind::ErrorCleanupForced, "error_cleanup"),
        (EventKind::TasksReset, "task_reset"),
        (EventKind::TasksSwept, "task_reset"),
        (EventKind::TaskResetListed, "task_reset"),
        (EventKind::WorkerTasksReset, "task_reset"),
        (EventKind::ScalingDecided, "scaling"),
        (EventKind::ScaleUpStarted, "scale_up"),
    ];
    RULES.iter().find(|(known, _)| *known == kind).map(|(_, rule)| *rule)
}
