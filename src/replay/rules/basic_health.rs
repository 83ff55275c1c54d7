//! W15 of domain/orchestrator.md 2.2, and `Failed basic health check` of 2.3: is an idle worker there?

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// What the cloud said of the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pod {
    /// It runs.
    Running,
    /// It is there and does not run.
    NotRunning,
    /// The cloud gave no answer, or knows no such pod: the log does not tell which.
    NoAnswer,
}

/// What the check of a worker without a task found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inputs {
    /// Until E4: the pod runs and its SSH port opens within five seconds.
    Ssh {
        /// The pod.
        pod: Pod,
        /// Whether the port opened; asked only of a pod that runs.
        open: bool,
    },
    /// Since E5: the heartbeat is younger than a minute.
    Heartbeat {
        /// Its age; `None` where there never was one.
        age: Option<Age>,
        /// Queued tasks: since E7 the check kills only where there are some.
        queued: i64,
        /// Whether it is E7 or later.
        spares_empty_queue: bool,
    },
}

/// Whether the worker is killed.
pub fn verdict(inputs: Inputs, limits: &Limits) -> Option<Answer> {
    match inputs {
        Inputs::Ssh { pod, open } => Some(Answer::act(pod != Pod::Running || !open)),
        Inputs::Heartbeat { age, queued, spares_empty_queue } => {
            if spares_empty_queue && queued == 0 {
                return Some(Answer::Leave);
            }
            let limit = limits.get(Limit::HealthyHeartbeat)?;
            let Some(age) = age else { return Some(Answer::Act) };
            age.reaches(limit).map(Answer::act)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    fn by_ssh(pod: Pod, open: bool) -> Option<Answer> {
        verdict(Inputs::Ssh { pod, open }, &of_era("E4"))
    }

    fn by_heartbeat(age: f64, queued: i64, era: &str) -> Option<Answer> {
        let age = Some(Age::within(age, 0.05));
        let spares_empty_queue = era != "E6";
        verdict(Inputs::Heartbeat { age, queued, spares_empty_queue }, &of_era(era))
    }

    #[test]
    fn until_e4_a_closed_port_kills() {
        assert_eq!(by_ssh(Pod::Running, true), Some(Answer::Leave));
        assert_eq!(by_ssh(Pod::Running, false), Some(Answer::Act));
        assert_eq!(by_ssh(Pod::NoAnswer, false), Some(Answer::Act));
    }

    #[test]
    fn since_e5_an_old_heartbeat_kills_and_since_e7_only_with_a_queue() {
        assert_eq!(by_heartbeat(59.0, 0, "E6"), Some(Answer::Leave));
        assert_eq!(by_heartbeat(61.0, 0, "E6"), Some(Answer::Act));
        assert_eq!(by_heartbeat(61.0, 0, "E12"), Some(Answer::Leave));
        assert_eq!(by_heartbeat(61.0, 2, "E12"), Some(Answer::Act));
        assert_eq!(by_heartbeat(60.0, 2, "E12"), None, "a tenth hides it");
    }
}
