//! A worker that does its own task twice: the claim is the same, the work is not (domain/worker-app.md X7).

use std::sync::LazyLock;

use crate::model::event::Clock;
use crate::model::kind::EventKind;
use crate::model::state::{AnomalyKind, TaskStateName};
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::is_failure;
use crate::replay::task::requeues::{self, Requeue};
use crate::replay::task::world::World;
use crate::replay::timeline::Anomaly;

/// Lines this close tell of one beginning, or are one line that was stored twice: between two lie the work, the call
/// that should complete it, and a poll.
const ONE_BEGINNING_S: f64 = 5.0;

/// Its worker says that it found the task, or begins it again without having claimed it again.
pub(super) fn run_twice(
    claims: &[Claim],
    requeues: &[Option<Requeue>],
    events: &[Seen<'_>],
    world: &World<'_>,
) -> Vec<Anomaly> {
    // the API orchestrator finds a claim again whose answer it lost: it had not begun (O34)
    let found = events
        .iter()
        .filter(|event| event.kind == EventKind::TaskRecovered && event.clock == Clock::Worker);
    let found = found.filter(|event| had_begun(claims, event, events, world));
    let mut all: Vec<Anomaly> = found
        .map(|event| anomaly(event, "its worker found it still assigned and took it up again"))
        .collect();
    if !is_explained(requeues, events) {
        return all;
    }
    for place in 0..claims.len() {
        all.extend(begun_again(claims, place, events, world));
    }
    all.sort_by_key(|anomaly| (anomaly.at, anomaly.event));
    all
}

/// Whether the worker that finds a task had begun it under the claim that stands: one that did not learn of its claim
/// finds it as well, and begins only then.
fn had_begun(claims: &[Claim], found: &Seen<'_>, events: &[Seen<'_>], world: &World<'_>) -> bool {
    let from = |claim: &Claim| claim.at.plus_seconds(-EARLY_S);
    let is_its = |c: &&Claim| c.is_by(found) && c.event != found.id && from(c) < found.at;
    claims.iter().rfind(is_its).is_some_and(|claim| {
        let its = events.iter().filter(|event| claim.is_by(event) && event.clock == Clock::Worker);
        let mut before = its.filter(|event| from(claim) < event.at && event.at < found.at);
        let begun = [EventKind::TaskStarted, EventKind::TaskHandlerSucceeded];
        before.any(|event| begun.contains(&event.kind) || is_failure(event))
            && !requeues::between(claim, found.at, events, world)
    })
}

/// Beginnings after the first of one claim. That the worker found the task it only printed until
/// 2026-02-12 (domain/worker-app.md, era W4): before, the second beginning alone tells.
fn begun_again(
    claims: &[Claim],
    place: usize,
    events: &[Seen<'_>],
    world: &World<'_>,
) -> Vec<Anomaly> {
    let claim = &claims[place];
    let from = claim.at.plus_seconds(-EARLY_S);
    let mut later = claims[place + 1..].iter();
    let until = later.find(|next| next.is_by_the_same(claim)).map(|next| next.at);
    let until = until.map_or(Micros(i64::MAX), |at| at.plus_seconds(-EARLY_S));
    let its = events.iter().filter(|event| from < event.at && event.at < until);
    let its: Vec<&Seen<'_>> = its.filter(|event| claim.is_by(event) && is_start(event)).collect();
    let mut found = Vec::new();
    let mut first = None;
    for start in its {
        let Some(before) = first.replace(start) else { continue };
        let since = claim.standing_at(before.at);
        if is_rerun(&since, start, events, world) {
            found.push(anomaly(start, "its worker began it again without a new claim"));
        }
    }
    found
}

/// Whether a beginning follows one before it without anything between that may have put the task back. A worker runs
/// what stands on its name since 2025-12-21 (domain/worker-app.md X7, ff216d7): before, it only began what it claimed.
fn is_rerun(since: &Claim, again: &Seen<'_>, events: &[Seen<'_>], world: &World<'_>) -> bool {
    static FINDS_ITS_OWN: LazyLock<Option<Micros>> =
        LazyLock::new(|| Micros::parse("2025-12-21T00:00:00Z"));
    let near = since.at.plus_seconds(ONE_BEGINNING_S);
    let between = |event: &&Seen<'_>| near < event.at && event.at <= again.at;
    // it says that it claimed the task, or found it: the one is a new claim, the other is told already
    let says_how = |event: &Seen<'_>| {
        since.is_by(event)
            && (event.kind == EventKind::TaskRecovered
                || (event.kind == EventKind::TaskStarted && !is_start(event)))
    };
    near < again.at
        && FINDS_ITS_OWN.is_some_and(|first| first <= since.at)
        && !events.iter().filter(between).any(says_how)
        && !requeues::between(since, again.at, events, world)
        && since
            .worker
            .as_ref()
            .is_some_and(|worker| world.of_worker_within(worker, since.at, again.at).is_empty())
}

/// Whether a worker says that it begins to work: `Processing {type} task`. That it found or claimed a task names more
/// than the type (the grammar's W36 and W37).
fn is_start(event: &Seen<'_>) -> bool {
    event.kind == EventKind::TaskStarted
        && event.clock == Clock::Worker
        && event.text("project").is_none()
        && event.text("segment").is_none()
}

/// Whether the text of a reset in the row is one that is accounted for: one that is not may lie between two beginnings.
fn is_explained(requeues: &[Option<Requeue>], events: &[Seen<'_>]) -> bool {
    let told = requeues.iter().flatten().any(|requeue| requeue.made.is_none());
    told || !events.iter().any(|event| event.kind == EventKind::TaskResetText)
}

fn anomaly(event: &Seen<'_>, detail: &str) -> Anomaly {
    Anomaly {
        at: event.at,
        kind: AnomalyKind::RunTwice,
        state: TaskStateName::InProgress.name(),
        event: Some(event.id),
        detail: detail.to_string(),
    }
}
