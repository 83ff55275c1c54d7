//! The periodic look at the storage volumes (G155, E6 and later).

use crate::simulate::gpu::startup::SSH;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::world::World;

const CHECK: Site = Site::new("control_loop", "_check_storage_health", 1358);
const HEALTH: Site = Site::new("runpod_client", "check_storage_health", 494);

impl World<'_> {
    /// Every tenth cycle; over SSH through a worker that runs.
    pub(super) fn storage(&mut self) -> (f64, f64) {
        let cycle = self.gpu.cycle;
        if !cycle.is_multiple_of(10) || self.era == Era::E4 {
            return (0.0, 0.01);
        }
        if self.era == Era::E12 {
            self.gpu_info(
                CHECK,
                format_args!("STORAGE_CHECK Starting periodic check (cycle {cycle})"),
            );
            return (0.5, 1.8);
        }
        self.gpu_info(
            CHECK,
            format_args!("📦 STORAGE_CHECK Starting periodic storage health check (cycle {cycle})"),
        );
        let through = self
            .in_status(&["active"])
            .into_iter()
            .find(|no| self.worker(*no).is_some_and(|w| w.process_works()));
        let Some(pod) = through.and_then(|no| self.worker(no)).map(|w| w.pod_id().to_string())
        else {
            let text = format_args!(
                "📦 STORAGE_CHECK No active workers with storage volume info, skipping"
            );
            self.gpu_info(CHECK, text);
            return (0.05, 0.2);
        };
        let free = 150_000 + self.dice.below(30_000);
        self.gpu_info(
            CHECK,
            format_args!("📦 STORAGE_CHECK Checking 1 storage volumes: ['Peter']"),
        );
        self.gpu_info(HEALTH, format_args!("📦 STORAGE_HEALTH Checking 'Peter' via pod {pod}"));
        self.gpu_waits(0.4, 0.9);
        self.gpu_info(HEALTH, format_args!("📦 STORAGE_HEALTH API reports 'Peter': 200 GB total"));
        self.gpu_info(
            SSH,
            format_args!("🔐 SSH_EXEC [Pod {pod}] Executing command: df -BG /workspace..."),
        );
        self.gpu_waits(1.0, 2.5);
        let text = format_args!(
            "📦 STORAGE_HEALTH Raw output for 'Peter':\nFilesystem 1G-blocks Used Available Use% Mounted on\nmfs#eu 700000G 540000G {free}G 78% /workspace"
        );
        self.gpu_info(HEALTH, text);
        self.gpu_info(
            HEALTH,
            format_args!("📦 STORAGE_HEALTH ✅ 'Peter' OK: {free}GB free (24% available)"),
        );
        self.gpu_info(
            CHECK,
            format_args!(
                "📦 STORAGE_CHECK ✅ 'Peter' is healthy: OK: {free}GB free (24% available)"
            ),
        );
        self.gpu_info(CHECK, format_args!("📦 STORAGE_CHECK Completed storage health check"));
        (0.1, 0.3)
    }
}
