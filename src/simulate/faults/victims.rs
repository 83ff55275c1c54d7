//! Whom a fault hits, and what it does to a worker.

use serde_json::json;

use crate::simulate::boot::EXTERNALLY;
use crate::simulate::fault::Fault;
use crate::simulate::stamp;
use crate::simulate::task::Status;
use crate::simulate::worker::{Truth, Worker, WorkerNo};
use crate::simulate::world::{Act, World};

impl World<'_> {
    /// A worker that a fault can hit now, and the hit.
    pub(super) fn hit_worker(&mut self, fault: Fault) -> bool {
        let busy_only = matches!(
            fault,
            Fault::SilentStall
                | Fault::TemporaryStall
                | Fault::FatalSelfTerminate
                | Fault::PidReused
        );
        let idle_only = matches!(fault, Fault::SshPortUnreachable | Fault::EndedByScript);
        let fits = |worker: &Worker| {
            let works =
                worker.process_works() && worker.guardian_alive && worker.status == "active";
            let busy = matches!(worker.state, Truth::Busy(_))
                && worker.in_hand.is_some_and(|w| !w.kind.is_orchestrator());
            let idle = worker.state == Truth::Idle;
            let hurt = worker.cursed || !worker.injected.is_empty();
            works
                && !hurt
                && if busy_only {
                    busy
                } else if idle_only {
                    idle
                } else {
                    busy || idle
                }
        };
        let victims: Vec<WorkerNo> =
            self.workers.iter().filter(|(_, worker)| fits(worker)).map(|(no, _)| *no).collect();
        let Some(no) = self.dice.pick(&victims) else { return false };
        self.hit(no, fault);
        true
    }

    /// The pod of a worker that starts goes.
    pub(super) fn hit_starting(&mut self) -> bool {
        let starts = |worker: &Worker| {
            let starting = matches!(worker.state, Truth::PodBooting | Truth::StartupScript);
            starting
                && worker.pod_alive()
                && worker.status == "spawning"
                && worker.injected.is_empty()
        };
        let victims = self.workers.iter().filter(|(_, worker)| starts(worker));
        let victims: Vec<WorkerNo> = victims.map(|(no, _)| *no).collect();
        let Some(no) = self.dice.pick(&victims) else { return false };
        let (now, kind) = (self.now, Fault::PodKilledWhileStarting.name());
        self.pod_dies(no, EXTERNALLY);
        self.faults.happened(kind, now, no, &mut self.workers);
        true
    }

    fn hit(&mut self, no: WorkerNo, fault: Fault) {
        let now = self.now;
        match fault {
            Fault::Freeze => {
                self.new_epoch(no);
                if let Some(worker) = self.worker_mut(no) {
                    worker.enter(now, Truth::Frozen, None);
                    worker.true_death = Some((now, "frozen"));
                }
            }
            Fault::ProcessCrash => return self.process_crashes(no),
            Fault::SilentStall => return self.stalls(no),
            Fault::TemporaryStall => {
                self.stalls(no);
                let lasts = self.dice.seconds(400.0, 1_500.0);
                let epoch = self.worker(no).map_or(0, |worker| worker.epoch);
                self.at(now + lasts, Act::Resume(no, epoch));
            }
            Fault::GuardianDied => {
                if let Some(worker) = self.worker_mut(no) {
                    worker.guardian_alive = false;
                }
            }
            Fault::FatalSelfTerminate => self.gives_up(no),
            Fault::PodKilledExternally => self.pod_dies(no, EXTERNALLY),
            Fault::PidReused => self.outlived_by_guardian(no),
            Fault::EndedByScript => self.ended_by_script(no),
            Fault::SshPortUnreachable => self.block_ssh(no),
            Fault::FailsEveryTask => {
                if let Some(worker) = self.worker_mut(no) {
                    worker.cursed = true;
                }
            }
            Fault::PodNeverReady
            | Fault::StartupCrash
            | Fault::StartupHang
            | Fault::SshAuthFailure
            | Fault::NeverSignalsReady
            | Fault::WorkerKillerTask
            | Fault::PoisonTask
            | Fault::UserCancelledTask
            | Fault::CompleteTaskErrors
            | Fault::MissingGenerations
            | Fault::Restart
            | Fault::LogOutage
            | Fault::ApiKilled
            | Fault::BatchesRefused
            | Fault::OldLogsDeleted
            | Fault::LogRowsMissing
            | Fault::UserRetry
            | Fault::ResetWhileRunning
            | Fault::DuplicateClaim
            | Fault::SegmentFails
            | Fault::PhantomClaim
            | Fault::SpawnFails
            | Fault::PodKilledWhileStarting
            | Fault::TerminationFails
            | Fault::LostUpdate
            | Fault::CompletionLost
            | Fault::EndOverwritten
            | Fault::RowEdited
            | Fault::EndedAtLaunch
            | Fault::OrchestratorHeartbeats => {}
        }
        self.faults.happened(fault.name(), now, no, &mut self.workers);
    }

    /// The SSH port of a pod does not answer for some minutes.
    fn block_ssh(&mut self, no: WorkerNo) {
        let now = self.now;
        let lasts = self.dice.seconds(90.0, 600.0);
        if let Some(pod) = self.worker_mut(no).and_then(|worker| worker.pod.as_mut()) {
            pod.ssh_blocked = Some((now, now + lasts));
        }
    }

    /// The fatal handler: the row says error, the task in hand goes back, the process ends.
    fn gives_up(&mut self, no: WorkerNo) {
        let now = self.now;
        self.new_epoch(no);
        let Some(worker) = self.worker_mut(no) else { return };
        let reason = "FATAL cuda_driver: CUDA error: an illegal memory access was encountered";
        let old = worker.status;
        worker.status = "error";
        worker.metadata.insert("error_reason".into(), json!(reason));
        worker.metadata.insert("error_time".into(), json!(stamp::iso(now)));
        worker.metadata.insert("self_terminated".into(), json!(true));
        let id = worker.id.clone();
        worker.tell(now, &format!("worker:{id}"), Some(old));
        worker.enter(now, Truth::SelfTerminated, None);
        worker.guardian_alive = false;
        worker.lines_lost += worker.pending.len() as u32;
        worker.pending.clear();
        worker.true_death = Some((now, "fatal_self_terminate"));
        if let Some(work) = worker.in_hand.take() {
            let open = self.tasks.get(&work.task).is_some_and(|task| {
                task.status == Status::InProgress && task.worker.as_deref() == Some(id.as_str())
            });
            if open {
                self.requeue(work.task, &format!("worker:{id}"), None, false);
            }
            self.let_go(work.task);
        }
    }
}
