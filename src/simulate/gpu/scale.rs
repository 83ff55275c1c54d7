//! How many workers there should be, and those that are too many (G40 to G56;
//! `domain/orchestrator.md` section 5.1).

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::gpu::cycle::{CYCLE, Step};
use crate::simulate::gpu::kill::POD;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::worker::WorkerNo;
use crate::simulate::world::World;

const SCALE_E12: Site = Site::new("control_loop", "_execute_scaling", 996);
pub(super) const EARLY_E12: Site = Site::new("control_loop", "_handle_early_termination", 405);
const RATE: Site = Site::new("control_loop", "_check_worker_failure_rate", 1520);

/// SPAWNING_GRACE_PERIOD_SEC, SCALE_DOWN_GRACE_PERIOD_SEC.
const SPAWNING_GRACE_S: i64 = 180;
const SCALE_DOWN_GRACE: i64 = 60 * SECOND;
/// GPU_OVERCAPACITY_IDLE_TIMEOUT_SEC; longer than the default, so that a small fleet is not all churn.
const IDLE_S: i64 = 120;
/// FAILURE_WINDOW_MINUTES and MIN_WORKERS_FOR_RATE_CHECK.
const RATE_WINDOW: i64 = 5 * 60 * SECOND;
const RATE_WORKERS_MIN: usize = 5;

/// Workers by what they do.
struct Fleet {
    idle: Vec<WorkerNo>,
    busy: usize,
    spawning: usize,
}

impl World<'_> {
    fn fleet(&self) -> Fleet {
        let active = self.in_status(&["active"]);
        let busy = |no: &WorkerNo| {
            self.worker(*no).is_some_and(|worker| !self.held_by(&worker.id).is_empty())
        };
        let (held, idle): (Vec<_>, Vec<_>) = active.into_iter().partition(busy);
        Fleet { idle, busy: held.len(), spawning: self.spawning().len() }
    }

    /// Workers that start and are not needed any more.
    pub(super) fn early_termination(&mut self) -> (f64, f64) {
        let now = self.now;
        let spawning = self.spawning();
        let capacity = spawning.len() + self.in_status(&["active"]).len();
        let total = self.gpu.counts.queued + self.gpu.counts.active;
        let wanted = self.gpu.max.min(self.gpu.min.max((total as f64 * 0.9).ceil() as usize));
        let rested = now - self.gpu.last_scale_down >= SCALE_DOWN_GRACE;
        if self.gpu.counts.queued > 0 || capacity <= wanted || !rested {
            return (0.0, 0.02);
        }
        let old = |no: &WorkerNo| {
            self.worker(*no)
                .is_some_and(|w| now - w.created_at > SPAWNING_GRACE_S * SECOND && w.pod.is_some())
        };
        let victims: Vec<WorkerNo> =
            spawning.into_iter().filter(old).take(capacity - wanted).collect();
        if victims.is_empty() {
            return (0.0, 0.02);
        }
        self.gpu.last_scale_down = now;
        let n = victims.len();
        if self.era == Era::E12 {
            let text = format_args!(
                "Early termination: {capacity} workers > {wanted} desired, terminating {n} spawning workers"
            );
            self.gpu_info(EARLY_E12, text);
        } else {
            let text = format_args!(
                "Early termination: {capacity} workers > {wanted} desired, terminating {n} spawning workers (past grace {SPAWNING_GRACE_S}s)"
            );
            self.gpu_info(CYCLE, text);
        }
        self.gpu.last_spawn_count = wanted as u32;
        self.next_steps(victims.into_iter().map(Step::Early));
        (0.3, 0.8)
    }

    pub(super) fn terminate_early(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker(no).filter(|worker| worker.status != "terminated") else {
            return (0.0, 0.01);
        };
        let (id, pod) = (worker.id.clone(), worker.pod_id().to_string());
        let capacity = self.spawning().len() + self.in_status(&["active"]).len();
        let ended = self.end_early(no, &pod);
        self.set_status(no, "terminated");
        let wanted = self.gpu.last_spawn_count;
        if let Some(worker) = self.worker_mut(no) {
            if era == Era::E12 {
                let reason = format!("early_termination_over_capacity ({capacity} > {wanted})");
                worker.metadata.insert("termination_reason".into(), json!(reason));
                worker.metadata.insert("terminated_at".into(), json!(stamp::iso(now)));
            }
            worker.tell_kill(now, "orchestrator_terminate_no_error", None);
        }
        let site = if era == Era::E12 { EARLY_E12 } else { CYCLE };
        self.gpu_waits(0.1, 0.2);
        if ended {
            self.gpu_info(site, format_args!("Terminated spawning worker {id} (RunPod {pod})"));
        } else {
            let text = format_args!("Failed to terminate spawning worker {id} (RunPod {pod})");
            self.gpu_line(site, Level::Warning, None, text);
        }
        self.gpu.actions.terminated += 1;
        (0.2, 0.5)
    }

    /// Asks the cloud for the end of a spawning worker's pod; false when it refuses, or from E7 on does
    /// not know it: its row is written all the same (O19).
    fn end_early(&mut self, no: WorkerNo, pod: &str) -> bool {
        let now = self.now;
        if self.era.is_decorated() {
            self.gpu_info(POD, format_args!("Terminating pod: {pod}"));
            self.gpu_waits(0.3, 0.8);
        }
        if self.end_refused(no, pod) {
            return false;
        }
        if self.era.is_decorated() {
            return self.pod_answer(no);
        }
        let was_there = self.terminate_pod(no, now);
        was_there || self.pod_answer(no)
    }

    /// G44: only said when there are enough young workers.
    pub(super) fn failure_rate(&mut self) -> (f64, f64) {
        let young = self.now - RATE_WINDOW;
        let rows: Vec<&'static str> = self
            .workers
            .values()
            .filter(|worker| worker.created_at >= young)
            .map(|worker| worker.status)
            .collect();
        if rows.len() < RATE_WORKERS_MIN {
            return (0.0, 0.02);
        }
        let of = |status: &str| rows.iter().filter(|have| **have == status).count();
        let (n, errors, ended) = (rows.len(), of("error"), of("terminated"));
        let text = if self.era == Era::E12 {
            let rate = 100.0 * errors as f64 / n as f64;
            format!(
                "[FAILURE_RATE] Recent: {n}, Errors: {errors}, Terminated (scale-down): {ended}, Failure rate: {rate:.2}%"
            )
        } else {
            let failed = errors + ended;
            let rate = 100.0 * failed as f64 / n as f64;
            format!("[FAILURE_RATE] Recent workers: {n}, Failed: {failed}, Rate: {rate:.2}%")
        };
        self.gpu_info(RATE, format_args!("{text}"));
        (0.05, 0.2)
    }

    /// The decision, and what follows from it.
    pub(super) fn scale(&mut self) -> (f64, f64) {
        let fleet = self.fleet();
        let (queued, active) = (self.gpu.counts.queued, self.gpu.counts.active);
        let (min, max) = (self.gpu.min, self.gpu.max);
        let workload = queued + active;
        let desired = max.min(min.max(workload).max(fleet.busy));
        let workers = fleet.idle.len() + fleet.busy;
        let capacity = workers + fleet.spawning;
        let spawn = match self.era {
            Era::E4 | Era::E6 => {
                self.say_decision(&fleet, desired);
                desired.saturating_sub(capacity)
            }
            Era::E12 => {
                let reactive = queued.saturating_sub(fleet.idle.len() + fleet.spawning);
                let floor = if fleet.spawning == 0 { min.max(fleet.busy + 1) } else { min };
                reactive.max(floor.saturating_sub(capacity))
            }
        };
        let spawn = spawn.min(max.saturating_sub(capacity));
        if spawn > 0 {
            self.scale_up(spawn as u32, capacity, desired.max(capacity + spawn));
        } else if capacity > desired {
            self.choose_victims(&fleet, capacity, desired);
        }
        (0.1, 0.3)
    }

    fn say_decision(&mut self, fleet: &Fleet, desired: usize) {
        let (queued, active, cycle) =
            (self.gpu.counts.queued, self.gpu.counts.active, self.gpu.cycle);
        let (idle, busy, spawning, min) =
            (fleet.idle.len(), fleet.busy, fleet.spawning, self.gpu.min);
        let workers = idle + busy;
        let total = queued + active;
        let text = format_args!(
            "🎯 SCALING DECISION (Cycle #{cycle}): Current={workers}+{spawning}, Desired={desired}"
        );
        self.gpu_line(CYCLE, Level::Critical, None, text);
        self.gpu_info(CYCLE, format_args!("🎯 SCALING DECISION ANALYSIS:"));
        self.gpu_info(
            CYCLE,
            format_args!("   • Task-based scaling (queued + active): {total} workers"),
        );
        self.gpu_info(CYCLE, format_args!("     - Queued tasks: {queued}"));
        self.gpu_info(CYCLE, format_args!("     - Active cloud tasks: {active}"));
        self.gpu_info(CYCLE, format_args!("     - Total workload: {total}"));
        self.gpu_info(CYCLE, format_args!("   • Buffer requirement: {busy} workers"));
        self.gpu_info(CYCLE, format_args!("   • Minimum requirement: {min} workers"));
        self.gpu_info(CYCLE, format_args!("   → FINAL DESIRED: {desired} workers"));
        let text = format_args!(
            "   • Current capacity: {idle} idle + {busy} busy = {workers} active, {spawning} spawning"
        );
        self.gpu_info(CYCLE, text);
        self.gpu_info(CYCLE, format_args!("   • Failure rate check: ✅ PASS"));
    }

    /// Idle workers that are too many: the oldest heartbeat first until E4, the newest row after.
    fn choose_victims(&mut self, fleet: &Fleet, capacity: usize, desired: usize) {
        let now = self.now;
        let rested = |no: &&WorkerNo| {
            self.worker(**no).is_some_and(|worker| {
                let since = worker.last_completion.unwrap_or(worker.created_at);
                now - since > IDLE_S * SECOND
            })
        };
        let mut victims: Vec<WorkerNo> = fleet.idle.iter().filter(rested).copied().collect();
        let workers = fleet.idle.len() + fleet.busy;
        let mut room = (capacity - desired).min(victims.len());
        match self.era {
            Era::E4 => victims.sort_by_key(|no| self.worker(*no).and_then(|w| w.last_heartbeat)),
            Era::E6 => {
                victims.reverse();
                room = room.min(workers.saturating_sub(self.gpu.min));
            }
            Era::E12 => {
                victims.reverse();
                room = room.min(fleet.idle.len().saturating_sub(1));
            }
        }
        victims.truncate(room);
        if victims.is_empty() {
            return;
        }
        let (n, min) = (victims.len(), self.gpu.min);
        let text = match self.era {
            Era::E4 => format!(
                "Terminating {n} workers (over-capacity: {capacity} > {desired}, idle buffer requires keeping 0 idle)"
            ),
            Era::E6 => format!(
                "Terminating {n} workers (over-capacity: {capacity} > {desired}, idle buffer requires keeping 0 idle, min active: {min})"
            ),
            Era::E12 => format!("Terminating {n} workers (over-capacity: {capacity} > {desired})"),
        };
        let site = if self.era == Era::E12 { SCALE_E12 } else { CYCLE };
        self.gpu_info(site, format_args!("{text}"));
        self.gpu.last_spawn_count = desired as u32;
        self.next_steps(victims.into_iter().map(Step::ScaleDown));
    }

    /// A normal stop begins (G124).
    pub(super) fn scale_down(&mut self, no: WorkerNo) -> (f64, f64) {
        let Some(worker) = self.worker(no).filter(|worker| worker.status == "active") else {
            return (0.0, 0.01);
        };
        let pod = worker.pod_id().to_string();
        let capacity = self.spawning().len() + self.in_status(&["active"]).len();
        let desired = self.gpu.last_spawn_count;
        if self.era == Era::E12 {
            let reason = format!("scale_down_idle (capacity {capacity} > desired {desired})");
            self.lifecycle(no, Level::Info, &format!("TERMINATING worker (reason: {reason})"));
            if let Some(worker) = self.worker_mut(no) {
                worker.metadata.insert("termination_reason".into(), json!(reason));
            }
        } else {
            self.lifecycle(no, Level::Info, "TERMINATING worker");
            self.lifecycle(no, Level::Info, &format!("RunPod ID: {pod}"));
            self.lifecycle(no, Level::Info, "Calling RunPod API to terminate instance...");
            self.gpu_info(POD, format_args!("Terminating pod: {pod}"));
        }
        self.next_steps([Step::ScaledDown(no)]);
        (0.3, 1.0)
    }

    pub(super) fn scaled_down(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let id = self.worker(no).map_or_else(String::new, |worker| worker.id.clone());
        if !self.pod_answer(no) {
            // from E7 on the row stays as it is, and the next cycle tries again
            self.lifecycle(no, Level::Error, "RunPod termination FAILED");
            return (0.1, 0.3);
        }
        let at = self.gpu.clock;
        let text = if era == Era::E12 {
            "RunPod terminated successfully"
        } else {
            "✅ RunPod instance terminated successfully"
        };
        self.lifecycle(no, Level::Info, text);
        let read = self.read_by_heartbeat(no);
        self.set_status(no, "terminated");
        if let Some(worker) = self.worker_mut(no) {
            worker.metadata.insert("terminated_at".into(), json!(stamp::iso(at)));
            worker.tell_kill(now, "orchestrator_terminate_no_error", None);
        }
        if let Some(read) = read {
            self.written_back(no, read);
        }
        self.gpu_waits(0.1, 0.25);
        if era == Era::E12 {
            self.gpu_info(
                SCALE_E12,
                format_args!("Terminated idle worker {id} (idle > {IDLE_S}s)"),
            );
        } else {
            self.lifecycle(no, Level::Info, "✅ Database status updated to 'terminated'");
            self.gpu_info(
                CYCLE,
                format_args!("Terminated idle worker {id} (over-capacity, idle > {IDLE_S}s)"),
            );
        }
        self.gpu.actions.terminated += 1;
        (0.05, 0.2)
    }
}
