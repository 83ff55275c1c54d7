//! The API orchestrator: its loop, its claims, its tasks (`domain/orchestrator.md` section 4.7).

use std::fmt;
use std::io;

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::dice::Dice;
use crate::simulate::fault::Fault;
use crate::simulate::log_file::{Level, LogRow};
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::task::{Status, Task, TaskNo};
use crate::simulate::truth::List;
use crate::simulate::world::{Act, Pool, World};

const WORKER: &str = "api-worker-main";
const CAPACITY: usize = 20;
/// Origins of the API orchestrator's lines, apart from the GPU orchestrator's.
const ORIGIN: u32 = 1_000_000;

/// One process of it after the other.
pub(super) struct Api {
    instance: u32,
    running: bool,
    source_id: String,
    metadata_tail: u64,
    started: i64,
    first_started: i64,
    loops: u32,
    working: Vec<TaskNo>,
    clock: i64,
    last_flush: i64,
    sent: u64,
}

impl Api {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            instance: 0,
            running: false,
            source_id: String::new(),
            metadata_tail: 139_000_000_000_000 + dice.below(1_000_000_000) as u64 * 64,
            started: 0,
            first_started: 0,
            loops: 0,
            working: Vec::new(),
            clock: 0,
            last_flush: 0,
            sent: 0,
        }
    }
}

const MAIN: Site = Site::new("main", "main_async", 1242);
const COUNT: Site = Site::new("task_utils", "count_tasks", 87);
const CLAIM: Site = Site::new("task_utils", "claim_next_task", 133);
const SPAWN: Site = Site::new("main", "spawn_task", 1198);
const PROCESS: Site = Site::new("main", "process_api_task", 363);
const WAVESPEED: Site = Site::new("wavespeed_utils", "call_wavespeed_api", 39);
const STORAGE: Site = Site::new("storage_utils", "upload_to_supabase_storage", 123);

impl World<'_> {
    fn api_line(
        &mut self,
        site: Site,
        level: Level,
        task: Option<TaskNo>,
        text: fmt::Arguments<'_>,
    ) {
        self.api.clock = self.api.clock.max(self.now) + self.dice.seconds(0.000_03, 0.000_4);
        if self.api.clock > self.api.last_flush + 5 * SECOND {
            self.api.last_flush = self.api.clock;
        }
        self.api.sent += 1;
        let id = self.dice.uuid();
        let row = LogRow {
            at: self.api.clock,
            origin: ORIGIN + self.api.instance,
            source_type: "orchestrator_api",
            source_id: &self.api.source_id,
            level,
            task: task.and_then(|no| self.tasks.get(&no)).map(|task| task.id),
            worker: None,
            cycle: None,
            metadata: &site.metadata("api_orchestrator", self.api.metadata_tail),
        };
        self.log.push(id, row, text);
    }

    /// A process starts.
    pub(super) fn api_starts(&mut self) {
        let now = self.now;
        let name = format!("orchestrator_api-railway-{}", self.dice.hex(12));
        let api = &mut self.api;
        api.instance += 1;
        api.running = true;
        api.started = now;
        if api.first_started == 0 {
            api.first_started = now;
        }
        api.loops = 0;
        api.clock = now;
        api.last_flush = now;
        api.source_id = name.clone();
        let setup = Site::new("logging_config", "setup_logging", 114);
        let info = Level::Info;
        self.api_line(
            setup,
            info,
            None,
            format_args!("✅ Database logging enabled: {name} -> Supabase"),
        );
        self.api_line(
            MAIN,
            info,
            None,
            format_args!("[STARTUP] ✅ Centralized database logging initialized"),
        );
        if self.era == Era::E12 {
            self.api_line(MAIN, info, None, format_args!("Registered API worker: {WORKER}"));
            self.api_line(
                MAIN,
                info,
                None,
                format_args!("[STARTUP] ✅ Worker {WORKER} registered in database"),
            );
            self.reset_own_tasks();
        }
        for text in ["CONCURRENCY: 20", "RUN_TYPE: api", "PARENT_POLL_SEC: 10"] {
            self.api_line(MAIN, info, None, format_args!("[STARTUP] {text}"));
        }
        let text = format_args!(
            "[WORKER_LOOP] Starting worker loop for {WORKER} with RUN_TYPE: api, CONCURRENCY: 20, POLL_SEC: 10"
        );
        self.api_line(MAIN, info, None, text);
        let instance = self.api.instance;
        self.at(now, Act::ApiLoop(instance));
    }

    /// A6: what the process before left behind goes back, with one attempt more.
    fn reset_own_tasks(&mut self) {
        let mut reset = 0;
        for no in self.held_by(WORKER) {
            let attempt = self.tasks.get(&no).map_or(0, |task| task.attempts) + 1;
            if attempt <= 3 {
                let text = format!(
                    "Reset on startup - orphaned from worker restart (attempt {attempt}/3)"
                );
                self.requeue(no, "orchestrator:api", Some(text), true);
                reset += 1;
            }
        }
        if reset > 0 {
            let text = format_args!("[STARTUP] Reset {reset} orphaned tasks stuck on {WORKER}");
            self.api_line(MAIN, Level::Warning, None, text);
        }
    }

    /// One turn: count, claim, start.
    pub(super) fn api_loop(&mut self, instance: u32) {
        if instance != self.api.instance || !self.api.running {
            return;
        }
        let now = self.now;
        self.api.loops += 1;
        let (turn, active) = (self.api.loops, self.api.working.len());
        let room = CAPACITY - active.min(CAPACITY);
        let text =
            format_args!("[WORKER_LOOP] Loop #{turn}: Active tasks: {active}, Capacity: {room}");
        self.api_line(MAIN, Level::Info, None, text);
        self.api.clock += self.dice.seconds(0.25, 0.8);
        let available = self.claimable(Pool::Api).len();
        let wanted = available.min(room);
        self.api_line(
            COUNT,
            Level::Info,
            None,
            format_args!("[TASK_COUNT] Available tasks: {available}"),
        );
        let text = format_args!(
            "[WORKER_LOOP] Available tasks: {available}, Will attempt to claim: {wanted}"
        );
        self.api_line(MAIN, Level::Info, None, text);
        if wanted > 0 {
            let text = format_args!(
                "[WORKER_LOOP] Claiming {wanted} tasks (capacity: {room}, available: {available})"
            );
            self.api_line(MAIN, Level::Info, None, text);
            for i in 1..=wanted {
                self.api_claim(i, wanted);
            }
            self.api_line(
                MAIN,
                Level::Info,
                None,
                format_args!("[WORKER_LOOP] Spawned {wanted} tasks"),
            );
        }
        if turn.is_multiple_of(100) {
            let (name, sent) = (self.api.source_id.clone(), self.api.sent);
            let stats = super::gpu::stats("orchestrator_api", &name, sent, (0, 0));
            self.api_line(
                MAIN,
                Level::Info,
                None,
                format_args!("[WORKER_LOOP] 📊 Database logging stats: {stats}"),
            );
        }
        let next = now + self.dice.seconds(10.3, 10.9);
        self.at(next, Act::ApiLoop(instance));
    }

    fn api_claim(&mut self, i: usize, of: usize) {
        let saved = self.now;
        self.now = self.api.clock.max(saved);
        let claimed = self.claim(Pool::Api, WORKER);
        self.now = saved;
        let Some(no) = claimed else { return };
        self.api.clock += self.dice.seconds(0.02, 0.06);
        let Some(task) = self.tasks.get(&no) else { return };
        let (id, name) = (task.id, task.kind.name());
        self.api.working.push(no);
        if self.faults.waiting.remove(&Fault::PhantomClaim) {
            // A13: the call times out after 15 s, and the task is found on its own name
            self.api.clock += 15 * SECOND;
            let text = format_args!(
                "[TASK_CLAIM] Worker {WORKER}: Claim timed out — checking for phantom claim"
            );
            self.api_line(CLAIM, Level::Warning, None, text);
            let text = format_args!(
                "[TASK_CLAIM] Worker {WORKER}: Recovered phantom claim: {id} ({name})"
            );
            self.api_line(CLAIM, Level::Warning, None, text);
        } else {
            let text = format_args!(
                "[TASK_CLAIM] Worker {WORKER}: Successfully claimed task: {id} ({name})"
            );
            self.api_line(CLAIM, Level::Info, None, text);
        }
        self.api_line(
            MAIN,
            Level::Info,
            None,
            format_args!("[WORKER_LOOP] Successfully claimed task {i}/{of}: {id}"),
        );
        self.api_line(SPAWN, Level::Info, Some(no), format_args!("Starting task {id}"));
        if self.era == Era::E12 {
            self.api_line(
                PROCESS,
                Level::Info,
                Some(no),
                format_args!("Processing {name} task via Wavespeed API"),
            );
        } else {
            let text =
                format_args!("Calling Wavespeed API endpoint: wavespeed-ai/qwen-image/edit-lora");
            self.api_line(PROCESS, Level::Info, Some(no), text);
        }
        for text in [
            "Scaled up resolution from 902x508 to 909x512 (min 512px)",
            "Using resolution/size: 909*512",
            "Using reference image: https://example.invalid/s.png",
            "Wavespeed API request to https://api.wavespeed.ai/api/v3/wavespeed-ai/qwen-image/edit-lora",
        ] {
            self.api_line(PROCESS, Level::Info, Some(no), format_args!("{text}"));
        }
        let takes = self.dice.seconds(15.0, 40.0);
        let (instance, at) = (self.api.instance, self.api.clock);
        self.at(at + takes, Act::ApiWork(instance, no, 0));
    }

    /// A task goes on: the provider is done, then the upload is.
    pub(super) fn api_work(&mut self, instance: u32, no: TaskNo, stage: u32) -> io::Result<()> {
        if instance != self.api.instance || !self.api.running {
            return Ok(());
        }
        let now = self.now;
        let Some(id) = self.tasks.get(&no).map(|task| task.id) else { return Ok(()) };
        let info = Level::Info;
        if stage == 0 && self.dice.chance(0.03) {
            return self.api_fails(no);
        }
        if stage == 0 {
            let job = self.dice.hex(32);
            let bytes = 600_000 + self.dice.below(400_000);
            let from = format!("https://d1q70pf5vjeyhc.cloudfront.net/predictions/{job}/1.jpeg");
            let took = self.dice.seconds(15.0, 25.0) as f64 / 1e6;
            let text = format_args!("Wavespeed task {job} completed in {took:.2}s, output: {from}");
            self.api_line(WAVESPEED, info, Some(no), text);
            self.api_line(
                STORAGE,
                info,
                Some(no),
                format_args!("Processing external URL for task {id}: {from}"),
            );
            self.api_line(
                STORAGE,
                info,
                Some(no),
                format_args!("Downloading content from: {from}"),
            );
            self.api_line(
                STORAGE,
                info,
                Some(no),
                format_args!("Downloaded {bytes} bytes from {from}"),
            );
            let text = format_args!(
                "Uploading {bytes} bytes ({:.2}MB) to Supabase storage as 1.jpeg (type: image/jpeg)",
                bytes as f64 / 1_048_576.0
            );
            self.api_line(STORAGE, info, Some(no), text);
            let takes = self.dice.seconds(0.9, 3.0);
            self.at(now + takes, Act::ApiWork(instance, no, 1));
            return Ok(());
        }
        let url = format!(
            "https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/image_uploads/u/tasks/{id}/1.jpeg"
        );
        if self.complete_task(no, WORKER, &url)? {
            self.api_line(STORAGE, info, Some(no), format_args!("Direct upload successful: {url}"));
            self.api_line(
                STORAGE,
                info,
                Some(no),
                format_args!("Successfully processed external URL for task {id}"),
            );
            self.api_line(
                PROCESS,
                info,
                Some(no),
                format_args!("Processed qwen_image_style task via Wavespeed API"),
            );
            let text = format_args!(
                "Task {id} completion already handled by upload process, skipping additional mark_complete call"
            );
            self.api_line(SPAWN, info, Some(no), text);
            self.api_lets_go(no);
            return Ok(());
        }
        self.api_fails(no)
    }

    fn api_fails(&mut self, no: TaskNo) -> io::Result<()> {
        let Some(id) = self.tasks.get(&no).map(|task| task.id) else { return Ok(()) };
        let error = format!("Wavespeed task {} failed: Something went wrong", self.dice.hex(32));
        self.api_line(
            SPAWN,
            Level::Error,
            Some(no),
            format_args!("Task {id} failed with exception: {error}"),
        );
        self.fail_task(no, &error)?;
        self.api_lets_go(no);
        Ok(())
    }

    fn api_lets_go(&mut self, no: TaskNo) {
        self.api.working.retain(|task| *task != no);
        self.let_go(no);
    }

    /// The process is killed with whatever it worked on; another one comes later.
    pub(super) fn kill_api(&mut self) -> io::Result<bool> {
        if !self.api.running {
            return Ok(false);
        }
        let now = self.now;
        let lost = self.log.lose(ORIGIN + self.api.instance, self.api.last_flush);
        for no in std::mem::take(&mut self.api.working) {
            self.let_go(no);
        }
        self.api.running = false;
        self.end_api_instance(Some(now), lost)?;
        let away = self.dice.seconds(120.0, 720.0);
        self.at(now + away, Act::ApiStarts);
        Ok(true)
    }

    /// Notes a process of it in the truth.
    pub(super) fn end_api_instance(&mut self, stopped: Option<i64>, lost: u64) -> io::Result<()> {
        self.truth.instance(&json!({
            "kind": "api",
            "label": format!("api-{}", self.api.instance),
            "source_id": self.api.source_id,
            "started": stamp::truth(self.api.started),
            "stopped": stopped.map(stamp::truth),
            "db_logging": true,
            "log_entries_dropped": lost,
            "cycles_run": 0,
            "cycles": [],
        }))
    }

    /// What is left to say of it at the end.
    pub(super) fn close_api(&mut self) -> io::Result<()> {
        if self.api.running { self.end_api_instance(None, 0) } else { Ok(()) }
    }

    /// From E8 on it has a row in `workers`, rewritten at every start.
    pub(super) fn write_api_worker(&mut self) -> io::Result<()> {
        if self.era < Era::E12 {
            return Ok(());
        }
        let mut worker = crate::simulate::worker::Worker::new(WORKER.into(), self.api.started);
        worker.status = "active";
        worker.last_heartbeat = Some(self.api.started);
        worker.metadata.insert("type".into(), json!("api_orchestrator"));
        self.tables.worker(&worker, "api")?;
        self.truth.add(List::Workers, &worker.truth())
    }

    /// G152: the GPU orchestrator of E6 puts API tasks back after seven minutes.
    pub(super) fn api_orphans(&self) -> Vec<TaskNo> {
        let old = self.now - 7 * 60 * SECOND;
        let orphan = |task: &Task| {
            task.status == Status::InProgress
                && task.attempts < 3
                && task.worker.as_deref() == Some(WORKER)
                && task.started_at.is_some_and(|at| at < old)
        };
        self.tasks.values().filter(|task| orphan(task)).map(|task| task.no).collect()
    }
}
