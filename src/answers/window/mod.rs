//! What happened between two instants: what each cycle saw and decided, what changed, which rows came and
//! which could not, and what most likely set it off.

mod came;
mod changes;
mod found;
mod trigger;

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::findings::short::Told;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub const TABLES: [&str; 13] = [
    "events",
    "system_logs",
    "tasks",
    "workers",
    "pods",
    "cycles",
    "decisions",
    "worker_states",
    "worker_ends",
    "task_states",
    "task_attempts",
    "runs",
    "gaps",
];

/// A span of time, and how much of it is listed.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Its first instant.
    pub from: Micros,
    /// The first instant after it.
    pub until: Micros,
    /// Rows of a list, at most.
    pub limit: usize,
}

/// A window with all that is told of it, as rows of the questions below.
struct Asked {
    window: Window,
    summary: Vec<Row>,
    signs: Vec<Row>,
    cycles: Vec<Row>,
    decisions: Vec<Row>,
    changes: Vec<Row>,
    course: Vec<Row>,
    lines: Vec<Row>,
    gaps: Vec<Row>,
    runs: Vec<Row>,
}

impl Asked {
    /// Asks everything; a SELECT calls the window's ends `$from` and `$until`, and some time before its begin
    /// `$before`.
    fn read(ask: Ask<'_>, window: Window) -> Result<Self, ReadError> {
        let Window { from, until, .. } = window;
        let params = [
            ("from", Cell::Time(from)),
            ("until", Cell::Time(until)),
            ("before", Cell::Time(from.plus_seconds(-trigger::BEFORE_S))),
        ];
        let (signs, course) = (trigger::all_signs(), came::course_of(window));
        let selects = [
            came::SUMMARY,
            &signs,
            CYCLES,
            DECISIONS,
            changes::CHANGES,
            &course,
            came::LINES,
            GAPS,
            RUNS,
        ];
        let [summary, signs, cycles, decisions, changes, course, lines, gaps, runs] =
            ask.beside(selects, &params)?;
        Ok(Self { window, summary, signs, cycles, decisions, changes, course, lines, gaps, runs })
    }

    /// Rows for a list, the first of them, and what its heading says of the others.
    fn listed(&self, rows: Vec<Vec<Value>>, title: &str) -> (Vec<Vec<Value>>, String) {
        let all = rows.len();
        let limit = self.window.limit;
        let title = if all > limit {
            format!("{title} (the first {limit} of {all}; --limit)")
        } else {
            title.to_string()
        };
        (rows.into_iter().take(limit).collect(), title)
    }
}

/// Tells of a window.
///
/// # Errors
/// When the tables cannot be asked.
pub fn window(ask: Ask<'_>, window: Window, told: &[Told]) -> Result<Page, ReadError> {
    let asked = Asked::read(ask, window)?;
    let mut page = Page::new("window", None, ask.told_at(), ask.is_as_of);
    came::summary(&asked, &mut page);
    trigger::section(&asked, &mut page, told);
    cycles(&asked, &mut page);
    decisions(&asked, &mut page);
    changes::sections(&asked, &mut page);
    came::sections(&asked, &mut page);
    gaps(&asked, &mut page);
    runs(&asked, &mut page);
    findings(&asked, &mut page, told);
    Ok(page)
}

/// The cycles that ran in it, in order.
const CYCLES: &str = "select * from cycles where coalesce(started_at, completed_at) >= $from \
    and coalesce(started_at, completed_at) < $until order by coalesce(started_at, completed_at), run_id, cycle";

fn cycles(asked: &Asked, page: &mut Page) {
    const COLUMNS: [&str; 14] = [
        "started_at",
        "cycle",
        "took_s",
        "queued",
        "active_tasks",
        "workers_active",
        "workers_spawning",
        "desired",
        "promoted",
        "failed",
        "spawned",
        "terminated",
        "reset",
        "failed_reads",
    ];
    let rows = asked.cycles.iter().map(|cycle| {
        let took = Value::between(cycle.time("started_at"), cycle.time("completed_at"));
        let mut row = vec![cycle.when("started_at"), cycle.count("cycle"), took];
        row.extend(COLUMNS[3..].iter().map(|name| cycle.count(name)));
        row
    });
    let (rows, title) = asked.listed(rows.collect(), "Cycles: what each saw and did");
    page.table("cycles", &title, &COLUMNS, rows, "none that left a line");
}

/// Decisions of weight: what was merely measured, and checks that were passed, are left out.
const DECISIONS: &str = "select happened_at, run_id, cycle, rule, subject_kind, subject_id, verdict, \
    based_on_failed_read, event_id from decisions \
    where happened_at >= $from and happened_at < $until and rule not in ('scaling', 'health_check', \
    'failure_rate') and not (rule = 'scale_down' and verdict = '0') order by happened_at, event_id";

fn decisions(asked: &Asked, page: &mut Page) {
    let rows = asked.decisions.iter().map(|decision| {
        vec![
            decision.when("happened_at"),
            decision.count("cycle"),
            decision.say("rule"),
            decision.id("subject_id"),
            decision.say("verdict"),
            decision.flag("based_on_failed_read").map_or(Value::Missing, Value::Flag),
            decision.id("event_id"),
        ]
    });
    let columns = ["at", "cycle", "rule", "about", "verdict", "on_a_failed_read", "event"];
    let (rows, title) = asked.listed(rows.collect(), "Decisions");
    page.table("decisions", &title, &columns, rows, "none that left a line");
}

/// Of orchestrators and edge functions: workers' gaps are told by `worker`.
const GAPS: &str = "select * from gaps where began_at < $until and ended_at > $from \
    and source_type <> 'worker' and cause not in ('not_started', 'no_such_source') \
    order by began_at, source_id, cause";

fn gaps(asked: &Asked, page: &mut Page) {
    let rows = asked.gaps.iter().map(|gap| {
        vec![
            gap.id("source_id"),
            gap.when("began_at"),
            gap.when("ended_at"),
            Value::between(gap.time("began_at"), gap.time("ended_at")),
            gap.say("cause"),
            gap.say("basis"),
            gap.say("why"),
        ]
    });
    let columns = ["source", "began_at", "ended_at", "lasted_s", "cause", "basis", "because_of"];
    let title = "Gaps: when lines could not have reached us";
    page.table("gaps", title, &columns, rows.collect(), "none: every source could have been heard");
}

const RUNS: &str = "select * from runs where (started_at >= $before and started_at < $until) \
    or (ended_at >= $before and ended_at < $until) order by started_at, run_id";

fn runs(asked: &Asked, page: &mut Page) {
    let rows = asked.runs.iter().map(|run| {
        vec![
            run.id("run_id"),
            run.when("started_at"),
            run.when("ended_at"),
            run.count("first_cycle"),
            run.count("last_cycle"),
            run.say("era"),
        ]
    });
    let columns = ["run", "started_at", "ended_at", "first_cycle", "last_cycle", "era"];
    let title = "Orchestrator processes that began or ended in it, or up to 10 minutes before";
    page.table("runs", title, &columns, rows.collect(), "none");
}

/// What the catalogue found to have happened in it.
fn findings(asked: &Asked, page: &mut Page, told: &[Told]) {
    let Window { from, until, .. } = asked.window;
    let inside =
        told.iter().filter(|one| one.happened_at.is_some_and(|at| from <= at && at < until));
    let rows = inside.map(|one| {
        vec![
            Value::Text(one.severity.name().to_string()),
            Value::Text(one.verdict.name().to_string()),
            Value::Id(one.query.clone()),
            Value::time(one.happened_at),
            Value::Id(one.subject_id.clone()),
            Value::Text(one.summary.clone()),
        ]
    });
    let columns = ["severity", "verdict", "query", "happened_at", "about", "summary"];
    let (rows, title) = asked.listed(rows.collect(), "Findings (at the end of the evidence)");
    page.table("findings", &title, &columns, rows, "none");
}
