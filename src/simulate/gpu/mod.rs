//! The GPU orchestrator: one process after the other, cycle by cycle, step by step.
//!
//! A cycle is a list of steps, each an act of its own at its own time, so that workers go on while it
//! talks to the cloud. Sources: `domain/orchestrator.md` sections 2 to 5.

mod cleanup;
mod counts;
mod cycle;
mod health;
mod kill;
mod no_pod;
mod orphan;
mod scale;
mod spawn;
mod startup;
mod storage;

use std::collections::VecDeque;
use std::fmt;
use std::io;

use serde::Serialize;
use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::dice::Dice;
use crate::simulate::gpu::cycle::Step;
use crate::simulate::gpu::kill::Kill;
use crate::simulate::log_file::{Level, LogRow};
use crate::simulate::plan::{Era, Plan};
use crate::simulate::site::Site;
use crate::simulate::stamp::{self, At};
use crate::simulate::truth::List;
use crate::simulate::worker::{Worker, WorkerNo};
use crate::simulate::world::{Act, World};

/// Lines in a batch, and how long one waits at most (`domain/orchestrator.md` section 1.1).
const BATCH_LINES: u32 = 50;
const FLUSH_AFTER: i64 = 5 * SECOND;
/// Between two deployments.
const DEPLOYS_APART: i64 = 180 * SECOND;

/// What a cycle did, as its summary tells it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Actions {
    #[serde(rename = "workers_promoted")]
    promoted: u32,
    #[serde(rename = "workers_failed")]
    failed: u32,
    #[serde(rename = "workers_spawned")]
    spawned: u32,
    #[serde(rename = "workers_terminated")]
    terminated: u32,
    #[serde(rename = "tasks_reset")]
    reset: u32,
    #[serde(skip)]
    launched: u32,
}

/// A span without log rows of the orchestrator, as `truth.json` lists it.
#[derive(Serialize)]
pub(super) struct Outage {
    kind: &'static str,
    t0: At,
    t1: At,
}

impl Outage {
    pub(super) fn new(kind: &'static str, since: i64, until: i64) -> Self {
        Self { kind, t0: At(since), t1: At(until) }
    }
}

/// The kind of a span in which the process does not log at all.
const NO_LOGGING: &str = "orchestrator_db_logging";
/// The kind of one in which its batches are refused.
const REFUSED: &str = "orchestrator_batches_refused";

/// Demand at the counts call of a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    queued: usize,
    active: usize,
}

/// The process that runs now, and what it is about.
pub(super) struct Gpu {
    instance: u32,
    running: bool,
    logging: bool,
    source_id: String,
    started: i64,
    silent_since: Option<i64>,
    thread: u64,
    cycle: u32,
    began: i64,
    clock: i64,
    steps: VecDeque<Step>,
    actions: Actions,
    counts: Counts,
    kill: Option<Kill>,
    last_scale_down: i64,
    last_spawn_count: u32,
    in_batch: u32,
    last_flush: i64,
    sent: u64,
    /// Lines of batches that were refused, and how many batches that were.
    refused: (u64, u64),
    /// From when to when batches are refused.
    refusal: Option<(i64, i64)>,
    min: usize,
    max: usize,
}

impl Gpu {
    pub(super) fn new(plan: &Plan, dice: &mut Dice) -> Self {
        let max = plan.workers.max(1) as usize;
        Self {
            instance: 0,
            running: false,
            logging: false,
            source_id: String::new(),
            started: 0,
            silent_since: None,
            thread: 140_000_000_000_000 + dice.below(1_000_000_000) as u64 * 64,
            cycle: 0,
            began: 0,
            clock: 0,
            steps: VecDeque::new(),
            actions: Actions::default(),
            counts: Counts::default(),
            kill: None,
            last_scale_down: 0,
            last_spawn_count: 0,
            in_batch: 0,
            last_flush: 0,
            sent: 0,
            refused: (0, 0),
            refusal: None,
            min: max.min(2),
            max,
        }
    }
}

/// The statistics line's dictionary, as Python prints it.
pub(super) fn stats(kind: &str, source_id: &str, sent: u64, (lost, errors): (u64, u64)) -> String {
    format!(
        "{{'source_type': '{kind}', 'source_id': '{source_id}', 'total_logs_queued': {}, 'total_logs_sent': {sent}, 'total_logs_dropped': 0, 'total_batches_sent': {}, 'total_errors': {errors}, 'queue_size': 0, 'is_alive': True}}",
        sent + lost + 14,
        sent / 40
    )
}

impl World<'_> {
    /// One line of it, some microseconds after the last.
    fn gpu_line(
        &mut self,
        site: Site,
        level: Level,
        about: Option<WorkerNo>,
        text: fmt::Arguments<'_>,
    ) {
        self.gpu.clock = self.gpu.clock.max(self.now) + self.dice.seconds(0.000_03, 0.000_4);
        if !self.gpu.logging {
            return;
        }
        self.gpu.in_batch += 1;
        let late = self.gpu.clock > self.gpu.last_flush + FLUSH_AFTER;
        let refused = self.gpu.refusal.is_some_and(|(_, until)| self.gpu.clock < until);
        if self.gpu.in_batch >= BATCH_LINES || late {
            self.gpu.in_batch = 0;
            self.gpu.last_flush = self.gpu.clock;
            self.gpu.refused.1 += u64::from(refused);
        }
        if refused {
            self.gpu.refused.0 += 1;
            return;
        }
        self.gpu.sent += 1;
        let id = self.dice.uuid();
        // the worker column is set from E7 on, inside the checks of one worker
        let worker = about.filter(|_| self.era == Era::E12).and_then(|no| self.workers.get(&no));
        let row = LogRow {
            at: self.gpu.clock,
            origin: self.gpu.instance,
            source_type: "orchestrator_gpu",
            source_id: &self.gpu.source_id,
            level,
            task: None,
            worker: worker.map(|worker| worker.id.as_str()),
            cycle: (self.gpu.cycle > 0).then_some(self.gpu.cycle),
            metadata: &site.metadata("gpu_orchestrator", self.gpu.thread),
        };
        self.log.push(id, row, text);
    }

    fn gpu_info(&mut self, site: Site, text: fmt::Arguments<'_>) {
        self.gpu_line(site, Level::Info, None, text);
    }

    /// Moves the clock of its lines, for a call that takes a while.
    fn gpu_waits(&mut self, low: f64, high: f64) {
        self.gpu.clock = self.gpu.clock.max(self.now) + self.dice.seconds(low, high);
    }

    /// The database refuses its batches for some minutes: none is sent again.
    pub(in crate::simulate) fn refuse_batches(&mut self) -> bool {
        let free = self.gpu.running && self.gpu.logging && self.gpu.refusal.is_none();
        if free {
            let until = self.now + self.dice.seconds(150.0, 600.0);
            self.gpu.refusal = Some((self.now, until));
        }
        free
    }

    /// Notes a refusal that is over, or ends with its process.
    fn end_refusal(&mut self, process_ends: bool) -> io::Result<()> {
        let now = self.now;
        if let Some((since, until)) = self.gpu.refusal.filter(|(_, u)| process_ends || *u <= now) {
            self.gpu.refusal = None;
            self.truth.add(List::Outages, &Outage::new(REFUSED, since, until.min(now)))?;
        }
        Ok(())
    }

    /// A new process takes over: 0 with its logging, 1 without.
    pub(in crate::simulate) fn deploy(&mut self, kind: u32) -> io::Result<()> {
        let now = self.now;
        let age = now - self.gpu.started;
        if self.gpu.running && age < DEPLOYS_APART {
            // a process that lives for seconds leaves no row: nobody could find its run
            self.at(now + DEPLOYS_APART - age, Act::Deploy(kind));
            return Ok(());
        }
        self.end_gpu_instance(Some(now))?;
        let host = self.dice.hex(12);
        let gpu = &mut self.gpu;
        gpu.instance += 1;
        gpu.running = true;
        gpu.logging = kind == 0;
        gpu.source_id = format!("orchestrator_gpu-railway-{host}");
        gpu.started = now;
        gpu.cycle = 0;
        gpu.clock = now;
        gpu.in_batch = 0;
        gpu.last_flush = now;
        gpu.steps.clear();
        gpu.kill = None;
        gpu.sent = 0;
        gpu.refused = (0, 0);
        if gpu.logging {
            if let Some(since) = gpu.silent_since.take() {
                self.truth.add(List::Outages, &Outage::new(NO_LOGGING, since, now))?;
            }
        } else {
            gpu.silent_since.get_or_insert(now);
        }
        self.truth.begin_cycles()?;
        let name = self.gpu.source_id.clone();
        let site = Site::new("logging_config", "setup_logging", 114);
        self.gpu_info(site, format_args!("✅ Database logging enabled: {name} -> Supabase"));
        let instance = self.gpu.instance;
        self.at(now + 10_000, Act::Cycle(instance));
        Ok(())
    }

    /// The process is gone, and with it the lines of its last batch.
    fn end_gpu_instance(&mut self, stopped: Option<i64>) -> io::Result<()> {
        if !self.gpu.running {
            return Ok(());
        }
        self.end_refusal(true)?;
        self.gpu.running = false;
        let lost = match stopped {
            Some(_) => self.log.lose(self.gpu.instance, self.gpu.last_flush),
            None => 0,
        };
        let source = self.gpu.logging.then(|| self.gpu.source_id.clone());
        self.truth.end_cycles(&json!({
            "kind": "gpu",
            "label": format!("gpu-{}", self.gpu.instance),
            "source_id": source,
            "started": stamp::truth(self.gpu.started),
            "stopped": stopped.map(stamp::truth),
            "db_logging": self.gpu.logging,
            "log_entries_dropped": lost,
            "cycles_run": self.gpu.cycle,
        }))
    }

    /// Closes what still runs at the end of the simulation.
    pub(in crate::simulate) fn end_instances(&mut self) -> io::Result<()> {
        self.end_gpu_instance(None)?;
        if let Some(since) = self.gpu.silent_since {
            self.truth.add(List::Outages, &Outage::new(NO_LOGGING, since, self.end))?;
        }
        self.close_api()
    }

    /// Writes a worker's status as the orchestrator does, and notes it in the truth.
    fn set_status(&mut self, no: WorkerNo, status: &'static str) {
        let now = self.now;
        let actor = format!("orchestrator:gpu-{}", self.gpu.instance);
        let Some(worker) = self.worker_mut(no) else { return };
        let old = worker.status;
        worker.status = status;
        worker.metadata.insert("orchestrator_status".into(), json!(status));
        worker.tell(now, &actor, Some(old));
    }

    /// Rows of workers in a status.
    fn in_status(&self, wanted: &[&str]) -> Vec<WorkerNo> {
        let has = |worker: &Worker| wanted.contains(&worker.status);
        self.workers.iter().filter(|(_, worker)| has(worker)).map(|(no, _)| *no).collect()
    }

    /// Workers that count as starting: until E6 also those whose mirror of the status still says so.
    fn spawning(&self) -> Vec<WorkerNo> {
        let old = self.era <= Era::E6;
        let starts = |worker: &Worker| match worker.status {
            "spawning" => true,
            "crashed" | "error" => {
                old && worker.metadata.get("orchestrator_status") == Some(&json!("spawning"))
            }
            _ => false,
        };
        self.workers.iter().filter(|(_, worker)| starts(worker)).map(|(no, _)| *no).collect()
    }
}
