//! The simulated world: its clock, what is due when, and everything in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io;
use std::path::Path;

use crate::model::time::SECOND;
use crate::simulate::api::Api;
use crate::simulate::dice::{Dice, Uuid};
use crate::simulate::faults::Faults;
use crate::simulate::gpu::Gpu;
use crate::simulate::kind::Kind;
use crate::simulate::log_file::LogFile;
use crate::simulate::plan::{Era, Plan};
use crate::simulate::tables::Tables;
use crate::simulate::task::{Task, TaskNo};
use crate::simulate::truth::{List, TruthFile};
use crate::simulate::worker::{Worker, WorkerNo};

/// Users with a project each.
const USERS: usize = 12;

/// Longer than any rule looks back at a row that has not changed.
const FORGOTTEN_AFTER: i64 = 3_600 * SECOND;

/// What every worker's `instance_type` says.
pub(super) const GPU_TYPE: &str = "NVIDIA GeForce RTX 4090";

/// Who may claim a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    Gpu,
    Api,
}

impl Pool {
    pub(super) fn of(kind: Kind) -> Self {
        if kind == Kind::QwenStyle { Self::Api } else { Self::Gpu }
    }
}

/// Something that is due. A worker's acts carry the epoch they were planned in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    UserTask,
    Cycle(u32),
    CycleStep(u32),
    ApiLoop(u32),
    ApiWork(u32, TaskNo, u32),
    ProcessStarts(WorkerNo, u32),
    InitDone(WorkerNo, u32),
    Poll(WorkerNo, u32),
    ModelReady(WorkerNo, u32),
    Finish(WorkerNo, u32),
    Complete(WorkerNo, u32),
    Orchestrate(WorkerNo, u32),
    Resume(WorkerNo, u32),
    Crash(WorkerNo, u32),
    Stall(WorkerNo, u32),
    Beat(WorkerNo),
    LastBeat(WorkerNo),
    PodDies(WorkerNo, u8),
    Fault(usize),
    GiveUp(TaskNo),
    Retry(TaskNo),
    FailUnder(WorkerNo, u32),
    Deploy(u32),
    ApiStarts,
}

/// A user and the project of his.
#[derive(Clone, Copy)]
pub(super) struct User {
    pub(super) id: Uuid,
    pub(super) project: Uuid,
}

/// The workers whose story is not over.
pub(super) type Workers = BTreeMap<WorkerNo, Box<Worker>>;

/// Everything.
pub(super) struct World<'p> {
    pub(super) plan: &'p Plan,
    pub(super) era: Era,
    pub(super) now: i64,
    pub(super) end: i64,
    pub(super) dice: Dice,
    due: BinaryHeap<Reverse<(i64, u64, Act)>>,
    planned: u64,
    pub(super) log: LogFile,
    pub(super) tables: Tables,
    pub(super) truth: TruthFile,
    pub(super) users: Vec<User>,
    pub(super) workers: Workers,
    pub(super) next_worker: WorkerNo,
    /// Pods of workers whose story is over, that nobody ends.
    pub(super) forgotten_pods: usize,
    pub(super) tasks: BTreeMap<TaskNo, Box<Task>>,
    pub(super) next_task: TaskNo,
    gpu_queue: BTreeSet<(i64, TaskNo)>,
    api_queue: BTreeSet<(i64, TaskNo)>,
    pub(super) gpu: Gpu,
    pub(super) api: Api,
    pub(super) faults: Faults,
}

impl<'p> World<'p> {
    /// A world at its beginning, writing into `dir`.
    pub(super) fn new(plan: &'p Plan, dir: &Path) -> io::Result<Self> {
        let start = plan.era.starts_at().0;
        let end = start + (plan.hours * 3600.0 * SECOND as f64) as i64;
        let mut dice = Dice::new(plan.seed ^ plan.era.salt());
        let users = (0..USERS).map(|_| User { id: dice.uuid(), project: dice.uuid() }).collect();
        let ids = std::array::from_fn(|_| dice.uuid());
        let faults = Faults::plan(plan, start, end, &mut dice);
        let mut log = LogFile::create(dir, start)?;
        if let Some(horizon) = faults.logs_deleted_before {
            log.lacks(i64::MIN, horizon);
        }
        Ok(Self {
            plan,
            era: plan.era,
            now: start,
            end,
            due: BinaryHeap::new(),
            planned: 0,
            log,
            tables: Tables::create(dir, plan.era, start, ids)?,
            truth: TruthFile::create(dir)?,
            users,
            workers: Workers::new(),
            next_worker: 0,
            forgotten_pods: 0,
            tasks: BTreeMap::new(),
            next_task: 0,
            gpu_queue: BTreeSet::new(),
            api_queue: BTreeSet::new(),
            gpu: Gpu::new(plan, &mut dice),
            api: Api::new(&mut dice),
            faults,
            dice,
        })
    }

    /// Plans an act.
    pub(super) fn at(&mut self, at: i64, act: Act) {
        self.planned += 1;
        self.due.push(Reverse((at.max(self.now), self.planned, act)));
    }

    /// Runs to the end; `tick` hears of every simulated minute.
    pub(super) fn run(&mut self, tick: &mut dyn FnMut(f64, u64)) -> io::Result<()> {
        let start = self.now;
        self.at(start, Act::Deploy(0));
        if self.era != Era::E4 {
            self.at(start + 100_000, Act::ApiStarts);
        }
        self.at(start + 5 * SECOND, Act::UserTask);
        for (n, at) in self.faults.times().into_iter().enumerate() {
            self.at(at, Act::Fault(n));
        }
        let mut minute = 0;
        while let Some(Reverse((at, _, act))) = self.due.pop() {
            if at > self.end {
                break;
            }
            self.now = at;
            self.act(act)?;
            if at / (60 * SECOND) != minute {
                minute = at / (60 * SECOND);
                self.log.advance(at)?;
                tick((at - start) as f64 / (self.end - start) as f64, self.log.written().0);
            }
        }
        self.now = self.end;
        self.close()
    }

    fn act(&mut self, act: Act) -> io::Result<()> {
        match act {
            Act::UserTask => self.user_task(),
            Act::Cycle(instance) => self.cycle(instance),
            Act::CycleStep(instance) => return self.cycle_step(instance),
            Act::ApiLoop(instance) => self.api_loop(instance),
            Act::ApiWork(instance, task, stage) => return self.api_work(instance, task, stage),
            Act::ProcessStarts(no, epoch) if self.is_current(no, epoch) => self.process_starts(no),
            Act::InitDone(no, epoch) if self.is_current(no, epoch) => self.init_done(no),
            Act::Poll(no, epoch) if self.is_current(no, epoch) => self.poll(no),
            Act::ModelReady(no, epoch) if self.is_current(no, epoch) => self.model_ready(no),
            Act::Finish(no, epoch) if self.is_current(no, epoch) => return self.finish_work(no),
            Act::Complete(no, epoch) if self.is_current(no, epoch) => {
                return self.complete_work(no);
            }
            Act::Orchestrate(no, epoch) if self.is_current(no, epoch) => self.orchestrate(no),
            Act::Resume(no, epoch) if self.is_current(no, epoch) => self.resume(no),
            Act::Crash(no, epoch) if self.is_current(no, epoch) => self.process_crashes(no),
            Act::Stall(no, epoch) if self.is_current(no, epoch) => self.stalls(no),
            Act::FailUnder(no, epoch) if self.is_current(no, epoch) => {
                return self.failed_by_hand(no);
            }
            Act::ProcessStarts(..)
            | Act::InitDone(..)
            | Act::Poll(..)
            | Act::ModelReady(..)
            | Act::Finish(..)
            | Act::Complete(..)
            | Act::Orchestrate(..)
            | Act::Resume(..)
            | Act::Crash(..)
            | Act::Stall(..)
            | Act::FailUnder(..) => {}
            Act::Beat(no) => self.beat(no),
            Act::LastBeat(no) => self.last_beat(no),
            Act::PodDies(no, cause) => self.pod_dies(no, cause),
            Act::Fault(n) => return self.fault(n),
            Act::GiveUp(no) => return self.give_up(no),
            Act::Retry(no) => self.user_retries(no),
            Act::Deploy(n) => return self.deploy(n),
            Act::ApiStarts => self.api_starts(),
        }
        Ok(())
    }

    /// Whether a worker still means what it meant when the act was planned.
    fn is_current(&self, no: WorkerNo, epoch: u32) -> bool {
        self.worker(no).is_some_and(|worker| worker.epoch == epoch && worker.pod_alive())
    }

    pub(super) fn worker(&self, no: WorkerNo) -> Option<&Worker> {
        self.workers.get(&no).map(Box::as_ref)
    }

    pub(super) fn worker_mut(&mut self, no: WorkerNo) -> Option<&mut Worker> {
        self.workers.get_mut(&no).map(Box::as_mut)
    }

    pub(super) fn claimable(&mut self, pool: Pool) -> &mut BTreeSet<(i64, TaskNo)> {
        match pool {
            Pool::Gpu => &mut self.gpu_queue,
            Pool::Api => &mut self.api_queue,
        }
    }

    /// A process that worked on a task does so no more.
    pub(super) fn let_go(&mut self, no: TaskNo) {
        if let Some(task) = self.tasks.get_mut(&no) {
            task.holders = task.holders.saturating_sub(1);
        }
    }

    /// Tasks that a worker's id stands on, in progress.
    pub(super) fn held_by(&self, worker: &str) -> Vec<TaskNo> {
        use crate::simulate::task::Status;
        let held = |task: &Task| {
            task.status == Status::InProgress && task.worker.as_deref() == Some(worker)
        };
        self.tasks.values().filter(|task| held(task)).map(|task| task.no).collect()
    }

    /// A task became Complete: the worker that its row names counts as idle since then, whoever did the
    /// work (W14 and W20 of `domain/orchestrator.md` 2.2).
    pub(super) fn idle_since(&mut self, task: TaskNo, at: i64) {
        let Some(id) = self.tasks.get(&task).and_then(|task| task.worker.clone()) else { return };
        if let Some(worker) = self.workers.values_mut().find(|worker| worker.id == id) {
            worker.last_completion = Some(at);
        }
    }

    /// Writes the rows and truths of what nothing can happen to any more.
    pub(super) fn write_closed(&mut self) -> io::Result<()> {
        let closed: Vec<TaskNo> = self
            .tasks
            .values()
            .filter(|task| task.is_closed() && task.parent.is_none())
            .filter(|task| {
                let over =
                    |child: &TaskNo| self.tasks.get(child).is_none_or(|task| task.is_closed());
                task.children.iter().all(over)
            })
            .map(|task| task.no)
            .collect();
        for no in closed {
            let children = self.tasks.get(&no).map(|task| task.children.clone());
            for no in children.into_iter().flatten().chain([no]) {
                self.write_task(no)?;
            }
        }
        let ended = |worker: &Worker| {
            worker.status == "terminated" && !worker.pod_alive() && worker.in_hand.is_none()
        };
        let over: Vec<WorkerNo> = self
            .workers
            .iter()
            .filter(|(_, worker)| ended(worker) || self.is_forgotten(worker))
            .map(|(no, _)| *no)
            .collect();
        for no in over {
            let pod = self.worker(no).is_some_and(Worker::pod_alive);
            self.forgotten_pods += usize::from(pod);
            self.write_worker(no)?;
        }
        self.write_faults()
    }

    /// Whether no code of the era looks at its row any more: from E7 on that of a crashed worker, and of
    /// one whose orchestrator was replaced before it had a pod. The pod, if there is one, runs on.
    fn is_forgotten(&self, worker: &Worker) -> bool {
        let quiet = match worker.status {
            "crashed" => worker.in_hand.is_none(),
            "inactive" => worker.pod.is_none(),
            _ => false,
        };
        self.era == Era::E12
            && quiet
            && worker.last_heartbeat.unwrap_or(worker.created_at) < self.now - FORGOTTEN_AFTER
            && self.held_by(&worker.id).is_empty()
    }

    /// Writes the faults that happened since the last time.
    fn write_faults(&mut self) -> io::Result<()> {
        for fault in self.faults.injected.drain(..) {
            self.truth.add(List::InjectedFaults, &fault)?;
        }
        for fault in self.faults.in_workers.drain(..) {
            self.truth.add(List::WorkerFaults, &fault)?;
        }
        Ok(())
    }

    fn write_task(&mut self, no: TaskNo) -> io::Result<()> {
        let Some(task) = self.tasks.remove(&no) else { return Ok(()) };
        self.tables.task(&task)?;
        self.truth.add(List::Tasks, &task.truth(self.era))
    }

    fn write_worker(&mut self, no: WorkerNo) -> io::Result<()> {
        let Some(worker) = self.workers.remove(&no) else { return Ok(()) };
        if worker.was_false_positive {
            self.truth.add(List::FalsePositives, &worker.id)?;
        }
        self.tables.worker(&worker, GPU_TYPE)?;
        self.truth.add(List::Workers, &worker.truth())
    }

    fn close(&mut self) -> io::Result<()> {
        let tasks: Vec<TaskNo> = self.tasks.keys().copied().collect();
        for no in tasks {
            self.write_task(no)?;
        }
        let workers: Vec<WorkerNo> = self.workers.keys().copied().collect();
        for no in workers {
            self.write_worker(no)?;
        }
        self.write_faults()?;
        self.write_api_worker()?;
        self.end_instances()?;
        self.log.finish(self.end)?;
        self.tables.finish()
    }
}
