//! How far each worker's clock is off, from what it says just after it claimed.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::events::Events;
use crate::model::event::{Clock, Event};
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};

/// A worker's first line about a task comes within this of its claim; pairs further apart are not one
/// claim (evidence-rules fact 24: clocks were off by up to 3 s).
const PAIR_REACH: i64 = 15 * SECOND;
/// A pair this far below the middle one is none: the time of an orchestrator task's row moves after its
/// claim (domain/worker-app.md T3b and T5).
const STRAY: i64 = SECOND;
/// What a clock without a pair may be off by (evidence-rules fact 24).
const UNPAIRED_S: f64 = 3.0;

/// One clock's offset against the database's.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockOffset {
    /// Whose.
    pub worker: WorkerId,
    /// Seconds it is ahead.
    pub offset_s: f64,
    /// Half the width of what is possible.
    pub uncertainty_s: f64,
    /// Pairs of events it rests on.
    pub pairs: usize,
}

/// Estimates every worker's offset: the smallest distance from a claim to the worker's own line about
/// it, because lines come after their claim, never before (evidence-rules fact 24); strays left out.
pub fn estimate(events: &Events) -> Vec<ClockOffset> {
    let mut claims: FxHashMap<(WorkerId, TaskId), Vec<Micros>> = FxHashMap::default();
    let mut starts: FxHashMap<WorkerId, Vec<(TaskId, Micros)>> = FxHashMap::default();
    for event in events.iter() {
        if let (Some(worker), Some(task)) = (&event.worker, &event.task) {
            let exact =
                [EventKind::TaskClaimed, EventKind::TaskClaimRecorded, EventKind::TaskHeldAtKill];
            if exact.contains(&event.kind) {
                claims.entry((worker.clone(), task.clone())).or_default().push(event.at);
            }
            if event.kind == EventKind::TaskStarted && event.clock == Clock::Worker {
                starts.entry(worker.clone()).or_default().push((task.clone(), event.at));
            }
        }
    }
    let logged: FxHashSet<WorkerId> = events
        .iter()
        .filter(|event| event.clock == Clock::Worker)
        .filter_map(|event| event.worker.clone())
        .collect();
    let workers: BTreeSet<WorkerId> = logged.into_iter().collect();
    workers
        .into_iter()
        .map(|worker| {
            let mut distances: Vec<i64> = starts
                .get(&worker)
                .into_iter()
                .flatten()
                .filter_map(|(task, at)| {
                    let near = claims.get(&(worker.clone(), task.clone()))?;
                    near.iter().map(|claim: &Micros| at.0 - claim.0).min_by_key(|d| d.abs())
                })
                .filter(|distance| distance.abs() <= PAIR_REACH)
                .collect();
            distances.sort_unstable();
            let middle = distances.get(distances.len() / 2).copied().unwrap_or(0);
            distances.retain(|distance| *distance >= middle - STRAY);
            let offset = distances.iter().min().map_or(0.0, |d| *d as f64 / SECOND as f64);
            let spread =
                distances.iter().max().map_or(UNPAIRED_S, |d| *d as f64 / SECOND as f64 - offset);
            ClockOffset {
                worker: worker.clone(),
                offset_s: offset,
                uncertainty_s: spread.clamp(0.05, UNPAIRED_S),
                pairs: distances.len(),
            }
        })
        .collect()
}

/// Moves what was read from a worker's clock onto the database's, and widens its bounds.
pub struct Correction<'a>(FxHashMap<&'a str, &'a ClockOffset>);

impl<'a> Correction<'a> {
    /// By the offsets that were estimated.
    pub fn of(clocks: &'a [ClockOffset]) -> Self {
        Self(clocks.iter().map(|clock| (clock.worker.as_str(), clock)).collect())
    }

    /// Corrects one event.
    pub fn correct(&self, event: &mut Event) {
        if event.clock == Clock::Worker
            && let Some(clock) = self.0.get(&*event.source.1)
        {
            event.at = event.at.plus_seconds(-clock.offset_s);
            event.earliest = event.at.plus_seconds(-clock.uncertainty_s);
            event.latest = event.at.plus_seconds(clock.uncertainty_s);
        }
    }
}
