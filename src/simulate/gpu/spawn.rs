//! New workers: the row, the pod, the binding of both (G47 to G51, G57, G60 to G70).

use serde_json::json;

use crate::simulate::faults::Spoilt;
use crate::simulate::gpu::cycle::{CYCLE, Step};
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::task::Status;
use crate::simulate::worker::{Pod, Truth, Worker, WorkerNo};
use crate::simulate::world::{GPU_TYPE, World};

pub(super) const SCALE_E12: Site = Site::new("control_loop", "_execute_scaling", 996);
const KEY: Site = Site::new("runpod_client", "_get_public_key_content", 664);
pub(super) const SPAWN: Site = Site::new("runpod_client", "spawn_worker", 721);
const VOLUME: Site = Site::new("runpod_client", "_get_storage_volume_id", 621);
const SPACE: Site = Site::new("runpod_client", "_check_and_expand_storage", 441);
pub(super) const CREATE: Site = Site::new("runpod_client", "create_pod_and_wait", 153);
const ANOMALY: Site = Site::new("health_monitor", "check_scaling_anomaly", 77);

impl World<'_> {
    /// The decision to spawn is spoken (G47, G48, G51).
    pub(super) fn scale_up(&mut self, n: u32, capacity: usize, desired: usize) {
        if self.era == Era::E12 {
            let text = format_args!(
                "SCALING UP: Spawning {n} workers (current: {capacity}, desired: {desired})"
            );
            self.gpu_info(SCALE_E12, text);
        } else {
            let text = format_args!(
                "🚀 SCALING UP: Spawning {n} workers (current: {capacity}, desired: {desired})"
            );
            self.gpu_line(CYCLE, Level::Critical, None, text);
            let text = format_args!(
                "Scaling up: need {n} more workers (current: {capacity}, desired: {desired})"
            );
            self.gpu_info(CYCLE, text);
        }
        if self.era == Era::E6 {
            self.causes();
        }
        self.gpu.last_spawn_count = n;
        self.next_steps((1..=n).map(|i| Step::Spawn(i, n)));
    }

    /// G51, E5 and E6: the tasks that are waited for and those that run, ids cut to 8 characters.
    fn causes(&mut self) {
        let line = |task: &crate::simulate::task::Task, rest: String| {
            let id = task.id.to_string();
            format!("{}... | {:25} | {rest}", id.get(..8).unwrap_or_default(), task.kind.name())
        };
        let queued: Vec<String> = self
            .tasks
            .values()
            .filter(|task| task.status == Status::Queued && task.kind.run_type() == "gpu")
            .map(|task| {
                let rest = format!(
                    "user: {} | created: {}",
                    task.user,
                    stamp::time_of_day(task.created_at)
                );
                line(task, rest)
            })
            .collect();
        let active: Vec<String> = self
            .tasks
            .values()
            .filter(|task| task.status == Status::InProgress && task.kind.run_type() == "gpu")
            .map(|task| {
                let at = task.started_at.map_or_else(String::new, stamp::time_of_day);
                line(
                    task,
                    format!("worker: {} | started: {at}", task.worker.as_deref().unwrap_or("None")),
                )
            })
            .collect();
        if !queued.is_empty() {
            self.list("📋 QUEUED TASKS triggering scale-up", "queued tasks", &queued, 10);
        }
        if !active.is_empty() {
            self.list("📋 ACTIVE TASKS currently being processed", "active tasks", &active, 5);
        }
    }

    fn list(&mut self, title: &str, what: &str, lines: &[String], most: usize) {
        self.gpu_info(CYCLE, format_args!("{title} ({} tasks):", lines.len()));
        for (i, line) in lines.iter().take(most).enumerate() {
            self.gpu_info(CYCLE, format_args!("   {}. {line}", i + 1));
        }
        if let Some(more) = lines.len().checked_sub(most).filter(|more| *more > 0) {
            self.gpu_info(CYCLE, format_args!("   ... and {more} more {what}"));
        }
    }

    /// One row, and the call for its pod.
    pub(super) fn spawn(&mut self, i: u32, of: u32) -> (f64, f64) {
        let now = self.gpu.clock;
        let no = self.next_worker;
        self.next_worker += 1;
        let id = format!("gpu-{}-{}", stamp::compact(now), self.dice.hex(8));
        let mut worker = Worker::new(id.clone(), now);
        worker.skew = self.dice.seconds(-3.0, 3.0);
        worker.metadata.insert("orchestrator_status".into(), json!("spawning"));
        if self.era <= Era::E6 {
            // the column had DEFAULT now() until 2026-01-21
            worker.last_heartbeat = Some(self.now);
        }
        worker.tell(self.now, &format!("orchestrator:gpu-{}", self.gpu.instance), None);
        self.workers.insert(no, Box::new(worker));
        self.wait_for_pod(no, i, of);
        if !self.era.is_decorated() {
            return (1.6, 3.4);
        }
        self.gpu_waits(0.1, 0.6);
        if i == 1 {
            let site = Site::new("runpod_client", "_get_gpu_type_info", 653);
            self.gpu_info(site, format_args!("Found GPU type: RTX 4090 (ID: {GPU_TYPE})"));
        }
        let text = format_args!(
            "[SSH_DEBUG] Using SSH public key from RUNPOD_SSH_PUBLIC_KEY environment variable"
        );
        self.gpu_info(KEY, text);
        let text = format_args!(
            "[SSH_DEBUG] Key preview: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFNpbXVsYXRlZCBv... fleet@example.invalid"
        );
        self.gpu_info(KEY, text);
        self.gpu_info(
            SPAWN,
            format_args!("[SSH_DEBUG] Will inject SSH public key into worker {id}"),
        );
        if self.era == Era::E4 {
            self.gpu_info(SPAWN, format_args!("🎯 Storage + RAM tier fallback enabled"));
            self.gpu_info(SPAWN, format_args!("   Phase 1 (High RAM): Try [72, 60] GB across storages: ['Peter', 'EU-NO-1', 'EU-CZ-1', 'EUR-IS-1']"));
            self.gpu_info(
                SPAWN,
                format_args!(
                    "   Phase 2 (Low RAM): Try [48, 32] GB across storages if Phase 1 fails"
                ),
            );
        } else {
            self.gpu_info(
                SPAWN,
                format_args!("🎯 RAM tier fallback enabled (tries each tier across all storages)"),
            );
            self.gpu_info(SPAWN, format_args!("   RAM tiers (in order): [72, 60, 48, 32] GB"));
            self.gpu_info(
                SPAWN,
                format_args!("   Storage volumes: ['Peter', 'EU-NO-1', 'EU-CZ-1', 'EUR-IS-1']"),
            );
            self.gpu_info(SPAWN, format_args!("🔍 Trying 72GB RAM across all storage volumes..."));
        }
        self.look_up("Peter", 200);
        if self.dice.chance(0.08) {
            self.gpu_waits(0.5, 1.5);
            let text = format_args!(
                "Error creating pod: There are no longer any instances available with the requested specifications. Please refresh and try again."
            );
            self.gpu_line(CREATE, Level::Error, None, text);
            let text = format_args!("⚠️  Storage: Peter, RAM: 72 GB - No ID returned");
            self.gpu_line(SPAWN, Level::Warning, None, text);
            self.look_up("EU-NO-1", 150);
        }
        self.gpu_info(SPAWN, format_args!("🚀 Creating worker: {id} (Storage: Peter, RAM: 72 GB)"));
        (1.4, 2.6)
    }

    /// The cloud will answer with a pod, or with none.
    fn wait_for_pod(&mut self, no: WorkerNo, i: u32, of: u32) {
        let none = self.faults.spoilt.front() == Some(&Spoilt::NoPod);
        if none {
            self.faults.spoilt.pop_front();
        }
        self.next_steps([if none { Step::NoPod(no, i, of) } else { Step::PodCreated(no, i, of) }]);
    }

    fn look_up(&mut self, name: &str, size: u32) {
        self.gpu_info(VOLUME, format_args!("Looking up storage volume: {name}"));
        self.gpu_waits(0.4, 0.8);
        self.gpu_info(VOLUME, format_args!("Found storage '{name}' (ID: m6ccu1lodp)"));
        self.gpu_info(VOLUME, format_args!("  Size: {size}GB"));
        self.gpu_info(VOLUME, format_args!("  Location: None (None)"));
        self.gpu_waits(0.3, 0.8);
        self.gpu_info(SPACE, format_args!("📊 Storage '{name}': {size} GB total"));
        self.gpu_info(SPACE, format_args!("✅ Storage '{name}' has adequate capacity ({size} GB)"));
    }

    /// The cloud has made a pod.
    pub(super) fn pod_created(&mut self, no: WorkerNo, i: u32, of: u32) -> (f64, f64) {
        let now = self.gpu.clock.max(self.now);
        let boot = self.dice.seconds(34.0, 62.0);
        let pod_id = self.dice.alphanumeric(14);
        let ip = format!("213.173.{}.{}", 96 + self.dice.below(16), 2 + self.dice.below(250));
        let port = 10_000 + self.dice.below(30_000) as u32;
        let spoilt = self.faults.spoilt.pop_front();
        let old_path = self.faults.old_path_before.is_some_and(|before| now < before);
        let ready = if spoilt == Some(Spoilt::NeverReady) { i64::MAX } else { now + boot };
        let Some(worker) = self.worker_mut(no) else { return (0.0, 0.01) };
        let id = worker.id.clone();
        worker.old_path = old_path || spoilt == Some(Spoilt::OldPath);
        worker.to_be_failed = spoilt == Some(Spoilt::OldPath);
        worker.pod = Some(Pod {
            id: pod_id.clone(),
            created: now,
            ready,
            ip,
            port,
            script_launched: None,
            terminate_requested: None,
            dead: None,
            ssh_blocked: None,
            refuses_login: spoilt == Some(Spoilt::RefusesLogin),
        });
        worker.enter(now, Truth::PodBooting, None);
        let fault = match spoilt {
            Some(Spoilt::NeverReady) => Some("pod_never_ready"),
            Some(Spoilt::NoPod | Spoilt::OldPath) => None,
            Some(Spoilt::RefusesLogin) => Some("ssh_auth_failure"),
            Some(Spoilt::Start(start)) => {
                worker.start = start;
                Some(match start {
                    crate::simulate::worker::Start::Crashes => "startup_crash",
                    crate::simulate::worker::Start::Hangs => "startup_hang",
                    crate::simulate::worker::Start::NeverReady
                    | crate::simulate::worker::Start::Plain => "never_signals_ready",
                })
            }
            None => None,
        };
        if let Some(fault) = fault {
            self.faults.happened(fault, now, no, &mut self.workers);
        }
        if self.era.is_decorated() {
            self.gpu_info(CREATE, format_args!("Pod created with ID: {pod_id}"));
            self.gpu_info(
                SPAWN,
                format_args!("✅ SUCCESS: {id} -> {pod_id} (Storage: Peter, RAM: 72 GB)"),
            );
        }
        self.next_steps([Step::SpawnWritten(no, i, of)]);
        (0.08, 0.2)
    }

    /// The row knows its pod.
    pub(super) fn spawn_written(&mut self, no: WorkerNo, i: u32, of: u32) -> (f64, f64) {
        self.set_status(no, "spawning");
        let e12 = self.era == Era::E12;
        if let Some(worker) = self.worker_mut(no) {
            let pod = worker.pod_id().to_string();
            worker.metadata.insert("runpod_id".into(), json!(pod));
            worker.metadata.insert("ram_tier".into(), json!(72));
            worker.metadata.insert("storage_volume".into(), json!("Peter"));
            let details = json!({"id": pod, "name": worker.id, "desiredStatus": "RUNNING", "cost_per_hr": 0.69});
            worker.metadata.insert("pod_details".into(), details);
            if e12 {
                worker.metadata.insert("worker_backend".into(), json!("wgp"));
                worker.metadata.insert("worker_pool".into(), json!("gpu-wgp-production"));
                worker.metadata.insert("worker_contract_version".into(), json!(1));
            }
        }
        self.gpu.actions.spawned += 1;
        if e12 {
            self.gpu_info(SCALE_E12, format_args!("Worker {i}/{of} spawned successfully"));
        } else {
            let text = format_args!("✅ Worker {i}/{of} spawned successfully");
            self.gpu_line(CYCLE, Level::Critical, None, text);
        }
        if i == of && of >= 3 {
            self.anomaly(of);
        }
        (0.02, 0.1)
    }

    /// G57: three or more in one cycle.
    fn anomaly(&mut self, n: u32) {
        let tasks = self.gpu.counts.queued + self.gpu.counts.active;
        let before = self.in_status(&["active"]).len();
        for text in [
            format!("🚨 ANOMALY DETECTED: Rapid scale-up of {n} workers in one cycle"),
            format!("   Task count: {tasks}"),
            format!("   Previous worker count: {before}"),
            "   This may indicate:".into(),
            "   - Large batch of new tasks submitted".into(),
            "   - Edge function returning incorrect count".into(),
            "   - Workers failing rapidly and being replaced".into(),
        ] {
            self.gpu_line(ANOMALY, Level::Warning, None, format_args!("{text}"));
        }
    }
}
