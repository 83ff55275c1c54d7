//! A fault is due: is there an occasion for it, and what comes of it.

use std::io;

use crate::model::time::SECOND;
use crate::simulate::fault::Fault;
use crate::simulate::faults::{Happened, Spoilt};
use crate::simulate::gpu::Outage;
use crate::simulate::kind::Kind;
use crate::simulate::stamp::At;
use crate::simulate::task::{Fate, Status};
use crate::simulate::truth::List;
use crate::simulate::worker::Start;
use crate::simulate::world::{Act, World};

const MINUTE: i64 = 60 * SECOND;
/// How often a fault that finds no victim waits a minute.
const TRIES_MAX: u32 = 30;

impl World<'_> {
    /// One fault is due.
    pub(in crate::simulate) fn fault(&mut self, n: usize) -> io::Result<()> {
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
            Fault::OrchestratorHeartbeats => self.worked_before_e3(),
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
            Fault::LogRowsMissing => self.lose_rows()?,
            Fault::UserRetry => self.plan_retry()?,
            Fault::ResetWhileRunning => self.reset_while_running(),
            Fault::SegmentFails => self.segment_fails(),
            Fault::DuplicateClaim
            | Fault::PhantomClaim
            | Fault::TerminationFails
            | Fault::EndedAtLaunch
            | Fault::LostUpdate
            | Fault::CompletionLost => {
                self.faults.waiting.insert(fault);
                true
            }
            Fault::RowEdited => self.edit_row(),
        })
    }

    /// Log rows of some minutes, of all sources, will not be in the file.
    fn lose_rows(&mut self) -> io::Result<bool> {
        let now = self.now;
        let lasts = self.dice.seconds(400.0, 900.0);
        self.log.lacks(now, now + lasts);
        let lost = Outage::new("log_rows_missing", now, now + lasts);
        self.truth.add(List::Outages, &lost)?;
        Ok(true)
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
