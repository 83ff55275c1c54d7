//! What timelines tell of resets, and of ends of attempts.

use std::collections::BTreeSet;

use crate::model::id::WorkerId;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::task::TaskTimeline;
use crate::replay::task::world::World;

/// A reset and the ends of what it took back lie within this (evidence-rules fact 5: three rows in 2 ms,
/// 50 ms after the write).
const ONE_RESET_S: f64 = 2.0;

/// What the timelines tell of resets and of ends of attempts, in order.
pub(super) struct Known<'a> {
    world: &'a World<'a>,
    /// When attempts were reset, with the number of the task.
    resets: Vec<(Micros, usize)>,
    /// When the attempts of each worker ended, by the numbers of their rows.
    ends: Vec<Vec<Micros>>,
}

impl<'a> Known<'a> {
    pub(super) fn of(timelines: &[TaskTimeline], world: &'a World<'a>) -> Self {
        let (mut resets, mut ends) = (Vec::new(), vec![Vec::new(); world.numbers().workers()]);
        for (task, timeline) in timelines.iter().enumerate() {
            for attempt in &timeline.attempts {
                let Some(at) = attempt.ended_at else { continue };
                if attempt.outcome == Outcome::Reset {
                    resets.push((at, task));
                }
                if let Some(worker) = world.numbers().holder(attempt) {
                    ends[worker].push(at);
                }
            }
        }
        resets.sort_unstable();
        ends.iter_mut().for_each(|times| times.sort_unstable());
        Self { world, resets, ends }
    }

    /// The tasks that are known to have been taken back by a reset of that time.
    pub(super) fn taken_back(&self, reset: Micros) -> usize {
        let from = self.resets.partition_point(|(at, _)| reset.seconds_since(*at) >= ONE_RESET_S);
        let near = self.resets[from..].iter();
        let near = near.take_while(|(at, _)| at.seconds_since(reset) < ONE_RESET_S);
        near.map(|(_, task)| task).collect::<BTreeSet<_>>().len()
    }

    /// The last end of an attempt of a worker that has a row, before an instant.
    pub(super) fn last_end(&self, worker: &WorkerId, before: Micros) -> Option<Micros> {
        let times = &self.ends[self.world.numbers().worker(worker)? as usize];
        times[..times.partition_point(|at| *at < before)].last().copied()
    }
}
