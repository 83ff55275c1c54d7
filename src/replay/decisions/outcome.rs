//! What was decided: in words, and in the terms of the rule.

use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::state::{DecisionKind, Formula};
use crate::replay::rules::answer::Answer;
use crate::replay::rules::defaults::since;

/// What was decided, in words or as a number.
pub(super) fn verdict(event: &Event, kind: DecisionKind) -> String {
    if kind == DecisionKind::HealthCheck {
        return "passed".to_string();
    }
    if let Some(reason) = event.text("reason") {
        return reason.to_string();
    }
    let number = match kind {
        DecisionKind::Scaling => event.int("desired"),
        DecisionKind::FailureRate => event.int("rate_percent"),
        DecisionKind::Spawn
        | DecisionKind::Promotion
        | DecisionKind::HealthCheck
        | DecisionKind::HealthVerdict
        | DecisionKind::FailureStreak
        | DecisionKind::Kill
        | DecisionKind::ScaleDown
        | DecisionKind::EarlyTermination
        | DecisionKind::Failsafe
        | DecisionKind::External
        | DecisionKind::ErrorCleanup
        | DecisionKind::TaskReset
        | DecisionKind::ScaleUp => event.int("count").or_else(|| event.int("age_s")),
    };
    number.map(|n| n.to_string()).unwrap_or_default()
}

/// What was done, in the terms of the rule.
pub(super) fn decided(
    event: &Event,
    kind: DecisionKind,
    formula: Option<Formula>,
    era: &str,
) -> Option<Answer> {
    let count = |name: &str| event.int(name).map(Answer::Count);
    match kind {
        DecisionKind::HealthCheck => Some(Answer::Leave),
        // since E7 the plain form kills nobody; a mark that follows takes this back
        DecisionKind::HealthVerdict => {
            let spares = formula == Some(Formula::BasicHealth) && since(era, "E7");
            spares.then_some(Answer::Leave)
        }
        // the mark tells it
        DecisionKind::FailureStreak | DecisionKind::FailureRate => None,
        DecisionKind::Scaling => count("desired"),
        DecisionKind::ScaleUp if event.kind == EventKind::ScaleUpBlocked => Some(Answer::Count(0)),
        DecisionKind::ScaleUp => count("count"),
        DecisionKind::ScaleDown if event.kind == EventKind::ScaleDownSkipped => {
            Some(Answer::Count(0))
        }
        DecisionKind::EarlyTermination if event.worker.is_none() => count("desired"),
        DecisionKind::ScaleDown if event.worker.is_none() => count("count"),
        DecisionKind::Spawn
        | DecisionKind::Promotion
        | DecisionKind::Kill
        | DecisionKind::ScaleDown
        | DecisionKind::EarlyTermination
        | DecisionKind::Failsafe
        | DecisionKind::External
        | DecisionKind::ErrorCleanup
        | DecisionKind::TaskReset => Some(Answer::Act),
    }
}
