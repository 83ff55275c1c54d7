//! From a pod to a worker that polls, and to its end.

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::log_file::Level::{Debug, Info};
use crate::simulate::plan::Era;
use crate::simulate::worker::{Start, Truth, WorkerNo};
use crate::simulate::world::{Act, World};

/// Why a pod dies, as [`Act::PodDies`] carries it.
pub(super) const BY_ORCHESTRATOR: u8 = 0;
/// By the cloud or a person, without a word.
pub(super) const EXTERNALLY: u8 = 1;

impl World<'_> {
    /// Forgets what a worker had planned, and returns the epoch of what it plans now.
    pub(super) fn new_epoch(&mut self, no: WorkerNo) -> u32 {
        self.worker_mut(no).map_or(0, |worker| {
            worker.epoch += 1;
            worker.epoch
        })
    }

    /// The startup script was launched on its pod.
    pub(super) fn script_runs(&mut self, no: WorkerNo) {
        let (now, takes) = (self.now, self.dice.seconds(85.0, 150.0));
        let epoch = self.new_epoch(no);
        let Some(worker) = self.worker_mut(no) else { return };
        let hangs = worker.start == Start::Hangs;
        worker.enter(now, Truth::StartupScript, None);
        if !hangs {
            self.at(now + takes, Act::ProcessStarts(no, epoch));
        }
    }

    /// The worker process starts, and its guardian with it.
    pub(super) fn process_starts(&mut self, no: WorkerNo) {
        let (now, era) = (self.now, self.era);
        let first = now + self.dice.seconds(0.15, 0.6);
        let ready = now + self.dice.seconds(9.0, 32.0);
        let Some(worker) = self.worker_mut(no) else { return };
        if worker.start == Start::Crashes {
            worker.enter(now, Truth::StartupScriptFailed, None);
            return;
        }
        worker.process_started = Some(now);
        let hung = worker.start == Start::NeverReady;
        worker.enter(now, if hung { Truth::InitHung } else { Truth::WorkerInit }, None);
        worker.last_status_line = now;
        let id = worker.id.clone();
        let lines: &[(crate::simulate::log_file::Level, &str)] = match era {
            Era::E4 => &[
                (
                    Debug,
                    "HEADLESS: Log buffer initialized (max_size=100, logs sent to guardian process)",
                ),
                (Info, "HEADLESS: ✅ Centralized logging enabled for worker: {W}"),
                (
                    Debug,
                    "HEADLESS: Guardian process heartbeats every 20s - immune to GIL/download blocking",
                ),
            ],
            Era::E6 | Era::E12 => &[
                (
                    Info,
                    "QUEUE: HeadlessTaskQueue initialized with WanGP at /workspace/Headless-Wan2GP/Wan2GP",
                ),
                (Info, "QUEUE: [LAZY_INIT] Initializing WanOrchestrator (first use)..."),
                (Info, "QUEUE: [LAZY_INIT] Warming up CUDA before importing wgp..."),
            ],
        };
        for (level, text) in lines {
            worker.say(now + 100_000, *level, None, text.replace("{W}", &id));
        }
        let epoch = worker.epoch;
        self.at(first, Act::Beat(no));
        if !hung {
            self.at(ready, Act::InitDone(no, epoch));
        }
    }

    /// It polls from now on.
    pub(super) fn init_done(&mut self, no: WorkerNo) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker_mut(no) else { return };
        worker.enter(now, Truth::Idle, None);
        let started = format!("HEADLESS: Worker {} started. Polling every 10s.", worker.id);
        let lines: &[&str] = match era {
            Era::E4 => &[
                "HEADLESS: WGP global config overrides applied successfully",
                "HEADLESS: Initializing queue-based task processing system...",
                "HEADLESS: Task queue initialized with 1 workers",
                "HEADLESS: Queue system will handle generation tasks efficiently with model reuse",
            ],
            Era::E6 | Era::E12 => &[
                "QUEUE: [CUDA_DEBUG] torch.cuda.is_available(): True",
                "QUEUE: [CUDA_DEBUG] Device 0: NVIDIA GeForce RTX 4090",
                "QUEUE: [LAZY_INIT] Importing WanOrchestrator (this imports wgp and model modules)...",
                "QUEUE: [LAZY_INIT] ✅ WanOrchestrator initialized successfully",
                "QUEUE: GenerationWorker-0 started",
                "QUEUE: Queue monitor started",
                "QUEUE: Task queue started with 1 workers",
            ],
        };
        for text in lines {
            worker.say(now, Info, None, (*text).to_string());
        }
        if era != Era::E4 {
            worker.say(now, Info, None, started);
        }
        if era == Era::E12 {
            worker.metadata.insert("startup_phase".into(), json!("ready"));
            worker.metadata.insert("ready_for_tasks".into(), json!(true));
        }
        let epoch = worker.epoch;
        let first = now + self.dice.seconds(0.2, 1.0);
        self.at(first, Act::Poll(no, epoch));
    }

    /// The worker process dies; the guardian will tell so within one period.
    pub(super) fn process_crashes(&mut self, no: WorkerNo) {
        let now = self.now;
        self.new_epoch(no);
        let said = now + self.dice.seconds(0.5, 20.0);
        let Some(worker) = self.worker_mut(no) else { return };
        let in_hand = worker.in_hand.take();
        worker.lines_lost += worker.pending.len() as u32;
        worker.pending.clear();
        worker.enter(now, Truth::ProcessCrashed, None);
        worker.true_death = Some((now, "process_crash"));
        let tells = worker.guardian_alive;
        worker.guardian_alive = false;
        self.faults.happened("process_crash", now, no, &mut self.workers);
        if let Some(work) = in_hand {
            self.let_go(work.task);
        }
        if tells {
            self.at(said, Act::LastBeat(no));
        }
    }

    /// Its main process hangs inside the task in hand; its guardian goes on.
    pub(super) fn stalls(&mut self, no: WorkerNo) {
        let now = self.now;
        self.new_epoch(no);
        let Some(worker) = self.worker_mut(no) else { return };
        if let Some(work) = worker.in_hand {
            worker.enter(now, Truth::Stalled(work.task), None);
            self.faults.happened("silent_stall", now, no, &mut self.workers);
        }
    }

    /// A stall ends; the task is done soon after.
    pub(super) fn resume(&mut self, no: WorkerNo) {
        let (now, soon) = (self.now, self.dice.seconds(5.0, 40.0));
        let Some(worker) = self.worker_mut(no) else { return };
        let (Some(work), epoch) = (worker.in_hand, worker.epoch) else { return };
        worker.enter(now, Truth::Busy(work.task), Some(work.id));
        // what hung wrote nothing
        worker.last_status_line = now;
        self.at(now + soon, Act::Finish(no, epoch));
    }

    /// Its pod is gone, and everything on it.
    pub(super) fn pod_dies(&mut self, no: WorkerNo, cause: u8) {
        let now = self.now;
        self.new_epoch(no);
        let Some(worker) = self.worker_mut(no) else { return };
        if !worker.pod_alive() {
            return;
        }
        if let Some(pod) = &mut worker.pod {
            pod.dead = Some(now);
        }
        let cause = if cause == EXTERNALLY { "external" } else { "terminated_by_orchestrator" };
        worker.true_death.get_or_insert((now, cause));
        worker.lines_lost += worker.pending.len() as u32;
        worker.pending.clear();
        worker.enter(now, Truth::Dead, None);
        if let Some(work) = worker.in_hand.take() {
            self.let_go(work.task);
        }
    }

    /// Asks the cloud to end a pod: true when there was one. It dies a moment later.
    pub(super) fn terminate_pod(&mut self, no: WorkerNo, answered: i64) -> bool {
        let lag = (self.dice.about(0.6, 0.9)).min(8 * SECOND);
        let Some(worker) = self.worker_mut(no) else { return false };
        if !worker.pod_alive() {
            return false;
        }
        if let Some(pod) = &mut worker.pod {
            pod.terminate_requested.get_or_insert(answered);
        }
        self.at(answered + lag, Act::PodDies(no, BY_ORCHESTRATOR));
        true
    }
}
