//! The raw rows of every source that mention a task: in their column, in their text, or by the short id.

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::answers::subject::Subject;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub const TABLES: [&str; 3] = ["tasks", "events", "system_logs"];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct LogsAsked {
    /// Rows at or after this instant.
    pub since: Option<Micros>,
    /// Rows before this instant.
    pub until: Option<Micros>,
    /// Rows at most: the newest.
    pub limit: usize,
}

/// Characters of a task's id in a line that shortens ids (domain/orchestrator.md 9, 9).
const SHORT: usize = 8;

/// A short id stands alone: what goes on is another id. Rows of one time are rows of their own. One place after
/// another, each row where it is found first: of one that the column asked for does not have nothing else is read.
const ROWS: &str = "with lines as not materialized (\
    select id, \"timestamp\" as logged_at, source_type, source_id, log_level, message, task_id, metadata \
    from system_logs where ($since is null or \"timestamp\" >= $since) \
        and ($until is null or \"timestamp\" < $until)), \
    found as materialized (\
    select 'column' as mentioned_in, * from lines where task_id = $id \
    union all select case when task_id = $id then null when contains(message, $id) then 'text' \
            when contains(metadata, $id) then 'metadata' \
            when regexp_matches(message, $alone) then 'short id' end, * \
        from lines where contains(message, $short) \
    union all select case when task_id = $id or contains(message, $short) then null else 'metadata' end, * \
        from lines where contains(metadata, $id)) \
    select *, (select count(*) from found where mentioned_in is not null) as rows_of_all \
    from found where mentioned_in is not null \
    order by logged_at desc, source_type desc, source_id desc, id desc limit $limit";

/// Tasks whose ids begin alike: a short id means any of them.
const ALIKE: &str = "select count(*) as alike from tasks where starts_with(id, $short)";

/// Lists the rows, the newest last.
///
/// # Errors
/// When the tables cannot be asked.
pub fn logs(ask: Ask<'_>, subject: &Subject, asked: LogsAsked) -> Result<Page, ReadError> {
    let short = subject.id.get(..SHORT).unwrap_or(&subject.id).to_string();
    let instant = |at: Option<Micros>| at.map_or(Cell::Null, Cell::Time);
    let params = [
        ("id", Cell::Text(subject.id.clone())),
        ("short", Cell::Text(short.clone())),
        ("alone", Cell::Text(format!("(^|[^0-9A-Za-z-]){}($|[^0-9A-Za-z-])", escaped(&short)))),
        ("since", instant(asked.since)),
        ("until", instant(asked.until)),
        ("limit", Cell::Int(i64::try_from(asked.limit).unwrap_or(i64::MAX))),
    ];
    let found = ask.rows(ROWS, &params)?;
    let alike = ask.first(ALIKE, &[("short", Cell::Text(short))])?;
    let alike = alike.and_then(|row| row.int("alike")).unwrap_or(0);
    let mut page = Page::new("task", Some(subject.clone()), ask.told_at(), ask.is_as_of);
    let all = found.first().and_then(|row| row.int("rows_of_all")).unwrap_or(0);
    let shown = found.len() as i64;
    page.fields("rows", "Rows that mention it", counts(all, shown, alike));
    let columns = ["at", "source_type", "source_id", "level", "mentioned_in", "message", "row"];
    let rows = found.iter().rev().map(row).collect();
    page.table("logs", "Rows (newest last)", &columns, rows, "no row mentions it");
    Ok(page)
}

fn counts(all: i64, shown: i64, alike: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("rows", Value::Count(all)),
        ("shown", Value::Count(shown)),
        ("left_out_before", Value::Count(all - shown)),
        ("tasks_of_the_same_short_id", Value::Count(alike)),
    ]
}

fn row(row: &Row) -> Vec<Value> {
    vec![
        row.when("logged_at"),
        row.say("source_type"),
        row.say("source_id"),
        row.say("log_level"),
        row.say("mentioned_in"),
        row.say("message"),
        row.id("id"),
    ]
}

/// The text as a pattern that matches it alone.
fn escaped(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}
