//! Told spawning to active (domain/orchestrator.md 2.3): since E7 by a heartbeat. Until E6 by the
//! worker's first log row, which needs no threshold.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// Whether a spawning worker becomes active.
pub fn by_heartbeat(heartbeat: Age, limits: &Limits) -> Option<Answer> {
    heartbeat.reaches(limits.get(Limit::HeartbeatPromotion)?).map(|old| Answer::act(!old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    #[test]
    fn a_heartbeat_of_the_last_minute_and_a_half_promotes() {
        assert_eq!(by_heartbeat(Age::whole(12.0), &of_era("E7")), Some(Answer::Act));
        assert_eq!(by_heartbeat(Age::whole(95.0), &of_era("E7")), Some(Answer::Leave));
        assert_eq!(by_heartbeat(Age::whole(12.0), &of_era("E6")), None);
    }
}
