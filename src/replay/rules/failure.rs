//! Failures in a row of one worker (domain/orchestrator.md 2.3), and the share of failed young workers
//! that stops spawning (5.2).

use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// Whether a worker is killed for its last tasks, which all failed.
pub fn streak(failures: i64, limits: &Limits) -> Option<Answer> {
    Some(Answer::act(failures as f64 >= limits.get(Limit::FailureStreak)?))
}

/// Young workers, and those of them that failed, as the era counts failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Workers made within the window.
    pub recent: i64,
    /// Failed ones: in status error, and until E7 also terminated.
    pub failed: i64,
}

/// Whether the breaker says stop. In E3c to E6 nothing heeds it.
pub fn breaker(sample: Sample, limits: &Limits) -> Option<Answer> {
    let few = (sample.recent as f64) < limits.get(Limit::FailureWorkersMin)?;
    let share = sample.failed as f64 / sample.recent as f64;
    Some(Answer::act(!few && share > limits.get(Limit::FailureRateMax)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn three_failures_in_a_row_are_enough() {
        assert_eq!(streak(3, &of_era("E12")), Some(Answer::Act));
        assert_eq!(streak(2, &of_era("E12")), Some(Answer::Leave));
        assert_eq!(streak(3, &of_era("E6")), None, "there was no such rule");
    }

    #[test]
    fn the_breaker_wants_more_than_four_of_five_and_five_workers() {
        let of = |recent, failed| breaker(Sample { recent, failed }, &of_era("E6"));
        assert_eq!(of(5, 5), Some(Answer::Act));
        assert_eq!(of(5, 4), Some(Answer::Leave), "strictly greater");
        assert_eq!(of(4, 4), Some(Answer::Leave));
        assert_eq!(of(0, 0), Some(Answer::Leave));
    }
}
