//! Pods that start: is one running, its startup script, its timeouts (G71 to G86, W5 to W8).

use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::gpu::cycle::Step;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::worker::WorkerNo;
use crate::simulate::world::World;

const CHECK: Site = Site::new("runpod_client", "check_and_initialize_worker", 1408);
const STATUS: Site = Site::new("runpod_client", "check_worker_startup_status", 1244);
const START: Site = Site::new("runpod_client", "start_worker_process", 832);
const LAUNCHED: Site = Site::new("control_loop", "run_single_cycle", 342);
const LAUNCHED_E12: Site = Site::new("control_loop", "_handle_spawning_workers", 494);
pub(super) const SSH: Site = Site::new("runpod_client", "execute_command_on_worker", 1343);
const AUTH: Site = Site::new("runpod_client", "get_ssh_client", 1290);

/// SPAWNING_TIMEOUT_SEC and SCRIPT_RUNNING_TIMEOUT_SEC.
const SPAWNING_TIMEOUT_S: i64 = 600;
const SCRIPT_TIMEOUT_S: i64 = 1_800;

impl World<'_> {
    pub(super) fn all_spawning(&mut self) -> (f64, f64) {
        let steps: Vec<Step> = self.spawning().into_iter().rev().map(Step::Spawning).collect();
        self.next_steps(steps);
        (0.02, 0.1)
    }

    /// One worker that starts.
    pub(super) fn check_spawning(&mut self, no: WorkerNo) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let age = (now - worker.created_at) / SECOND;
        let (id, status) = (worker.id.clone(), worker.status);
        let Some(pod) = &worker.pod else { return (0.0, 0.01) };
        let (pod_id, ip, port) = (pod.id.clone(), pod.ip.clone(), pod.port);
        let ready = pod.ready <= now && pod.dead.is_none();
        let launched = pod.script_launched;
        if status == "error" {
            return (0.0, 0.01);
        }
        let script_runs = launched.map_or(0, |at| (now - at) / SECOND);
        if era == Era::E12
            && (launched.is_none() && age > SPAWNING_TIMEOUT_S || script_runs > SCRIPT_TIMEOUT_S)
        {
            let what =
                if launched.is_none() { "Spawning timeout" } else { "Script running timeout" };
            self.next_steps([Step::Mark(no, format!("{what} ({age}s)"))]);
            return (0.1, 0.4);
        }
        if !ready {
            if era.is_decorated() {
                let text = format_args!(
                    "Error checking worker {id} startup status: No module named 'database'"
                );
                self.gpu_line(STATUS, Level::Error, None, text);
                if age > SPAWNING_TIMEOUT_S {
                    self.next_steps([Step::Mark(no, "Spawning timeout".into())]);
                }
            }
            return (0.3, 0.7);
        }
        if era.is_decorated() {
            self.gpu_info(CHECK, format_args!("Pod {pod_id} is running, checking SSH access..."));
            self.gpu_waits(0.3, 0.8);
            self.gpu_info(CHECK, format_args!("SSH available for {id}: {ip}:{port}"));
        }
        if let Some(worker) = self.worker_mut(no) {
            let ssh = json!({"ip": ip, "port": port, "password": "runpod"});
            worker.metadata.insert("ssh_details".into(), ssh);
        }
        if launched.is_some() {
            return (0.3, 0.7);
        }
        if era.is_decorated() {
            self.gpu_info(
                START,
                format_args!("Starting worker process on {pod_id} with worker_id: {id}"),
            );
            let text = format_args!(
                "Creating startup script at /tmp/start_worker_{id}.sh for worker {id}"
            );
            self.gpu_info(START, text);
        }
        let command = format!(
            "cat > /tmp/start_worker_{id}.sh << 'SCRIPT_EOF'\n#!/bin/bash\nset -e  # Exit o"
        );
        if self.ssh(no, &command) {
            self.next_steps([Step::ScriptCreated(no)]);
        } else {
            self.launch_fails(no);
        }
        (2.0, 3.4)
    }

    /// The lines of one command over SSH (G87, G89; from E11 on only failures). False when the login
    /// is refused.
    pub(super) fn ssh(&mut self, no: WorkerNo, command: &str) -> bool {
        let Some((pod, ip, port, refuses)) = self.worker(no).and_then(|worker| {
            let pod = worker.pod.as_ref()?;
            Some((pod.id.clone(), pod.ip.clone(), pod.port, pod.refuses_login))
        }) else {
            return false;
        };
        if self.era == Era::E12 {
            if refuses {
                self.gpu_waits(0.5, 1.0);
                let site = Site::new("worker_spawner", "execute_command_on_worker", 190);
                let text =
                    format_args!("SSH execution failed for pod {pod}: Authentication failed.");
                self.gpu_line(site, Level::Error, None, text);
            }
            return !refuses;
        }
        self.gpu_info(SSH, format_args!("🔐 SSH_EXEC [Pod {pod}] Executing command: {command}..."));
        self.gpu_info(
            AUTH,
            format_args!(
                "🔐 SSH_AUTH [Pod {pod}] Getting SSH client - starting authentication flow"
            ),
        );
        self.gpu_waits(0.3, 0.9);
        self.gpu_info(
            AUTH,
            format_args!("🔐 SSH_AUTH [Pod {pod}] SSH details obtained - IP: {ip}, Port: {port}"),
        );
        for text in [
            "Environment check:",
            "  - RUNPOD_SSH_PRIVATE_KEY: ✅ SET",
            "  - RUNPOD_SSH_PUBLIC_KEY: ✅ SET",
            "  - RUNPOD_SSH_PRIVATE_KEY_PATH: ❌ MISSING",
            "✅ Using PRIVATE KEY from environment variable",
            "Private key length: 411 chars",
            "Private key starts with: -----BEGIN OPENSSH PRIVATE KEY-----\nc2ltdWxhdGVkIG9ub...",
        ] {
            self.gpu_info(AUTH, format_args!("🔐 SSH_AUTH [Pod {pod}] {text}"));
        }
        self.gpu_info(SSH, format_args!("🔐 SSH_EXEC [Pod {pod}] Attempting SSH connection..."));
        if refuses {
            self.gpu_waits(0.8, 1.6);
            let text = format_args!(
                "🔐 SSH_EXEC [Pod {pod}] ❌ SSH EXECUTION FAILED: Authentication failed."
            );
            self.gpu_line(SSH, Level::Error, None, text);
            let text = format_args!(
                "🔐 SSH_EXEC [Pod {pod}] This indicates SSH authentication or connection issues"
            );
            self.gpu_line(SSH, Level::Error, None, text);
        }
        !refuses
    }

    fn ssh_done(&mut self, no: WorkerNo) {
        if self.era == Era::E12 {
            return;
        }
        let pod = self.worker(no).map_or_else(String::new, |worker| worker.pod_id().to_string());
        self.gpu_info(SSH, format_args!("🔐 SSH_EXEC [Pod {pod}] ✅ SSH connection successful!"));
        self.gpu_waits(0.5, 0.9);
        self.gpu_info(
            SSH,
            format_args!("🔐 SSH_EXEC [Pod {pod}] Command completed - Exit code: 0"),
        );
    }

    /// Whether the pod went while its script was being launched; what is said then.
    fn pod_went(&mut self, no: WorkerNo) -> bool {
        let went = self.worker(no).is_some_and(|worker| !worker.pod_alive());
        if went {
            self.launch_fails(no);
        }
        went
    }

    fn launch_fails(&mut self, no: WorkerNo) {
        let id = self.worker(no).map_or_else(String::new, |worker| worker.id.clone());
        if self.era == Era::E12 {
            let site = Site::new("worker_spawner", "start_worker_process", 420);
            let text = format_args!("Failed to launch startup script for worker {id}");
            self.gpu_line(site, Level::Error, None, text);
        } else {
            let text = format_args!("Failed to create startup script for worker {id}: None");
            self.gpu_line(START, Level::Error, None, text);
        }
        self.gpu_line(
            LAUNCHED,
            Level::Warning,
            None,
            format_args!("Failed to launch startup script for {id}"),
        );
    }

    pub(super) fn script_created(&mut self, no: WorkerNo) -> (f64, f64) {
        if self.pod_went(no) {
            return (0.3, 0.7);
        }
        self.ssh_done(no);
        if self.era.is_decorated() {
            self.gpu_info(
                START,
                format_args!("Startup script created successfully, launching in background..."),
            );
        }
        let id = self.worker(no).map_or_else(String::new, |worker| worker.id.clone());
        let short = id.get(..14).unwrap_or_default();
        let command = format!(
            "\n        mkdir -p /workspace/Headless-Wan2GP/logs\n        chmod +x /tmp/start_worker_{short}"
        );
        self.ssh(no, &command);
        self.next_steps([Step::ScriptLaunched(no)]);
        (1.8, 3.0)
    }

    pub(super) fn script_launched(&mut self, no: WorkerNo) -> (f64, f64) {
        if self.pod_went(no) {
            return (0.3, 0.7);
        }
        self.ssh_done(no);
        if self.ended_at_launch(no) {
            self.gpu_waits(0.2, 0.6);
        }
        let pid = 300 + self.dice.below(700);
        let at = self.gpu.clock;
        let Some(worker) = self.worker_mut(no) else { return (0.0, 0.01) };
        let id = worker.id.clone();
        worker.metadata.insert("startup_script_launched".into(), json!(true));
        worker.metadata.insert("startup_script_launched_at".into(), json!(stamp::iso(at)));
        if let Some(pod) = &mut worker.pod {
            pod.script_launched = Some(at);
        }
        if self.era.is_decorated() {
            let text =
                format_args!("✅ Worker {id} startup script launched in background (PID: {pid})");
            self.gpu_info(START, text);
            self.gpu_info(
                START,
                format_args!("   Script will run for ~20 minutes to install dependencies"),
            );
            self.gpu_info(
                START,
                format_args!("   Worker will be checked periodically for completion"),
            );
            self.gpu_info(LAUNCHED, format_args!("🚀 Launched startup script for {id}"));
        } else {
            self.gpu_info(LAUNCHED_E12, format_args!("Launched startup script for {id}"));
        }
        self.gpu.actions.launched += 1;
        self.script_runs(no);
        (0.3, 0.7)
    }
}
