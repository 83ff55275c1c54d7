//! What put a task back into the queue after each claim.

mod candidates;
mod certain;
mod crashed;
mod held;
mod told;

use crate::model::event::{Basis, Event};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends::{self, Ends, Final, ONE_END_S};
use crate::replay::task::hidden;
pub(crate) use crate::replay::task::requeues::candidates::{SAID_LATE_S, listed};
use crate::replay::task::requeues::candidates::{candidates, listed_late};
use crate::replay::task::state::TaskEvent;
use crate::replay::task::world::World;

pub(crate) use crate::replay::task::requeues::certain::between;
pub(crate) use crate::replay::task::requeues::held::stood_until;
pub(crate) use crate::replay::task::requeues::told::name as name_by_text;

/// A task that failed for good was not requeued by the failure itself (evidence-rules class 6: the
/// worker's line stands at most 0.6 s from the write).
const FINAL_S: f64 = 5.0;

/// One way back into the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Requeue {
    /// When.
    pub at: Micros,
    /// Reset by an orchestrator, requeued by the worker's side, or lost.
    pub outcome: Outcome,
    /// In words.
    pub reason: &'static str,
    /// How it is known.
    pub basis: Basis,
    /// The event that proves it.
    pub event: Option<EventId>,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Box<Event>>,
    /// Whether it names the task itself: it holds even where nothing after it needs it.
    named: bool,
}

/// For each claim, what ended it in the queue, if something did.
pub fn find(
    row: &TaskRow,
    events: &[Seen<'_>],
    claims: &[Claim],
    ends: &Ends,
    world: &World<'_>,
) -> Vec<Option<Requeue>> {
    let mut found: Vec<Option<Requeue>> = (0..claims.len())
        .map(|n| {
            if claims[n].is_duplicate {
                return None;
            }
            let next = claims[n + 1..].iter().find(|claim| !claim.is_duplicate);
            let earlier = ends.of(&claims[n], next.map(|next| next.at));
            let end = earlier.or(ends.last.as_ref().filter(|_| next.is_none()));
            let until = end.map_or(next.map_or(Micros(i64::MAX), |next| next.at), |end| end.at);
            let mut found = candidates(row, &claims[n], until, events, world);
            if end.is_none() {
                found.extend(listed_late(until, events));
            }
            if let Some(held) = stood_until(&claims[n], until, events, world) {
                found.retain(|requeue| requeue.named || held <= requeue.at);
            }
            let Some(end) = end else {
                let needed = next.is_some() || row.status == "Queued";
                let best = if needed { pick(found) } else { None };
                let implied = || hidden::requeue(row, &claims[n], next, world);
                return best.or_else(|| if needed { implied() } else { None });
            };
            let survives = |requeue: &Requeue| {
                let before_the_end = match end.what {
                    // its last child completes an orchestrator task, claimed or not (domain/worker-app.md T5)
                    TaskEvent::Completed => row.is_orchestrator(),
                    // a cancellation leaves the worker on the row, which has none: somebody put it back before
                    TaskEvent::Cancelled => true,
                    TaskEvent::Created
                    | TaskEvent::Claimed
                    | TaskEvent::Requeued
                    | TaskEvent::Revived
                    | TaskEvent::Resumed
                    | TaskEvent::Delivered
                    | TaskEvent::Failed => end.at.seconds_since(requeue.at) > FINAL_S,
                };
                requeue.named
                    || found_queued(end, events)
                    || (earlier.is_none() && row.worker.is_none() && before_the_end)
            };
            pick(found.into_iter().filter(survives).collect())
        })
        .collect();
    crashed::name(row, claims, events, &mut found);
    found
}

/// Whether what wrote an end says that the task was in the queue: something had put it back before.
fn found_queued(end: &Final, events: &[Seen<'_>]) -> bool {
    events.iter().any(|event| {
        event.kind == EventKind::TaskStatusUpdated
            && event.text("old_status") == Some("Queued")
            && ends::tells(event).is_some()
            && event.at.seconds_since(end.at).abs() < ONE_END_S
    })
}

/// A requeue that names the task wins; else the earliest, because between two claims there is one.
fn pick(mut found: Vec<Requeue>) -> Option<Requeue> {
    found.sort_by(|a, b| (!a.named, a.at, &a.event).cmp(&(!b.named, b.at, &b.event)));
    found.into_iter().next()
}

impl Requeue {
    /// A requeue that only something later implies.
    pub(crate) fn implied(event: Event, reason: &'static str) -> Self {
        Self {
            at: event.at,
            outcome: Outcome::Lost,
            reason,
            basis: Basis::Inferred,
            event: Some(event.id),
            made: Some(Box::new(event)),
            named: false,
        }
    }
}
