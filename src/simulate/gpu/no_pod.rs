//! A worker for which no pod can be had (G50, G65 to G67; `domain/orchestrator.md` W3 and the
//! termination reasons of section 2.3).

use serde_json::json;

use crate::simulate::gpu::cycle::CYCLE;
use crate::simulate::gpu::spawn::{CREATE, SCALE_E12, SPAWN};
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::stamp;
use crate::simulate::worker::WorkerNo;
use crate::simulate::world::World;

const LAUNCH: Site = Site::new("worker_spawner", "spawn_worker", 142);
const STORAGES: [&str; 4] = ["Peter", "EU-NO-1", "EU-CZ-1", "EUR-IS-1"];
const TIERS_GB: [u32; 4] = [72, 60, 48, 32];
const NONE_LEFT: &str = "There are no longer any instances available with the requested specifications. Please refresh and try again.";

impl World<'_> {
    /// Every storage and size was asked in vain; the row says so, and stays without a pod.
    pub(super) fn no_pod(&mut self, no: WorkerNo, i: u32, of: u32) -> (f64, f64) {
        let (now, era) = (self.now, self.era);
        let Some(worker) = self.worker(no) else { return (0.0, 0.01) };
        let id = worker.id.clone();
        self.faults.happened("spawn_fails", now, no, &mut self.workers);
        if era == Era::E12 {
            let text = format_args!("Failed to launch worker {id}: {NONE_LEFT}");
            self.gpu_line(LAUNCH, Level::Error, None, text);
        } else {
            self.asked_in_vain(&id);
        }
        let time = stamp::iso(self.gpu.clock);
        if let Some(worker) = self.worker_mut(no) {
            let (at, why, reason) = match era {
                Era::E4 | Era::E6 => {
                    ("error_time", "error_reason", "Failed to spawn Runpod instance")
                }
                Era::E12 => ("terminated_at", "termination_reason", "spawn_failed"),
            };
            worker.metadata.insert(at.into(), json!(time));
            worker.metadata.insert(why.into(), json!(reason));
        }
        if era == Era::E12 {
            self.set_status(no, "terminated");
            let text = format_args!("Failed to spawn worker {i}/{of}");
            self.gpu_line(SCALE_E12, Level::Error, None, text);
        } else {
            self.set_status(no, "error");
            let text = format_args!("❌ Failed to spawn worker {i}/{of}");
            self.gpu_line(CYCLE, Level::Error, None, text);
        }
        (0.05, 0.2)
    }

    /// The lines of the tiers, until E6: the first was announced before.
    fn asked_in_vain(&mut self, id: &str) {
        for (n, ram) in TIERS_GB.into_iter().enumerate() {
            for storage in STORAGES {
                if (storage, ram) != (STORAGES[0], TIERS_GB[0]) {
                    let text = format_args!(
                        "🚀 Creating worker: {id} (Storage: {storage}, RAM: {ram} GB)"
                    );
                    self.gpu_info(SPAWN, text);
                }
                self.gpu_waits(0.5, 1.2);
                let text = format_args!("Error creating pod: {NONE_LEFT}");
                self.gpu_line(CREATE, Level::Error, None, text);
                let text = format_args!("⚠️  Storage: {storage}, RAM: {ram} GB - No ID returned");
                self.gpu_line(SPAWN, Level::Warning, None, text);
            }
            match (self.era, TIERS_GB.get(n + 1)) {
                (Era::E4, Some(_)) if n == 1 => {
                    let text = format_args!(
                        "⚠️  Phase 1 failed (high RAM not available). Trying Phase 2 (lower RAM tiers)..."
                    );
                    self.gpu_line(SPAWN, Level::Warning, None, text);
                }
                (Era::E6, Some(next)) => {
                    let text = format_args!(
                        "⚠️  {ram}GB RAM not available in any storage, trying {next}GB..."
                    );
                    self.gpu_line(SPAWN, Level::Warning, None, text);
                }
                (Era::E4 | Era::E6 | Era::E12, _) => {}
            }
        }
        for text in [
            format!("❌ Failed to create pod for worker {id}"),
            "   Tried storages: ['Peter', 'EU-NO-1', 'EU-CZ-1', 'EUR-IS-1']".into(),
            "   Tried RAM tiers: [72, 60, 48, 32]".into(),
            format!("   Last error: {NONE_LEFT}"),
        ] {
            self.gpu_line(SPAWN, Level::Error, None, format_args!("{text}"));
        }
    }
}
