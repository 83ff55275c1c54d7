//! Lines of workers, and lists of orchestrators, that witness claims.

use crate::model::event::{Basis, Clock};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S, RACE_S, claim_of, in_order};
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
    // who begins at the moment of a claim that names nobody is who made it
    let near = |claim: &&mut Claim| event.at.seconds_since(claim.at).abs() < EARLY_S;
    if let Some(claim) = claims.iter_mut().filter(near).find(|claim| claim.is_nameless()) {
        return claim.named_by(event, world);
    }
    let told = claims.iter().any(|claim| {
        claim.is_by(event)
            && claim.at < early(event)
            && (event.at.seconds_since(claim.at) < EARLY_S
                || !requeues::between(claim, event.at, events, world))
    });
    if !told {
        claims.push(claim_of(event, false, world));
        in_order(claims);
    }
}

/// Up to when a claim may have been made that a worker's line stands after: as far as its clock may be behind.
fn early(event: &Seen<'_>) -> Micros {
    event.at.plus_seconds(EARLY_S).max(event.latest)
}

/// A worker's line that its work on the task is done, where nothing tells that it had claimed it: by an earlier line
/// of it about the task, after the last claim of another, it had.
pub(super) fn add_worked(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let names_nobody = event.rows.worker.is_none() && event.worker.is_none();
    // by its own clock it began anew after it was done: what it had claimed before is not known
    let begins_after = |claim: &Claim| {
        let near = claim.at.plus_seconds(EARLY_S);
        let later = events.iter().filter(|line| event.at < line.at && line.at < near);
        later.filter(|line| line.kind == EventKind::TaskStarted).any(|line| claim.is_by(line))
    };
    let is_its = |claim: &Claim| {
        claim.at < early(event)
            && (claim.worker.is_none() || claim.is_by(event))
            && (claim.at <= event.at || !begins_after(claim))
    };
    if names_nobody || claims.iter().any(is_its) {
        return;
    }
    let others = claims.iter().map(|claim| claim.at);
    let since = others.filter(|at| *at < event.at).max().max(row.created_at);
    let first = events.iter().take_while(|line| line.at < event.at).find(|line| {
        line.clock == Clock::Worker && line.worker == event.worker && since < Some(line.at)
    });
    let Some(first) = first else { return };
    claims.push(claim_of(first, false, world));
    in_order(claims);
}

/// Any other line of the holder, well before the time that the row has: it adds no claim, but the row's came before it.
/// Not where the same worker had claimed the task before: it may be the last of that.
pub(super) fn move_back(
    claims: &mut [Claim],
    row: &TaskRow,
    event: &Seen<'_>,
    events: &[Seen<'_>],
    world: &World<'_>,
) {
    let mut its = claims.iter().filter(|claim| claim.is_by(event));
    let is_moved = its.next().is_some_and(|claim| {
        claim.basis == Basis::Recorded && claim.at > event.at.plus_seconds(EARLY_S)
    });
    if is_moved && row.created_at < Some(event.at) {
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
    // one that was given out at the same moment, to another, says nothing of this one
    let is_beside = |claim: &Claim| {
        claim.by_function && !claim.is_by(event) && claim.at.seconds_since(event.at).abs() < RACE_S
    };
    let mut later = claims.iter_mut().filter(|claim| claim.at > event.at.plus_seconds(-EARLY_S));
    let later = later.find(|claim| !is_beside(claim));
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
