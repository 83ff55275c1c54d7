//! Lines of workers, and lists of orchestrators, that witness claims.

use crate::model::event::Clock;
use crate::model::rows::TaskRow;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S, claim_of};
use crate::replay::task::requeues;
use crate::replay::task::world::World;

/// A worker's own line, or a list: it belongs to that worker's claim before it, or is a claim that
/// nothing else tells.
pub(super) fn add_witness(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let names_nobody = event.rows.worker.is_none() && event.worker.is_none();
    if names_nobody || moved_back(claims, row, event, events, world) {
        return;
    }
    let told = claims.iter().any(|claim| {
        claim.is_by(event)
            && event.at.seconds_since(claim.at) > -EARLY_S
            && (event.at.seconds_since(claim.at) < EARLY_S
                || !requeues::between(claim, event.at, events, world))
    });
    if !told {
        claims.push(claim_of(event, false, world));
        claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
    }
}

/// A worker's line that its work on the task is done, where nothing tells that it had claimed it: by an earlier line
/// of it about the task, after the last claim of another, it had.
pub(super) fn add_worked(
    claims: &mut Vec<Claim>,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let names_nobody = event.rows.worker.is_none() && event.worker.is_none();
    let is_known = claims.iter().any(|claim| claim.is_by(event) || claim.worker.is_none());
    if names_nobody || is_known {
        return;
    }
    let others = claims.iter().map(|claim| claim.at);
    let since = others.filter(|at| *at < event.at).max();
    let first = events.iter().take_while(|line| line.at < event.at).find(|line| {
        line.clock == Clock::Worker && line.worker == event.worker && since < Some(line.at)
    });
    let Some(first) = first else { return };
    claims.push(claim_of(first, false, world));
    claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
}

/// Any other line of the holder, well before the time that the row has: it adds no claim, but the row's came before it.
pub(super) fn move_back(
    claims: &mut [Claim],
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let later = claims.iter().find(|claim| claim.at > event.at.plus_seconds(EARLY_S));
    if later.is_some_and(|claim| !claim.by_function && claim.is_by(event)) {
        moved_back(claims, row, event, events, world);
    }
}

/// The row's time moves to the end of the model load, 20 to 80 s after the claim, and a reset empties
/// its worker (evidence-rules facts 2 and 9): a line of the holder before it, without a way back into
/// the queue between, is the same claim, earlier and by name.
fn moved_back(
    claims: &mut [Claim],
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> bool {
    let line = claim_of(event, false, world);
    let later = claims.iter_mut().find(|claim| claim.at > event.at.plus_seconds(-EARLY_S));
    let Some(claim) = later.filter(|claim| !claim.by_function) else { return false };
    let same = claim.is_by(event) || claim.worker.is_none();
    let moves = row.may_be_moved(claim.at);
    let far = claim.at.seconds_since(event.at) > EARLY_S;
    if far && !moves {
        return false;
    }
    if !same || requeues::between(&line, claim.at, events, world) {
        return false;
    }
    claim.worker.clone_from(&line.worker);
    claim.row = line.row;
    if moves && (far || event.latest < claim.at) {
        (claim.at, claim.event, claim.basis) = (event.at, event.id, event.basis);
    }
    true
}
