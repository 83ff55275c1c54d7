//! The orchestrator's rules of each era as pure functions: what is known, and the limits, give a verdict.
//!
//! No event and no IO in here: the same functions answer what another limit would have done. `None` is
//! no verdict: a limit is not known, or rounding hides on which side of it the case lies.

pub mod age;
pub mod answer;
pub mod basic_health;
pub mod cleanup;
pub mod defaults;
pub mod early;
pub mod failure;
pub mod fleet;
pub mod idle;
pub mod limit;
pub mod promotion;
pub mod stale_heartbeat;
pub mod startup;
pub mod stuck_task;
pub mod task_reset;

use crate::model::state::Formula;
use crate::replay::rules::age::Age;
use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// A case for one rule, with all that the rule wants to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// Is an idle worker there?
    BasicHealth(basic_health::Inputs),
    /// Is a worker silent while there is work?
    StaleHeartbeat(stale_heartbeat::Inputs),
    /// Does a task run for too long?
    StuckTask(stuck_task::Inputs),
    /// Has an idle worker been idle for too long?
    IdleTimeout(idle::Timeout),
    /// Is a worker late in getting ready?
    Startup(startup::Inputs),
    /// Did all last tasks of a worker fail?
    FailureStreak(i64),
    /// Did too many young workers fail?
    FailureRate(failure::Sample),
    /// Is a heartbeat too old for the failsafe?
    Failsafe(Age),
    /// Is an error old enough to be cleaned up? `None`: it has no time.
    ErrorCleanup(Option<Age>),
    /// Is a heartbeat young enough to promote?
    Promotion(Age),
    /// How many workers are wanted, with so many busy?
    Desired(fleet::Demand, i64),
    /// How many are missing: wanted, active, spawning.
    Missing(i64, i64, i64),
    /// How many does the queue lack?
    Uncovered(i64, fleet::Fleet),
    /// How many idle workers are too many?
    ScaleDown(fleet::Surplus),
    /// Has an idle worker been idle for long enough to be stopped as one too many?
    Overcapacity(Age),
    /// How many workers does early termination keep?
    KeptEarly(fleet::Demand),
    /// Is a spawning worker stopped early?
    EarlyTermination(early::Inputs),
    /// Is the youngest task of a sweep old enough?
    TaskReset(task_reset::Sweep, Age),
}

/// The verdict of the rule that a question is for.
pub fn verdict(question: Question, limits: &Limits) -> Option<Answer> {
    match question {
        Question::BasicHealth(inputs) => basic_health::verdict(inputs, limits),
        Question::StaleHeartbeat(inputs) => stale_heartbeat::verdict(inputs, limits),
        Question::StuckTask(inputs) => stuck_task::verdict(inputs, limits),
        Question::IdleTimeout(inputs) => idle::timeout(inputs, limits),
        Question::Startup(inputs) => startup::verdict(inputs, limits),
        Question::FailureStreak(failures) => failure::streak(failures, limits),
        Question::FailureRate(sample) => failure::breaker(sample, limits),
        Question::Failsafe(age) => cleanup::failsafe(age, limits),
        Question::ErrorCleanup(age) => cleanup::error(age, limits),
        Question::Promotion(age) => promotion::by_heartbeat(age, limits),
        Question::Desired(demand, busy) => fleet::desired(demand, busy, limits),
        Question::Missing(wanted, active, spawning) => {
            Some(fleet::missing(wanted, active, spawning))
        }
        Question::Uncovered(queued, of) => fleet::uncovered(queued, of, limits),
        Question::ScaleDown(of) => fleet::surplus(of, limits),
        Question::Overcapacity(age) => idle::overcapacity(age, limits),
        Question::KeptEarly(demand) => fleet::kept_early(demand, limits),
        Question::EarlyTermination(inputs) => early::verdict(inputs, limits),
        Question::TaskReset(sweep, youngest) => task_reset::verdict(sweep, youngest, limits),
    }
}

/// What a rule measures against in any of its eras.
pub fn limits_of(formula: Formula) -> &'static [Limit] {
    match formula {
        Formula::BasicHealth => &[Limit::HealthyHeartbeat],
        Formula::StaleHeartbeat | Formula::NoHeartbeat | Formula::Failsafe => &[Limit::IdleTimeout],
        Formula::StuckTask => &[Limit::StuckTimeout],
        Formula::IdleTimeout => &[Limit::IdleTimeout, Limit::MinActive],
        Formula::SpawningTimeout => &[Limit::SpawningTimeout],
        Formula::ScriptRunningTimeout => &[Limit::ScriptRunningTimeout],
        Formula::StartupPhase => &[Limit::StartupPhase],
        Formula::GpuNotDetected => &[Limit::GpuNotDetected],
        Formula::NeverInitialised => &[Limit::StartupGrace],
        Formula::ReadyNotClaiming | Formula::IdleWithQueue => &[Limit::ReadyNotClaiming],
        Formula::FailureStreak => &[Limit::FailureStreak],
        Formula::FailureRate => &[Limit::FailureRateMax, Limit::FailureWorkersMin],
        Formula::ErrorCleanup => &[Limit::ErrorCleanupGrace],
        Formula::Promotion => &[Limit::HeartbeatPromotion],
        Formula::Desired => {
            &[Limit::ScaleUpMultiplier, Limit::MinActive, Limit::KeepIdle, Limit::MaxActiveAtLeast]
        }
        Formula::ScaleUp => &[Limit::MinActive, Limit::KeepIdle, Limit::MaxActiveAtLeast],
        Formula::ScaleDown => &[Limit::OvercapacityIdle, Limit::KeepIdle, Limit::MinActive],
        Formula::ScaleDownVictim => &[Limit::OvercapacityIdle],
        Formula::KeptEarly => &[
            Limit::ScaleDownMultiplier,
            Limit::MinActive,
            Limit::KeepIdle,
            Limit::MaxActiveAtLeast,
        ],
        Formula::EarlyTermination => &[Limit::SpawningGrace],
        Formula::UnassignedReset => &[Limit::UnassignedReset],
        Formula::StaleReset => &[Limit::StaleReset],
    }
}
