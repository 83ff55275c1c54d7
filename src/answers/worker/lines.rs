//! The raw rows that mention it, of every source; also where its id stands only in the text.

use crate::answers::ask::Ask;
use crate::answers::page::{Page, Value};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// Which rows.
#[derive(Clone, Copy, Debug)]
pub struct LinesAsked {
    /// At or after this instant.
    pub since: Option<Micros>,
    /// Before it.
    pub until: Option<Micros>,
    /// At most so many: the last ones, for a failure stands at the end.
    pub limit: usize,
}

/// One place after another, each row where it is found first: of one that the column asked for does not have
/// nothing else is read.
const LINES: &str = "with lines as not materialized (select \"timestamp\" as line_at, id, source_type, source_id, log_level, \
        task_id, message, worker_id, metadata from system_logs \
        where ($since is null or \"timestamp\" >= $since) and ($until is null or \"timestamp\" < $until)), \
    found as materialized (select true as is_first, * from lines where source_id = $id \
    union all select source_id is distinct from $id, * from lines where worker_id = $id \
    union all select source_id is distinct from $id and worker_id is distinct from $id, * \
        from lines where contains(message, $id) \
    union all select source_id is distinct from $id and worker_id is distinct from $id \
            and not coalesce(contains(message, $id), false), * \
        from lines where contains(metadata, $id)) \
    select *, (select count(*) from found where is_first) as all_lines from found where is_first order by line_at desc, id desc limit $limit";

/// Adds them, in the order of their time.
pub(super) fn add(
    page: &mut Page,
    ask: Ask<'_>,
    id: &str,
    asked: LinesAsked,
) -> Result<(), ReadError> {
    let time = |at: Option<Micros>| at.map_or(Cell::Null, Cell::Time);
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let params = [
        ("id", Cell::Text(id.to_string())),
        ("since", time(asked.since)),
        ("until", time(asked.until)),
        ("limit", Cell::Int(limit)),
    ];
    let found = ask.rows(LINES, &params)?;
    let all = found.first().and_then(|row| row.int("all_lines")).unwrap_or(0);
    let shown = i64::try_from(found.len()).unwrap_or(i64::MAX);
    page.fields(
        "counts",
        "Rows that mention it",
        vec![("rows", Value::Count(all)), ("shown", Value::Count(shown))],
    );
    let rows = found.iter().rev().map(|row| {
        vec![
            row.when("line_at"),
            row.say("source_id"),
            row.say("log_level"),
            row.id("task_id"),
            row.say("message"),
        ]
    });
    let columns = ["at", "source", "level", "task", "message"];
    page.table("lines", "Lines", &columns, rows.collect(), "none");
    Ok(())
}
