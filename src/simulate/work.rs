//! A worker at work: claim, model, generation, upload; and the lines it writes on the way
//! (`domain/worker-app.md` section 4.3).

use std::io;

use crate::model::time::SECOND;
use crate::simulate::fault::Fault;
use crate::simulate::kind::Kind;
use crate::simulate::log_file::Level::{Error, Info};
use crate::simulate::plan::Era;
use crate::simulate::task::{Fate, Status, TaskNo};
use crate::simulate::worker::{InHand, Truth, WorkerNo};
use crate::simulate::world::{Act, Pool, World};

/// What a corrupt GPU says of every task.
const CURSE: &str = "CUDA error: device-side assert triggered";

impl World<'_> {
    /// Asks for a task, every ten seconds while there is none.
    pub(super) fn poll(&mut self, no: WorkerNo) {
        let now = self.now;
        let Some(worker) = self.worker(no) else { return };
        if worker.state != Truth::Idle {
            return;
        }
        let (id, epoch) = (worker.id.clone(), worker.epoch);
        if self.finds_its_own(no) {
            return;
        }
        match self.claim(Pool::Gpu, &id) {
            Some(task) => {
                self.begin(no, task);
                if self.faults.waiting.contains(&Fault::DuplicateClaim) {
                    self.claimed_twice(no, task);
                }
            }
            None => {
                let pause = self.dice.seconds(9.9, 10.4);
                self.at(now + pause, Act::Poll(no, epoch));
            }
        }
    }

    pub(super) fn begin(&mut self, no: WorkerNo, task_no: TaskNo) {
        let (now, era) = (self.now, self.era);
        let epoch = self.new_epoch(no);
        let short = self.dice.seconds(0.3, 0.6);
        let (ram, used) = (8_000 + self.dice.below(30_000), self.dice.below(400));
        let Some(task) = self.tasks.get(&task_no) else { return };
        let (kind, id, project) = (task.kind, task.id, task.project);
        let fails = matches!(task.fate, Fate::Fails { .. });
        let Some(worker) = self.worker_mut(no) else { return };
        let failing = !kind.is_orchestrator() && (fails || worker.cursed);
        worker.in_hand =
            Some(InHand { task: task_no, id, kind, began: now, executing: now, failing });
        worker.enter(now, Truth::Busy(task_no), Some(id));
        let task = Some(id);
        if era == Era::E4 {
            let found =
                format!("HEADLESS: Found task of type: {}, Project ID: {project}", kind.name());
            worker.say(now, Info, task, found);
        }
        worker.say(now, Info, task, format!("HEADLESS: Processing {} task", kind.name()));
        if kind.is_orchestrator() {
            worker.say(now + short, Info, task, "TRAVEL: Starting travel orchestrator task".into());
            let done = now + short + 3 * short;
            self.at(done, Act::Orchestrate(no, epoch));
            return;
        }
        let later = now + short;
        match (era, kind.model()) {
            (Era::E4, Some(_)) => {
                worker.say(
                    later,
                    Info,
                    task,
                    format!("HEADLESS: Submitted to generation queue as {id}"),
                );
            }
            (Era::E6 | Era::E12, Some(model)) => {
                let text = format!("QUEUE: Task submitted: {id} (model: {model}, priority: 0)");
                worker.say(later, Info, task, text);
                let text = format!(
                    "QUEUE: [TASK_CONVERSION] Task {id}: Converted with {} params",
                    10 + used / 10
                );
                worker.say(later, Info, task, text);
                worker.say(
                    later,
                    Info,
                    task,
                    format!("QUEUE: GenerationWorker-0 processing task {id}"),
                );
            }
            (Era::E4 | Era::E6 | Era::E12, None) => {}
        }
        let text = format!(
            "HEADLESS: [RAM] Segment via queue - start: Process={ram}MB ({:.2}GB) | System={:.1}% used, {:.1}GB/503.5GB available",
            ram as f64 / 1024.0,
            used as f64 / 10.0,
            500.0 - used as f64
        );
        worker.say(later, Info, task, text);
        self.load_model(no, later);
    }

    /// Switches the model when the task needs another one.
    fn load_model(&mut self, no: WorkerNo, from: i64) {
        let takes = self.dice.seconds(24.0, 66.0);
        let Some(worker) = self.worker_mut(no) else { return };
        let Some(work) = worker.in_hand else { return };
        let switches = work.kind.model().is_some() && worker.loaded() != work.kind.model();
        let ready = if switches { from + takes } else { from + SECOND / 10 };
        let epoch = worker.epoch;
        self.at(ready, Act::ModelReady(no, epoch));
    }

    /// The model is there; the generation begins.
    pub(super) fn model_ready(&mut self, no: WorkerNo) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker_mut(no) else { return };
        let Some(work) = &mut worker.in_hand else { return };
        work.executing = now;
        let (work, old) = (*work, worker.loaded());
        let task = Some(work.id);
        let switched = work.kind.model().is_some() && old != work.kind.model();
        if let (Some(model), true) = (work.kind.model(), era != Era::E4) {
            if switched {
                let from = old.unwrap_or("None");
                worker.say(
                    now,
                    Info,
                    task,
                    format!("QUEUE: GenerationWorker-0 switched model: {from} → {model}"),
                );
                let took = (now - work.began) as f64 / SECOND as f64;
                worker.say(now, Info, task, format!("QUEUE: Model switch completed in {took:.1}s"));
            }
            let text = format!(
                "QUEUE: GenerationWorker-0 executing generation for task {} (model: {model})",
                work.id
            );
            worker.say(now, Info, task, text);
        }
        worker.load(work.kind.model(), era);
        let epoch = worker.epoch;
        if switched && era == Era::E12 {
            self.reset_billing(work.task);
        }
        let takes = self.dice.about(work.kind.work_s(), 0.35).max(SECOND);
        let kills = match self.tasks.get_mut(&work.task).map(|task| &mut task.fate) {
            Some(Fate::KillsWorkers { left, stalls }) if *left > 0 => {
                *left -= 1;
                Some(*stalls)
            }
            Some(_) | None => None,
        };
        match kills {
            Some(true) => self.at(now + takes * 6 / 10, Act::Stall(no, epoch)),
            Some(false) => self.at(now + takes * 6 / 10, Act::Crash(no, epoch)),
            None => self.at(now + takes, Act::Finish(no, epoch)),
        }
        if self.will_be_failed(no, work.task) {
            self.at(now + takes / 2, Act::FailUnder(no, epoch));
        }
    }

    /// T3: from 2026-01-15 the clock of the bill starts when the model is loaded.
    fn reset_billing(&mut self, no: TaskNo) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return };
        if task.status == Status::InProgress {
            task.started_at = Some(now);
            task.updated_at = Some(now);
            self.edge_status(now, no, Status::InProgress, Status::InProgress);
        }
    }

    /// The generation ends, well or badly; what follows is the upload or the report.
    pub(super) fn finish_work(&mut self, no: WorkerNo) -> io::Result<()> {
        let (now, era) = (self.now, self.era);
        let upload = self.dice.seconds(1.1, 4.0);
        let Some(work) = self.worker(no).and_then(|worker| worker.in_hand) else { return Ok(()) };
        let (_, file) = self.result_url(work.task);
        let why = self.failure_text(no, work.task);
        let Some(worker) = self.worker_mut(no) else { return Ok(()) };
        let (task, id) = (Some(work.id), work.id);
        let took = (now - work.executing) as f64 / SECOND as f64;
        let path = format!("/workspace/Headless-Wan2GP/outputs/{}/{file}", work.kind.name());
        let queued = work.kind.model().is_some();
        match (era, work.failing) {
            (Era::E4, false) if queued => {
                worker.say(
                    now,
                    Info,
                    task,
                    format!("HEADLESS: Queue processing completed in {took:.1}s"),
                );
                worker.say(now, Info, task, format!("HEADLESS: Output: {path}"));
            }
            (Era::E4, true) if queued => {
                worker.say(now, Error, task, format!("HEADLESS: Queue processing failed: {why}"));
            }
            (Era::E6 | Era::E12, false) if queued => {
                worker.say(
                    now,
                    Info,
                    task,
                    format!("QUEUE: GenerationWorker-0 generation completed for task {id}: {path}"),
                );
                worker.say(
                    now,
                    Info,
                    task,
                    format!("QUEUE: Task {id} completed in {took:.1}s: {path}"),
                );
                worker.say(
                    now,
                    Info,
                    task,
                    format!("QUEUE: [MEMORY_CLEANUP] Task {id}: Cleared CUDA cache"),
                );
            }
            (Era::E6 | Era::E12, true) if queued => {
                worker.say(
                    now,
                    Error,
                    task,
                    format!("QUEUE: GenerationWorker-0 generation failed for task {id}: {why}"),
                );
                worker.say(
                    now,
                    Error,
                    task,
                    format!("QUEUE: Task {id} failed after {took:.1}s: {why}"),
                );
            }
            (Era::E4 | Era::E6 | Era::E12, _) => {}
        }
        let word = if work.failing { "False" } else { "True" };
        worker.say(now, Info, task, format!("HEADLESS: Finished task (Success: {word})"));
        worker.outcomes.push((now, !work.failing));
        let epoch = worker.epoch;
        self.at(now + upload, Act::Complete(no, epoch));
        Ok(())
    }

    /// Why a task fails on a worker.
    fn failure_text(&self, no: WorkerNo, task: TaskNo) -> &'static str {
        // a corrupt GPU fails before anything in the task could
        if self.worker(no).is_some_and(|worker| worker.cursed) {
            return CURSE;
        }
        match self.tasks.get(&task).map(|task| task.fate) {
            Some(Fate::Fails { text, .. }) => text,
            Some(Fate::Plain | Fate::KillsWorkers { .. }) | None => "",
        }
    }

    /// Reports the result, and polls again.
    pub(super) fn complete_work(&mut self, no: WorkerNo) -> io::Result<()> {
        let now = self.now;
        let Some(worker) = self.worker(no) else { return Ok(()) };
        let (Some(work), id, old_path) = (worker.in_hand, worker.id.clone(), worker.old_path)
        else {
            return Ok(());
        };
        let (url, _) = self.result_url(work.task);
        if self.loses_completion(no) {
            return Ok(());
        }
        if work.failing {
            let text = self.failure_text(no, work.task);
            match self.tasks.get(&work.task).map(|task| task.fate) {
                Some(Fate::Fails { retried: false, .. }) => self.fail_task(work.task, text)?,
                Some(Fate::Fails { .. } | Fate::Plain | Fate::KillsWorkers { .. }) | None => {
                    self.fail_or_retry(work.task, &id, text)?;
                }
            }
        } else if old_path {
            self.complete_past_generation(work.task, &id, &url)?;
        } else if !self.complete_task(work.task, &id, &url)? && self.era == Era::E12 {
            let text =
                "Completion failed: [EDGE_FAIL:complete_task:5XX_TRANSIENT] 500 after 3 attempts";
            self.fail_task(work.task, text)?;
        }
        self.let_go(work.task);
        let (era, pause) = (self.era, self.dice.seconds(0.4, 2.2));
        let Some(worker) = self.worker_mut(no) else { return Ok(()) };
        if era == Era::E4 && !work.failing {
            worker.say(
                now,
                Info,
                Some(work.id),
                format!("HEADLESS: Task completed successfully: {url}"),
            );
        }
        worker.in_hand = None;
        worker.tasks_done += u32::from(!work.failing);
        worker.enter(now, Truth::Idle, None);
        let epoch = worker.epoch;
        self.at(now + pause, Act::Poll(no, epoch));
        Ok(())
    }

    /// An orchestrator task makes its children and waits for them without a process.
    pub(super) fn orchestrate(&mut self, no: WorkerNo) {
        let now = self.now;
        let Some(worker) = self.worker(no) else { return };
        let (Some(work), id, epoch) = (worker.in_hand, worker.id.clone(), worker.epoch) else {
            return;
        };
        debug_assert!(work.kind == Kind::TravelOrchestrator);
        let segments = self.create_children(work.task, &format!("worker:{id}"));
        let run = self.tasks.get(&work.task).map_or_else(String::new, |task| {
            task.params["orchestrator_details"]["run_id"].as_str().unwrap_or_default().to_string()
        });
        let text = if segments > 0 {
            format!(
                "Successfully enqueued {segments} new segment tasks for run {run}. (Total expected: {segments} segments)"
            )
        } else {
            format!(
                "[IDEMPOTENT] All child tasks already exist for run {run}. No new tasks created."
            )
        };
        let updated = self.tasks.get_mut(&work.task).is_some_and(|task| {
            let open = task.status == Status::InProgress;
            if open {
                // T3b: the progress text, and the clock of the start with it
                task.output = Some(text.clone());
                task.updated_at = Some(now);
                task.started_at = Some(now);
            }
            open
        });
        if updated {
            self.edge_status(now, work.task, Status::InProgress, Status::InProgress);
        }
        self.let_go(work.task);
        let pause = self.dice.seconds(0.8, 2.0);
        let Some(worker) = self.worker_mut(no) else { return };
        worker.say(now, Info, Some(work.id), format!("TRAVEL: {text}"));
        worker.say(now, Info, Some(work.id), "HEADLESS: Finished task (Success: True)".into());
        worker.outcomes.push((now, true));
        worker.in_hand = None;
        worker.enter(now, Truth::Idle, None);
        self.at(now + pause, Act::Poll(no, epoch));
    }
}
