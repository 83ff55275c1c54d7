//! Which claims a task had: many witnesses, one claim each.
//!
//! Witnesses of one worker are one claim unless the task went back to the queue between them; a time
//! window would invent attempts, because a witness may be 80 s late (evidence-rules fact 9).

use std::sync::LazyLock;

use crate::model::event::{Basis, Clock, Event};
use crate::model::id::{EventId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::task::ends::Final;
use crate::replay::task::requeues;
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
    /// When.
    pub at: Micros,
    /// How it is known.
    pub basis: Basis,
    /// The event that proves it.
    pub event: EventId,
    /// The event itself, where it is inferred and stands in no row.
    pub made: Option<Event>,
    /// Whether another held the task: the row kept the other's claim (domain/worker-app.md X4).
    pub is_duplicate: bool,
    by_function: bool,
}

impl Claim {
    /// Whether its time is the database's, by the claim function's own line.
    pub(crate) fn is_exact(&self) -> bool {
        self.by_function
    }

    /// A claim that only the row implies.
    pub(crate) fn implied(event: Event) -> Self {
        Self {
            worker: None,
            at: event.at,
            basis: Basis::Inferred,
            event: event.id,
            made: Some(event),
            is_duplicate: false,
            by_function: false,
        }
    }
}

/// All claims, in order, none after the task's end.
pub fn find(
    row: &TaskRow,
    events: &[&Event],
    end: Option<&Final>,
    world: &World<'_>,
) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let in_time = |event: &&&Event| end.is_none_or(|end| event.at < end.at);
    // the claim function's lines first: they name the worker where a later reset erased it
    for event in events.iter().filter(in_time).filter(|e| e.kind == EventKind::TaskClaimed) {
        add_exact(&mut claims, row, event, events, world);
    }
    for event in events.iter().filter(in_time) {
        if matches!(event.kind, EventKind::TaskClaimRecorded | EventKind::TaskHeldAtKill) {
            add_exact(&mut claims, row, event, events, world);
        }
    }
    for event in events.iter().filter(in_time) {
        let own = event.clock == Clock::Worker && event.kind == EventKind::TaskStarted;
        let found_again = event.kind == EventKind::TaskRecovered;
        if own || found_again || event.kind == EventKind::TaskListedActive {
            add_witness(&mut claims, row, event, events, world);
        }
    }
    for missing in world.eliminated(&row.id) {
        let event = missing.claim(row, events);
        if end.is_none_or(|end| event.at < end.at) {
            claims.push(Claim { worker: event.worker.clone(), ..Claim::implied(event) });
        }
    }
    claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
    mark_duplicates(&mut claims, row, events, world);
    claims
}

/// Marks claims that found the task held and left no trace in its row. The row keeps the claim that came
/// first: two calls at once, or a line of a worker after the last claim that the row kept.
fn mark_duplicates(claims: &mut [Claim], row: &TaskRow, events: &[&Event], world: &World<'_>) {
    let mut holder: Option<usize> = None;
    for n in 0..claims.len() {
        let Some(before) = holder else {
            holder = Some(n);
            continue;
        };
        let (held, claim) = (&claims[before], &claims[n]);
        let both = held.worker.is_some() && claim.worker.is_some() && held.worker != claim.worker;
        if !both || requeues::between(held, claim.at, events, world) {
            holder = Some(n);
        } else if is_kept(row, held) || (at_once(held, claim) && !is_kept(row, claim)) {
            claims[n].is_duplicate = true;
        } else {
            // a worker's own line may stand before the other's claim by as much as its clock is off
            let near = claim.at.seconds_since(held.at) < EARLY_S;
            claims[before].is_duplicate = near && !held.by_function && is_kept(row, claim);
            holder = Some(n);
        }
    }
}

/// Two calls of the claim function at once.
fn at_once(held: &Claim, later: &Claim) -> bool {
    held.by_function && later.by_function && later.at.seconds_since(held.at) < RACE_S
}

/// Whether the row shows that a claim was the last it took in: every claim writes both of its columns,
/// and a reset empties them (domain/worker-app.md T2, T10).
fn is_kept(row: &TaskRow, claim: &Claim) -> bool {
    let same = |started: Micros| started.seconds_since(claim.at).abs() < ONE_CLAIM_S;
    !row.is_orchestrator()
        && claim.worker.is_some()
        && row.worker == claim.worker
        && row.started_at.is_some_and(same)
}

/// The claim function's own lines, and times that the database keeps.
fn add_exact(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Event,
    events: &[&Event],
    world: &World<'_>,
) {
    let by_function = event.kind == EventKind::TaskClaimed;
    // the row of an orchestrator task takes the time of its first child at completion
    // (domain/worker-app.md T5), so it adds no claim where the claim function spoke
    let moved = event.kind == EventKind::TaskClaimRecorded && row.is_orchestrator();
    if moved && claims.iter().any(|claim| claim.by_function) {
        return;
    }
    // a row that a reset emptied names nobody: its time alone says which claim it is
    let same = claims.iter_mut().rev().find(|claim| {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        (claim.worker == event.worker && claim.at.seconds_since(event.at) < ONE_CLAIM_S)
            || (event.worker.is_none() && close)
    });
    if let Some(claim) = same {
        let close = event.at.seconds_since(claim.at).abs() < ONE_CLAIM_S;
        let again = by_function && claim.by_function && !close;
        if close || (!again && !requeues::between(claim, event.at, events, world)) {
            if by_function && !claim.by_function {
                claim.by_function = true;
                (claim.event, claim.basis) = (event.id, event.basis);
            }
            return;
        }
    }
    claims.push(claim_of(event, by_function));
}

/// A worker's own line, or a list: it belongs to that worker's claim before it, or is a claim that
/// nothing else tells.
fn add_witness(
    claims: &mut Vec<Claim>,
    row: &TaskRow,
    event: &Event,
    events: &[&Event],
    world: &World<'_>,
) {
    if event.worker.is_none() || moved_back(claims, row, event, events, world) {
        return;
    }
    let told = claims.iter().any(|claim| {
        claim.worker == event.worker
            && event.at.seconds_since(claim.at) > -EARLY_S
            && (event.at.seconds_since(claim.at) < EARLY_S
                || !requeues::between(claim, event.at, events, world))
    });
    if !told {
        claims.push(claim_of(event, false));
        claims.sort_by(|a, b| (a.at, &a.event).cmp(&(b.at, &b.event)));
    }
}

/// The row's time moves to the end of the model load, 20 to 80 s after the claim, and a reset empties
/// its worker (evidence-rules facts 2 and 9): a line of the holder before it, without a way back into
/// the queue between, is the same claim, earlier and by name.
fn moved_back(
    claims: &mut [Claim],
    row: &TaskRow,
    event: &Event,
    events: &[&Event],
    world: &World<'_>,
) -> bool {
    let line = claim_of(event, false);
    let later = claims.iter_mut().find(|claim| claim.at > event.at.plus_seconds(-EARLY_S));
    let Some(claim) = later.filter(|claim| !claim.by_function) else { return false };
    let same = claim.worker == event.worker || claim.worker.is_none();
    // until then only the progress of an orchestrator task moved it (domain/worker-app.md T3, T3b)
    let far = claim.at.seconds_since(event.at) > EARLY_S;
    if far && !row.is_orchestrator() && is_before_billing_resets(claim.at) {
        return false;
    }
    if !same || requeues::between(&line, claim.at, events, world) {
        return false;
    }
    claim.worker.clone_from(&event.worker);
    if event.at.seconds_since(claim.at) < -EARLY_S {
        (claim.at, claim.event, claim.basis) = (event.at, event.id, event.basis);
    }
    true
}

/// Whether a row's `generation_started_at` is its claim, as nothing else wrote it yet
/// (domain/worker-app.md T3: workers reset it from 2026-01-15 on).
fn is_before_billing_resets(at: Micros) -> bool {
    static SINCE: LazyLock<Option<Micros>> =
        LazyLock::new(|| Micros::parse("2026-01-15T00:00:00Z"));
    SINCE.is_some_and(|since| at < since)
}

fn claim_of(event: &Event, by_function: bool) -> Claim {
    Claim {
        worker: event.worker.clone(),
        at: event.at,
        basis: event.basis,
        event: event.id,
        made: None,
        is_duplicate: false,
        by_function,
    }
}
