//! Which claims a task had: many witnesses, one claim each.
//!
//! Witnesses of one worker are one claim unless the task went back to the queue between them; a time
//! window would invent attempts, because a witness may be 80 s late (evidence-rules fact 9).

mod duplicates;
mod exact;
mod witness;

use crate::model::event::{Basis, Clock, Event, RowNumber};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::duplicates::mark_duplicates;
use crate::replay::task::claims::exact::{add_exact, add_rewritten, is_rewritten};
use crate::replay::task::claims::witness::{add_witness, add_worked, move_back};
use crate::replay::task::ends::Final;
use crate::replay::task::is_failure;
use crate::replay::task::world::World;

/// Two lines of the claim function this close are one claim told twice (evidence-rules fact 3: the API
/// orchestrator's line and the edge function's differ by 0.05 s).
const ONE_CLAIM_S: f64 = 2.0;
/// A worker's own line may stand this much before its claim: its clock's uncertainty (fact 24).
pub(crate) const EARLY_S: f64 = 3.5;
/// Two claims by different workers this close are one row given out twice: the claim function locks
/// nothing, so both calls run at once (domain/worker-app.md 1.6, Race). A task that came back between
/// them would have to be failed and polled for within it.
const RACE_S: f64 = 2.0;

/// One claim of a task by one worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// By whom; `None` where not known: never a guess.
    pub worker: Option<WorkerId>,
    /// The row of that worker, where the event names it by number.
    pub row: Option<RowNumber>,
    /// When.
    pub at: Micros,
    /// How it is known.
    pub basis: Basis,
    /// The event that proves it.
    pub event: EventId,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Box<Event>>,
    /// Whether another held the task: the row kept the other's claim (domain/worker-app.md X4).
    pub is_duplicate: bool,
    by_function: bool,
}

impl Claim {
    /// Whether an event names the worker that claimed, or neither names any.
    pub(crate) fn is_by(&self, event: &Seen<'_>) -> bool {
        self.is_of(event.rows.worker, || event.worker.as_ref())
    }

    /// Whether another claim is by the same worker, or both by nobody known.
    pub(crate) fn is_by_the_same(&self, other: &Self) -> bool {
        self.is_of(other.row, || other.worker.as_ref())
    }

    /// By the numbers of their rows, where both have one: texts stand elsewhere in memory.
    fn is_of<'a>(
        &self,
        row: Option<RowNumber>,
        worker: impl FnOnce() -> Option<&'a WorkerId>,
    ) -> bool {
        match (self.row, row) {
            (Some(one), Some(other)) => one == other,
            (Some(_), None) | (None, Some(_)) | (None, None) => self.worker.as_ref() == worker(),
        }
    }

    /// Whether the claim function's line lost whom it gave the task to: its metadata did not come with it.
    fn is_nameless(&self) -> bool {
        self.by_function && self.worker.is_none() && self.row.is_none()
    }

    /// Takes the name of a witness, where its own line lost it.
    fn named_by(&mut self, event: &Seen<'_>, world: &World<'_>) {
        if self.is_nameless() {
            let witness = claim_of(event, false, world);
            (self.worker, self.row) = (witness.worker, witness.row);
        }
    }

    /// Whether its time is the database's, by the claim function's own line.
    pub(crate) fn is_exact(&self) -> bool {
        self.by_function
    }

    /// The same, as it stood at a later instant.
    pub(crate) fn standing_at(&self, at: Micros) -> Self {
        Self { at, ..self.clone() }
    }

    /// A claim that only the row implies.
    pub(crate) fn implied(event: Event) -> Self {
        Self {
            worker: None,
            row: None,
            at: event.at,
            basis: Basis::Inferred,
            event: event.id,
            made: Some(Box::new(event)),
            is_duplicate: false,
            by_function: false,
        }
    }
}

/// All claims, in order, none after the task's end.
pub fn find(
    row: &TaskRow,
    events: &[Seen<'_>],
    end: Option<&Final>,
    world: &World<'_>,
) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let in_time = |event: &&Seen<'_>| end.is_none_or(|end| event.at < end.at);
    // the claim function's lines first: they name the worker where a later reset erased it
    for event in events.iter().filter(in_time).filter(|e| e.kind == EventKind::TaskClaimed) {
        add_exact(&mut claims, row, event, events, world);
    }
    let is_rewritten = is_rewritten(row, end);
    for event in events.iter().filter(in_time) {
        let recorded = event.kind == EventKind::TaskClaimRecorded && !is_rewritten;
        if recorded || event.kind == EventKind::TaskHeldAtKill {
            add_exact(&mut claims, row, event, events, world);
        }
    }
    in_order(&mut claims);
    for event in events.iter().filter(in_time) {
        let own = event.clock == Clock::Worker && event.kind == EventKind::TaskStarted;
        let found_again = event.kind == EventKind::TaskRecovered;
        if own || found_again || event.kind == EventKind::TaskListedActive {
            add_witness(&mut claims, row, event, events, world);
        }
    }
    for event in events.iter().filter(in_time).filter(|event| event.clock == Clock::Worker) {
        move_back(&mut claims, row, event, events, world);
        if event.kind == EventKind::TaskHandlerSucceeded || is_failure(event) {
            add_worked(&mut claims, row, event, events, world);
        }
    }
    for event in events.iter().filter(in_time).filter(|_| is_rewritten) {
        if event.kind == EventKind::TaskClaimRecorded {
            add_rewritten(&mut claims, event, world);
        }
    }
    for missing in world.eliminated(&row.id) {
        let event = missing.claim(row, events);
        if end.is_none_or(|end| event.at < end.at) {
            claims.push(Claim { worker: event.worker.clone(), ..Claim::implied(event) });
        }
    }
    in_order(&mut claims);
    mark_duplicates(&mut claims, row, events, world);
    claims
}

fn in_order(claims: &mut [Claim]) {
    claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
}

fn claim_of(event: &Seen<'_>, by_function: bool, world: &World<'_>) -> Claim {
    // few workers claim many tasks: the id of the row is at hand, that of the event mostly is not
    let worker = event.rows.worker.and_then(|row| world.at(row)).map(|row| &row.id);
    Claim {
        worker: worker.or(event.event().worker.as_ref()).cloned(),
        row: event.rows.worker,
        at: event.at,
        basis: event.basis,
        event: event.id,
        made: None,
        is_duplicate: false,
        by_function,
    }
}
