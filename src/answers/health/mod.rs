//! Health at an instant: what is wrong now, the fleet, the queue, errors, who watches, where we are blind.

mod asked;
mod errors;
mod open;
mod orphans;
mod waits;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::ask::Ask;
use crate::answers::fleet::blind;
use crate::answers::fleet::guilt;
use crate::answers::fleet::open as open_tasks;
use crate::answers::fleet::pulse;
use crate::answers::fleet::queue;
use crate::answers::fleet::rates;
use crate::answers::fleet::serving::{self, Member};
use crate::answers::fleet::vain::Vain;
use crate::answers::health::asked::Asked;
use crate::answers::health::warnings::{Now, warnings};
use crate::answers::heartbeat::Heartbeat;
use crate::answers::page::{Page, Value};
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::error::ReadError;

/// The tables it asks.
pub fn tables() -> Vec<&'static str> {
    let fleet = [&serving::TABLES[..], &rates::TABLES, &open_tasks::TABLES, &queue::TABLES];
    [&fleet.concat()[..], &pulse::TABLES, &blind::TABLES, &["pods"]].concat()
}

/// Errors and ends of the last hour count (domain/orchestrator.md 6, `health`).
const HOUR_S: f64 = 3600.0;

/// Tells how all is at the instant.
///
/// # Errors
/// When the tables cannot be asked.
pub fn health(ask: Ask<'_>, limit: usize, told: &[Told]) -> Result<Page, ReadError> {
    let since = ask.at.plus_seconds(-HOUR_S);
    let until = Micros(ask.at.0.saturating_add(1));
    let asked = Asked::read(ask, told, (since, until), limit)?;
    let Asked { fleet: all, rates, queue, longest, strange, pulses, pods, errors, gaps } = asked;
    let stuck = queue.stuck(ask.at, longest);
    let orphans = orphans::of(ask, &pods, told);
    let serving: Vec<&Member> = all.iter().filter(|one| one.is_in_service()).collect();
    let found = open::of(ask, &serving, &queue, told);
    let silent: Vec<&Member> =
        serving.iter().copied().filter(|one| !one.is_api() && one.is_silent()).collect();
    let gpus = |wanted: &dyn Fn(&Member) -> bool| {
        serving.iter().filter(|one| !one.is_api() && wanted(one)).count()
    };
    let ended: BTreeSet<&str> =
        all.iter().filter(|one| one.is_over()).map(|one| one.id()).collect();
    let orphaned = queue.orphaned(&ended);
    let wronged = all
        .iter()
        .filter(|one| one.ended_in(since, until) && guilt::clears(told, one.id()))
        .count();
    let holders = silent.iter().filter(|one| one.held() > 0).count();
    let now = Now {
        claimable_gpu: queue.claimable(false),
        claimable_api: queue.claimable(true),
        vain: waits::in_vain(&queue, |why| !why.is_mutual()),
        ring: waits::in_vain(&queue, Vain::is_mutual),
        unknown: strange.unknown(),
        misdated: strange.misdated(),
        orphaned: orphaned.len(),
        wronged,
        stuck: stuck.len(),
        limit: longest,
        active: gpus(&Member::is_active),
        spawning: gpus(&Member::is_spawning),
        silent_holders: holders,
        silent: silent.len() - holders,
        vanished: all.iter().filter(|one| one.row_missed_at().is_some()).count(),
        orphans: orphans.len(),
        findings: found.len(),
        is_rate_over: rates.is_over() == Some(true),
    };
    let mut page = Page::new("health", None, ask.told_at(), ask.is_as_of);
    let warnings = warnings(&now, &pulses);
    let rows = warnings.into_iter().map(|said| vec![Value::Text(said)]).collect();
    page.table("warnings", "Warnings", &["warning"], rows, "none");
    open::add(&mut page, &found, limit);
    add_fleet(&mut page, &serving);
    add_silent(&mut page, ask, &silent, limit);
    waits::add(&mut page, ask, &queue, &stuck, longest, limit);
    waits::add_orphaned(&mut page, ask, &orphaned, limit);
    strange.add(&mut page, limit);
    pulse::add(&mut page, &pulses, ask.at);
    rates.add(&mut page, HOUR_S);
    errors::add(&mut page, &errors);
    orphans::add(&mut page, &orphans);
    blind::add(&mut page, "Gaps now", &gaps, limit);
    Ok(page)
}

fn count(n: usize) -> Value {
    Value::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

fn add_fleet(page: &mut Page, serving: &[&Member]) {
    let mut states: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    // the API orchestrator's row has no pod and no guardian: it is told among those who watch
    for member in serving.iter().filter(|one| !one.is_api()) {
        states.entry(member.state()).or_default().push(member);
    }
    let rows = states.iter().map(|(state, members)| {
        let beats = |class| count(members.iter().filter(|one| one.heartbeat() == class).count());
        let lives = |word| {
            count(members.iter().filter(|one| one.row().text("liveness") == Some(word)).count())
        };
        vec![
            Value::Text((*state).to_string()),
            count(members.len()),
            lives("alive"),
            lives("silent"),
            lives("unknown"),
            beats(Heartbeat::Healthy),
            beats(Heartbeat::Warning),
            beats(Heartbeat::Stale),
            beats(Heartbeat::None),
            beats(Heartbeat::Unknown),
        ]
    });
    let columns = [
        "true_state",
        "workers",
        "alive",
        "silent",
        "not_known",
        "beat_under_60",
        "beat_under_300",
        "beat_older",
        "no_beat",
        "beat_not_known",
    ];
    page.table("fleet", "Fleet, in service", &columns, rows.collect(), "no worker is in service");
}

/// Who gives no sign of life although one could have reached us; those that hold a task first.
fn add_silent(page: &mut Page, ask: Ask<'_>, silent: &[&Member], limit: usize) {
    let mut silent = silent.to_vec();
    silent.sort_by_key(|one| (std::cmp::Reverse(one.held()), one.row().time("liveness_since")));
    let rows = silent.iter().take(limit).map(|one| {
        let row = one.row();
        vec![
            row.id("worker_id"),
            Value::Text(one.state().to_string()),
            Value::Count(one.held()),
            row.when("liveness_since"),
            Value::between(row.time("liveness_since"), Some(ask.at)),
            Value::Text(one.heartbeat().name().to_string()),
        ]
    });
    let columns = ["worker", "state", "holds", "silent_since", "for_s", "heartbeat"];
    page.table("silent", "Workers that have fallen silent", &columns, rows.collect(), "none");
}
