//! What happens to workers in error, to stale ones, to their tasks, and to pods that are gone
//! (G129 to G139, G150 to G153).

use serde_json::json;

use crate::model::time::{Micros, SECOND};
use crate::simulate::gpu::cycle::Step;
use crate::simulate::gpu::kill::POD;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::task::{Status, TaskNo};
use crate::simulate::worker::{Worker, WorkerNo};
use crate::simulate::world::World;

const CLEANUP: Site = Site::new("control_loop", "_check_error_worker_cleanup", 1504);
const FAILSAFE: Site = Site::new("control_loop", "_failsafe_stale_worker_check", 1575);
pub(super) const ZOMBIES: Site = Site::new("control_loop", "_efficient_zombie_check", 1628);
const SWEEP: Site = Site::new("database", "reset_orphaned_tasks", 359);
const SWEEP_API: Site = Site::new("database", "reset_api_worker_orphaned_tasks", 468);
const SWEEP_STALE: Site = Site::new("database", "reset_stale_assigned_tasks", 533);

/// ERROR_CLEANUP_GRACE_PERIOD_SEC.
const GRACE_S: i64 = 600;
/// The failsafe's threshold equals GPU_IDLE_TIMEOUT_SEC since E3.
const STALE_S: i64 = 600;
/// Minutes without activity after which an assigned task goes back (E6 and later).
const STALE_TASK_MIN: i64 = 30;

impl World<'_> {
    pub(super) fn all_errors(&mut self) -> (f64, f64) {
        let steps: Vec<Step> = self.in_status(&["error"]).into_iter().map(Step::CleanUp).collect();
        self.next_steps(steps);
        (0.01, 0.05)
    }

    fn error_age(&self, no: WorkerNo) -> Option<i64> {
        let text = self.worker(no)?.metadata.get("error_time")?.as_str()?.to_string();
        Some((self.now - Micros::parse(&text)?.0) / SECOND)
    }

    /// One worker in error: at once when it was marked in this very cycle (E1 to E6 look at a copy of
    /// the row that has no error_time yet), else after the grace period.
    pub(super) fn clean_up(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, began, old) = (self.now, self.gpu.began, self.era.is_decorated());
        let Some(worker) = self.worker(no).filter(|worker| worker.status == "error") else {
            return (0.0, 0.01);
        };
        let (id, pod) = (worker.id.clone(), worker.pod_id().to_string());
        let given_up = worker.metadata.get("self_terminated") == Some(&json!(true));
        let reason = worker
            .metadata
            .get("error_reason")
            .and_then(|r| r.as_str())
            .unwrap_or_default()
            .to_string();
        let age = self.error_age(no).unwrap_or(GRACE_S + 1);
        let has_pod = worker.pod.is_some();
        let marked_now = has_pod && now - age * SECOND >= began - SECOND && !given_up;
        if old && marked_now {
            let text = format_args!(
                "[ERROR_CLEANUP] Worker {id} has no error_time, forcing immediate cleanup"
            );
            self.gpu_line(CLEANUP, Level::Warning, None, text);
            self.gpu_line(
                CLEANUP,
                Level::Warning,
                None,
                format_args!("[ERROR_CLEANUP] Reason: Unknown error"),
            );
            self.gpu_info(POD, format_args!("Terminating pod: {pod}"));
            self.next_steps([Step::CleanedUp(no)]);
            return (0.3, 0.9);
        }
        if old && given_up {
            self.gpu_info(
                CLEANUP,
                format_args!("[ERROR_CLEANUP] Worker {id} self-terminated: {reason}"),
            );
        }
        if age > GRACE_S {
            let text = format_args!(
                "[ERROR_CLEANUP] Worker {id} past grace period ({age}s), forcing cleanup"
            );
            self.gpu_info(CLEANUP, text);
            if old {
                self.gpu_info(CLEANUP, format_args!("[ERROR_CLEANUP] Reason: {reason}"));
            }
            if old && has_pod {
                self.gpu_info(
                    CLEANUP,
                    format_args!(
                        "RunPod {pod} still running for error worker {id}, force terminating"
                    ),
                );
            }
            self.next_steps([Step::CleanedUp(no)]);
            return (0.3, 0.9);
        }
        (0.01, 0.05)
    }

    pub(super) fn cleaned_up(&mut self, no: WorkerNo) -> (f64, f64) {
        let (era, now) = (self.era, self.now);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let (id, pod) = (worker.id.clone(), worker.pod_id().to_string());
        let has_pod = worker.pod.is_some();
        let late = self.error_age(no).is_some_and(|age| age > GRACE_S);
        if era.is_decorated() && !late {
            self.pod_answer(no);
        } else {
            self.terminate_pod(no, now);
            if era.is_decorated() && has_pod {
                self.gpu_info(CLEANUP, format_args!("Force terminated RunPod {pod}"));
            }
        }
        self.set_status(no, "terminated");
        if era == Era::E12
            && let Some(worker) = self.worker_mut(no)
        {
            worker.metadata.insert("terminated_at".into(), json!(stamp::iso(now)));
        }
        if era.is_decorated() {
            let text = if late {
                format!("Marked error worker {id} as terminated")
            } else {
                format!("[ERROR_CLEANUP] Cleaned up legacy error worker {id}")
            };
            self.gpu_waits(0.1, 0.2);
            self.gpu_info(CLEANUP, format_args!("{text}"));
        }
        self.gpu.actions.failed += 1;
        (0.01, 0.05)
    }

    pub(super) fn all_stale(&mut self) -> (f64, f64) {
        let old = self.now - STALE_S * SECOND;
        let seen: &[&str] = match self.era {
            Era::E4 | Era::E6 => &["inactive", "spawning", "active", "error", "crashed"],
            Era::E12 => &["active"],
        };
        let stale = |no: &WorkerNo| {
            self.worker(*no).is_some_and(|w| w.last_heartbeat.unwrap_or(w.created_at) < old)
        };
        let steps: Vec<Step> =
            self.in_status(seen).into_iter().filter(stale).map(Step::Failsafe).collect();
        self.next_steps(steps);
        (0.01, 0.05)
    }

    /// A stale worker: its pod is ended, whatever its status.
    pub(super) fn failsafe(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let (id, pod, status) = (worker.id.clone(), worker.pod_id().to_string(), worker.status);
        let heartbeat = worker.last_heartbeat.unwrap_or(worker.created_at);
        let has_pod = worker.pod.is_some();
        let text = if era.is_decorated() {
            let at = worker.last_heartbeat.map_or("None".into(), stamp::iso);
            format!("FAILSAFE: Worker {id} has stale heartbeat ({at}) and status {status}")
        } else {
            format!("FAILSAFE: Worker {id} has stale heartbeat ({}s)", (now - heartbeat) / SECOND)
        };
        self.gpu_line(FAILSAFE, Level::Warning, None, format_args!("{text}"));
        if era.is_decorated() && has_pod || worker_is_there(self, no) {
            let text = format_args!("FAILSAFE: Terminating RunPod {pod} for stale worker {id}");
            self.gpu_line(FAILSAFE, Level::Warning, None, text);
        }
        self.next_steps([Step::FailsafeReset(no)]);
        (0.3, 0.8)
    }

    pub(super) fn failsafe_reset(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let (id, status) = (worker.id.clone(), worker.status);
        let marked = worker.metadata.contains_key("error_reason");
        let at = self.gpu.clock.max(now);
        self.terminate_pod(no, at);
        let reset = self.reset_held(no);
        if reset > 0 {
            self.gpu_info(
                FAILSAFE,
                format_args!("FAILSAFE: Reset {reset} orphaned tasks from {id}"),
            );
        }
        self.set_status(no, "terminated");
        if let Some(worker) = self.worker_mut(no) {
            let reason = format!("FAILSAFE: Stale heartbeat with status {status}");
            if era == Era::E12 {
                worker.metadata.insert("error_reason".into(), json!(reason));
                worker.metadata.insert("error_time".into(), json!(stamp::iso(now)));
            }
            // what was marked before is one kill, and counted
            let kind = if marked { "orchestrator_terminate_no_error" } else { "failsafe" };
            worker.tell_kill(now, kind, Some(&reason));
        }
        if era.is_decorated() {
            self.gpu_waits(0.1, 0.2);
            self.gpu_line(
                FAILSAFE,
                Level::Warning,
                None,
                format_args!("FAILSAFE: Cleaned up stale worker {id}"),
            );
        }
        self.gpu.actions.failed += 1;
        (0.05, 0.2)
    }

    /// Tasks of workers that are over, of the API worker, and those without activity.
    pub(super) fn sweeps(&mut self) -> (f64, f64) {
        let ended = |worker: &Worker| matches!(worker.status, "error" | "terminated");
        // the newest first: mostly it is one of them
        let over = |id: &str| {
            let row = self.workers.values().rev().find(|worker| worker.id == id);
            row.is_none_or(|worker| ended(worker))
        };
        let orphans: Vec<TaskNo> = self
            .tasks
            .values()
            .filter(|task| task.status == Status::InProgress && task.attempts < 3)
            .filter(|task| task.worker.as_deref().is_some_and(|w| w.starts_with("gpu-") && over(w)))
            .map(|task| task.no)
            .collect();
        if !orphans.is_empty() {
            self.next_steps([Step::SweepOrphans(orphans)]);
        }
        if self.era == Era::E6 {
            self.sweep_api();
        }
        if self.era != Era::E4 {
            self.sweep_stale();
        }
        (0.1, 0.3)
    }

    pub(super) fn sweep_orphans(&mut self, tasks: &[TaskNo]) -> (f64, f64) {
        let actor = format!("orchestrator:gpu-{}", self.gpu.instance);
        let (mut workers, mut orchestrators) = (Vec::new(), 0);
        let mut reset = 0;
        for no in tasks {
            let Some(task) = self.tasks.get(no).filter(|task| task.status == Status::InProgress)
            else {
                continue;
            };
            workers.extend(task.worker.clone());
            orchestrators += usize::from(task.kind.is_orchestrator());
            reset += 1;
            let text = "Reset - orphaned from failed worker".to_string();
            self.requeue(*no, &actor, Some(text), false);
        }
        workers.sort();
        workers.dedup();
        if reset > 0 {
            // the sweep asks for every worker that ended in the last day, more than it names
            let asked = workers.len() + 6;
            let suffix = if orchestrators > 0 {
                format!(" (including {orchestrators} orchestrator tasks)")
            } else {
                String::new()
            };
            self.gpu_waits(0.02, 0.04);
            self.gpu_info(
                SWEEP,
                format_args!("Reset {reset} orphaned tasks from {asked} workers{suffix}"),
            );
            self.gpu.actions.reset = reset;
        }
        (0.05, 0.2)
    }

    fn sweep_api(&mut self) {
        let actor = format!("orchestrator:gpu-{}", self.gpu.instance);
        let mut ids = Vec::new();
        for no in self.api_orphans() {
            let Some(task) = self.tasks.get(&no) else { continue };
            ids.push(format!("'{}'", task.id));
            let attempt = task.attempts + 1;
            let text = format!("Reset - orphaned from API worker timeout (attempt {attempt}/3)");
            self.requeue(no, &actor, Some(text), true);
        }
        if !ids.is_empty() {
            self.gpu_waits(0.2, 0.33);
            let n = ids.len();
            let text =
                format_args!("Reset {n} orphaned API worker tasks stuck in progress for >7m");
            self.gpu_line(SWEEP_API, Level::Warning, None, text);
            let text = format_args!("Reset API orphaned task IDs: [{}]", ids.join(", "));
            self.gpu_line(SWEEP_API, Level::Warning, None, text);
        }
    }

    fn sweep_stale(&mut self) {
        let old = self.now - STALE_TASK_MIN * 60 * SECOND;
        let actor = format!("orchestrator:gpu-{}", self.gpu.instance);
        let stale: Vec<TaskNo> = self
            .tasks
            .values()
            .filter(|task| task.status == Status::InProgress && task.attempts < 3)
            .filter(|task| !task.kind.is_orchestrator())
            .filter(|task| task.worker.as_deref().is_some_and(|worker| !worker.starts_with("api-")))
            .filter(|task| task.updated_at.is_some_and(|at| at < old))
            .map(|task| task.no)
            .collect();
        let mut ids = Vec::new();
        for no in stale {
            ids.extend(self.tasks.get(&no).map(|task| format!("'{}'", task.id)));
            let text = format!("Reset - no activity for {STALE_TASK_MIN} minutes (stale task)");
            self.requeue(no, &actor, Some(text), false);
        }
        if !ids.is_empty() {
            self.gpu_waits(0.02, 0.05);
            let n = ids.len();
            let text = format_args!(
                "Reset {n} stale assigned tasks with no activity for >{STALE_TASK_MIN}m"
            );
            self.gpu_line(SWEEP_STALE, Level::Warning, None, text);
            let text = format_args!("Reset stale task IDs: [{}]", ids.join(", "));
            self.gpu_line(SWEEP_STALE, Level::Warning, None, text);
        }
    }

    /// Every tenth cycle: pods against rows, both ways.
    pub(super) fn zombies(&mut self) -> (f64, f64) {
        if !self.gpu.cycle.is_multiple_of(10) {
            return (0.0, 0.01);
        }
        self.gpu_info(ZOMBIES, format_args!("Running efficient zombie check (every 10th cycle)"));
        self.gpu_waits(0.3, 0.7);
        let alive = self.workers.values().filter(|worker| worker.pod_alive()).count();
        let alive = alive + self.forgotten_pods;
        if self.era.is_decorated() {
            self.gpu_info(ZOMBIES, format_args!("Found {alive} active GPU worker pods in RunPod"));
        }
        let gone: Vec<Step> = self
            .in_status(&["active", "spawning"])
            .into_iter()
            .filter(|no| self.worker(*no).is_some_and(|w| w.pod.is_some() && !w.pod_alive()))
            .map(Step::External)
            .collect();
        // with no pod at all the check returns early
        if alive > 0 {
            let orphans = self.orphans();
            self.next_steps(gone.into_iter().chain(orphans));
        }
        (0.05, 0.2)
    }

    pub(super) fn external(&mut self, no: WorkerNo) -> (f64, f64) {
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let (id, pod) = (worker.id.clone(), worker.pod_id().to_string());
        let text = if self.era.is_decorated() {
            format!("EXTERNALLY TERMINATED: Worker {id} (RunPod {pod}) no longer exists in RunPod")
        } else {
            format!("EXTERNALLY TERMINATED: Worker {id} not found in RunPod")
        };
        self.gpu_line(ZOMBIES, Level::Warning, None, format_args!("{text}"));
        let reason = "Pod externally terminated - not found in RunPod".to_string();
        self.next_steps([Step::Mark(no, reason)]);
        (0.0, 0.01)
    }
}

fn worker_is_there(world: &World<'_>, no: WorkerNo) -> bool {
    world.worker(no).is_some_and(|worker| worker.pod_alive())
}
