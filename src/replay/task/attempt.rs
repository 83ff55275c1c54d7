//! Attempts: one claim of a task by one worker until it ends.

use crate::model::event::{Basis, RowNumber};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::afterwork::{self, Afterwork};
use crate::replay::task::claims::Claim;
use crate::replay::task::deliveries::Delivery;
use crate::replay::task::ends::Ends;
use crate::replay::task::fold::Parts;
use crate::replay::task::is_failure;
use crate::replay::task::state::TaskEvent;
use crate::replay::task::world::World;

/// One attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// By whom; `None` where not known.
    pub worker: Option<WorkerId>,
    /// The row of that worker, where the claim's event names it by number.
    pub row: Option<RowNumber>,
    /// When it was claimed.
    pub claimed_at: Micros,
    /// When its worker said that it works on it.
    pub started_at: Option<Micros>,
    /// When it ended; `None` = still open.
    pub ended_at: Option<Micros>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: Option<&'static str>,
    /// How the claim is known.
    pub basis: Basis,
    /// The claim's event.
    pub claimed_event: Option<EventId>,
    /// The end's event.
    pub ended_event: Option<EventId>,
    /// When its result came in, in time or not; `None` = none did, or it cannot be told whose it was.
    pub delivered_at: Option<Micros>,
    /// The event that tells of it.
    pub delivered_event: Option<EventId>,
    /// What its worker went on with where somebody else had ended it.
    pub afterwork: Afterwork,
    /// Whether another worker may have made its end in its name: no row keeps who did (domain/worker-app.md X4, X5).
    pub is_disputed: bool,
}

/// How an attempt ended.
struct Ended {
    at: Option<Micros>,
    outcome: Outcome,
    reason: Option<&'static str>,
    event: Option<EventId>,
}

/// The attempts behind claims and requeues.
pub(super) fn of(
    row: &TaskRow,
    parts: &Parts<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> Vec<Attempt> {
    let Parts { claims, requeues, ends, results } = *parts;
    let rivals = rivals(parts, events, world);
    claims
        .iter()
        .zip(requeues)
        .enumerate()
        .map(|(n, (claim, requeue))| {
            let ended = match requeue {
                Some(requeue) => Ended {
                    at: Some(requeue.at),
                    outcome: requeue.outcome,
                    reason: Some(requeue.reason),
                    event: requeue.event,
                },
                None if claim.is_duplicate => duplicate(claim, ends, events),
                None => by_end(n, claims, ends, results, &rivals),
            };
            let started = events.iter().find(|event| {
                event.kind == EventKind::TaskStarted
                    && claim.is_by(event)
                    && event.at >= claim.at.plus_seconds(-1.0)
                    && ended.at.is_none_or(|ended| event.at < ended)
            });
            let sent = results.iter().find(|result| result.by == Some(n));
            let has_rival = ended.at.is_some_and(|at| has_rival(claim, &rivals, at));
            Attempt {
                worker: claim.worker.clone(),
                row: claim.row,
                claimed_at: claim.at,
                started_at: started.map(|event| event.at.max(claim.at)),
                ended_at: ended.at,
                outcome: ended.outcome,
                reason: ended.reason,
                basis: claim.basis,
                claimed_event: Some(claim.event),
                ended_event: ended.event,
                delivered_at: sent.map(|sent| sent.at),
                delivered_event: sent.map(|sent| sent.event),
                afterwork: afterwork::of(row, claim, (ended.at, ended.outcome), sent, events),
                is_disputed: requeue.is_none() && sent.is_none() && has_rival,
            }
        })
        .collect()
}

/// What ended a claim that was not put back: the end of its task.
fn by_end(
    n: usize,
    claims: &[Claim],
    ends: &Ends,
    results: &[Delivery],
    rivals: &[Rival<'_>],
) -> Ended {
    let next = claims[n + 1..].iter().find(|claim| !claim.is_duplicate).map(|next| next.at);
    let last = ends.last.as_ref().filter(|_| next.is_none());
    let Some(end) = ends.of(&claims[n], next).or(last) else {
        return Ended { at: None, outcome: Outcome::Open, reason: None, event: None };
    };
    let mut effective = results.iter().filter(|result| result.is_effective);
    let effective = effective.find(|result| end.is_told_at(result.at));
    let by_other = effective.and_then(|result| result.by).is_some_and(|by| by != n);
    let (outcome, reason) = match end.what {
        TaskEvent::Completed if by_other => {
            (Outcome::Overtaken, Some("the result of another claim completed the task"))
        }
        TaskEvent::Completed
            if effective.is_some_and(|result| result.by.is_none())
                && has_rival(&claims[n], rivals, end.at) =>
        {
            (Outcome::Complete, Some("two workers held it, and no row tells whose result it was"))
        }
        TaskEvent::Completed => (Outcome::Complete, end.reason),
        TaskEvent::Failed => (Outcome::Failed, end.reason),
        TaskEvent::Cancelled => (Outcome::Cancelled, end.reason),
        TaskEvent::Requeued => (Outcome::Requeued, None),
        TaskEvent::Created
        | TaskEvent::Claimed
        | TaskEvent::Revived
        | TaskEvent::Resumed
        | TaskEvent::Delivered => (Outcome::Open, None),
    };
    Ended { at: Some(end.at), outcome, reason, event: Some(end.event) }
}

/// Another holder of the task: since when it had it, from when on it may have completed it, and until when.
struct Rival<'a> {
    worker: Option<&'a WorkerId>,
    since: Micros,
    from: Option<Micros>,
    until: Option<Micros>,
}

/// What was sent before a pod was stopped is answered so soon (evidence-rules class 11).
const SENT_BEFORE_END_S: f64 = 30.0;

/// Who held the task beside the last one on its row: by a second claim, or until an orchestrator put it back, which
/// tells the worker nothing.
fn rivals<'a>(parts: &Parts<'a>, events: &[Seen<'_>], world: &World<'_>) -> Vec<Rival<'a>> {
    let held = parts.claims.iter().zip(parts.requeues);
    let others = held.filter(|(claim, requeue)| {
        let was_swept = requeue.as_ref().is_some_and(|put| put.outcome == Outcome::Reset);
        claim.is_duplicate || was_swept
    });
    let rival = |claim: &'a Claim| {
        let worker = claim.worker.as_ref();
        let ended = worker.and_then(|worker| world.ended(worker));
        let until = ended.map(|ended| ended.plus_seconds(SENT_BEFORE_END_S));
        let from = done(claim, events).map(|done| done.at);
        Rival { worker, since: claim.at, from, until }
    };
    others.map(|(claim, _)| rival(claim)).collect()
}

/// Whether another worker may have completed what a claim held: it held the task as well, did not say that it was
/// done with it only later, and had not ended before.
fn has_rival(claim: &Claim, rivals: &[Rival<'_>], at: Micros) -> bool {
    rivals.iter().any(|rival| {
        rival.worker != claim.worker.as_ref()
            && rival.since < at
            && rival.from.is_none_or(|from| from <= at)
            && rival.until.is_none_or(|until| at <= until)
    })
}

/// When the worker of a claim said that it was done with it.
fn done<'a>(claim: &Claim, events: &[Seen<'a>]) -> Option<Seen<'a>> {
    let is_done =
        |event: &&Seen<'_>| event.kind == EventKind::TaskHandlerSucceeded || is_failure(event);
    let mut own = events.iter().filter(|event| claim.is_by(event) && claim.at < event.at);
    own.find(is_done).copied()
}

/// A claim that its row does not know ends when its own worker is done with it, as far as that says so;
/// else no later than the task.
fn duplicate(claim: &Claim, ends: &Ends, events: &[Seen<'_>]) -> Ended {
    let done = done(claim, events);
    let end = ends.last.as_ref();
    let at = done.map(|event| event.at).or(end.map(|end| end.at.max(claim.at)));
    Ended {
        at,
        outcome: Outcome::Duplicate,
        reason: Some("another worker held the task"),
        event: done.map(|event| event.id).or(end.map(|end| end.event)),
    }
}
