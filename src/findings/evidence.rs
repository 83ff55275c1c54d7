//! The rows behind what is cited, as a person reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rayon::prelude::*;
use serde_json::Value;

use crate::findings::citation::{Citation, citations, events, listed};
use crate::findings::finding::Piece;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// What of a row is shown when no column is named.
fn telling_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::SystemLogs => &["message"],
        Table::Workers => &["status", "created_at", "last_heartbeat"],
        Table::Tasks => &["status", "generation_created", "output_location", "error_message"],
        Table::Generations => &["type", "created_at", "tasks"],
        Table::GenerationVariants => &["generation_id", "created_at"],
        Table::TaskTypes => &["name", "category", "content_type", "run_type"],
    }
}

/// The row of a citation: when it was captured (a log line: when it was written), and its columns.
struct Row {
    time: Option<Micros>,
    columns: Value,
}

/// The rows behind lists of citations (ids of events, and `table:key`), in the order of the citations. What is
/// not in the snapshot is left out.
pub(crate) fn resolve_ids<L: AsRef<[String]>>(
    database: &Database,
    lists: &[L],
    limit: Duration,
) -> Result<Vec<Vec<Piece>>, ReadError> {
    let events = events(database, lists, limit)?;
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

/// The rows of citations, of each table its own, some beside each other.
fn rows<'a>(
    database: &Database,
    citations: impl Iterator<Item = &'a Citation>,
    limit: Duration,
) -> Result<BTreeMap<Table, BTreeMap<String, Row>>, ReadError> {
    let mut wanted: BTreeMap<Table, Wanted<'_>> = BTreeMap::new();
    for citation in citations {
        let Some(table) = Table::from_name(&citation.table) else { continue };
        let of = wanted.entry(table).or_default();
        of.keys.insert(&citation.key);
        let column = citation.column.as_deref().and_then(|path| path.split('.').next());
        of.columns.extend(column.into_iter().chain(telling_columns(table).iter().copied()));
    }
    let mut own = Vec::new();
    for (table, of) in wanted {
        own.push((table, of, database.another()?));
    }
    let read = |(table, of, own): (Table, Wanted<'_>, Database)| {
        Ok((table, rows_of(&own, table, &of, limit)?))
    };
    own.into_par_iter().map(read).collect()
}

/// What of one table is cited.
#[derive(Default)]
struct Wanted<'a> {
    keys: BTreeSet<&'a str>,
    columns: BTreeSet<&'a str>,
}

/// The latest version of the rows with these keys: of their columns those that are told.
fn rows_of(
    database: &Database,
    table: Table,
    wanted: &Wanted<'_>,
    limit: Duration,
) -> Result<BTreeMap<String, Row>, ReadError> {
    let time_of = if table.is_append_only() { table.time_column() } else { "captured_at" };
    let known = Database::columns(table);
    let columns: Vec<&str> = known.filter(|name| wanted.columns.contains(name)).collect();
    let told: String =
        columns.iter().map(|name| format!(r#", cast(r."{name}" as varchar)"#)).collect();
    let sql = format!(
        r#"select r.id, r."{time_of}"{told} from {table} as r
        where r.id in {}"#,
        listed(&wanted.keys)
    );
    let mut rows = BTreeMap::new();
    for row in database.query_ours(&sql, &[], limit)?.rows {
        let Some((Cell::Text(id), cells)) = row.split_first() else { continue };
        let text = |cell: &Cell| cell.as_text().map_or(Value::Null, Value::from);
        let told = columns.iter().zip(cells.iter().skip(1));
        let columns = told.map(|(name, cell)| (name.to_string(), text(cell))).collect();
        rows.insert(id.clone(), Row { time: cells.first().and_then(Cell::as_time), columns });
    }
    Ok(rows)
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
