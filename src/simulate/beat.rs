//! Heartbeats of the guardian, and the lines that travel with them (`domain/worker-app.md` 1.5, 4.1).

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::log_file::{Level, LogRow};
use crate::simulate::plan::Era;
use crate::simulate::task::{Status, TaskNo};
use crate::simulate::worker::{Truth, WorkerNo};
use crate::simulate::world::{Act, World};

/// Lines that one heartbeat carries at most.
const LINES_MAX: usize = 100;
/// Megabytes that nvidia-smi reports of the card.
pub(super) const VRAM_TOTAL_MB: u32 = 24_564;
/// How often a call is lost on its way.
const LOST: f64 = 0.003;
/// A worker of W0 says every two seconds that it waits for its queue.
const STATUS_LINE_EVERY: i64 = 2_005_000;

impl World<'_> {
    /// One heartbeat: the row, and the lines that wait.
    pub(super) fn beat(&mut self, no: WorkerNo) {
        let now = self.now;
        let lost = self.dice.chance(LOST);
        let used = 900 + self.dice.below(22_000);
        let next = now + 20 * SECOND + self.dice.seconds(0.02, 0.6);
        let Some(worker) = self.worker_mut(no) else { return };
        let silent = matches!(worker.state, Truth::Frozen | Truth::SelfTerminated);
        if !worker.pod_alive() || !worker.guardian_alive || silent {
            return;
        }
        // the process that held the memory is dead, whoever has its number
        let used = if worker.state == Truth::ProcessCrashed { 0 } else { used };
        self.at(next, Act::Beat(no));
        if lost {
            let Some(worker) = self.worker_mut(no) else { return };
            worker.heartbeats.1 += 1;
            let gone = worker.pending.len().min(LINES_MAX);
            worker.pending.drain(..gone);
            worker.lines_lost += gone as u32;
            return;
        }
        self.write_heartbeat(no, "active", VRAM_TOTAL_MB, used as u32);
        self.deliver(no);
    }

    /// The guardian saw the process die: status `crashed`, no lines, no memory in use.
    pub(super) fn last_beat(&mut self, no: WorkerNo) {
        let now = self.now;
        let Some(worker) = self.worker(no) else { return };
        if !worker.pod_alive() {
            return;
        }
        let id = worker.id.clone();
        self.write_heartbeat(no, "crashed", 0, 0);
        self.faults.happened("crash_heartbeat_sent", now, no, &mut self.workers);
        if self.era == Era::E12 {
            for task in self.held_by(&id) {
                self.recover_from_crash(task, &id);
            }
        }
    }

    /// Crash recovery inside the heartbeat function (since 2026-03-31).
    fn recover_from_crash(&mut self, no: TaskNo, worker: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return };
        let attempt = task.attempts + 1;
        let actor = format!("worker:{worker}");
        if task.attempts < 3 {
            let text = format!("Requeued: worker crashed (attempt {attempt})");
            self.requeue(no, &actor, Some(text), true);
        } else {
            task.status = Status::Failed;
            task.error_message = Some(format!(
                "Failed: worker crashed after exhausting retries (attempt {attempt})"
            ));
            task.updated_at = Some(now);
            task.tell(now, "failed", &actor);
        }
    }

    /// The heartbeat function's write.
    pub(super) fn write_heartbeat(
        &mut self,
        no: WorkerNo,
        status: &'static str,
        total: u32,
        used: u32,
    ) {
        let now = self.now;
        let Some(worker) = self.worker_mut(no) else { return };
        worker.last_heartbeat = Some(now);
        worker.last_sent = Some(now);
        worker.first_heartbeat.get_or_insert(now);
        worker.heartbeats.0 += 1;
        worker.metadata.insert("vram_total_mb".into(), json!(total));
        worker.metadata.insert("vram_used_mb".into(), json!(used));
        worker.metadata.insert("vram_timestamp".into(), json!(now as f64 / SECOND as f64));
        if worker.status != status {
            let old = worker.status;
            worker.status = status;
            let actor = format!("worker:{}", worker.id);
            worker.tell(now, &actor, Some(old));
        }
    }

    fn deliver(&mut self, no: WorkerNo) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.workers.get_mut(&no) else { return };
        if let (Era::E4, Some(work), Truth::Busy(_)) = (era, worker.in_hand, worker.state) {
            worker.last_status_line = worker.last_status_line.max(work.began);
            while worker.last_status_line + STATUS_LINE_EVERY < now {
                worker.last_status_line += STATUS_LINE_EVERY;
                let text = "HEADLESS: Queue status: processing, waiting...".to_string();
                worker.say(worker.last_status_line, Level::Debug, Some(work.id), text);
            }
        }
        let due = worker.pending.iter().filter(|line| line.at - worker.skew <= now).count();
        for line in worker.pending.drain(..due.min(LINES_MAX)) {
            let row = LogRow {
                at: line.at,
                origin: 0,
                source_type: "worker",
                source_id: &worker.id,
                level: line.level,
                task: line.task,
                worker: Some(&worker.id),
                cycle: None,
                metadata: "{}",
            };
            let id = self.dice.uuid();
            self.log.push(id, row, format_args!("{}", line.text));
        }
    }
}
