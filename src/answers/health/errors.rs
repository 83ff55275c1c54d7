//! Errors of the last hour.

use crate::answers::ask::{Ask, Row};
use crate::answers::health::HOUR_S;
use crate::answers::page::Page;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// Until E9 the orchestrator told its counts as CRITICAL, to be seen (domain/orchestrator.md 0, E3b): they are
/// no errors.
const ERRORS: &str = "select \"timestamp\" as line_at, source_type, source_id, log_level, message, \
    count(*) over () as all_errors from system_logs where log_level in ('ERROR', 'CRITICAL') \
    and not (log_level = 'CRITICAL' and source_type = 'orchestrator_gpu' \
        and (contains(message, 'TASK COUNT (') or contains(message, 'SCALING DECISION (') \
        or contains(message, 'SCALING UP: ') or contains(message, 'spawned successfully'))) \
    and \"timestamp\" > $since and \"timestamp\" <= $at order by \"timestamp\" desc, id desc limit $limit";

/// Reads the newest of them, each with how many there are.
pub(super) fn read(ask: Ask<'_>, limit: usize) -> Result<Vec<Row>, ReadError> {
    let params = [
        ("since", Cell::Time(ask.at.plus_seconds(-HOUR_S))),
        ("at", Cell::Time(ask.at)),
        ("limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
    ];
    ask.rows(ERRORS, &params)
}

/// Adds them.
pub(super) fn add(page: &mut Page, errors: &[Row]) {
    let all = errors.first().and_then(|row| row.int("all_errors")).unwrap_or(0);
    let rows = errors.iter().map(|row| {
        vec![row.when("line_at"), row.id("source_id"), row.say("log_level"), row.say("message")]
    });
    let title = format!("Errors of the last hour ({all}, newest first)");
    let columns = ["at", "source", "level", "message"];
    page.table("errors", &title, &columns, rows.collect(), "none");
}
