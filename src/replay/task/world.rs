//! What a task's replay needs to know of the rest: resets that name workers, and ends of workers.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::event::Event;
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::time::Micros;
use crate::replay::EventsOf;
use crate::replay::worker::beats;
use crate::replay::worker::end::WorkerEnd;

/// Facts about everything but the task.
pub struct World<'a> {
    by_worker: &'a BTreeMap<WorkerId, EventsOf<'a>>,
    ends: &'a BTreeMap<WorkerId, WorkerEnd>,
    rows: BTreeMap<&'a WorkerId, &'a WorkerRow>,
    sweeps: Vec<&'a Event>,
    /// Workers of pods, by when they went out of service.
    gone: Vec<(Micros, &'a WorkerId)>,
    oldest_log: Option<Micros>,
    seen_at: Option<Micros>,
    eliminated: BTreeMap<TaskId, Vec<Event>>,
}

impl<'a> World<'a> {
    /// Indexes a history.
    pub fn new(
        history: &'a History,
        by_worker: &'a BTreeMap<WorkerId, EventsOf<'a>>,
        ends: &'a BTreeMap<WorkerId, WorkerEnd>,
    ) -> Self {
        let sweeps = history.events.iter().filter(|e| e.kind == EventKind::TasksSwept).collect();
        let first = history.beats.values().filter_map(|beats| beats.first()).map(|beat| beat.0);
        let mut world = Self {
            by_worker,
            ends,
            rows: history.facts.workers.iter().map(|row| (&row.id, row)).collect(),
            sweeps,
            gone: Vec::new(),
            oldest_log: first.min(),
            seen_at: beats::horizon(history),
            eliminated: BTreeMap::new(),
        };
        let rows = history.facts.workers.iter().filter(|row| !row.is_api());
        let gone = rows.filter_map(|row| Some((world.out_of_service(&row.id)?, &row.id)));
        world.gone = gone.collect();
        world.gone.sort_unstable();
        world
    }

    /// Events that name a worker.
    pub fn of_worker(&self, worker: &WorkerId) -> &[&'a Event] {
        self.by_worker.get(worker).map_or(&[], Vec::as_slice)
    }

    /// When a worker's pod stopped, or the latest it can have.
    pub fn ended(&self, worker: &WorkerId) -> Option<Micros> {
        let end = self.ends.get(worker)?;
        end.ended_at.or(end.before)
    }

    /// Since when a worker's row said error or terminated, as far as we know: from then on the sweeps take
    /// its tasks (domain/orchestrator.md section 3), its pod running or not.
    pub fn out_of_service(&self, worker: &WorkerId) -> Option<Micros> {
        let gave_up = |event: &&&Event| event.kind == EventKind::WorkerSelfTerminated;
        let error = self.of_worker(worker).iter().find(gave_up).map(|event| event.at);
        self.ended(worker).into_iter().chain(error).min()
    }

    /// The workers of pods that were out of service by an instant, by since when.
    pub fn gone_until(&self, instant: Micros) -> &[(Micros, &'a WorkerId)] {
        &self.gone[..self.gone.partition_point(|(at, _)| *at <= instant)]
    }

    /// The same world with what a first replay of it could eliminate.
    pub fn with(mut self, eliminated: BTreeMap<TaskId, Vec<Event>>) -> Self {
        self.eliminated = eliminated;
        self
    }

    /// Claims of a task that were found by elimination.
    pub fn eliminated(&self, task: &TaskId) -> &[Event] {
        self.eliminated.get(task).map_or(&[], Vec::as_slice)
    }

    /// A worker's row.
    pub fn row(&self, worker: &WorkerId) -> Option<&'a WorkerRow> {
        self.rows.get(worker).copied()
    }

    /// Resets that name no worker, after one instant and up to another.
    pub fn sweeps(&self, after: Micros, until: Micros) -> &[&'a Event] {
        let from = self.sweeps.partition_point(|event| event.at <= after);
        let to = self.sweeps.partition_point(|event| event.at <= until);
        &self.sweeps[from..to.max(from)]
    }

    /// Up to when the rows were seen.
    pub fn seen_at(&self) -> Option<Micros> {
        self.seen_at
    }

    /// The oldest log row of any source: before it only rows speak.
    pub fn oldest_log(&self) -> Option<Micros> {
        self.oldest_log
    }
}
