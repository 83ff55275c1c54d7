//! Processes that outlive each other, writes that undo each other, calls that are lost
//! (`domain/worker-app.md` sections 1.5 and 8: X3, X7; `domain/orchestrator.md` section 1.2, Race).

use serde_json::{Map, Value};

use crate::simulate::beat::VRAM_TOTAL_MB;
use crate::simulate::fault::Fault;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::task::{Fate, Status};
use crate::simulate::worker::{Truth, Worker, WorkerNo};
use crate::simulate::world::{Act, World};

impl World<'_> {
    /// Its process dies, and its guardian watches another of the same number.
    pub(super) fn outlived_by_guardian(&mut self, no: WorkerNo) {
        let now = self.now;
        self.new_epoch(no);
        let Some(worker) = self.worker_mut(no) else { return };
        let in_hand = worker.in_hand.take();
        worker.lines_lost += worker.pending.len() as u32;
        worker.pending.clear();
        worker.enter(now, Truth::ProcessCrashed, None);
        worker.true_death = Some((now, "process_crash"));
        if let Some(work) = in_hand {
            self.let_go(work.task);
        }
    }

    /// What a heartbeat that is under way read of the row, when it will undo the scale-down that is
    /// about to write.
    pub(super) fn read_by_heartbeat(&mut self, no: WorkerNo) -> Option<Map<String, Value>> {
        let beats = |worker: &&Worker| {
            let silent = matches!(worker.state, Truth::Frozen | Truth::SelfTerminated);
            worker.pod_alive()
                && worker.guardian_alive
                && !silent
                && worker.first_heartbeat.is_some()
        };
        let worker = self
            .worker(no)
            .filter(|_| self.faults.waiting.contains(&Fault::LostUpdate))
            .filter(beats)?;
        let mut read = worker.metadata.clone();
        // one update writes both; the simulation notes the reason a step earlier
        read.remove("termination_reason");
        self.faults.waiting.remove(&Fault::LostUpdate);
        Some(read)
    }

    /// The heartbeat writes back what it had read, with its own news.
    pub(super) fn written_back(&mut self, no: WorkerNo, read: Map<String, Value>) {
        let now = self.now;
        let used = 900 + self.dice.below(22_000) as u32;
        if let Some(worker) = self.worker_mut(no) {
            worker.metadata = read;
        }
        self.write_heartbeat(no, "active", VRAM_TOTAL_MB, used);
        self.faults.happened("lost_update", now, no, &mut self.workers);
    }

    /// Whether the call that would complete the task in hand is lost on its way: the worker goes on as if
    /// nothing were left to do.
    pub(super) fn loses_completion(&mut self, no: WorkerNo) -> bool {
        let now = self.now;
        let pause = self.dice_if(self.faults.waiting.contains(&Fault::CompletionLost));
        let Some(pause) = pause else { return false };
        let Some(worker) = self.worker(no) else { return false };
        let Some(work) = worker.in_hand else { return false };
        let plain = !work.failing && !worker.old_path && !worker.cursed;
        let own = self.tasks.get(&work.task).is_some_and(|task| {
            let held = task.worker.as_deref() == Some(worker.id.as_str());
            task.status == Status::InProgress && task.fate == Fate::Plain && held
        });
        if !plain || !own {
            return false;
        }
        self.faults.waiting.remove(&Fault::CompletionLost);
        self.let_go(work.task);
        let Some(worker) = self.worker_mut(no) else { return false };
        let text = "HEADLESS: complete_task edge function exception: The read operation timed out";
        worker.say(now, Level::Error, Some(work.id), text.into());
        worker.in_hand = None;
        worker.unfinished = Some(work.task);
        worker.enter(now, Truth::Idle, None);
        let epoch = worker.epoch;
        self.at(now + pause, Act::Poll(no, epoch));
        self.faults.happened("completion_lost", now, no, &mut self.workers);
        true
    }

    /// A pause before the next poll, drawn only when it is needed: fleets without the fault stay as they
    /// are.
    fn dice_if(&mut self, needed: bool) -> Option<i64> {
        needed.then(|| self.dice.seconds(0.4, 2.2))
    }

    /// A worker that polls finds a task that stands on its own name, and runs it again (since 2026-01-21).
    pub(super) fn finds_its_own(&mut self, no: WorkerNo) -> bool {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker_mut(no) else { return false };
        let Some(task_no) = worker.unfinished.take() else { return false };
        let id = worker.id.clone();
        let Some(task) = self.tasks.get_mut(&task_no) else { return false };
        let held = task.worker.as_deref() == Some(id.as_str());
        if era != Era::E12 || task.status != Status::InProgress || !held {
            return false;
        }
        task.holders += 1;
        let (task_id, kind) = (task.id, task.kind.name());
        let Some(worker) = self.worker_mut(no) else { return false };
        let text = format!(
            "HEADLESS: [RECOVERY] Found assigned task {task_id} (type={kind}) - recovering"
        );
        worker.say(now, Level::Info, Some(task_id), text);
        self.begin(no, task_no);
        true
    }
}
