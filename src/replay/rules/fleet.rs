//! How many workers there should be (domain/orchestrator.md 5.1).

use crate::replay::rules::answer::Answer;
use crate::replay::rules::limit::{Limit, Limits};

/// Tasks, as the counts tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Queued tasks that count for scaling.
    pub queued: i64,
    /// Tasks that workers of the cloud hold.
    pub active: i64,
}

/// Workers wanted, E1 to E9: one a task, the busy ones and a buffer, and no fewer than the minimum.
pub fn desired(demand: Demand, busy: i64, limits: &Limits) -> Option<Answer> {
    let workload = demand.queued + demand.active;
    let task_based = scaled(workload, limits.get(Limit::ScaleUpMultiplier)?);
    let buffer_based = busy + whole(limits, Limit::KeepIdle)?;
    let least = whole(limits, Limit::MinActive)?;
    clamped(task_based.max(buffer_based).max(least), limits)
}

/// Workers that early termination keeps: nine tenths of a worker a task.
pub fn kept_early(demand: Demand, limits: &Limits) -> Option<Answer> {
    let workload = demand.queued + demand.active;
    let task_based = scaled(workload, limits.get(Limit::ScaleDownMultiplier)?);
    let least = whole(limits, Limit::MinActive)?.max(whole(limits, Limit::KeepIdle)?);
    clamped(task_based.max(least), limits)
}

/// Workers to spawn, until E6: what is missing. `active` and `spawning` ones are capacity.
pub fn missing(desired: i64, active: i64, spawning: i64) -> Answer {
    Answer::Count((desired - active - spawning).max(0))
}

/// Workers, by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Active without a task.
    pub idle: i64,
    /// Active with one.
    pub busy: i64,
    /// Spawning.
    pub spawning: i64,
}

/// Workers to spawn since ed2c7e1 (E7): one for each queued task that no idle or spawning worker will
/// take, and up to a floor while nothing spawns.
pub fn uncovered(queued: i64, fleet: Fleet, limits: &Limits) -> Option<Answer> {
    let for_tasks = (queued - fleet.idle - fleet.spawning).max(0);
    let planned = fleet.idle + fleet.busy + fleet.spawning + for_tasks;
    let least = whole(limits, Limit::MinActive)?;
    let floor = if fleet.spawning == 0 {
        least.max(fleet.busy + whole(limits, Limit::KeepIdle)?)
    } else {
        least
    };
    let wanted = clamped(planned.max(floor), limits)?;
    let Answer::Count(wanted) = wanted else { return None };
    Some(Answer::Count(wanted - (planned - for_tasks)))
}

/// What scale-down may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surplus {
    /// Idle workers.
    pub idle: i64,
    /// Those of them that have been idle for longer than the limit.
    pub rested: i64,
    /// Active workers.
    pub active: i64,
    /// Active and spawning ones.
    pub capacity: i64,
    /// Workers wanted.
    pub desired: i64,
    /// Whether the minimum is kept, too (since 2c0154c, of E6).
    pub keeps_min: bool,
}

/// Idle workers to stop.
pub fn surplus(of: Surplus, limits: &Limits) -> Option<Answer> {
    let beyond_buffer = of.idle - whole(limits, Limit::KeepIdle)?;
    let mut n = of.rested.min(beyond_buffer).min(of.capacity - of.desired);
    if of.keeps_min {
        n = n.min(of.active - whole(limits, Limit::MinActive)?);
    }
    Some(Answer::Count(n.max(0)))
}

fn scaled(workload: i64, multiplier: f64) -> i64 {
    if workload > 0 { ((workload as f64 * multiplier).ceil() as i64).max(1) } else { 0 }
}

fn whole(limits: &Limits, limit: Limit) -> Option<i64> {
    limits.get(limit).map(|value| value as i64)
}

/// No log line tells MAX_ACTIVE_GPUS: above what was ever wanted it is not known whether it clamps.
fn clamped(n: i64, limits: &Limits) -> Option<Answer> {
    let known = whole(limits, Limit::MaxActiveAtLeast)?;
    (n <= known).then_some(Answer::Count(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::rules::defaults::of_era;
    use crate::replay::rules::limit::Told;

    fn limits() -> Limits {
        let mut limits = of_era("E6");
        limits.set(Limit::MaxActiveAtLeast, 8.0, Told::Process);
        limits
    }

    #[test]
    fn wanted_is_one_a_task_within_the_limits() {
        let of = |queued, active, busy| desired(Demand { queued, active }, busy, &limits());
        assert_eq!(of(0, 0, 0), Some(Answer::Count(2)));
        assert_eq!(of(2, 3, 3), Some(Answer::Count(5)));
        assert_eq!(of(0, 0, 4), Some(Answer::Count(4)));
        assert_eq!(of(20, 3, 3), None, "MAX_ACTIVE_GPUS is not told");
        let unclamped = desired(Demand { queued: 1, active: 0 }, 0, &of_era("E6"));
        assert_eq!(unclamped, None, "nothing bounds it from below");
    }

    #[test]
    fn early_termination_keeps_nine_tenths() {
        let of = |queued, active| kept_early(Demand { queued, active }, &limits());
        assert_eq!(of(0, 3), Some(Answer::Count(3)));
        assert_eq!(of(0, 0), Some(Answer::Count(2)));
    }

    #[test]
    fn what_is_missing_is_spawned() {
        assert_eq!(missing(5, 3, 1), Answer::Count(1));
        assert_eq!(missing(2, 3, 1), Answer::Count(0));
    }

    #[test]
    fn since_e7_only_uncovered_tasks_spawn_beside_the_floor() {
        let fleet = |idle, busy, spawning| Fleet { idle, busy, spawning };
        assert_eq!(uncovered(1, fleet(0, 4, 0), &limits()), Some(Answer::Count(1)));
        assert_eq!(uncovered(2, fleet(1, 1, 1), &limits()), Some(Answer::Count(0)));
        assert_eq!(uncovered(0, fleet(0, 0, 0), &limits()), Some(Answer::Count(2)));
    }

    #[test]
    fn the_surplus_is_the_least_of_its_bounds() {
        let all =
            Surplus { idle: 4, rested: 3, active: 4, capacity: 5, desired: 2, keeps_min: true };
        assert_eq!(surplus(all, &limits()), Some(Answer::Count(2)));
        let free = Surplus { keeps_min: false, ..all };
        assert_eq!(surplus(free, &limits()), Some(Answer::Count(3)));
        assert_eq!(surplus(Surplus { rested: 1, ..all }, &limits()), Some(Answer::Count(1)));
        assert_eq!(surplus(Surplus { desired: 9, ..all }, &limits()), Some(Answer::Count(0)));
    }
}
