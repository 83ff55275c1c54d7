//! Workers: who is in service, who ended and why, how many fail.

use std::collections::BTreeMap;

use crate::answers::ask::Ask;
use crate::answers::fleet::rates::Rates;
use crate::answers::fleet::reasons::masked;
use crate::answers::fleet::serving::{Member, fleet};
use crate::answers::fleet::{rates, serving};
use crate::answers::heartbeat::Heartbeat;
use crate::answers::page::{Page, Value};
use crate::answers::worker::agrees;
use crate::findings::short::Told;
use crate::model::state::WorkerStateName;
use crate::model::time::Micros;
use crate::read::error::ReadError;

/// The tables it asks.
pub fn tables() -> Vec<&'static str> {
    [&serving::TABLES[..], &rates::TABLES].concat()
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct WorkersAsked {
    /// Only those of this status or true state, or of states that begin so.
    pub status: Option<String>,
    /// Workers that lived at or after this instant.
    pub since: Micros,
    /// And before it.
    pub until: Micros,
    /// Rows of a list, at most.
    pub limit: usize,
}

/// What a row's status may be (domain/orchestrator.md 1.2; `crashed`: domain/worker-app.md 1.5).
const STATUSES: [&str; 7] =
    ["inactive", "spawning", "active", "terminating", "error", "terminated", "crashed"];

/// The words that choose workers: statuses, those that only rows here have among them, and true states.
///
/// # Errors
/// When the tables cannot be asked.
pub fn words(ask: Ask<'_>) -> Result<Vec<String>, ReadError> {
    const SEEN: &str = "select distinct status from workers where status is not null order by 1";
    let states = WorkerStateName::ALL.iter().map(|state| state.name());
    let mut words: Vec<String> = STATUSES.into_iter().chain(states).map(str::to_string).collect();
    let seen = ask.rows(SEEN, &[])?;
    words.extend(seen.iter().filter_map(|row| row.text("status").map(str::to_string)));
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// Tells of the workers of a span.
///
/// # Errors
/// When the tables cannot be asked.
pub fn workers(ask: Ask<'_>, asked: &WorkersAsked, told: &[Told]) -> Result<Page, ReadError> {
    let (all, era) = ask.join(|ask| fleet(ask, (asked.since, asked.until)), rates::era)?;
    let rates = Rates::of(era.as_ref(), &all, told, ask.at, (asked.since, asked.until));
    let is_meant = |member: &&Member| {
        let has = |word: &str| {
            member.state() == word
                || member.state().strip_prefix(word).is_some_and(|rest| rest.starts_with('_'))
                || member.row().text("status") == Some(word)
        };
        member.lived_in(asked.since, asked.until) && asked.status.as_deref().is_none_or(has)
    };
    let some: Vec<&Member> = all.iter().filter(is_meant).collect();
    let mut page = Page::new("workers", None, ask.told_at(), ask.is_as_of);
    summary(&mut page, &some, asked);
    by_state(&mut page, &some);
    in_service(&mut page, ask, &some, asked.limit);
    row_vanished(&mut page, &some, asked.limit);
    let ended: Vec<&Member> =
        some.iter().copied().filter(|one| one.ended_in(asked.since, asked.until)).collect();
    recently_ended(&mut page, &ended, asked.limit);
    failures(&mut page, &ended, asked.limit);
    rates.add(&mut page, asked.until.seconds_since(asked.since));
    Ok(page)
}

fn count(n: usize) -> Value {
    Value::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

fn summary(page: &mut Page, some: &[&Member], asked: &WorkersAsked) {
    let of = |wanted: &dyn Fn(&Member) -> bool| {
        count(some.iter().filter(|member| wanted(member)).count())
    };
    // the API orchestrator's row has no pod and no guardian
    let beats =
        |class: Heartbeat| of(&|one| one.is_active() && !one.is_api() && one.heartbeat() == class);
    let sum = |name: &str| Value::Count(some.iter().filter_map(|one| one.row().int(name)).sum());
    page.fields(
        "summary",
        "Workers",
        vec![
            ("since", Value::time(page.at.map(|_| asked.since))),
            ("until", Value::time(page.at.map(|at| asked.until.min(at)))),
            ("workers", count(some.len())),
            ("in_service", of(&Member::is_in_service)),
            ("active", of(&Member::is_active)),
            ("active_healthy", beats(Heartbeat::Healthy)),
            ("active_warning", beats(Heartbeat::Warning)),
            ("active_stale", beats(Heartbeat::Stale)),
            ("active_without_heartbeat", beats(Heartbeat::None)),
            ("active_heartbeat_not_known", beats(Heartbeat::Unknown)),
            ("active_api", of(&|one| one.is_active() && one.is_api())),
            ("spawning", of(&Member::is_spawning)),
            ("ended", of(&|one| one.ended_in(asked.since, asked.until))),
            ("ended_later", of(&|one| one.is_over() && !one.ended_in(asked.since, asked.until))),
            ("row_vanished", of(&|one| one.row_missed_at().is_some())),
            ("tasks_complete", sum("complete")),
            ("tasks_failed", sum("failed")),
        ],
    );
}

fn by_state(page: &mut Page, some: &[&Member]) {
    let mut counts: BTreeMap<(&str, Option<&str>), i64> = BTreeMap::new();
    for member in some {
        // what the last version of a row that is gone said is no status any more
        let told = match member.row_missed_at() {
            Some(_) => ("row_vanished", None),
            None => (member.state(), member.row().text("status")),
        };
        *counts.entry(told).or_default() += 1;
    }
    let rows = counts.into_iter().map(|((state, status), n)| {
        let agrees = status.and_then(|status| agrees(state, status));
        vec![
            Value::Text(state.to_string()),
            Value::text(status),
            Value::Count(n),
            agrees.map_or(Value::Missing, Value::Flag),
        ]
    });
    let columns = ["true_state", "row_status", "workers", "agree"];
    page.table("by_state", "By true state, and by status", &columns, rows.collect(), "none");
}

fn in_service(page: &mut Page, ask: Ask<'_>, some: &[&Member], limit: usize) {
    let serving = some.iter().filter(|member| member.is_in_service());
    let rows = serving.rev().take(limit).map(|member| {
        let row = member.row();
        let heartbeat = member.heartbeat();
        // the time that a row was made with is no beat
        let beat = row.time("last_heartbeat").filter(|_| heartbeat != Heartbeat::None);
        let class = Value::Text(heartbeat.name().to_string());
        vec![
            row.id("worker_id"),
            Value::Text(member.state().to_string()),
            Value::between(row.time("state_since"), Some(ask.at)),
            row.say("status"),
            if member.is_api() { Value::Missing } else { class },
            Value::between(beat, Some(ask.at)),
            row.count("held"),
            row.count("complete"),
        ]
    });
    let columns =
        ["worker", "state", "for_s", "row_status", "heartbeat", "beat_age_s", "holds", "complete"];
    page.table("in_service", "In service (newest first)", &columns, rows.collect(), "none");
}

/// Those whose row a later capture did not find, where there are such: it was deleted, or hidden, and nothing has
/// told of the worker since.
fn row_vanished(page: &mut Page, some: &[&Member], limit: usize) {
    let gone: Vec<&&Member> = some.iter().filter(|one| one.row_missed_at().is_some()).collect();
    if gone.is_empty() {
        return;
    }
    let rows = gone.iter().rev().take(limit).map(|member| {
        let row = member.row();
        vec![
            row.id("worker_id"),
            row.when("row_seen_at"),
            row.when("row_missed_at"),
            Value::Text(member.state().to_string()),
            row.say("status"),
            row.count("held"),
            row.count("complete"),
        ]
    });
    let columns = [
        "worker",
        "row_seen_at",
        "row_missed_at",
        "state_then",
        "row_status_then",
        "holds",
        "complete",
    ];
    let title = "Row vanished between two captures: whether they run on is not known";
    page.table("row_vanished", title, &columns, rows.collect(), "none");
}

/// Those that ended last stand first.
fn recently_ended(page: &mut Page, ended: &[&Member], limit: usize) {
    let mut ended = ended.to_vec();
    ended.sort_by_key(|member| std::cmp::Reverse((member.ended_at(), member.id().to_string())));
    let title = match ended.len() {
        n if n > limit => format!("Ended (the last {limit} of {n})"),
        _ => "Ended".to_string(),
    };
    let rows = ended.iter().take(limit).map(|member| {
        let row = member.row();
        vec![
            row.id("worker_id"),
            row.when("ended_at"),
            row.say("end_kind"),
            Value::between(row.time("created_at"), member.ended_at()),
            row.count("complete"),
            row.say("reason"),
        ]
    });
    let columns = ["worker", "ended_at", "kind", "lived_s", "complete", "reason"];
    page.table("ended", &title, &columns, rows.collect(), "none");
}

/// How they ended, by kind and reason, the most frequent first.
fn failures(page: &mut Page, ended: &[&Member], limit: usize) {
    let mut counts: BTreeMap<(String, String), (i64, &str)> = BTreeMap::new();
    for member in ended {
        let kind = member.row().text("end_kind").unwrap_or("unknown").to_string();
        let reason = member.row().text("reason").map_or("-".to_string(), masked);
        let entry = counts.entry((kind, reason)).or_insert((0, member.id()));
        entry.0 += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
    let rows = counts.into_iter().take(limit).map(|((kind, reason), (n, example))| {
        vec![
            Value::Text(kind),
            Value::Text(reason),
            Value::Count(n),
            Value::Id(example.to_string()),
        ]
    });
    let columns = ["kind", "reason", "workers", "example"];
    page.table("reasons", "Why they ended", &columns, rows.collect(), "none");
}
