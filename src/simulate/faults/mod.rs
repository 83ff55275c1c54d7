//! What goes wrong, when and to whom; and the record of it.

mod occasions;
mod victims;

use std::collections::{BTreeSet, VecDeque};

use serde::Serialize;

use crate::model::time::SECOND;
use crate::simulate::dice::Dice;
use crate::simulate::fault::Fault;
use crate::simulate::plan::Plan;
use crate::simulate::stamp::At;
use crate::simulate::truth::worker::Injected;
use crate::simulate::worker::{Start, WorkerNo};
use crate::simulate::world::Workers;

/// What is wrong with the next pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Spoilt {
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
pub(in crate::simulate) struct Happened {
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
pub(in crate::simulate) struct Faults {
    due: Vec<Due>,
    pub(in crate::simulate) spoilt: VecDeque<Spoilt>,
    errors_until: i64,
    /// Those that wait for the next occasion: a claim, a completion, an end.
    pub(in crate::simulate) waiting: BTreeSet<Fault>,
    /// Pods made before this complete past the generation step.
    pub(in crate::simulate) old_path_before: Option<i64>,
    /// Log rows from before this are deleted.
    pub(in crate::simulate) logs_deleted_before: Option<i64>,
    pub(in crate::simulate) injected: Vec<Happened>,
    pub(in crate::simulate) in_workers: Vec<Injected>,
}

impl Faults {
    /// Draws the times: not in the first minutes, when there is nobody to hit, nor in the last, when
    /// nobody would see what comes of it.
    pub(in crate::simulate) fn plan(plan: &Plan, start: i64, end: i64, dice: &mut Dice) -> Self {
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

    pub(in crate::simulate) fn times(&self) -> Vec<i64> {
        self.due.iter().map(|due| due.next).collect()
    }

    /// Kinds that were planned and never found anyone to hit.
    pub(in crate::simulate) fn missed(&self) -> Vec<Fault> {
        self.due.iter().filter(|due| !due.happened).map(|due| due.fault).collect()
    }

    /// Whether `complete_task` answers errors now.
    pub(in crate::simulate) fn complete_task_fails(&self, at: i64) -> bool {
        at < self.errors_until
    }

    /// Notes what truly went wrong in a worker.
    pub(in crate::simulate) fn happened(
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
