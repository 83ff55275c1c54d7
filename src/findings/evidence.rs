//! The rows behind what is cited, as a person reads them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::findings::citation::{Citation, ReadFrom, citations, events};
use crate::findings::finding::Piece;
use crate::findings::rows::{rows, telling_columns};
use crate::model::table::Table;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// The rows behind lists of citations (ids of events, and `table:key`), in the order of the citations. What is
/// not in the snapshot is left out; of some events it is known which row they were read from.
pub(crate) fn resolve_ids<L: AsRef<[String]>>(
    database: &Database,
    lists: &[L],
    known: &ReadFrom,
    limit: Duration,
) -> Result<Vec<Vec<Piece>>, ReadError> {
    let events = events(database, lists, known, limit)?;
    let cited: Vec<Vec<Citation>> =
        lists.iter().map(|list| citations(list.as_ref(), &events)).collect();
    let rows = rows(database, cited.iter().flatten(), limit)?;
    let piece = |citation: &Citation| {
        let table = Table::from_name(&citation.table)?;
        let row = rows.get(&table)?.get(&citation.key)?;
        Some(Piece {
            time: if table.is_append_only() { row.time } else { citation.time.or(row.time) },
            table: citation.table.clone(),
            key: citation.key.clone(),
            text: described(table, citation.column.as_deref(), &row.columns),
            contradicts: citation.contradicts,
            repeats: citation.repeats,
        })
    };
    Ok(cited.iter().map(|list| once(list.iter().filter_map(piece))).collect())
}

/// Each piece once, in the order of its first mention.
fn once(pieces: impl Iterator<Item = Piece>) -> Vec<Piece> {
    let mut seen = BTreeSet::new();
    pieces.filter(|piece| seen.insert(piece.clone())).collect()
}

/// The message of a log line; of other rows the cited column, or the telling ones.
fn described(table: Table, column: Option<&str>, row: &Value) -> String {
    match column {
        Some("message") => shown(&at_path(row, "message")),
        Some(column) if table == Table::SystemLogs => {
            let cited = shown(&at_path(row, column));
            format!("{} ({column} = {cited})", shown(&at_path(row, "message")))
        }
        Some(column) => format!("{column} = {}", shown(&at_path(row, column))),
        None if table == Table::SystemLogs => shown(&at_path(row, "message")),
        None => {
            let told = telling_columns(table).iter().filter(|name| !row[**name].is_null());
            let told: Vec<String> =
                told.map(|name| format!("{name} = {}", shown(&row[*name]))).collect();
            format!("as captured: {}", told.join(", "))
        }
    }
}

/// `metadata.error_time` inside a row whose `metadata` is JSON as text.
fn at_path(row: &Value, path: &str) -> Value {
    if let Some(value) = row.get(path) {
        return value.clone();
    }
    let Some((column, inner)) = path.split_once('.') else { return Value::Null };
    let parsed = row.get(column).and_then(Value::as_str);
    let mut value: Value =
        parsed.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for name in inner.split('.') {
        value = value.get(name).cloned().unwrap_or_default();
    }
    value
}

/// The first line that says something.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::String(text) => {
            let mut lines = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
            lines.next().unwrap_or_default().to_string()
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_told_by_its_cited_column_or_its_telling_ones() {
        let row = serde_json::json!({
            "status": "error",
            "last_heartbeat": "2026-01-05 09:10:05",
            "metadata": r#"{"error_time":"2026-01-05T09:11:00Z","vram":{"used":3}}"#,
        });
        let told = |column| described(Table::Workers, column, &row);
        assert_eq!(told(Some("status")), "status = error");
        assert_eq!(told(Some("metadata.error_time")), "metadata.error_time = 2026-01-05T09:11:00Z");
        assert_eq!(told(Some("metadata.vram.used")), "metadata.vram.used = 3");
        assert_eq!(told(Some("metadata.nothing")), "metadata.nothing = null");
        assert_eq!(told(None), "as captured: status = error, last_heartbeat = 2026-01-05 09:10:05");
    }

    #[test]
    fn a_log_line_is_told_by_its_first_line() {
        let row = serde_json::json!({"message": "\n  MARKING AS ERROR  \nmore", "cycle_number": 7});
        let told = |column| described(Table::SystemLogs, column, &row);
        assert_eq!(told(Some("message")), "  MARKING AS ERROR");
        assert_eq!(told(None), "  MARKING AS ERROR");
        assert_eq!(told(Some("cycle_number")), "  MARKING AS ERROR (cycle_number = 7)");
    }
}
