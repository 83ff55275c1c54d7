//! The orchestrators: their runs, what the last cycles saw and did, decisions of note, gaps.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::{blind, eras, pulse};
use crate::answers::page::{Page, Value};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub fn tables() -> Vec<&'static str> {
    let own = ["cycles", "decisions"];
    [&pulse::TABLES[..], &blind::TABLES, &eras::TABLES, &own].concat()
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct OrchestratorAsked {
    /// Runs, decisions and gaps at or after this instant.
    pub since: Micros,
    /// Rows of a list, at most.
    pub limit: usize,
}

const RUNS: &str = "with turned as (select run_id, count(*) as cycles, count(completed_at) as completed, \
        sum(failed_reads)::bigint as failed_reads from cycles group by run_id) \
    select runs.*, {eras}, turned.cycles, turned.completed, turned.failed_reads from runs \
    left join turned on turned.run_id = runs.run_id \
    where coalesce(ended_at, $at) >= $since order by started_at desc nulls last, runs.run_id desc limit $limit";

/// A cycle without a line of its begin or end stands where its run's cycles stand (E10 writes one line a
/// cycle: domain/orchestrator.md 0).
const CYCLES: &str = "select *, epoch(completed_at - started_at) as took_s from cycles \
    order by coalesce(started_at, completed_at) desc nulls last, run_id desc, cycle desc limit $limit";

/// Not of note: checks that passed, and what every cycle decides alike.
const DECISIONS: &str = "select * from decisions where happened_at >= $since and happened_at <= $at \
    and (rule in ('kill', 'early_termination', 'scale_down', 'failsafe', 'external', 'task_reset', \
        'failure_streak', 'scale_up') \
        and subject_kind <> 'run' or rule = 'failure_rate' and decided = 'act' or based_on_failed_read) \
    order by happened_at desc, event_id, rule limit $limit";

/// Tells of the orchestrators.
///
/// # Errors
/// When the tables cannot be asked.
pub fn orchestrator(ask: Ask<'_>, asked: OrchestratorAsked) -> Result<Page, ReadError> {
    let limit = ("limit", Cell::Int(i64::try_from(asked.limit).unwrap_or(i64::MAX)));
    let since = ("since", Cell::Time(asked.since));
    let at = ("at", Cell::Time(ask.at));
    let mut page = Page::new("orchestrator", None, ask.told_at(), ask.is_as_of);
    pulse::add(&mut page, &pulse::pulses(ask)?, ask.at);
    runs(
        &mut page,
        &ask.rows(&eras::with_eras(RUNS), &[since.clone(), at.clone(), limit.clone()])?,
        ask.at,
    );
    let found = ask.rows(CYCLES, std::slice::from_ref(&limit))?;
    cycles(&mut page, &found);
    notes(&mut page, &found);
    decisions(&mut page, &ask.rows(DECISIONS, &[since, at, limit])?);
    blind::add(&mut page, "Gaps", &blind::read(ask, asked.since, ask.at)?, asked.limit);
    Ok(page)
}

fn runs(page: &mut Page, runs: &[Row], now: Micros) {
    let rows = runs.iter().map(|run| {
        vec![
            run.id("run_id"),
            run.say("era"),
            Value::text(eras::several(run)),
            run.when("started_at"),
            run.when("ended_at"),
            Value::between(run.time("started_at"), run.time("ended_at").or(Some(now))),
            run.count("first_cycle"),
            run.count("last_cycle"),
            run.count("cycles"),
            run.count("failed_reads"),
        ]
    });
    let columns = [
        "run",
        "era",
        "era_said",
        "started_at",
        "ended_at",
        "lived_s",
        "first_cycle",
        "last_cycle",
        "cycles_told",
        "failed_reads",
    ];
    page.table("runs", "Runs (newest first)", &columns, rows.collect(), "none is known");
}

fn cycles(page: &mut Page, cycles: &[Row]) {
    let rows = cycles.iter().map(|cycle| {
        vec![
            cycle.count("cycle"),
            cycle.when("started_at"),
            cycle.seconds("took_s"),
            cycle.count("queued"),
            cycle.count("active_tasks"),
            cycle.count("workers_active"),
            cycle.count("workers_spawning"),
            cycle.count("desired"),
            cycle.count("spawned"),
            cycle.count("promoted"),
            cycle.count("failed"),
            cycle.count("terminated"),
            cycle.count("reset"),
            cycle.count("failed_reads"),
        ]
    });
    let columns = [
        "cycle",
        "started_at",
        "took_s",
        "queued",
        "tasks",
        "active",
        "spawning",
        "desired",
        "spawned",
        "promoted",
        "failed",
        "ended",
        "reset",
        "bad_reads",
    ];
    page.table("cycles", "Last cycles (newest first)", &columns, rows.collect(), "none is told");
}

/// Why a column is empty: in some eras no line tells it.
fn notes(page: &mut Page, cycles: &[Row]) {
    let none = |name: &str| !cycles.is_empty() && cycles.iter().all(|one| one.int(name).is_none());
    let mut said = Vec::new();
    if none("workers_active") {
        said.push("workers that a cycle saw: these lines are DEBUG since E10 and are not stored");
    }
    if none("desired") {
        said.push(
            "workers that a cycle wanted: these lines are DEBUG since E10 and are not stored",
        );
    }
    if !cycles.is_empty() && cycles.iter().all(|one| one.time("started_at").is_none()) {
        said.push("when a cycle began: this line is DEBUG since E10 and is not stored");
    }
    let said = said.into_iter().map(str::to_string).collect();
    page.lines("not_told", "Not told by the lines of this era", said);
}

fn decisions(page: &mut Page, decisions: &[Row]) {
    let rows = decisions.iter().map(|one| {
        vec![
            one.when("happened_at"),
            one.count("cycle"),
            one.say("rule"),
            one.id("subject_id"),
            Value::text(one.text("verdict").filter(|said| !said.is_empty())),
            one.flag("based_on_failed_read").map_or(Value::Missing, Value::Flag),
        ]
    });
    let columns = ["at", "cycle", "rule", "about", "said", "on_failed_read"];
    page.table("decisions", "Decisions of note (newest first)", &columns, rows.collect(), "none");
}
