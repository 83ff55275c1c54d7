//! Results that came in: by whose claim, and whether they changed the task's row.
//!
//! complete_task makes the generation first and writes the status only where the task is in progress;
//! no row keeps who called it (domain/worker-app.md T4, X5). So an earlier holder may complete a task
//! that another has claimed since, and a result may come for a task that is at its end.

use crate::model::event::Clock;
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::ends::{Ends, Final};
use crate::replay::task::state::TaskEvent;
use crate::replay::task::world::World;

/// The answer to a completion stands 0.12 s after the write (evidence-rules fact 1).
const ANSWER_S: f64 = 2.0;
/// A result comes in so soon after its handler ended (1 to 5.1 s in the recorded incidents; evidence-rules class 11
/// allows what a worker sent before its end as long).
const JUST_S: f64 = 30.0;

impl Final {
    /// Whether a result that came in at this instant is the one that made this end.
    pub(super) fn is_told_at(&self, at: Micros) -> bool {
        at.seconds_since(self.at).abs() < ANSWER_S
    }
}

/// One result.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// When it was taken in.
    pub at: Micros,
    /// The event that tells of it.
    pub event: EventId,
    /// The number of the claim that it came from; `None` where that cannot be told.
    pub by: Option<usize>,
    /// Whether it made the task Complete.
    pub is_effective: bool,
}

/// All results of a task, in order. An orchestrator task completes through its children: it has none.
pub fn find(
    row: &TaskRow,
    events: &[Seen<'_>],
    claims: &[Claim],
    ends: &Ends,
    world: &World<'_>,
) -> Vec<Delivery> {
    let mut found: Vec<Delivery> = Vec::new();
    if row.is_orchestrator() || claims.is_empty() {
        return found;
    }
    let earlier = ends.earlier.iter().map(|(end, _)| end);
    let is_completion = |end: &&Final| end.what == TaskEvent::Completed && end.made.is_none();
    let completed: Vec<&Final> = earlier.chain(&ends.last).filter(is_completion).collect();
    let answers = events.iter().filter(|event| event.kind == EventKind::CompletionAcknowledged);
    let mut told: Vec<(Micros, EventId)> = answers.map(|event| (event.at, event.id)).collect();
    for end in &completed {
        // edge functions wrote no rows before 2025-12-09, and lose them when they die
        if !told.iter().any(|(at, _)| end.is_told_at(*at)) {
            told.push((end.at, end.event));
        }
    }
    told.sort_unstable();
    let mut taken: Vec<EventId> = Vec::new();
    for (at, event) in told {
        let mut open = completed.iter().filter(|end| !taken.contains(&end.event));
        let end = open.find(|end| end.is_told_at(at));
        taken.extend(end.map(|end| end.event));
        let by = sender(at, events, claims, &found, world).or_else(|| {
            only_claim(at, claims, world).filter(|_| end.is_none() && found.is_empty())
        });
        found.push(Delivery { at, event, by, is_effective: end.is_some() });
    }
    found
}

/// Which claim a result came from: its worker said that its handler ended well. Where the holder said
/// nothing of the kind, the result is an earlier one's only if that one ended just then, or the holder's lines could
/// have told us.
fn sender(
    at: Micros,
    events: &[Seen<'_>],
    claims: &[Claim],
    before: &[Delivery],
    world: &World<'_>,
) -> Option<usize> {
    let has_sent = |claim: usize| before.iter().any(|sent| sent.by == Some(claim));
    let ready = |n: usize| {
        let claim = &claims[n];
        let may = !has_sent(n) && claim.at < at && is_there(claim, at, world);
        let ended = handler_ended(events, claim, at).filter(|_| may)?;
        // what its worker says after it claimed the task again is of that claim
        let again = claims[n + 1..].iter().find(|next| next.is_by_the_same(claim));
        again.is_none_or(|again| ended.at < again.at).then_some((n, ended.at))
    };
    let ready: Vec<(usize, Micros)> = (0..claims.len()).filter_map(ready).collect();
    let holder = claims.iter().rposition(|claim| !claim.is_duplicate && claim.at < at)?;
    match ready[..] {
        [(only, ended)]
            if only == holder
                || at.seconds_since(ended) < JUST_S
                || is_silent_on_end(events, &claims[holder], at, world) =>
        {
            Some(only)
        }
        // the holder was done later: an earlier one sent this
        [] if is_silent_on_end(events, &claims[holder], at, world)
            && ends_after(events, claims, holder, at) =>
        {
            let may = |n: &usize| {
                !has_sent(*n) && !claims[*n].is_duplicate && is_there(&claims[*n], at, world)
            };
            let mut earlier = (0..holder).filter(may);
            earlier.next().filter(|_| earlier.next().is_none())
        }
        [] | [_, ..] => None,
    }
}

/// A worker whose pod had gone by an instant sent nothing then.
fn is_there(claim: &Claim, at: Micros, world: &World<'_>) -> bool {
    let gone = claim.worker.as_ref().and_then(|worker| world.gone_by(worker));
    gone.is_none_or(|gone| at.seconds_since(gone) < ANSWER_S)
}

/// The only claim that there was before a result: though its worker's lines did not reach us, nobody else had the task.
fn only_claim(at: Micros, claims: &[Claim], world: &World<'_>) -> Option<usize> {
    let mut before = (0..claims.len()).filter(|n| claims[*n].at < at);
    let only = before.next().filter(|_| before.next().is_none())?;
    is_there(&claims[only], at, world).then_some(only)
}

/// Whether the last claim's handler ended only after an instant, in its worker's own words.
fn ends_after(events: &[Seen<'_>], claims: &[Claim], holder: usize, at: Micros) -> bool {
    let claim = &claims[holder];
    let is_last = claims[holder + 1..].iter().all(|claim| claim.is_duplicate);
    let said = |event: &Seen<'_>| {
        event.kind == EventKind::TaskHandlerSucceeded
            && claim.is_by(event)
            && event.at.seconds_since(at) > EARLY_S
    };
    is_last && events.iter().any(said)
}

/// The end of a claim's handler before a result, in the worker's own words.
fn handler_ended<'a>(events: &[Seen<'a>], claim: &Claim, at: Micros) -> Option<Seen<'a>> {
    let said = |event: &Seen<'_>| {
        let ended = [EventKind::TaskHandlerSucceeded, EventKind::TaskCompletionSaid];
        ended.contains(&event.kind)
            && claim.worker.is_some()
            && claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
            && at.seconds_since(event.at) > -EARLY_S
    };
    events.iter().copied().find(said)
}

/// Whether a holder would have said that its handler ended, had it: its lines on the task reached us, so
/// it is not these that were lost, and lines of its own reached us after the instant.
fn is_silent_on_end(events: &[Seen<'_>], claim: &Claim, at: Micros, world: &World<'_>) -> bool {
    let Some(worker) = &claim.worker else { return false };
    let own = |event: &Seen<'_>| {
        event.clock == Clock::Worker
            && claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
    };
    let is_heard = world.heard(worker).is_some_and(|heard| heard.seconds_since(at) > EARLY_S);
    is_heard && events.iter().any(own)
}
