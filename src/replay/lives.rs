//! The lives of tasks and workers: events on one clock, folded into states. Each entity is folded alone, in
//! parallel, so that the thread count cannot show.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::holes::SILENCE;
use crate::model::id::WorkerId;
use crate::model::rows::{TaskRow, WorkerRow};
use crate::model::time::Micros;
use crate::replay::by_row::{ByRow, Weights};
use crate::replay::seen::Seen;
use crate::replay::task::world::Told;
use crate::replay::task::{self, TaskTimeline, World};
use crate::replay::worker::beats::Watch;
use crate::replay::worker::end::WorkerEnd;
use crate::replay::worker::{self, WorkerTimeline};

/// What became of every task, and how every worker ended.
pub struct Lives {
    /// By task.
    pub tasks: Vec<TaskTimeline>,
    /// Of workers that ended.
    pub ends: BTreeMap<WorkerId, WorkerEnd>,
    by_worker: ByRow,
}

impl Lives {
    /// Folds the events of a history, which must be settled: in order, on one clock, with their workers
    /// named. All of them were seen by what they told, and weighed.
    pub fn of(history: &History, told: &Told, weighed: Weights) -> Self {
        let (by_worker, by_task) = ByRow::of(&history.events, weighed);
        let ends = ends(history, &by_worker);
        let tasks = tasks(history, told, &ends, &by_task);
        Self { tasks, ends, by_worker }
    }

    /// Folds every worker, and gives its timeline away, in the order of their ids.
    pub fn each_worker(&self, history: &History, give: impl FnMut(WorkerTimeline)) {
        let numbers = self.by_worker.numbers();
        let (held, work) = rayon::join(
            || worker::held::by_worker(&history.facts, &self.tasks, numbers),
            || worker::signals::completions(&history.facts, &self.tasks, numbers),
        );
        let latest = worker::beats::horizon(history);
        let fold = |place: usize, row: &WorkerRow, events: &[Seen<'_>]| {
            let (held, done) = (&held[place], &work[place]);
            let end = self.ends.get(&row.id);
            let vanished = history.facts.vanished(&row.id);
            let horizon = history.facts.seen_until(&row.id).min(latest);
            worker::replay(&Watch { row, events, held, end, horizon, vanished }, done)
        };
        self.by_worker.each(&history.events, &history.facts.workers, fold, give);
    }
}

/// Whether lines of a worker orchestrator came throughout an interval: never longer apart than a silence.
fn is_heard(history: &History, from: Micros, until: Micros) -> bool {
    let orchestrators = history.beats.iter().filter(|(source, _)| &*source.0 == "orchestrator_gpu");
    let mut lines: Vec<Micros> = orchestrators
        .flat_map(|(_, beats)| beats.since(from).map(|(at, _)| at).take_while(|at| *at < until))
        .collect();
    lines.extend([from, until]);
    lines.sort_unstable();
    lines.array_windows().all(|[one, next]| next.0 - one.0 <= SILENCE)
}

fn ends(history: &History, by_worker: &ByRow) -> BTreeMap<WorkerId, WorkerEnd> {
    let mut ends = BTreeMap::new();
    let heard = |from, until| is_heard(history, from, until);
    let fold = |_, row: &WorkerRow, events: &[Seen<'_>]| {
        worker::end::of(row, events, &heard).map(|end| (row.id.clone(), end))
    };
    by_worker.each(&history.events, &history.facts.workers, fold, |end| ends.extend(end));
    ends
}

fn tasks(
    history: &History,
    told: &Told,
    ends: &BTreeMap<WorkerId, WorkerEnd>,
    by_task: &ByRow,
) -> Vec<TaskTimeline> {
    let (events, rows) = (&history.events, &history.facts.tasks);
    let world = World::new(history, told, ends);
    let mut timelines = Vec::with_capacity(rows.len());
    let fold = |_, row: &TaskRow, events: &[Seen<'_>]| task::replay(row, events, &world);
    by_task.each(events, rows, fold, |timeline| timelines.push(timeline));
    let eliminated = task::elimination::find(rows, &timelines, &world);
    if eliminated.is_empty() {
        return timelines;
    }
    let numbers = eliminated.keys().filter_map(|id| by_task.numbers().task(id));
    let mut of: Vec<usize> = numbers.map(|number| number as usize).collect();
    of.sort_unstable();
    let world = world.with(eliminated);
    let again = |row: &TaskRow, events: &[Seen<'_>]| task::replay(row, events, &world);
    by_task.again(events, rows, &of, again, |place, made| timelines[place] = made);
    timelines
}
