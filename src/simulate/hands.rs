//! What people and races do to tasks beside the code that should: retries, scripts, a task given out
//! twice, an answer that is lost (`domain/orchestrator.md` section 3 and O34, `domain/worker-app.md`
//! sections 1.6 and 8, X4 and X5).

use std::fmt;
use std::io;

use serde_json::json;

use crate::simulate::boot::EXTERNALLY;
use crate::simulate::fault::Fault;
use crate::simulate::kind::Kind;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::stamp;
use crate::simulate::task::{Fate, Status, TaskNo};
use crate::simulate::worker::{Truth, Worker, WorkerNo};
use crate::simulate::world::{Act, Pool, World};

const MS: i64 = 1_000;
/// What a task says that fails at once.
const FAILS: Fate = Fate::Fails { text: "No output generated", retried: false };

impl World<'_> {
    /// A user's task that fails at once, or that he cancels while it waits, and that he wants after all.
    pub(super) fn plan_retry(&mut self) -> io::Result<bool> {
        let cancels = self.dice.chance(0.5);
        let waiting = |world: &Self| {
            let own = world.tasks.values().filter(|task| {
                task.status == Status::Queued
                    && task.parent.is_none()
                    && task.kind == Kind::SingleImage
                    && task.fate == Fate::Plain
            });
            own.map(|task| task.no).collect::<Vec<_>>()
        };
        if cancels {
            let waiting = waiting(self);
            let Some(no) = self.dice.pick(&waiting) else { return Ok(false) };
            if let Some(task) = self.tasks.get_mut(&no) {
                task.to_retry = true;
            }
            self.cancel_task(no)?;
            self.retry_soon(no);
        } else {
            let no = self.create(Kind::SingleImage, None, "user");
            if let Some(task) = self.tasks.get_mut(&no) {
                task.fate = FAILS;
                task.to_retry = true;
            }
        }
        Ok(true)
    }

    /// The user sees the end, and thinks for a while.
    pub(super) fn retry_soon(&mut self, no: TaskNo) {
        if self.tasks.get(&no).is_some_and(|task| task.to_retry) {
            let thinks = self.dice.seconds(60.0, 400.0);
            self.at(self.now + thinks, Act::Retry(no));
        }
    }

    /// The task goes back: through update-task-status until 2026-02-13, when it still overwrote any end; by
    /// an edit of the row since.
    pub(super) fn user_retries(&mut self, no: TaskNo) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return };
        let old = task.status;
        task.to_retry = false;
        task.fate = Fate::Plain;
        task.status = Status::Queued;
        task.worker = None;
        task.started_at = None;
        task.processed_at = None;
        task.updated_at = Some(now);
        task.output = None;
        task.requeues += 1;
        task.tell(now, "requeued", "user");
        let key = (task.created_at, no);
        self.claimable(Pool::Gpu).insert(key);
        if self.era == Era::E6 {
            self.edge_status(now, no, old, Status::Queued);
        }
    }

    /// A script puts back a task that runs well; its worker does not hear of it.
    pub(super) fn reset_while_running(&mut self) -> bool {
        let runs = |worker: &&Worker| {
            matches!(worker.state, Truth::Busy(_)) && worker.process_works() && !worker.cursed
        };
        let held: Vec<TaskNo> = self
            .workers
            .values()
            .map(Box::as_ref)
            .filter(runs)
            .filter_map(|worker| {
                let work = worker.in_hand.filter(|work| work.executing > work.began)?;
                let task = self.tasks.get(&work.task)?;
                let own = task.worker.as_deref() == Some(worker.id.as_str());
                let plain = task.fate == Fate::Plain && task.parent.is_none();
                let fits = own && plain && !work.kind.is_orchestrator() && !work.failing;
                (fits && task.status == Status::InProgress).then_some(work.task)
            })
            .collect();
        let Some(no) = self.dice.pick(&held) else { return false };
        self.requeue(no, "admin", None, false);
        true
    }

    /// A child of a travel task that will fail for good when it runs.
    pub(super) fn segment_fails(&mut self) -> bool {
        let fits: Vec<TaskNo> = self
            .tasks
            .values()
            .filter(|task| task.status == Status::Queued && task.kind == Kind::TravelSegment)
            .filter(|task| task.fate == Fate::Plain)
            .map(|task| task.no)
            .collect();
        let Some(no) = self.dice.pick(&fits) else { return false };
        if let Some(task) = self.tasks.get_mut(&no) {
            task.fate = FAILS;
        }
        true
    }

    /// The claim function locks nothing: another worker that asked at once gets the task that was just
    /// claimed, too. The row keeps the first.
    pub(super) fn claimed_twice(&mut self, first: WorkerNo, no: TaskNo) {
        let plain = self.tasks.get(&no).is_some_and(|task| {
            task.fate == Fate::Plain && !task.kind.is_orchestrator() && task.parent.is_none()
        });
        let idle = |worker: &Worker| {
            worker.state == Truth::Idle
                && worker.process_works()
                && worker.guardian_alive
                && !worker.cursed
        };
        let others = self.workers.iter().filter(|(other, worker)| **other != first && idle(worker));
        let others: Vec<WorkerNo> = others.map(|(other, _)| *other).collect();
        let (true, Some(other)) = (plain, self.dice.pick(&others)) else { return };
        self.faults.waiting.remove(&Fault::DuplicateClaim);
        let at = self.now + self.dice.seconds(0.05, 0.4);
        let Some(id) = self.worker(other).map(|worker| worker.id.clone()) else { return };
        let Some(task) = self.tasks.get_mut(&no) else { return };
        task.claims.push(id.clone());
        task.holders += 1;
        let claimed = json!({
            "task_type": task.kind.name(),
            "worker_id": id,
            "project_id": task.project.to_string(),
        });
        let text: fmt::Arguments<'_> = format_args!("Task claimed successfully");
        self.edge(at + 30 * MS, "claim-next-task", Level::Info, Some(no), &claimed, text);
        self.begin(other, no);
    }

    /// Whether a person will fail the task that a worker just began to run.
    pub(super) fn will_be_failed(&mut self, no: WorkerNo, task: TaskNo) -> bool {
        let plain = self.tasks.get(&task).is_some_and(|task| {
            task.fate == Fate::Plain && task.parent.is_none() && task.status == Status::InProgress
        });
        let Some(worker) = self.worker_mut(no) else { return false };
        let fails = worker.to_be_failed && plain && worker.in_hand.is_some_and(|w| !w.failing);
        worker.to_be_failed &= !fails;
        fails
    }

    /// A person's call sets the task in hand Failed; its worker does not hear of it, and until 2026-02-13
    /// its own call writes over that end (`domain/worker-app.md` 2.1, T4b and T7).
    pub(super) fn failed_by_hand(&mut self, no: WorkerNo) -> io::Result<()> {
        let (now, work) = (self.now, self.worker(no).and_then(|worker| worker.in_hand));
        let Some(work) = work else { return Ok(()) };
        self.faults.happened("end_overwritten", now, no, &mut self.workers);
        self.fail_task(work.task, "Cancelled by support")
    }

    /// A person cancels a waiting task by an edit of its row's status, and of nothing else.
    pub(super) fn edit_row(&mut self) -> bool {
        let fits = self.tasks.values().filter(|task| {
            task.status == Status::Queued
                && task.parent.is_none()
                && task.claims.is_empty()
                && task.fate == Fate::Plain
                && !task.to_retry
                && !task.kind.is_orchestrator()
        });
        let fits: Vec<TaskNo> = fits.map(|task| task.no).collect();
        let Some(no) = self.dice.pick(&fits) else { return false };
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&no) else { return false };
        task.status = Status::Cancelled;
        task.tell(now, "cancelled", "admin");
        let (key, pool) = ((task.created_at, no), Pool::of(task.kind));
        self.claimable(pool).remove(&key);
        true
    }

    /// A person's script ends a pod, and says so in the row (`domain/orchestrator.md` W22).
    pub(super) fn ended_by_script(&mut self, no: WorkerNo) {
        let now = self.now;
        self.pod_dies(no, EXTERNALLY);
        let Some(worker) = self.worker_mut(no) else { return };
        let old = worker.status;
        worker.status = "terminated";
        worker.metadata.insert("terminated_at".into(), json!(stamp::iso(now)));
        worker.metadata.insert("terminated_by".into(), json!("shutdown_script"));
        worker.tell(now, "admin", Some(old));
    }

    /// The same while an orchestrator launches the worker's startup script: the command went through, and its
    /// answer is logged when the row says ended already.
    pub(super) fn ended_at_launch(&mut self, no: WorkerNo) -> bool {
        let is_due = self.faults.waiting.remove(&Fault::EndedAtLaunch);
        if is_due {
            let now = self.now;
            self.ended_by_script(no);
            self.faults.happened("ended_at_launch", now, no, &mut self.workers);
        }
        is_due
    }
}
