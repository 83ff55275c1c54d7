//! Workers that do not get ready: W8 of domain/orchestrator.md 2.2 and the codes of 2.3.

use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// How far a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its pod or its script is awaited.
    Spawning,
    /// Its script runs (since 61d37ab).
    ScriptRunning,
    /// A startup phase is reported (928d94f to 61d37ab).
    Phase,
    /// It reports no GPU memory.
    NoGpu,
    /// It initialises and never claimed.
    Initialising,
    /// Its GPU is ready and it never claimed.
    Ready,
}

impl Stage {
    /// What its age is measured against.
    pub fn limit(self) -> Limit {
        match self {
            Self::Spawning => Limit::SpawningTimeout,
            Self::ScriptRunning => Limit::ScriptRunningTimeout,
            Self::Phase => Limit::StartupPhase,
            Self::NoGpu => Limit::GpuNotDetected,
            Self::Initialising => Limit::StartupGrace,
            Self::Ready => Limit::ReadyNotClaiming,
        }
    }

    /// Whether it is killed only while tasks are queued; `None` where that changed inside an era: a
    /// worker that never initialised needs no queue since 255cef0, of E12.
    fn needs_queue(self) -> Option<bool> {
        match self {
            Self::Spawning | Self::ScriptRunning | Self::Phase | Self::NoGpu => Some(false),
            Self::Ready => Some(true),
            Self::Initialising => None,
        }
    }
}

/// A worker that is not ready.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// How far it is.
    pub stage: Stage,
    /// For how long.
    pub age: Age,
    /// Queued tasks, where they are known.
    pub queued: Option<i64>,
}

/// Whether it is killed.
pub fn verdict(inputs: Inputs, limits: &Limits) -> Option<Answer> {
    let late = inputs.age.exceeds(limits.get(inputs.stage.limit())?)?;
    let none_queued = inputs.queued.map(|queued| queued == 0);
    match (late, inputs.stage.needs_queue(), none_queued) {
        (false, Some(_) | None, Some(_) | None) => Some(Answer::Leave),
        (true, Some(false), Some(_) | None) | (true, Some(true) | None, Some(false)) => {
            Some(Answer::Act)
        }
        (true, Some(true), Some(true)) => Some(Answer::Leave),
        (true, None, Some(true) | None) | (true, Some(true), None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;

    fn of(stage: Stage, age: f64, queued: Option<i64>) -> Option<Answer> {
        verdict(Inputs { stage, age: Age::whole(age), queued }, &of_era("E12"))
    }

    #[test]
    fn each_stage_has_its_time() {
        assert_eq!(of(Stage::Spawning, 622.0, None), Some(Answer::Act));
        assert_eq!(of(Stage::Spawning, 590.0, None), Some(Answer::Leave));
        assert_eq!(of(Stage::ScriptRunning, 622.0, None), Some(Answer::Leave));
        assert_eq!(of(Stage::NoGpu, 301.0, None), Some(Answer::Act));
    }

    #[test]
    fn a_ready_worker_is_killed_only_where_it_could_have_claimed() {
        assert_eq!(of(Stage::Ready, 622.0, Some(2)), Some(Answer::Act));
        assert_eq!(of(Stage::Ready, 622.0, Some(0)), Some(Answer::Leave));
        assert_eq!(of(Stage::Ready, 622.0, None), None);
        assert_eq!(of(Stage::Initialising, 1_300.0, Some(0)), None, "it changed inside E12");
        assert_eq!(of(Stage::Initialising, 1_300.0, Some(1)), Some(Answer::Act));
    }
}
