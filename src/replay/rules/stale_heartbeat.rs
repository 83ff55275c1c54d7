//! W10 and W12 of domain/orchestrator.md 2.2, `STALE_HEARTBEAT_*` of 2.3: silent, and there is work.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// What is known of a worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Since its last heartbeat.
    pub age: Age,
    /// Whether it holds a task, or tasks are queued.
    pub has_work: bool,
}

/// Whether the worker is killed.
pub fn verdict(inputs: Inputs, limits: &Limits) -> Option<Answer> {
    if !inputs.has_work {
        return Some(Answer::Leave);
    }
    inputs.age.exceeds(limits.get(Limit::IdleTimeout)?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn silence_kills_only_where_there_is_work() {
        let of = |age, has_work| verdict(Inputs { age, has_work }, &of_era("E6"));
        assert_eq!(of(Age::whole(615.0), true), Some(Answer::Act));
        assert_eq!(of(Age::whole(615.0), false), Some(Answer::Leave));
        assert_eq!(of(Age::whole(9.0), true), Some(Answer::Leave));
        assert_eq!(of(Age::whole(600.0), true), None);
        let before = verdict(Inputs { age: Age::whole(400.0), has_work: true }, &of_era("E3b"));
        assert_eq!(before, Some(Answer::Act), "300 seconds until E3b");
    }
}
