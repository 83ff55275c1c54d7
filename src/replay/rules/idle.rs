//! How long a worker without a task has been without: W14 and W20 of domain/orchestrator.md 2.2.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// An idle worker and an empty queue: W14, a normal stop that is written as an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeout {
    /// Since its last completed task, or since its row was made.
    pub idle: Age,
    /// Queued tasks.
    pub queued: i64,
    /// Active workers.
    pub active: i64,
}

/// Whether an idle worker is stopped while nothing is queued.
pub fn timeout(inputs: Timeout, limits: &Limits) -> Option<Answer> {
    if inputs.queued > 0 || (inputs.active as f64) <= limits.get(Limit::MinActive)? {
        return Some(Answer::Leave);
    }
    inputs.idle.exceeds(limits.get(Limit::IdleTimeout)?).map(Answer::act)
}

/// Whether an idle worker may be stopped where there are too many: W20.
pub fn overcapacity(idle: Age, limits: &Limits) -> Option<Answer> {
    idle.exceeds(limits.get(Limit::OvercapacityIdle)?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn an_idle_worker_is_stopped_above_the_least_number_and_without_a_queue() {
        let of = |idle, queued, active| {
            timeout(Timeout { idle: Age::exact(idle), queued, active }, &of_era("E6"))
        };
        assert_eq!(of(601.0, 0, 3), Some(Answer::Act));
        assert_eq!(of(601.0, 0, 2), Some(Answer::Leave), "MIN_ACTIVE_GPUS");
        assert_eq!(of(601.0, 1, 3), Some(Answer::Leave));
        assert_eq!(of(599.0, 0, 3), Some(Answer::Leave));
    }

    #[test]
    fn one_too_many_is_stopped_after_half_a_minute() {
        assert_eq!(overcapacity(Age::exact(31.0), &of_era("E6")), Some(Answer::Act));
        assert_eq!(overcapacity(Age::within(31.0, 2.0), &of_era("E6")), None);
    }
}
