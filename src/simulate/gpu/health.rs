//! Verdicts on workers (G100 to G112; `domain/orchestrator.md` sections 2.2 and 2.3).

use crate::model::time::SECOND;
use crate::simulate::gpu::cycle::{CYCLE, Step};
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::task::TaskNo;
use crate::simulate::worker::{Truth, WorkerNo};
use crate::simulate::world::World;

const BASIC: Site = Site::new("control_loop", "_perform_basic_health_check", 1246);
const STREAK: Site = Site::new("control_loop", "_check_worker_task_failure_streak", 707);
const HEALTH_E12: Site = Site::new("control_loop", "_check_active_worker_health", 640);

/// GPU_IDLE_TIMEOUT_SEC since 2025-10-17.
const IDLE_TIMEOUT_S: i64 = 600;
/// TASK_STUCK_TIMEOUT_SEC.
const STUCK_TIMEOUT_S: i64 = 1_200;
/// READY_NOT_CLAIMING_TIMEOUT_SEC of E12.
const NOT_CLAIMING_TIMEOUT_S: i64 = 600;
/// A heartbeat younger than this is healthy (hard-coded at the source).
const HEALTHY_S: i64 = 60;
/// MAX_CONSECUTIVE_TASK_FAILURES, TASK_FAILURE_WINDOW_MINUTES.
const STREAK_MAX: usize = 3;
const STREAK_WINDOW: i64 = 30 * 60 * SECOND;

impl World<'_> {
    pub(super) fn all_active(&mut self) -> (f64, f64) {
        let steps: Vec<Step> =
            self.in_status(&["active"]).into_iter().rev().map(Step::Health).collect();
        self.next_steps(steps);
        (0.05, 0.3)
    }

    /// One active worker.
    pub(super) fn check_health(&mut self, no: WorkerNo) -> (f64, f64) {
        let Some(worker) = self.worker(no).filter(|worker| worker.status == "active") else {
            return (0.0, 0.01);
        };
        let id = worker.id.clone();
        let held = self.held_by(&id);
        match self.era {
            Era::E4 | Era::E6 => self.check_old(no, &id, &held),
            Era::E12 => self.check_new(no, &id, &held),
        }
        (0.3, 0.9)
    }

    fn heartbeat_age(&self, no: WorkerNo) -> f64 {
        let at = self.worker(no).and_then(|worker| worker.last_heartbeat);
        at.map_or(f64::MAX, |at| (self.now - at) as f64 / SECOND as f64)
    }

    fn check_old(&mut self, no: WorkerNo, id: &str, held: &[TaskNo]) {
        let age = self.heartbeat_age(no);
        let queued = self.gpu.counts.queued;
        if !held.is_empty() {
            if age > IDLE_TIMEOUT_S as f64 {
                let reason = format!("Stale heartbeat with active tasks ({age:.0}s old)");
                self.verdict(no, &format!("[WORKER_HEALTH] Worker {id}: {reason}"), reason);
            } else if let Some(task) = self.stuck(held) {
                let reason = format!("Stuck task {} (timeout: {STUCK_TIMEOUT_S}s)", task.0);
                self.next_steps([Step::Mark(no, reason)]);
            }
            return;
        }
        if queued > 0 {
            self.gpu_info(
                CYCLE,
                format_args!(
                    "[WORKER_HEALTH] Worker {id}: {queued} tasks queued but worker is idle"
                ),
            );
            let text = format_args!(
                "[WORKER_HEALTH] Worker {id}: Idle worker with tasks queued. Heartbeat age: {age:.0}s, Timeout: {IDLE_TIMEOUT_S}s"
            );
            self.gpu_info(CYCLE, text);
            if age > IDLE_TIMEOUT_S as f64 {
                let text = format!(
                    "[WORKER_HEALTH] Worker {id}: Marking as failed - idle too long with tasks available (heartbeat: {age:.0}s > {IDLE_TIMEOUT_S}s)"
                );
                self.verdict(no, &text, "Idle with tasks queued".into());
            }
            return;
        }
        self.gpu_info(
            BASIC,
            format_args!("💓 HEALTH_CHECK [Worker {id}] Starting basic health check"),
        );
        if self.era == Era::E4 {
            self.basic_by_ssh(no, id);
        } else if age < HEALTHY_S as f64 {
            let text = format_args!(
                "💓 HEALTH_CHECK [Worker {id}] ✅ Recent heartbeat ({age:.1}s old) - worker is healthy"
            );
            self.gpu_info(BASIC, text);
            self.check_idle(no, id);
        } else {
            let text =
                format_args!("💓 HEALTH_CHECK [Worker {id}] ⚠️  Stale heartbeat ({age:.1}s old)");
            self.gpu_line(BASIC, Level::Warning, None, text);
            self.failed_basic(no, id);
        }
    }

    /// W14: a normal stop that is written as an error.
    fn check_idle(&mut self, no: WorkerNo, id: &str) {
        let Some(worker) = self.worker(no) else { return };
        let since = worker.last_completion.unwrap_or(worker.created_at);
        let idle = (self.now - since) / SECOND;
        if idle > IDLE_TIMEOUT_S && self.in_status(&["active"]).len() > self.gpu.min {
            let text = format!(
                "[WORKER_HEALTH] Worker {id}: Idle for >{IDLE_TIMEOUT_S}s with no queued tasks, terminating (above min capacity)"
            );
            self.gpu_info(CYCLE, format_args!("{text}"));
            let reason = format!("Idle timeout ({IDLE_TIMEOUT_S}s) with no work available");
            self.next_steps([Step::Mark(no, reason)]);
        }
    }

    fn basic_by_ssh(&mut self, no: WorkerNo, id: &str) {
        let Some(worker) = self.worker(no) else { return };
        let (pod, alive) = (worker.pod_id().to_string(), worker.pod_alive());
        let place = worker.pod.as_ref().map(|pod| format!("{}:{}", pod.ip, pod.port));
        self.gpu_info(
            BASIC,
            format_args!("💓 HEALTH_CHECK [Worker {id}] Checking RunPod status for pod {pod}"),
        );
        self.gpu_waits(0.2, 0.8);
        if !alive {
            let text = format_args!(
                "💓 HEALTH_CHECK [Worker {id}] ❌ Could not get pod status from RunPod API"
            );
            self.gpu_line(BASIC, Level::Error, None, text);
            self.failed_basic(no, id);
            return;
        }
        self.gpu_info(BASIC, format_args!("💓 HEALTH_CHECK [Worker {id}] Pod status: RUNNING"));
        let place = place.unwrap_or_default();
        self.gpu_info(
            BASIC,
            format_args!("💓 HEALTH_CHECK [Worker {id}] Testing SSH connectivity to {place}"),
        );
        self.next_steps([Step::SshProbe(no)]);
    }

    /// The answer of an SSH port, or five seconds without one.
    pub(super) fn ssh_probe(&mut self, no: WorkerNo) -> (f64, f64) {
        let now = self.now;
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let id = worker.id.clone();
        let blocked = worker.pod.as_ref().and_then(|pod| pod.ssh_blocked);
        let blocked = blocked.is_some_and(|(from, until)| from <= now && now < until);
        if !blocked && worker.state != Truth::Frozen && worker.pod_alive() {
            self.gpu_info(
                BASIC,
                format_args!("💓 HEALTH_CHECK [Worker {id}] ✅ SSH port is accessible"),
            );
            self.check_idle(no, &id);
            return (0.2, 0.6);
        }
        self.gpu_waits(5.0, 5.01);
        let text =
            format_args!("💓 HEALTH_CHECK [Worker {id}] ⚠️  SSH port not accessible (result: 11)");
        self.gpu_line(BASIC, Level::Warning, None, text);
        self.failed_basic(no, &id);
        (0.0, 0.01)
    }

    fn failed_basic(&mut self, no: WorkerNo, id: &str) {
        let text = format!("[WORKER_HEALTH] Worker {id}: Failed basic health check");
        self.verdict(no, &text, "Failed basic health check".into());
    }

    /// A warning, and the mark that follows it.
    fn verdict(&mut self, no: WorkerNo, text: &str, reason: String) {
        self.gpu_line(CYCLE, Level::Warning, Some(no), format_args!("{text}"));
        self.next_steps([Step::Mark(no, reason)]);
    }

    /// The first task that runs for too long, with its kind. Orchestrator tasks are exempt until E9.
    fn stuck(&self, held: &[TaskNo]) -> Option<(crate::simulate::dice::Uuid, &'static str)> {
        let old = self.now - STUCK_TIMEOUT_S * SECOND;
        held.iter().filter_map(|no| self.tasks.get(no)).find_map(|task| {
            let exempt = task.kind.is_orchestrator() && self.era != Era::E12;
            let late = task.started_at.is_some_and(|at| at < old);
            (late && !exempt).then_some((task.id, task.kind.name()))
        })
    }

    fn check_new(&mut self, no: WorkerNo, id: &str, held: &[TaskNo]) {
        let age = self.heartbeat_age(no);
        let queued = self.gpu.counts.queued;
        let Some(worker) = self.worker(no) else { return };
        let idle_s = (self.now - worker.created_at) / SECOND;
        let never_claimed =
            worker.tasks_done == 0 && worker.in_hand.is_none() && worker.outcomes.is_empty();
        if let Some(reason) = self.failure_streak(no) {
            let text = format!("[TASK_FAILURE_STREAK] Worker {id}: {reason}");
            self.gpu_line(STREAK, Level::Warning, Some(no), format_args!("{text}"));
            self.next_steps([Step::Mark(no, reason)]);
            return;
        }
        if age > IDLE_TIMEOUT_S as f64 && (!held.is_empty() || queued > 0) {
            let what = if held.is_empty() { "tasks queued" } else { "active tasks" };
            let reason = format!("Stale heartbeat with {what} ({age:.0}s old)");
            self.verdict(no, &format!("[WORKER_HEALTH] Worker {id}: {reason}"), reason);
        } else if let Some((task, kind)) = self.stuck(held) {
            let reason = format!("Stuck task {task} (type: {kind}, timeout: {STUCK_TIMEOUT_S}s)");
            self.verdict(no, &format!("[WORKER_HEALTH] Worker {id}: {reason}"), reason);
        } else if held.is_empty() && age >= HEALTHY_S as f64 {
            let text = format_args!("HEALTH_CHECK [Worker {id}] Stale heartbeat ({age:.1}s old)");
            self.gpu_line(BASIC, Level::Warning, Some(no), text);
            if queued > 0 {
                let reason = "Failed basic health check with tasks queued".to_string();
                self.verdict(no, &format!("[WORKER_HEALTH] Worker {id}: {reason}"), reason);
            } else {
                let text = format_args!("[WORKER_HEALTH] Worker {id}: Failed basic health check");
                self.gpu_line(HEALTH_E12, Level::Warning, Some(no), text);
            }
        } else if held.is_empty() && queued > 0 && never_claimed && idle_s > NOT_CLAIMING_TIMEOUT_S
        {
            let reason = format!("GPU ready but never claimed tasks ({idle_s}s)");
            self.verdict(no, &format!("[WORKER_HEALTH] Worker {id}: {reason}"), reason);
        }
    }

    /// E8 and later: three failures in a row, counted in the worker's own lines as they arrived.
    fn failure_streak(&self, no: WorkerNo) -> Option<String> {
        let worker = self.worker(no)?;
        let seen = worker.last_heartbeat?;
        let window = self.now - STREAK_WINDOW;
        let outcomes = worker.outcomes.iter().rev();
        let arrived = outcomes.filter(|(at, _)| *at <= seen && *at >= window);
        let failures = arrived.take_while(|(_, success)| !success).count();
        (failures >= STREAK_MAX).then(|| {
            format!(
                "Task failure loop detected: {failures} consecutive failures (threshold: {STREAK_MAX}). Possible OOM or worker corruption."
            )
        })
    }
}
