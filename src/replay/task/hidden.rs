//! What the row implies and no line tells: bounded, never dated exactly, and no worker named.

use crate::events::row_events::reset_text;
use crate::model::column::Column;
use crate::model::event::{Event, Further};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::task::claims::Claim;
use crate::replay::task::ends::Final;
use crate::replay::task::requeues::Requeue;
use crate::replay::task::world::World;

/// Between a requeue that nothing tells and the next claim lay at most 35 s (evidence-rules class 6);
/// the middle of half a minute is said.
const BEFORE_CLAIM_S: f64 = 15.0;
/// Why a way back into the queue is certain.
const LATER_CLAIM: &str = "a later claim implies it";

/// The requeue that a later claim implies: the kill of the holder, or its end, where that lies between, else
/// shortly before that claim; bounded by both (evidence-rules fact 10).
pub(crate) fn requeue(
    row: &TaskRow,
    claim: &Claim,
    next: Option<&Claim>,
    world: &World<'_>,
) -> Option<Requeue> {
    let latest = next.map_or_else(|| world.ended_or_later(claim), |next| next.at);
    // the row says that it waits, and not since when: it was seen much later
    let bound = next.map_or(world.seen_at().map_or(latest, |seen| seen.max(latest)), |_| latest);
    let why = if next.is_some() { LATER_CLAIM } else { "its row says that it waits" };
    let holder = claim.worker.as_ref();
    let condemned = holder.and_then(|worker| world.condemned(worker, claim.at, latest));
    let ended = condemned.or_else(|| world.ended(holder?));
    let middle = Micros(claim.at.0 + (latest.0 - claim.at.0) / 2);
    let near = ended
        .filter(|at| claim.at < *at && *at < latest)
        .unwrap_or_else(|| latest.plus_seconds(-BEFORE_CLAIM_S).max(middle));
    let made =
        event(row, EventKind::TaskRequeueInferred, near, (claim.at, bound), &claim.at.to_string());
    Some(Requeue::implied(made, why))
}

/// The way back into the queue that a claim after an end implies: shortly before that claim.
pub(crate) fn revival(row: &TaskRow, end: Micros, claim: Micros) -> Event {
    let middle = Micros(end.0 + (claim.0 - end.0) / 2);
    let near = claim.plus_seconds(-BEFORE_CLAIM_S).max(middle);
    event(row, EventKind::TaskRevivalInferred, near, (end, claim), &end.to_string())
}

/// The end that a row undid, between the last sign of the open task and that row: which names it.
pub(crate) fn end(row: &TaskRow, since: Micros, undone: &Event) -> Event {
    let middle = Micros(since.0 + (undone.at.0 - since.0) / 2);
    let (of, bounds) = ((&row.id, Column::Status), (since, undone.at));
    let kind = EventKind::TaskEndInferred;
    let made = Event::implied_by_task(of, kind, middle, bounds, &undone.at.to_string());
    let further = Further { confirmed_by: vec![undone.evidence.clone()], ..Further::default() };
    Event { further: Some(Box::new(further)), ..made }
}

impl World<'_> {
    fn ended_or_later(&self, claim: &Claim) -> Micros {
        let ended = claim.worker.as_ref().and_then(|worker| self.ended(worker));
        ended
            .filter(|at| claim.at < *at)
            .unwrap_or_else(|| claim.at.plus_seconds(BEFORE_CLAIM_S * 2.0))
    }
}

/// Adds the claims that the row counts and no witness tells.
pub(crate) fn complete(
    row: &TaskRow,
    claims: &mut Vec<Claim>,
    requeues: &mut Vec<Option<Requeue>>,
    end: Option<&Final>,
    world: &World<'_>,
) {
    let missing = counted(row, requeues, world).saturating_sub(claims.len());
    let Some(created) = row.created_at else { return };
    let until = claims.first().map(|claim| claim.at).or(row.started_at).or(end.map(|end| end.at));
    let Some(until) = until.filter(|until| created < *until) else { return };
    let step = (until.0 - created.0) / (missing as i64 * 2 + 1);
    let keep_last = claims.is_empty() && row.status != "Queued";
    let mut at = created;
    for n in 0..missing {
        at = Micros(at.0 + step);
        let bounds = (created, until);
        let value = n.to_string();
        let mut claim_at = at;
        let last = keep_last && n + 1 == missing;
        if let (true, Some(started)) = (last, row.started_at) {
            claim_at = started;
        }
        let made = event(row, EventKind::TaskClaimInferred, claim_at, bounds, &value);
        claims.insert(n, Claim::implied(made));
        at = Micros(at.0 + step);
        let back = event(row, EventKind::TaskRequeueInferred, at, bounds, &value);
        requeues.insert(n, (!last).then(|| Requeue::implied(back, LATER_CLAIM)));
    }
}

/// How many claims the row counts (evidence-rules classes 16 and 17, fact 8): `attempts` counts
/// failures that were reported and API resets; a reset text proves at least one earlier claim.
fn counted(row: &TaskRow, requeues: &[Option<Requeue>], world: &World<'_>) -> usize {
    let beyond = row.created_at.zip(world.oldest_log()).is_some_and(|(made, log)| made < log);
    let told = requeues.iter().flatten().count();
    let attempts = usize::try_from(row.attempts).unwrap_or(0);
    let holds = matches!(row.status.as_str(), "Complete" | "In Progress");
    let failed_holding = row.status == "Failed" && row.worker.is_some();
    let by_attempts = attempts + usize::from(attempts > 0 && (holds || failed_holding));
    // a reset empties the worker: who stands there now claimed it after (domain/worker-app.md T10)
    let claimed_since = holds || row.worker.is_some();
    let one_more = usize::from(claimed_since);
    let by_text = if reset_text(row).is_some() && told == 0 { 1 + one_more } else { 0 };
    match (beyond, by_attempts, by_text) {
        (true, attempts, text) => attempts.max(text),
        (false, _, text) => text,
    }
}

/// What the count of attempts in the row implies.
fn event(
    row: &TaskRow,
    kind: EventKind,
    at: Micros,
    bounds: (Micros, Micros),
    value: &str,
) -> Event {
    Event::implied_by_task((&row.id, Column::Attempts), kind, at, bounds, value)
}
