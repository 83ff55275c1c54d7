//! What a task's replay needs to know of the rest: resets that name workers, and ends of workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::events::History;
use crate::model::event::{Basis, Clock, Event, Subject};
use crate::model::id::{EventId, TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::time::Micros;
use crate::replay::directory::Directory;
use crate::replay::task::elimination::Missing;
use crate::replay::worker::beats;
use crate::replay::worker::end::WorkerEnd;

/// What may end attempts without naming the task, in order.
#[derive(Default)]
pub struct Told {
    numbers: Directory<WorkerId>,
    /// By the numbers of workers.
    workers: Vec<OfWorker>,
    sweeps: Vec<Arc<Event>>,
    resets: Vec<Arc<Event>>,
}

/// What was told of one worker.
#[derive(Default)]
struct OfWorker {
    events: Vec<Arc<Event>>,
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
    /// The next event in the total order.
    pub fn see(&mut self, event: &Event) {
        let (is_own, kind) = (event.clock == Clock::Worker, event.kind);
        let is_beat = kind == EventKind::HeartbeatRecorded;
        let is_idle = kind == EventKind::HeartbeatObserved;
        if let Some(worker) = event.worker.as_ref().filter(|_| is_own || is_beat || is_idle) {
            let told = self.worker(worker);
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
        const OF_WORKERS: [EventKind; 7] = [
            EventKind::TasksReset,
            EventKind::WorkerTasksReset,
            EventKind::WorkerCrashed,
            EventKind::WorkerSelfTerminated,
            EventKind::WorkerMarkedError,
            EventKind::WorkerErrorRecorded,
            EventKind::PodTerminateFailed,
        ];
        let is_sweep = event.kind == EventKind::TasksSwept;
        if !is_sweep && !OF_WORKERS.contains(&event.kind) {
            return;
        }
        let kept = Arc::new(event.clone());
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
            let told = self.worker(worker);
            told.events.push(kept.clone());
            told.gave_up |= kind == EventKind::WorkerSelfTerminated;
        }
    }

    fn worker(&mut self, id: &WorkerId) -> &mut OfWorker {
        let number = self.numbers.add(id) as usize;
        if number == self.workers.len() {
            self.workers.push(OfWorker::default());
        }
        &mut self.workers[number]
    }

    fn of(&self, worker: &WorkerId) -> Option<&OfWorker> {
        self.workers.get(self.numbers.find(worker)? as usize)
    }
}

/// Facts about everything but the task.
pub struct World<'a> {
    told: &'a Told,
    ends: &'a BTreeMap<WorkerId, WorkerEnd>,
    rows: FxHashMap<&'a WorkerId, &'a WorkerRow>,
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
        let first = history.beats.values().filter_map(|beats| beats.first()).map(|beat| beat.0);
        let mut world = Self {
            told,
            ends,
            rows: history.facts.workers.iter().map(|row| (&row.id, row)).collect(),
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

    /// Events that name a worker and may end its attempts, in order.
    pub fn of_worker(&self, worker: &WorkerId) -> &'a [Arc<Event>] {
        self.told.of(worker).map_or(&[], |told| &told.events)
    }

    /// The same after one instant and up to another.
    pub fn of_worker_within(
        &self,
        worker: &WorkerId,
        after: Micros,
        until: Micros,
    ) -> &'a [Arc<Event>] {
        within(self.of_worker(worker), after, until)
    }

    /// Whether a worker ever gave itself up.
    pub fn gave_up(&self, worker: &WorkerId) -> bool {
        self.told.of(worker).is_some_and(|told| told.gave_up)
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
    pub fn resets(&self) -> &'a [Arc<Event>] {
        &self.told.resets
    }

    /// When a worker's pod stopped, or the latest it can have.
    pub fn ended(&self, worker: &WorkerId) -> Option<Micros> {
        let end = self.ends.get(worker)?;
        end.ended_at.or(end.before)
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
        let end = self.ends.get(worker)?;
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

    /// A worker's row.
    pub fn row(&self, worker: &WorkerId) -> Option<&'a WorkerRow> {
        self.rows.get(worker).copied()
    }

    /// Resets that name no worker, after one instant and up to another.
    pub fn sweeps(&self, after: Micros, until: Micros) -> &'a [Arc<Event>] {
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
fn within(events: &[Arc<Event>], after: Micros, until: Micros) -> &[Arc<Event>] {
    let from = events.partition_point(|event| event.at <= after);
    let to = events.partition_point(|event| event.at <= until);
    &events[from..to.max(from)]
}

/// Whether an event takes a worker out of service although its pod may run on: it gave itself up, an
/// orchestrator condemned it, or early termination wrote its row off without ending the pod
/// (domain/orchestrator.md O19).
fn writes_off(event: &Event) -> bool {
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
