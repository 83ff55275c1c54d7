//! Marking a worker as error: verdict, diagnostics, reset, status, pod (G113 to G122).

use serde_json::{Map, Value, json};

use crate::model::time::SECOND;
use crate::simulate::gpu::cycle::Step;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::task::TaskNo;
use crate::simulate::worker::{Truth, WorkerNo};
use crate::simulate::world::World;

const MARK: Site = Site::new("control_loop", "_mark_worker_error", 985);
const DIAGNOSE: Site = Site::new("control_loop", "_collect_worker_diagnostics", 875);
const RESET: Site = Site::new("database", "reset_orphaned_tasks", 359);
pub(super) const POD: Site = Site::new("runpod_client", "terminate_worker", 1254);
const POD_LOW: Site = Site::new("runpod_client", "terminate_pod", 242);
pub(super) const POD_E12: Site = Site::new("worker_spawner", "terminate_worker", 176);

/// The kill that is under way.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    no: WorkerNo,
    reason: String,
    error_time: i64,
    diagnostics: Map<String, Value>,
    reset: usize,
}

impl World<'_> {
    /// `WORKER_LIFECYCLE [Worker W] text`, decorated as the era has it.
    pub(super) fn lifecycle(&mut self, no: WorkerNo, level: Level, text: &str) {
        let id = self.worker(no).map_or_else(String::new, |worker| worker.id.clone());
        let mark = if self.era.is_decorated() { "🔄 " } else { "" };
        let text = format_args!("{mark}WORKER_LIFECYCLE [Worker {id}] {text}");
        self.gpu_line(MARK, level, Some(no), text);
    }

    fn diagnostics_line(&mut self, no: WorkerNo, level: Level, text: &str) {
        let id = self.worker(no).map_or_else(String::new, |worker| worker.id.clone());
        let mark = if self.era.is_decorated() { "📋 " } else { "" };
        self.gpu_line(
            DIAGNOSE,
            level,
            Some(no),
            format_args!("{mark}DIAGNOSTICS [Worker {id}] {text}"),
        );
    }

    /// The verdict is spoken.
    pub(super) fn mark(&mut self, no: WorkerNo, reason: String) -> (f64, f64) {
        self.lifecycle(no, Level::Error, &format!("MARKING AS ERROR: {reason}"));
        let text = if self.era.is_decorated() {
            "Collecting diagnostic information before termination"
        } else {
            "Collecting diagnostic information"
        };
        self.diagnostics_line(no, Level::Info, text);
        let diagnostics = self.diagnostics(no, &reason);
        self.gpu.kill = Some(Kill { no, reason, error_time: 0, diagnostics, reset: 0 });
        let mut steps = vec![Step::Diagnose];
        if self.era.is_decorated() {
            steps.push(Step::Login);
        }
        steps.extend([Step::Reset, Step::WriteError, Step::TerminateMarked, Step::Marked]);
        self.next_steps(steps);
        (0.05, 0.2)
    }

    /// What the row looks like at the verdict (keys of `domain/orchestrator.md` section 1.3).
    fn diagnostics(&self, no: WorkerNo, reason: &str) -> Map<String, Value> {
        let Some(worker) = self.worker(no) else { return Map::new() };
        let held = self.held_by(&worker.id);
        let task = |no: &TaskNo| {
            self.tasks.get(no).map(|task| {
                json!({
                    "id": task.id.to_string(),
                    "task_type": task.kind.name(),
                    "started_at": task.started_at.map(stamp::iso),
                })
            })
        };
        let tasks: Vec<Value> = held.iter().filter_map(task).take(5).collect();
        let vram = |key: &str| worker.metadata.get(key).cloned().unwrap_or(Value::Null);
        let value = json!({
            "timestamp": stamp::iso(self.gpu.clock),
            "worker_id": worker.id,
            "runpod_id": worker.pod_id(),
            "error_reason": reason,
            "collection_success": true,
            "last_heartbeat": worker.last_heartbeat.map(stamp::iso),
            "worker_status": worker.status,
            "worker_created_at": stamp::iso(worker.created_at),
            "vram_total_mb": vram("vram_total_mb"),
            "vram_used_mb": vram("vram_used_mb"),
            "vram_timestamp": vram("vram_timestamp"),
            "running_tasks": tasks,
            "running_tasks_count": held.len(),
            "pod_status": worker.pod_alive().then(|| {
                json!({
                    "desired_status": "RUNNING",
                    "actual_status": null,
                    "uptime_seconds": (self.now - worker.created_at) / SECOND,
                })
            }),
        });
        match value {
            Value::Object(map) => map,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        }
    }

    pub(super) fn diagnose(&mut self) -> (f64, f64) {
        let Some(kill) = self.gpu.kill.clone() else { return (0.0, 0.01) };
        let no = kill.no;
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let (alive, created) = (worker.pod_alive(), worker.created_at);
        let up = (self.now - created) / SECOND;
        if self.era == Era::E12 {
            return (0.2, 0.5);
        }
        let number = |key: &str| kill.diagnostics.get(key).and_then(Value::as_u64);
        if let (Some(used), Some(total @ 1..)) = (number("vram_used_mb"), number("vram_total_mb")) {
            let share = 100.0 * used as f64 / total as f64;
            self.diagnostics_line(
                no,
                Level::Info,
                &format!("VRAM: {used}/{total} MB ({share:.1}%)"),
            );
        }
        let running = number("running_tasks_count").unwrap_or(0);
        self.gpu_waits(0.05, 0.2);
        self.diagnostics_line(no, Level::Info, &format!("Running tasks: {running}"));
        self.gpu_waits(0.3, 0.9);
        if alive {
            self.diagnostics_line(no, Level::Info, &format!("Pod status: RUNNING (uptime: {up}s)"));
        } else {
            self.diagnostics_line(no, Level::Warning, "Could not get pod status from RunPod API");
        }
        self.diagnostics_line(no, Level::Info, "Fetching git deployment information");
        if alive
            && self
                .worker(no)
                .is_some_and(|worker| worker.pod.as_ref().is_some_and(|pod| pod.ready <= self.now))
        {
            self.ssh(no, "cd /workspace/Headless-Wan2GP && git rev-parse HEAD && git rev-parse --abbrev-ref HEAD && git status");
        }
        (0.6, 1.6)
    }

    /// The login of the diagnostics: at once, after ten seconds, or not at all.
    pub(super) fn login(&mut self) -> (f64, f64) {
        let Some(kill) = self.gpu.kill.clone() else { return (0.0, 0.01) };
        let (no, now) = (kill.no, self.now);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let blocked = worker.pod.as_ref().and_then(|pod| pod.ssh_blocked);
        let blocked = blocked.is_some_and(|(from, until)| from <= now && now < until);
        if worker.pod_alive() && (blocked || worker.state == Truth::Frozen) {
            let pod = worker.pod_id().to_string();
            self.gpu_waits(10.0, 10.02);
            let site = super::startup::SSH;
            let text = format_args!("🔐 SSH_EXEC [Pod {pod}] ❌ SSH EXECUTION FAILED: timed out");
            self.gpu_line(site, Level::Error, None, text);
            let text = format_args!(
                "🔐 SSH_EXEC [Pod {pod}] This indicates SSH authentication or connection issues"
            );
            self.gpu_line(site, Level::Error, None, text);
        } else if worker.pod_alive() {
            let revision = self.dice.hex(8);
            self.gpu_waits(0.5, 0.9);
            self.diagnostics_line(no, Level::Info, &format!("✅ Git: main@{revision}"));
        }
        self.diagnostics_line(no, Level::Info, "Worker logs available in system_logs table");
        self.diagnostics_line(no, Level::Info, "✅ Diagnostic collection completed successfully");
        self.lifecycle(no, Level::Info, "Saving diagnostic data to database");
        (0.1, 0.25)
    }

    pub(super) fn reset_of_marked(&mut self) -> (f64, f64) {
        let clock = self.gpu.clock;
        let Some(kill) = &mut self.gpu.kill else { return (0.0, 0.01) };
        kill.error_time = clock;
        let no = kill.no;
        let reset = self.reset_held(no);
        if let Some(kill) = &mut self.gpu.kill {
            kill.reset = reset;
        }
        self.gpu_waits(0.02, 0.04);
        if reset > 0 {
            self.lifecycle(no, Level::Info, &format!("Reset {reset} orphaned tasks"));
        }
        (0.1, 0.25)
    }

    /// Puts back what a worker holds (attempts below three), and says so.
    pub(super) fn reset_held(&mut self, no: WorkerNo) -> usize {
        let Some(worker) = self.worker(no) else { return 0 };
        let id = worker.id.clone();
        let mut orchestrators = 0;
        let mut reset = 0;
        let actor = format!("orchestrator:gpu-{}", self.gpu.instance);
        for task in self.held_by(&id) {
            let Some((attempts, kind)) =
                self.tasks.get(&task).map(|task| (task.attempts, task.kind))
            else {
                continue;
            };
            if attempts < 3 {
                let text = "Reset - orphaned from failed worker".to_string();
                self.requeue(task, &actor, Some(text), false);
                reset += 1;
                orchestrators += usize::from(kind.is_orchestrator());
            }
        }
        if reset > 0 {
            let suffix = if orchestrators > 0 {
                format!(" (including {orchestrators} orchestrator tasks)")
            } else {
                String::new()
            };
            self.gpu_waits(0.02, 0.04);
            let text = format_args!("Reset {reset} orphaned tasks from workers: ['{id}']{suffix}");
            self.gpu_line(RESET, Level::Info, Some(no), text);
            self.gpu.actions.reset += reset as u32;
        }
        reset
    }

    pub(super) fn write_error(&mut self) -> (f64, f64) {
        let Some(kill) = self.gpu.kill.clone() else { return (0.0, 0.01) };
        let (no, now) = (kill.no, self.now);
        self.set_status(no, "error");
        let kind = if kill.reason.starts_with("Idle timeout") {
            "idle_timeout_scale_down"
        } else {
            "error"
        };
        let code = error_code(&kill.reason);
        let era = self.era;
        if let Some(worker) = self.worker_mut(no) {
            let time = stamp::iso(kill.error_time);
            worker.metadata.insert("error_reason".into(), json!(kill.reason));
            worker.metadata.insert("error_time".into(), json!(time));
            if era == Era::E12 {
                worker.metadata.insert("error_code".into(), json!(code));
            }
            worker.metadata.insert("diagnostics".into(), Value::Object(kill.diagnostics));
            worker.tell_kill(now, kind, Some(&kill.reason));
        }
        self.gpu.actions.failed += 1;
        let text = if era.is_decorated() {
            "✅ Database updated with error status and diagnostics"
        } else {
            "Database updated with error status"
        };
        self.gpu_waits(0.02, 0.05);
        self.lifecycle(no, Level::Info, text);
        let pod = self.worker(no).map_or_else(String::new, |worker| worker.pod_id().to_string());
        if era.is_decorated() {
            self.lifecycle(
                no,
                Level::Info,
                &format!("Attempting to terminate RunPod instance: {pod}"),
            );
            self.gpu_info(POD, format_args!("Terminating pod: {pod}"));
        } else {
            self.lifecycle(no, Level::Info, &format!("Terminating RunPod instance: {pod}"));
        }
        (0.4, 1.1)
    }

    /// The cloud has answered. False when there was no such pod: until E10 a lower layer swallows it.
    pub(super) fn pod_answer(&mut self, no: WorkerNo) -> bool {
        let at = self.gpu.clock.max(self.now);
        let pod = self.worker(no).map_or_else(String::new, |worker| worker.pod_id().to_string());
        let was_there = self.terminate_pod(no, at);
        if self.era == Era::E12 {
            if !was_there {
                let text = format_args!("Error terminating pod {pod}: pod not found to terminate");
                self.gpu_line(POD_E12, Level::Error, Some(no), text);
            }
            return was_there;
        }
        if !was_there {
            let text = format_args!("Error terminating pod: pod not found to terminate");
            self.gpu_line(POD_LOW, Level::Error, None, text);
        }
        self.gpu_info(POD, format_args!("Pod terminated: {pod}"));
        true
    }

    pub(super) fn terminate_marked(&mut self) -> (f64, f64) {
        let Some(kill) = self.gpu.kill.clone() else { return (0.0, 0.01) };
        let no = kill.no;
        let ended = self.pod_answer(no);
        let old = self.era.is_decorated();
        match (old, ended) {
            (true, _) => {
                self.lifecycle(no, Level::Info, "✅ RunPod instance terminated successfully")
            }
            (false, true) => self.lifecycle(no, Level::Info, "RunPod terminated successfully"),
            (false, false) => self.lifecycle(no, Level::Error, "Failed to terminate RunPod"),
        }
        (0.0, 0.01)
    }

    pub(super) fn marked(&mut self) -> (f64, f64) {
        let Some(kill) = self.gpu.kill.take() else { return (0.0, 0.01) };
        if self.era.is_decorated() {
            let text = format!("Error marking completed - Reason: {}", kill.reason);
            self.lifecycle(kill.no, Level::Error, &text);
        }
        (0.02, 0.1)
    }
}

/// What `metadata.error_code` becomes of a reason (E7 and later: most become UNKNOWN).
fn error_code(reason: &str) -> &'static str {
    if reason.starts_with("Stale heartbeat with active tasks") {
        "STALE_HEARTBEAT_ACTIVE_TASK"
    } else if reason.starts_with("GPU ready but never claimed") {
        "GPU_READY_NOT_CLAIMING"
    } else {
        "UNKNOWN"
    }
}
