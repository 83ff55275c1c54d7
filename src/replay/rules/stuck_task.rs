//! W16 of domain/orchestrator.md 2.2: a task that runs for too long condemns its worker.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// What is known of a task in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Since `generation_started_at`.
    pub age: Age,
    /// Whether its type is exempt: orchestrator tasks are from 7c65d9a until E9.
    pub is_exempt: bool,
}

/// Whether the worker is killed for it.
pub fn verdict(inputs: Inputs, limits: &Limits) -> Option<Answer> {
    if inputs.is_exempt {
        return Some(Answer::Leave);
    }
    inputs.age.exceeds(limits.get(Limit::StuckTimeout)?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;
    use crate::replay::rules::limit::Told;

    #[test]
    fn a_long_task_kills_its_worker_and_the_logged_timeout_wins() {
        let long = Inputs { age: Age::exact(1_300.0), is_exempt: false };
        assert_eq!(verdict(long, &of_era("E6")), Some(Answer::Act));
        let mut limits = of_era("E6");
        limits.set(Limit::StuckTimeout, 2_700.0, Told::Line);
        assert_eq!(verdict(long, &limits), Some(Answer::Leave));
        assert_eq!(verdict(Inputs { is_exempt: true, ..long }, &of_era("E6")), Some(Answer::Leave));
    }
}
