//! Claims that found the task held.

use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S, ONE_CLAIM_S, RACE_S};
use crate::replay::task::requeues;
use crate::replay::task::world::World;

/// Marks claims that found the task held and left no trace in its row. The row keeps the claim that came
/// first: two calls at once, or a line of a worker after the last claim that the row kept.
pub(super) fn mark_duplicates(
    claims: &mut [Claim],
    row: &TaskRow,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let mut holder: Option<usize> = None;
    for n in 0..claims.len() {
        let Some(before) = holder else {
            holder = Some(n);
            continue;
        };
        let (held, claim) = (&claims[before], &claims[n]);
        let both = held.worker.is_some() && claim.worker.is_some() && !held.is_by_the_same(claim);
        let stood = |n: usize| stood_until(&claims[n..], events, world);
        let is_kept = |claim: &Claim| is_kept(row, claim, claims, events, world);
        if !both || requeues::between(held, claim.at, events, world) {
            holder = Some(n);
        } else if is_kept(held)
            // what the row has taken in since was a claim that found it queued, whatever an orchestrator's clock says
            || (!is_kept(claim)
                && (at_once(held, claim) || stood(before).is_some_and(|until| claim.at < until)))
        {
            claims[n].is_duplicate = true;
        } else {
            // a worker's own line may stand before the other's claim by as much as its clock is off
            let near = claim.at.seconds_since(held.at) < EARLY_S;
            let keeps = is_kept(claim) || stood(n).is_some();
            claims[before].is_duplicate = near && !held.by_function && keeps;
            holder = Some(n);
        }
    }
}

/// Up to when the first of some claims was read in its task's row, which a kill's diagnostics tell.
fn stood_until(claims: &[Claim], events: &[Seen<'_>], world: &World<'_>) -> Option<Micros> {
    let (held, later) = claims.split_first()?;
    let again = later.iter().find(|claim| claim.is_by_the_same(held));
    requeues::stood_until(held, again.map_or(Micros(i64::MAX), |again| again.at), events, world)
}

/// Two calls of the claim function at once.
fn at_once(held: &Claim, later: &Claim) -> bool {
    held.by_function && later.by_function && later.at.seconds_since(held.at) < RACE_S
}

/// Whether the row shows that a claim was the last it took in: every claim writes both of its columns,
/// and a reset empties them (domain/worker-app.md T2, T10). Its time may have moved since (T3), unless it is that of
/// another claim by the same worker.
fn is_kept(
    row: &TaskRow,
    claim: &Claim,
    claims: &[Claim],
    events: &[Seen<'_>],
    world: &World<'_>,
) -> bool {
    let is_of =
        |claim: &Claim, started: Micros| started.seconds_since(claim.at).abs() < ONE_CLAIM_S;
    let is_moved = |started: Micros| {
        row.may_be_moved(started)
            && claim.at < started
            && !claims.iter().any(|one| one.is_by_the_same(claim) && is_of(one, started))
            && !requeues::between(claim, started, events, world)
    };
    let same = |started: Micros| is_of(claim, started) || is_moved(started);
    !row.is_orchestrator()
        && claim.worker.is_some()
        && row.claimer() == claim.worker.as_ref()
        && row.started_at.is_some_and(same)
}
