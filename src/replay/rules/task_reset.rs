//! Sweeps over tasks in progress that nobody works on (domain/orchestrator.md section 3).

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// Which sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Of tasks without a worker, by `generation_started_at`.
    Unassigned,
    /// Of tasks with one, by `updated_at`.
    Stale,
}

impl Sweep {
    /// What the age of a task is measured against.
    pub fn limit(self) -> Limit {
        match self {
            Self::Unassigned => Limit::UnassignedReset,
            Self::Stale => Limit::StaleReset,
        }
    }
}

/// Whether tasks are reset, by the youngest of them.
pub fn verdict(sweep: Sweep, youngest: Age, limits: &Limits) -> Option<Answer> {
    youngest.exceeds(limits.get(sweep.limit())?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn each_sweep_has_its_time() {
        let of = |sweep, age| verdict(sweep, Age::exact(age), &of_era("E6"));
        assert_eq!(of(Sweep::Unassigned, 901.0), Some(Answer::Act));
        assert_eq!(of(Sweep::Stale, 901.0), Some(Answer::Leave));
        assert_eq!(of(Sweep::Stale, 1_801.0), Some(Answer::Act));
    }
}
