//! The failsafe (W19) and the error cleanup (W18) of domain/orchestrator.md 2.2.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// Whether the failsafe ends a worker: since E3 its threshold is that of the health check.
pub fn failsafe(heartbeat: Age, limits: &Limits) -> Option<Answer> {
    heartbeat.exceeds(limits.get(Limit::IdleTimeout)?).map(Answer::act)
}

/// Whether a worker in error is cleaned up: `None` stands for a row without `error_time`, which is
/// cleaned at once.
pub fn error(since_error: Option<Age>, limits: &Limits) -> Option<Answer> {
    let Some(age) = since_error else { return Some(Answer::Act) };
    age.exceeds(limits.get(Limit::ErrorCleanupGrace)?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn both_wait_ten_minutes_but_for_a_row_without_its_time() {
        let limits = of_era("E6");
        assert_eq!(failsafe(Age::exact(601.0), &limits), Some(Answer::Act));
        assert_eq!(failsafe(Age::exact(400.0), &limits), Some(Answer::Leave));
        assert_eq!(error(Some(Age::whole(605.0)), &limits), Some(Answer::Act));
        assert_eq!(error(Some(Age::whole(20.0)), &limits), Some(Answer::Leave));
        assert_eq!(error(None, &limits), Some(Answer::Act));
    }
}
