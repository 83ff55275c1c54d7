//! Claims that no row tells, found by elimination (evidence-rules class 3, facts 5 and 6).
//!
//! A reset that counts more tasks than its worker is known to have held took back tasks whose claims
//! nobody told: the worker died before its lines could travel. Where exactly as many tasks fit as are
//! missing, they are the ones; where more fit, nothing is said.

mod known;
mod missing;
mod unseen;

use std::collections::BTreeMap;

use crate::model::event::{Basis, Event, Subject};
use crate::model::id::{TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::{Outcome, TaskStateName};
use crate::model::time::Micros;
use crate::replay::task::TaskTimeline;
use crate::replay::task::attempt::Attempt;
use crate::replay::task::elimination::known::Known;
use crate::replay::task::elimination::unseen::{names_all, unseen};
use crate::replay::task::world::World;

pub use crate::replay::task::elimination::missing::Missing;

/// Every cycle sweeps; a cycle may take twice its 30 s (domain/orchestrator.md G6).
const SWEEP_EVERY_S: f64 = 60.0;

/// The claims that a first replay of all tasks leaves open, by task.
pub fn find(
    rows: &[TaskRow],
    timelines: &[TaskTimeline],
    world: &World<'_>,
) -> BTreeMap<TaskId, Vec<Missing>> {
    let known = Known::of(timelines, world);
    let mut found: BTreeMap<TaskId, Vec<Missing>> = BTreeMap::new();
    for reset in world.resets() {
        let worker = if reset.kind == EventKind::TasksReset {
            only_worker(reset)
        } else {
            only_swept(reset, world)
        };
        let (Some(worker), Some(count)) = (worker, reset.int("count")) else { continue };
        let missing =
            usize::try_from(count).unwrap_or(0).saturating_sub(known.taken_back(reset.at));
        if missing == 0 {
            continue;
        }
        if world.row(worker).is_some_and(|row| names_all(row, reset.at, count)) {
            continue;
        }
        let Some(unseen) = unseen(worker, reset.at, &known, world) else { continue };
        let all = rows.iter().zip(timelines);
        let mut fitting: Vec<_> =
            all.filter(|(row, timeline)| fits(row, timeline, reset.at, unseen.until)).collect();
        if fitting.len() > missing {
            fitting.retain(|(row, timeline)| lacks_its_reset(row, timeline));
        }
        if fitting.len() != missing || fitting.iter().any(|(row, _)| found.contains_key(&row.id)) {
            continue;
        }
        for (row, timeline) in fitting {
            let queued = timeline.queued_since(reset.at).unwrap_or(unseen.from);
            let (worker, reset) = (worker.clone(), reset.at);
            let missing = Missing { worker, queued, reset, unseen: unseen.clone() };
            found.entry(row.id.clone()).or_default().push(missing);
        }
    }
    found
}

/// The worker of a reset that names just one.
fn only_worker(reset: &Event) -> Option<&WorkerId> {
    let mut named: Vec<&WorkerId> = reset.worker.iter().collect();
    for subject in &reset.attributes.listed {
        if let Subject::Worker(id) = subject
            && !named.contains(&id)
        {
            named.push(id);
        }
    }
    match named[..] {
        [only] => Some(only),
        [] | [_, ..] => None,
    }
}

/// The one worker that a sweep can have swept: it went out of service since the sweep before.
fn only_swept<'a>(sweep: &Event, world: &'a World<'_>) -> Option<&'a WorkerId> {
    let gone = world.gone_until(sweep.at).iter().rev();
    let mut swept = gone.take_while(|(at, _)| sweep.at.seconds_since(*at) < SWEEP_EVERY_S);
    let (_, only) = swept.next()?;
    swept.next().is_none().then_some(*only)
}

/// Whether a task may have been the one: it waited for a GPU before the worker fell silent and at the
/// reset, as far as we know, and its row keeps a text that a reset, or something after it, left.
fn fits(row: &TaskRow, timeline: &TaskTimeline, reset: Micros, silent: Micros) -> bool {
    let text = row.error_message.as_deref().unwrap_or("");
    let by_api = text.starts_with("Reset - orphaned from API");
    let waited = timeline.queued_since(reset).is_some_and(|since| since < silent);
    !text.is_empty() && !by_api && waited
}

/// Whether a row keeps the text of such a reset and no line tells of one: some reset must have taken it
/// back (evidence-rules class 3: "with that reset text").
fn lacks_its_reset(row: &TaskRow, timeline: &TaskTimeline) -> bool {
    let text = row.error_message.as_deref().unwrap_or("");
    let told =
        |attempt: &&Attempt| attempt.outcome == Outcome::Reset && attempt.basis != Basis::Inferred;
    text.starts_with("Reset - orphaned from failed worker")
        && !timeline.attempts.iter().any(|attempt| told(&attempt))
}

impl TaskTimeline {
    /// Since when the task has been queued at an instant; `None` when it is not. A claim that is only
    /// implied stands somewhere between its bounds: it may be the one that is looked for.
    fn queued_since(&self, at: Micros) -> Option<Micros> {
        let mut since = None;
        for stay in self.states.iter().rev().filter(|stay| stay.entered_at < at) {
            match stay.state {
                TaskStateName::Queued => since = Some(stay.entered_at),
                TaskStateName::InProgress if stay.basis == Basis::Inferred => {}
                TaskStateName::InProgress
                | TaskStateName::Complete
                | TaskStateName::Failed
                | TaskStateName::Cancelled => break,
            }
        }
        since
    }
}
