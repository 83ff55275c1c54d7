//! Pods that run although their row says ended: refused ends, and the check that finds them (G53, G128,
//! G136, G137; `domain/orchestrator.md` O18 and O19).

use crate::simulate::fault::Fault;
use crate::simulate::gpu::cleanup::ZOMBIES;
use crate::simulate::gpu::cycle::Step;
use crate::simulate::gpu::kill::{POD, POD_E12};
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::worker::{Worker, WorkerNo};
use crate::simulate::world::World;

impl World<'_> {
    /// Whether the cloud refuses to end a pod this time; what it says then.
    pub(super) fn end_refused(&mut self, no: WorkerNo, pod: &str) -> bool {
        let there = self.worker(no).is_some_and(Worker::pod_alive);
        if !self.faults.waiting.contains(&Fault::TerminationFails) || !there {
            return false;
        }
        self.faults.waiting.remove(&Fault::TerminationFails);
        let now = self.now;
        self.faults.happened("termination_fails", now, no, &mut self.workers);
        let site = if self.era == Era::E12 { POD_E12 } else { POD };
        let text = format_args!("Error terminating pod {pod}: 500 Internal Server Error");
        self.gpu_line(site, Level::Error, None, text);
        true
    }

    /// Pods whose row says that they were ended, and that nobody is ending.
    pub(super) fn orphans(&self) -> Vec<Step> {
        let forgotten = |worker: &Worker| {
            let asked = worker.pod.as_ref().is_some_and(|pod| pod.terminate_requested.is_some());
            worker.status == "terminated" && worker.pod_alive() && !asked
        };
        let all = self.workers.iter().filter(|(_, worker)| forgotten(worker));
        all.map(|(no, _)| Step::Orphan(*no)).collect()
    }

    pub(super) fn orphan(&mut self, no: WorkerNo) -> (f64, f64) {
        // a heartbeat may have set its row back since the list was made
        let Some(worker) = self.worker(no).filter(|worker| worker.status == "terminated") else {
            return (0.0, 0.01);
        };
        let (id, pod) = (worker.id.clone(), worker.pod_id().to_string());
        let old = self.era.is_decorated();
        let what = if old { "not found in active database workers" } else { "not in database" };
        let text = format_args!("ZOMBIE DETECTED: RunPod pod {id} ({pod}) {what}");
        self.gpu_line(ZOMBIES, Level::Warning, None, text);
        if old {
            self.gpu_info(POD, format_args!("Terminating pod: {pod}"));
        }
        self.next_steps([Step::OrphanEnded(no)]);
        (0.4, 1.1)
    }

    pub(super) fn orphan_ended(&mut self, no: WorkerNo) -> (f64, f64) {
        if self.pod_answer(no) {
            let pod = self.worker(no).map_or_else(String::new, |w| w.pod_id().to_string());
            let text =
                format_args!("ZOMBIE CLEANUP: Successfully terminated orphaned RunPod {pod}");
            self.gpu_line(ZOMBIES, Level::Warning, None, text);
        }
        (0.02, 0.1)
    }
}
