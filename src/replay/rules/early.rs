//! W9 of domain/orchestrator.md 2.2: a spawning worker that is not needed any more.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// A spawning worker and what is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Since its row was made.
    pub age: Age,
    /// Queued tasks.
    pub queued: i64,
    /// Active and spawning workers.
    pub capacity: i64,
    /// Workers that are kept.
    pub kept: i64,
}

/// Whether it is stopped.
pub fn verdict(inputs: Inputs, limits: &Limits) -> Option<Answer> {
    if inputs.queued > 0 || inputs.capacity <= inputs.kept {
        return Some(Answer::Leave);
    }
    inputs.age.exceeds(limits.get(Limit::SpawningGrace)?).map(Answer::act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn a_spawning_worker_has_three_minutes() {
        let of = |age, queued, kept| {
            let inputs = Inputs { age: Age::exact(age), queued, capacity: 5, kept };
            verdict(inputs, &of_era("E6"))
        };
        assert_eq!(of(200.0, 0, 4), Some(Answer::Act));
        assert_eq!(of(100.0, 0, 4), Some(Answer::Leave));
        assert_eq!(of(200.0, 1, 4), Some(Answer::Leave));
        assert_eq!(of(200.0, 0, 5), Some(Answer::Leave));
    }
}
