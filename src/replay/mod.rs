//! Events -> timelines. Pure: no IO, no arrow, no clock, no error type. Bad data becomes anomalies.
//!
//! Global facts come first (pods and their workers, clocks, runs, gaps, ends of workers); then every
//! task and every worker is folded alone, in parallel, so that the thread count cannot show.

pub mod bind;
pub mod clocks;
pub mod cycles;
pub mod decisions;
pub mod era;
pub mod gaps;
pub mod generation;
pub mod lost_updates;
pub mod pods;
pub mod rules;
pub mod runs;
pub mod task;
pub mod timeline;
pub mod worker;

use std::collections::BTreeMap;
use std::hash::Hash;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::events::History;
use crate::model::event::{Event, Subject};
use crate::model::events::Events;
use crate::model::id::{TaskId, WorkerId};
use crate::model::rows::TaskRow;
use crate::replay::clocks::ClockOffset;
use crate::replay::cycles::Cycle;
use crate::replay::decisions::Decision;
use crate::replay::gaps::{Coverage, Gap};
use crate::replay::generation::GenerationVerdict;
use crate::replay::pods::Pod;
use crate::replay::runs::Run;
use crate::replay::task::TaskTimeline;
use crate::replay::worker::WorkerTimeline;
use crate::replay::worker::end::WorkerEnd;

/// All timelines, each list in a documented order.
pub struct Replayed {
    /// The events, on corrected clocks, with their runs, inferred ones added; in the total order.
    pub history: History,
    /// By run id.
    pub runs: Vec<Run>,
    /// By run id and cycle.
    pub cycles: Vec<Cycle>,
    /// By source and begin.
    pub gaps: Vec<Gap>,
    /// By source and begin.
    pub coverage: Vec<Coverage>,
    /// By clock.
    pub clocks: Vec<ClockOffset>,
    /// By worker.
    pub workers: Vec<WorkerTimeline>,
    /// By task.
    pub tasks: Vec<TaskTimeline>,
    /// By task.
    pub generations: Vec<GenerationVerdict>,
    /// By pod.
    pub pods: Vec<Pod>,
    /// By event.
    pub decisions: Vec<Decision>,
}

/// Events of one entity, in the total order.
pub type EventsOf<'a> = Vec<&'a Event>;

/// Rebuilds everything. Any order of rows and any number of threads give the same result.
pub fn replay(mut history: History) -> Replayed {
    bind::pods_to_workers(&mut history);
    let clocks = clocks::estimate(&history.events);
    clocks::correct(&mut history.events, &clocks);
    let runs = runs::find(&history);
    runs::assign(&mut history.events, &runs);
    history.events.sort();
    lost_updates::find(&mut history);
    let gaps = gaps::find(&history, &runs);
    let coverage = gaps::coverage(&history, &gaps);

    let by_worker = group(&history.events, worker_of);
    let ends: BTreeMap<WorkerId, WorkerEnd> = worker::end::all(&history.facts, &by_worker);
    let tasks = replay_tasks(&history, &by_worker, &ends);
    let workers = replay_workers(&history, &by_worker, &ends, &tasks);
    let cycles = cycles::find(&history.events);
    let generations = generation::decide(&history);
    let pods = pods::find(&history, &ends);
    let decisions = decisions::find(&history, &runs);
    let inferred = tasks.iter().flat_map(|timeline| timeline.inferred.iter().cloned());
    history.events.extend(inferred);
    history.events.sort();
    Replayed {
        history,
        runs,
        cycles,
        gaps,
        coverage,
        clocks,
        workers,
        tasks,
        generations,
        pods,
        decisions,
    }
}

fn replay_tasks(
    history: &History,
    by_worker: &BTreeMap<WorkerId, EventsOf<'_>>,
    ends: &BTreeMap<WorkerId, WorkerEnd>,
) -> Vec<TaskTimeline> {
    let by_task = group(&history.events, task_of);
    let world = task::World::new(history, by_worker, ends);
    let none = Vec::new();
    let replay = |world: &task::World<'_>, row: &TaskRow| {
        task::replay(row, by_task.get(&row.id).unwrap_or(&none), world)
    };
    let mut timelines: Vec<TaskTimeline> =
        history.facts.tasks.par_iter().map(|row| replay(&world, row)).collect();
    let eliminated = task::elimination::find(history, &timelines, &world);
    let world = world.with(eliminated);
    for (row, timeline) in history.facts.tasks.iter().zip(&mut timelines) {
        if !world.eliminated(&row.id).is_empty() {
            *timeline = replay(&world, row);
        }
    }
    timelines
}

fn replay_workers(
    history: &History,
    by_worker: &BTreeMap<WorkerId, EventsOf<'_>>,
    ends: &BTreeMap<WorkerId, WorkerEnd>,
    tasks: &[TaskTimeline],
) -> Vec<WorkerTimeline> {
    let held = worker::held::by_worker(tasks);
    let none = Vec::new();
    let work = worker::signals::completions(&history.facts, tasks);
    history
        .facts
        .workers
        .par_iter()
        .map(|row| {
            let events = by_worker.get(&row.id).unwrap_or(&none);
            let held = held.get(&row.id).map_or(&[][..], Vec::as_slice);
            let done = work.get(&row.id).map_or(&[][..], Vec::as_slice);
            worker::replay(row, events, held, done, ends.get(&row.id))
        })
        .collect()
}

fn worker_of(event: &Event) -> Option<WorkerId> {
    event.worker.clone()
}

fn task_of(event: &Event) -> Option<TaskId> {
    event.task.clone()
}

/// Groups events by an id they name, and by ids that they touch as part of a list.
fn group<K: Ord + Hash + Clone + Touched>(
    events: &Events,
    named: impl Fn(&Event) -> Option<K>,
) -> BTreeMap<K, EventsOf<'_>> {
    // ids share their beginnings: comparing them costs more than hashing
    let mut groups: FxHashMap<K, EventsOf<'_>> = FxHashMap::default();
    for event in events.iter() {
        let own = named(event);
        let listed = event.attributes.listed.iter();
        for id in listed.filter_map(K::touched).filter(|id| Some(id) != own.as_ref()) {
            groups.entry(id).or_default().push(event);
        }
        if let Some(id) = own {
            groups.entry(id).or_default().push(event);
        }
    }
    groups.into_iter().collect()
}

/// An id that a subject may be.
trait Touched: Sized {
    fn touched(subject: &Subject) -> Option<Self>;
}

impl Touched for WorkerId {
    fn touched(subject: &Subject) -> Option<Self> {
        if let Subject::Worker(id) = subject { Some(id.clone()) } else { None }
    }
}

impl Touched for TaskId {
    fn touched(subject: &Subject) -> Option<Self> {
        if let Subject::Task(id) = subject { Some(id.clone()) } else { None }
    }
}
