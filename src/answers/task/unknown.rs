//! What cannot be known of a task, and why: only what bears on this one.

use super::overview::agrees;
use super::record::Record;
use crate::answers::ask::{Ask, Row};
use crate::answers::page::Page;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// How the reason of an attempt begins that only the text in its row tells.
const BY_TEXT: &str = "its row's text";

/// Holes of sources that could have told of it, while it lived. That a source does not exist, or a process
/// had ended or not begun, hides nothing; what was deleted is told by the horizon (docs/vocabulary.md, causes
/// of a gap).
const HOLES: &str = "select cause, why, began_at, ended_at, \
        string_agg(distinct source_id, ', ' order by source_id) as sources, \
        count(distinct source_id) as source_count \
    from gaps where began_at < $until and coalesce(ended_at, $until) > $since \
        and cause not in ('no_such_source', 'process_down', 'not_started', 'no_heartbeat', 'retention') \
        and (source_type <> 'worker' or list_contains(string_split($workers, ','), source_id)) \
    group by cause, why, began_at, ended_at order by began_at, cause, sources";

/// How far a worker's clock may be off, where that is more than what its story tells in order.
const CLOCKS: &str = "select clock, offset_s, uncertainty_s from clocks \
    where list_contains(string_split($workers, ','), replace(clock, 'worker:', '')) \
        and uncertainty_s > 1 order by clock";

/// Lines that are older than this no capture holds.
const HORIZON: &str = "select min(retention_horizon) as horizon from captures";

/// Holes that are told; of more, their number.
const NAMED_MAX: usize = 6;

/// Sources that are named in a hole; of more, their number.
const SOURCES_MAX: i64 = 3;

/// What the tables hold of that.
#[derive(Default)]
pub(super) struct Hidden {
    holes: Vec<Row>,
    horizon: Option<Micros>,
    clocks: Vec<Row>,
}

impl Hidden {
    /// Reads it.
    pub(super) fn read(ask: Ask<'_>, record: &Record) -> Result<Self, ReadError> {
        let mut workers: Vec<&str> =
            record.attempts.iter().filter_map(|one| one.text("worker_id")).collect();
        workers.sort_unstable();
        workers.dedup();
        let workers = ("workers", Cell::Text(workers.join(",")));
        let clocks = ask.rows(CLOCKS, std::slice::from_ref(&workers))?;
        let Some(since) = record.created_at() else {
            return Ok(Self { clocks, ..Self::default() });
        };
        let span = [
            ("since", Cell::Time(since)),
            ("until", Cell::Time(record.ended_at().unwrap_or(record.at))),
            workers,
        ];
        let holes = ask.rows(HOLES, &span)?;
        let horizon = ask.first(HORIZON, &[])?.and_then(|row| row.time("horizon"));
        Ok(Self { holes, horizon, clocks })
    }
}

/// Adds it.
pub(super) fn section(page: &mut Page, record: &Record) {
    let mut lines = of_row(record);
    lines.extend(of_attempts(record));
    let Hidden { holes, horizon, clocks } = &record.hidden;
    lines.extend(of_holes(holes));
    if let (Some(since), Some(horizon)) = (record.created_at(), *horizon) {
        let until = record.ended_at().unwrap_or(record.at);
        lines.extend(of_retention(since, until, horizon));
    }
    lines.extend(of_clocks(clocks));
    if lines.is_empty() {
        lines.push("nothing that bears on this task is missing, as far as is known".to_string());
    }
    page.lines("not_known", "What cannot be known, and why", lines);
}

fn of_row(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    // of a row that was found again nothing is missing
    let of_row = [EventKind::TaskRowVanished, EventKind::TaskRowReturned];
    let gone = record.events.iter().rfind(|event| of_row.contains(&event.kind));
    let gone = gone.filter(|event| event.kind == EventKind::TaskRowVanished);
    if let Some((seen, missed)) = gone.and_then(|gone| Some((gone.earliest?, gone.at))) {
        lines.push(format!(
            "what became of it after {seen}: its row was seen last then, and the capture of {missed} did not find it \
             any more (deleted, with its project or by a person, or hidden): its state is the last that is known"
        ));
    }
    match (&record.row, record.state()) {
        (None, None) if !record.events.is_empty() => lines.push(
            "its states, attempts and times: its row is not in the evidence, only lines tell of it"
                .to_string(),
        ),
        (None, None) => lines.push(format!("it had not been created by {}", record.at)),
        (None, Some(_)) => {
            lines.push("its row is not in the evidence: type, parameters, output".to_string());
        }
        (Some(_), Some(state)) if agrees(record) == Some(false) => {
            let status = record.text("status").unwrap_or_default();
            lines.push(format!(
                "its row says {status}, its timeline {state}: one of them is wrong or late"
            ));
        }
        (Some(_), Some(_)) if record.text("status").is_some() && agrees(record).is_none() => {
            let status = record.text("status").unwrap_or_default();
            lines.push(format!(
                "what its row's status `{status}` means: the system has no such status"
            ));
        }
        (Some(_), Some(_) | None) => {}
    }
    lines
}

fn of_attempts(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    let of = |keep: &dyn Fn(&Row) -> bool| {
        let some = record.attempts.iter().filter(|row| keep(row));
        let numbers: Vec<String> =
            some.filter_map(|row| Some(row.int("attempt")?.to_string())).collect();
        (!numbers.is_empty()).then(|| numbers.join(", "))
    };
    if let Some(which) = of(&|row| row.text("basis") == Some("inferred")) {
        lines.push(format!(
            "attempt {which} is inferred: no line tells of the claim, its times are bounds at best"
        ));
    }
    if let Some(which) = of(&|row| row.text("worker_id").is_none()) {
        lines.push(format!("who held it in attempt {which}: no row names the worker"));
    }
    let is_lost = |row: &Row| row.text("outcome") == Some("lost");
    let by_text = |row: &Row| row.text("reason").is_some_and(|why| why.starts_with(BY_TEXT));
    if let Some(which) = of(&|row| is_lost(row) && !by_text(row)) {
        lines.push(format!(
            "how attempt {which} ended: a later claim shows that it did, and no row says how"
        ));
    }
    if let Some(which) = of(&|row| is_lost(row) && by_text(row)) {
        lines.push(format!(
            "when attempt {which} ended: the text in its row says how, and no row says when"
        ));
    }
    if let Some(which) = of(&|row| row.text("outcome") == Some("open")) {
        lines.push(format!("how attempt {which} ends: it is open at the instant told of"));
    }
    let counted = record.row.as_ref().and_then(|row| row.int("attempts")).unwrap_or(0);
    let claims = record.attempts.len() as i64;
    if counted != claims && (counted > 0 || claims > 1) {
        // domain/orchestrator.md 1.3 (func_mark_task_failed) and 2.4
        lines.push(format!(
            "how often it was tried, by `attempts` {counted} in its row: that counts failures that were reported and \
             resets of API tasks, not claims"
        ));
    }
    lines
}

fn of_holes(holes: &[Row]) -> Vec<String> {
    let mut lines: Vec<String> = holes.iter().take(NAMED_MAX).filter_map(of_hole).collect();
    if holes.len() > NAMED_MAX {
        let more = holes.len() - NAMED_MAX;
        lines.push(format!("the same of {more} more holes: see `backstory coverage`"));
    }
    lines
}

fn of_hole(hole: &Row) -> Option<String> {
    let sources = match hole.int("source_count") {
        Some(n) if n > SOURCES_MAX => format!("{n} sources"),
        Some(_) | None => hole.text("sources")?.to_string(),
    };
    let cause = hole.text("cause")?.replace('_', " ");
    let why = hole.text("why").map(|why| format!(", {why}")).unwrap_or_default();
    let (from, until) = (hole.time("began_at")?, hole.time("ended_at"));
    let until = until.map_or_else(|| "the end".to_string(), |until| until.to_string());
    Some(format!(
        "what {sources} had to say of it: nothing could reach us between {from} and {until} ({cause}{why})"
    ))
}

fn of_retention(since: Micros, until: Micros, horizon: Micros) -> Option<String> {
    (since < horizon).then(|| {
        let what = if until < horizon { "all lines of its life" } else { "lines of its begin" };
        format!("{what}: those before {horizon} had been deleted; only its row tells of that time")
    })
}

/// The clocks of all its workers in one sentence.
fn of_clocks(clocks: &[Row]) -> Option<String> {
    let most = clocks.iter().filter_map(|row| row.float("uncertainty_s")).reduce(f64::max)?;
    let each = clocks.iter().filter_map(|row| {
        let worker = row.text("clock")?.trim_start_matches("worker:");
        let (offset, unsure) = (row.float("offset_s")?, row.float("uncertainty_s")?);
        Some(format!("{worker} {offset:+.1} s, +- {unsure:.1} s"))
    });
    let each: Vec<String> = each.collect();
    Some(format!(
        "in which order its workers' lines and others' came, where they are less than {most:.1} s apart: \
         the workers' clocks are known no better ({})",
        each.join("; ")
    ))
}
