//! What a task's replay needs to know of the rest: resets that name workers, and ends of workers.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::events::History;
use crate::model::event::{Basis, Clock, Event, RowNumber, Subject, tells_time};
use crate::model::id::{EventId, TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::time::Micros;
use crate::replay::directory::Directory;
use crate::replay::numbers::Numbers;
use crate::replay::seen::Seen;
use crate::replay::task::elimination::Missing;
use crate::replay::worker::beats;
use crate::replay::worker::end::WorkerEnd;

/// What may end attempts without naming the task, in order.
pub struct Told {
    numbers: Arc<Numbers>,
    /// Workers without a row.
    others: Directory<WorkerId>,
    /// By the numbers of their rows, then those without one.
    workers: Vec<OfWorker>,
    sweeps: Vec<Kept>,
    resets: Vec<Kept>,
}

/// An event that is kept, and beside it what is looked for.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When it happened.
    pub at: Micros,
    /// What happened.
    pub kind: EventKind,
    event: Arc<Event>,
}

impl Deref for Kept {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

/// What was told of one worker.
#[derive(Default)]
struct OfWorker {
    events: Vec<Kept>,
    gave_up: bool,
    /// Of heartbeats, of which there are many, only what is asked for.
    heartbeats: Vec<Heartbeat>,
    /// When its last own line was written.
    heard: Option<Micros>,
    /// When an orchestrator last looked at it and found it without a task.
    seen_idle: Option<Micros>,
}

/// A heartbeat that a worker's row records.
pub struct Heartbeat {
    /// When.
    pub at: Micros,
    /// How it is known.
    pub basis: Basis,
    /// Its event.
    pub event: EventId,
}

impl Told {
    /// Nothing yet of the workers that have numbers.
    pub fn new(numbers: &Arc<Numbers>) -> Self {
        let mut workers = Vec::new();
        workers.resize_with(numbers.workers(), OfWorker::default);
        Self {
            numbers: numbers.clone(),
            others: Directory::default(),
            workers,
            sweeps: Vec::new(),
            resets: Vec::new(),
        }
    }

    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        let (is_own, kind) = (event.clock == Clock::Worker, event.kind);
        let is_beat = kind == EventKind::HeartbeatRecorded;
        let is_idle = kind == EventKind::HeartbeatObserved;
        if (is_own || is_beat || is_idle)
            && let Some(number) = self.own(event)
        {
            let told = &mut self.workers[number];
            if is_own {
                told.heard = Some(event.at);
            }
            if is_beat {
                let beat = Heartbeat { at: event.at, basis: event.basis, event: event.id };
                told.heartbeats.push(beat);
            }
            if is_idle {
                told.seen_idle = Some(event.at);
            }
        }
        const OF_WORKERS: [EventKind; 8] = [
            EventKind::TasksReset,
            EventKind::WorkerTasksReset,
            EventKind::WorkerCrashed,
            EventKind::WorkerSelfTerminated,
            EventKind::WorkerTaskRequeueFailed,
            EventKind::WorkerMarkedError,
            EventKind::WorkerErrorRecorded,
            EventKind::PodTerminateFailed,
        ];
        let is_sweep = event.kind == EventKind::TasksSwept;
        if !is_sweep && !OF_WORKERS.contains(&event.kind) {
            return;
        }
        self.keep(event, is_sweep);
    }

    /// Keeps one of few.
    fn keep(&mut self, event: Seen<'_>, is_sweep: bool) {
        let (at, kind) = (event.at, event.kind);
        let kept = Kept { at, kind, event: Arc::new(event.event().clone()) };
        if is_sweep || event.kind == EventKind::TasksReset {
            self.resets.push(kept.clone());
        }
        if is_sweep {
            self.sweeps.push(kept);
            return;
        }
        let listed = event.attributes.listed.iter().filter_map(|subject| match subject {
            Subject::Worker(id) => Some(id),
            Subject::Task(_) | Subject::Pod(_) | Subject::Run(_) => None,
        });
        let own = event.worker.as_ref();
        for worker in own.into_iter().chain(listed.filter(|id| Some(*id) != own)) {
            let number = self.number(worker);
            let told = &mut self.workers[number];
            told.events.push(kept.clone());
            told.gave_up |= kind == EventKind::WorkerSelfTerminated;
        }
    }

    /// The number of the worker that an event names.
    fn own(&mut self, event: Seen<'_>) -> Option<usize> {
        match event.rows.worker {
            Some(row) => Some(row.place() as usize),
            None => event.worker.as_ref().map(|id| self.number(id)),
        }
    }

    fn number(&mut self, id: &WorkerId) -> usize {
        if let Some(row) = self.numbers.worker(id) {
            return row as usize;
        }
        let number = self.numbers.workers() + self.others.add(id) as usize;
        if number == self.workers.len() {
            self.workers.push(OfWorker::default());
        }
        number
    }

    fn of(&self, worker: &WorkerId) -> Option<&OfWorker> {
        let other = || Some(self.numbers.workers() + self.others.find(worker)? as usize);
        let number = self.numbers.worker(worker).map(|row| row as usize).or_else(other);
        self.workers.get(number?)
    }
}

/// Facts about everything but the task.
pub struct World<'a> {
    told: &'a Told,
    /// By the numbers of rows.
    ends: Vec<Option<&'a WorkerEnd>>,
    rows: &'a [WorkerRow],
    /// Workers of pods, by when they went out of service.
    gone: Vec<(Micros, &'a WorkerId)>,
    oldest_log: Option<Micros>,
    seen_at: Option<Micros>,
    eliminated: BTreeMap<TaskId, Vec<Missing>>,
}

impl<'a> World<'a> {
    /// Indexes a history.
    pub fn new(
        history: &'a History,
        told: &'a Told,
        ends: &'a BTreeMap<WorkerId, WorkerEnd>,
    ) -> Self {
        let right = history.beats.iter().filter(|(source, _)| tells_time(source));
        let first = right.filter_map(|(_, beats)| beats.first()).map(|beat| beat.0);
        let mut by_row = vec![None; told.numbers.workers()];
        for (worker, end) in ends {
            if let Some(row) = told.numbers.worker(worker) {
                by_row[row as usize] = Some(end);
            }
        }
        let mut world = Self {
            told,
            ends: by_row,
            rows: &history.facts.workers,
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

    /// The numbers of the rows.
    pub(super) fn numbers(&self) -> &'a Numbers {
        &self.told.numbers
    }

    /// Events that name a worker and may end its attempts, in order.
    pub fn of_worker(&self, worker: &WorkerId) -> &'a [Kept] {
        self.told.of(worker).map_or(&[], |told| &told.events)
    }

    /// The same after one instant and up to another.
    pub fn of_worker_within(&self, worker: &WorkerId, after: Micros, until: Micros) -> &'a [Kept] {
        within(self.of_worker(worker), after, until)
    }

    /// Whether a worker ever gave itself up, and put its task back as it did: where it says that it could not, whoever
    /// ended it did (domain/worker-app.md X12).
    pub fn gave_up(&self, worker: &WorkerId) -> bool {
        let failed = |event: &Kept| event.kind == EventKind::WorkerTaskRequeueFailed;
        self.told.of(worker).is_some_and(|told| told.gave_up && !told.events.iter().any(failed))
    }

    /// The heartbeats of a worker that its row records, in order.
    pub fn heartbeats(&self, worker: &WorkerId) -> &'a [Heartbeat] {
        self.told.of(worker).map_or(&[], |told| &told.heartbeats)
    }

    /// When a worker's last own line was written.
    pub fn heard(&self, worker: &WorkerId) -> Option<Micros> {
        self.told.of(worker)?.heard
    }

    /// Resets that count what they took back, in order.
    pub fn resets(&self) -> &'a [Kept] {
        &self.told.resets
    }

    /// When a worker's pod stopped, or the latest it can have.
    pub fn ended(&self, worker: &WorkerId) -> Option<Micros> {
        let end = self.end(worker)?;
        end.ended_at.or(end.before)
    }

    fn end(&self, worker: &WorkerId) -> Option<&'a WorkerEnd> {
        self.ends[self.told.numbers.worker(worker)? as usize]
    }

    /// When an orchestrator last found a worker without a task: both lines that tell a heartbeat's age are of
    /// idle workers (domain/orchestrator.md G100 and G109).
    pub fn seen_idle(&self, worker: &WorkerId) -> Option<Micros> {
        self.told.of(worker)?.seen_idle
    }

    /// When the row of a worker says that it was condemned, between two instants: the kill puts back what the
    /// worker holds within seconds of that (domain/orchestrator.md 2.2, the order inside one kill).
    pub fn condemned(&self, worker: &WorkerId, after: Micros, until: Micros) -> Option<Micros> {
        let events = self.of_worker_within(worker, after, until).iter();
        let errors = events.filter(|event| event.kind == EventKind::WorkerErrorRecorded);
        errors.map(|event| event.at).find(|at| after < *at && *at < until)
    }

    /// By when a worker's pod had certainly stopped.
    pub fn gone_by(&self, worker: &WorkerId) -> Option<Micros> {
        let end = self.end(worker)?;
        end.before.max(end.ended_at)
    }

    /// Since when a worker's row said error or terminated, as far as we know: from then on the sweeps take
    /// its tasks (domain/orchestrator.md section 3), its pod running or not.
    pub fn out_of_service(&self, worker: &WorkerId) -> Option<Micros> {
        let written = self.of_worker(worker).iter().find(|event| writes_off(event));
        self.ended(worker).into_iter().chain(written.map(|event| event.at)).min()
    }

    /// The workers of pods that were out of service by an instant, by since when.
    pub fn gone_until(&self, instant: Micros) -> &[(Micros, &'a WorkerId)] {
        &self.gone[..self.gone.partition_point(|(at, _)| *at <= instant)]
    }

    /// The same world with what a first replay of it could eliminate.
    pub fn with(mut self, eliminated: BTreeMap<TaskId, Vec<Missing>>) -> Self {
        self.eliminated = eliminated;
        self
    }

    /// Claims of a task that were found by elimination.
    pub fn eliminated(&self, task: &TaskId) -> &[Missing] {
        self.eliminated.get(task).map_or(&[], Vec::as_slice)
    }

    /// The row of a worker by its number.
    pub fn at(&self, row: RowNumber) -> Option<&'a WorkerRow> {
        self.rows.get(row.place() as usize)
    }

    /// A worker's row.
    pub fn row(&self, worker: &WorkerId) -> Option<&'a WorkerRow> {
        self.rows.get(self.told.numbers.worker(worker)? as usize)
    }

    /// Resets that name no worker, after one instant and up to another.
    pub fn sweeps(&self, after: Micros, until: Micros) -> &'a [Kept] {
        within(&self.told.sweeps, after, until)
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

/// Events in order that happened after one instant and up to another.
fn within(events: &[Kept], after: Micros, until: Micros) -> &[Kept] {
    let from = events.partition_point(|event| event.at <= after);
    let to = events.partition_point(|event| event.at <= until);
    &events[from..to.max(from)]
}

/// Whether an event takes a worker out of service although its pod may run on: it gave itself up, an
/// orchestrator condemned it, or early termination wrote its row off without ending the pod
/// (domain/orchestrator.md O19).
fn writes_off(event: &Kept) -> bool {
    const EARLY: [&str; 2] =
        ["control_loop:run_single_cycle:", "control_loop:_handle_early_termination:"];
    let site = event.call_site.as_deref().unwrap_or_default();
    const CONDEMNED: [EventKind; 3] = [
        EventKind::WorkerSelfTerminated,
        EventKind::WorkerMarkedError,
        EventKind::WorkerErrorRecorded,
    ];
    CONDEMNED.contains(&event.kind)
        || (event.kind == EventKind::PodTerminateFailed
            && EARLY.iter().any(|early| site.starts_with(early)))
}
