//! What goes wrong, when and to whom; and the record of it.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use serde::Serialize;
use serde_json::json;

use crate::model::time::SECOND;
use crate::simulate::boot::EXTERNALLY;
use crate::simulate::dice::Dice;
use crate::simulate::fault::Fault;
use crate::simulate::gpu::Outage;
use crate::simulate::kind::Kind;
use crate::simulate::plan::Plan;
use crate::simulate::stamp::{self, At};
use crate::simulate::task::{Fate, Status};
use crate::simulate::truth::List;
use crate::simulate::truth::worker::Injected;
use crate::simulate::worker::{Start, Truth, Worker, WorkerNo};
use crate::simulate::world::{Act, Workers, World};

const MINUTE: i64 = 60 * SECOND;
/// How often a fault that finds no victim waits a minute.
const TRIES_MAX: u32 = 30;

/// What is wrong with the next pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoilt {
    /// There is none.
    NoPod,
    /// Its worker completes past the generation step, and one of its tasks is failed meanwhile.
    OldPath,
    NeverReady,
    RefusesLogin,
    Start(Start),
}

/// What went wrong in the fleet, as `truth.json` lists it.
#[derive(Serialize)]
pub(super) struct Happened {
    kind: &'static str,
    t: At,
}

/// One kind of fault: it happens once in each of the equal slots of a span.
struct Due {
    fault: Fault,
    from: i64,
    slot: i64,
    /// Slots after the one that runs.
    left: u32,
    next: i64,
    tries: u32,
    happened: bool,
}

impl Due {
    /// Draws the time in the slot that begins now.
    fn draw(&mut self, dice: &mut Dice) {
        let share = dice.seconds(0.0, 1.0) as f64 / SECOND as f64;
        self.next = self.from + (self.slot as f64 * share) as i64;
        self.tries = 0;
    }

    /// Goes on to the next slot; false when there is none.
    fn turn(&mut self, dice: &mut Dice) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.from += self.slot;
        self.draw(dice);
        true
    }
}

/// The plan of faults, and those that happened since they were last written down.
pub(super) struct Faults {
    due: Vec<Due>,
    pub(super) spoilt: VecDeque<Spoilt>,
    errors_until: i64,
    /// Those that wait for the next occasion: a claim, a completion, an end.
    pub(super) waiting: BTreeSet<Fault>,
    /// Pods made before this complete past the generation step.
    pub(super) old_path_before: Option<i64>,
    /// Log rows from before this are deleted.
    pub(super) logs_deleted_before: Option<i64>,
    pub(super) injected: Vec<Happened>,
    pub(super) in_workers: Vec<Injected>,
}

impl Faults {
    /// Draws the times: not in the first minutes, when there is nobody to hit, nor in the last, when
    /// nobody would see what comes of it.
    pub(super) fn plan(plan: &Plan, start: i64, end: i64, dice: &mut Dice) -> Self {
        let span = (end - start) as f64;
        let mut due = Vec::new();
        let (mut old_path_before, mut logs_deleted_before) = (None, None);
        for fault in plan.faults.iter().copied().filter(|fault| fault.is_of(plan.era)) {
            // what pods made before an instant do wrong is seen for long after it, and happens once
            let missing = fault == Fault::MissingGenerations;
            let deleted = fault == Fault::OldLogsDeleted;
            let once = missing || deleted;
            let until = if once { 0.25 } else { 0.80 };
            let often = (plan.hours / plan.hours_between).round().max(1.0);
            let slots = if once { 1 } else { often as u32 };
            let mut one = Due {
                fault,
                from: start + (span * 0.12) as i64,
                slot: (span * (until - 0.12)) as i64 / i64::from(slots),
                left: slots - 1,
                next: 0,
                tries: 0,
                happened: false,
            };
            one.draw(dice);
            if missing {
                old_path_before = Some(one.next);
            }
            if deleted {
                logs_deleted_before = Some(one.next);
            }
            due.push(one);
        }
        Self {
            due,
            spoilt: VecDeque::new(),
            errors_until: 0,
            waiting: BTreeSet::new(),
            old_path_before,
            logs_deleted_before,
            injected: Vec::new(),
            in_workers: Vec::new(),
        }
    }

    pub(super) fn times(&self) -> Vec<i64> {
        self.due.iter().map(|due| due.next).collect()
    }

    /// Kinds that were planned and never found anyone to hit.
    pub(super) fn missed(&self) -> Vec<Fault> {
        self.due.iter().filter(|due| !due.happened).map(|due| due.fault).collect()
    }

    /// Whether `complete_task` answers errors now.
    pub(super) fn complete_task_fails(&self, at: i64) -> bool {
        at < self.errors_until
    }

    /// Notes what truly went wrong in a worker.
    pub(super) fn happened(
        &mut self,
        kind: &'static str,
        at: i64,
        no: WorkerNo,
        workers: &mut Workers,
    ) {
        let Some(worker) = workers.get_mut(&no) else { return };
        let what = Injected { worker_id: worker.id.clone(), kind, t: At(at) };
        worker.injected.push(what.clone());
        self.in_workers.push(what);
    }
}

impl World<'_> {
    /// One fault is due.
    pub(super) fn fault(&mut self, n: usize) -> io::Result<()> {
        let Some((fault, tries)) = self.faults.due.get(n).map(|due| (due.fault, due.tries)) else {
            return Ok(());
        };
        let now = self.now;
        let found = self.bring_about(fault)?;
        if found {
            self.faults.injected.push(Happened { kind: fault.name(), t: At(now) });
        }
        let due = &mut self.faults.due[n];
        due.happened |= found;
        if !found && tries < TRIES_MAX {
            due.tries += 1;
            self.at(now + MINUTE, Act::Fault(n));
        } else if due.turn(&mut self.dice) {
            let next = due.next;
            self.at(next, Act::Fault(n));
        }
        Ok(())
    }

    /// Makes a fault happen, if now there is something that it can hit.
    fn bring_about(&mut self, fault: Fault) -> io::Result<bool> {
        let now = self.now;
        Ok(match fault {
            Fault::Freeze
            | Fault::ProcessCrash
            | Fault::SilentStall
            | Fault::TemporaryStall
            | Fault::GuardianDied
            | Fault::FatalSelfTerminate
            | Fault::PodKilledExternally
            | Fault::SshPortUnreachable
            | Fault::FailsEveryTask
            | Fault::PidReused
            | Fault::EndedByScript => self.hit_worker(fault),
            Fault::PodKilledWhileStarting => self.hit_starting(),
            Fault::SpawnFails => self.spoil(Spoilt::NoPod),
            Fault::EndOverwritten => self.spoil(Spoilt::OldPath),
            Fault::PodNeverReady => self.spoil(Spoilt::NeverReady),
            Fault::SshAuthFailure => self.spoil(Spoilt::RefusesLogin),
            Fault::StartupCrash => self.spoil(Spoilt::Start(Start::Crashes)),
            Fault::StartupHang => self.spoil(Spoilt::Start(Start::Hangs)),
            Fault::NeverSignalsReady => self.spoil(Spoilt::Start(Start::NeverReady)),
            Fault::WorkerKillerTask => {
                let left = 2 + self.dice.below(2) as u32;
                let stalls = self.dice.chance(0.3);
                self.doomed(Kind::WanI2v, Fate::KillsWorkers { left, stalls })
            }
            Fault::PoisonTask => {
                let text = "CUDA out of memory. Tried to allocate 2.50 GiB";
                self.doomed(Kind::SingleImage, Fate::Fails { text, retried: true })
            }
            Fault::UserCancelledTask => self.cancel_some()?,
            Fault::CompleteTaskErrors => {
                self.faults.errors_until = now + 10 * MINUTE;
                true
            }
            Fault::MissingGenerations | Fault::Restart => {
                self.at(now, Act::Deploy(0));
                true
            }
            Fault::LogOutage => {
                let lasts = self.dice.seconds(600.0, 2_400.0);
                self.at(now, Act::Deploy(1));
                self.at(now + lasts, Act::Deploy(0));
                true
            }
            Fault::ApiKilled => self.kill_api()?,
            Fault::BatchesRefused => self.refuse_batches(),
            Fault::OldLogsDeleted => true,
            Fault::LogRowsMissing => {
                let lasts = self.dice.seconds(400.0, 900.0);
                self.log.lacks(now, now + lasts);
                self.truth
                    .add(List::Outages, &Outage::new("log_rows_missing", now, now + lasts))?;
                true
            }
            Fault::UserRetry => self.plan_retry()?,
            Fault::ResetWhileRunning => self.reset_while_running(),
            Fault::SegmentFails => self.segment_fails(),
            Fault::DuplicateClaim
            | Fault::PhantomClaim
            | Fault::TerminationFails
            | Fault::LostUpdate
            | Fault::CompletionLost => {
                self.faults.waiting.insert(fault);
                true
            }
            Fault::RowEdited => self.edit_row(),
        })
    }

    fn spoil(&mut self, what: Spoilt) -> bool {
        self.faults.spoilt.push_back(what);
        true
    }

    fn doomed(&mut self, kind: Kind, fate: Fate) -> bool {
        let no = self.create(kind, None, "user");
        if let Some(task) = self.tasks.get_mut(&no) {
            task.fate = fate;
        }
        true
    }

    /// A worker that a fault can hit now, and the hit.
    fn hit_worker(&mut self, fault: Fault) -> bool {
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
    fn hit_starting(&mut self) -> bool {
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
            Fault::SshPortUnreachable => {
                let lasts = self.dice.seconds(90.0, 600.0);
                if let Some(pod) = self.worker_mut(no).and_then(|worker| worker.pod.as_mut()) {
                    pod.ssh_blocked = Some((now, now + lasts));
                }
            }
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
            | Fault::RowEdited => {}
        }
        self.faults.happened(fault.name(), now, no, &mut self.workers);
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

    fn cancel_some(&mut self) -> io::Result<bool> {
        let running = self.dice.chance(0.6);
        let fits: Vec<u64> = self
            .tasks
            .values()
            .filter(|task| task.parent.is_none() && !task.kind.is_orchestrator())
            .filter(|task| match task.status {
                Status::InProgress => running,
                Status::Queued => !running,
                Status::Complete | Status::Failed | Status::Cancelled => false,
            })
            .map(|task| task.no)
            .collect();
        match self.dice.pick(&fits) {
            Some(no) => self.cancel_task(no).map(|()| true),
            None => Ok(false),
        }
    }
}
