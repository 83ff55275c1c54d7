//! From ids of events and `table:key` to the rows behind them, as a person reads them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use rayon::prelude::*;
use serde_json::Value;

use crate::findings::finding::{Finding, Piece};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::literal;

/// The row that each event asked for was read from. What was inferred lies between two times: its row is told
/// with the time at which it was read.
const PRIMARY: &str = r#"
select event_id, case when basis <> 'inferred' then happened_at end, evidence_table, evidence_key, evidence_column, 'primary'
from events
where event_id in {ids}
"#;
/// Every other piece of them.
const PIECES: &str = r#"
select event_id, cast(null as timestamp), evidence_table, evidence_key, evidence_column, role
from event_evidence
where event_id in {ids}
order by 1, role <> 'primary', 3, 4, 5, role
"#;

/// No more of it than which row: what a finding is weighed by.
const ROW: &str =
    "select event_id, evidence_table, evidence_key from events where event_id in {ids}";

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

/// One cited cell or row, before its content is known.
#[derive(Clone, PartialEq)]
struct Citation {
    time: Option<Micros>,
    table: String,
    key: String,
    column: Option<String>,
    contradicts: bool,
    repeats: bool,
}

impl Citation {
    /// A row, whichever of its columns says so.
    fn of_row(table: &str, key: &str) -> Self {
        Self {
            time: None,
            table: table.to_string(),
            key: key.to_string(),
            column: None,
            contradicts: false,
            repeats: false,
        }
    }
}

/// The row of a citation: when it was captured (a log line: when it was written), and its columns.
struct Row {
    time: Option<Micros>,
    columns: Value,
}

/// The rows that support each finding and are in the snapshot, counted at least as far as `enough`.
pub(crate) fn supporting(
    database: &Database,
    findings: &[Finding],
    enough: impl Fn(&Finding) -> usize,
    limit: Duration,
) -> Result<Vec<usize>, ReadError> {
    let lists: Vec<&[String]> = findings.iter().map(|finding| &finding.evidence[..]).collect();
    // the rows that the events were read from are nearly always enough, and one look at one table
    let mut counts = counted(database, &lists, &read_from(database, &lists, limit)?, limit)?;
    let few: Vec<usize> =
        (0..findings.len()).filter(|at| counts[*at] < enough(&findings[*at])).collect();
    let lists: Vec<&[String]> = few.iter().map(|at| lists[*at]).collect();
    let whole = counted(database, &lists, &events(database, &lists, limit)?, limit)?;
    for (at, count) in few.into_iter().zip(whole) {
        counts[at] = count;
    }
    Ok(counts)
}

/// The row that each event of the lists was read from.
fn read_from(
    database: &Database,
    lists: &[&[String]],
    limit: Duration,
) -> Result<HashMap<String, Vec<Citation>>, ReadError> {
    let ids: BTreeSet<&str> =
        lists.iter().flat_map(|list| list.iter().map(String::as_str)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let answer = database.query_ours(&ROW.replace("{ids}", &listed(&ids)), &[], limit)?;
    let citation = |row: Vec<Cell>| {
        let text = |at: usize| row[at].as_text().unwrap_or_default();
        (text(0).to_string(), vec![Citation::of_row(text(1), text(2))])
    };
    Ok(answer.rows.into_iter().map(citation).collect())
}

/// How many rows support each list.
fn counted(
    database: &Database,
    lists: &[&[String]],
    events: &HashMap<String, Vec<Citation>>,
    limit: Duration,
) -> Result<Vec<usize>, ReadError> {
    let supports = |citation: &Citation| !citation.contradicts && !citation.repeats;
    let cited: Vec<Vec<Citation>> = lists
        .iter()
        .map(|list| citations(list, events).into_iter().filter(supports).collect())
        .collect();
    let mut wanted: BTreeMap<Table, BTreeSet<&str>> = BTreeMap::new();
    for citation in cited.iter().flatten() {
        let Some(table) = Table::from_name(&citation.table) else { continue };
        wanted.entry(table).or_default().insert(&citation.key);
    }
    let mut own = Vec::new();
    for (table, keys) in wanted {
        own.push((table, keys, database.another()?));
    }
    let held = |(table, keys, own): (Table, BTreeSet<&str>, Database)| {
        let sql = format!("select id from {table} where id in {}", listed(&keys));
        let rows = own.query_ours(&sql, &[], limit)?.rows.into_iter();
        let ids = rows.filter_map(|row| row.first()?.as_text().map(str::to_string));
        Ok((table.name(), ids.collect()))
    };
    let held: Result<HashMap<&str, HashSet<String>>, ReadError> =
        own.into_par_iter().map(held).collect();
    let held = held?;
    let is_held =
        |(table, key): &(&str, &str)| held.get(table).is_some_and(|ids| ids.contains(*key));
    let count = |list: &Vec<Citation>| {
        let rows = list.iter().map(|citation| (citation.table.as_str(), citation.key.as_str()));
        rows.filter(is_held).collect::<BTreeSet<_>>().len()
    };
    Ok(cited.iter().map(count).collect())
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

fn citations(list: &[String], events: &HashMap<String, Vec<Citation>>) -> Vec<Citation> {
    let mut citations = Vec::new();
    for id in list {
        if let Some(pieces) = events.get(id) {
            citations.extend(pieces.iter().cloned());
        } else if let Some((table, key)) = id.split_once(':') {
            citations.push(Citation::of_row(table, key));
        }
    }
    citations
}

/// The pieces of every event that the lists cite: the row it was read from, then the others.
fn events<L: AsRef<[String]>>(
    database: &Database,
    lists: &[L],
    limit: Duration,
) -> Result<HashMap<String, Vec<Citation>>, ReadError> {
    let ids: BTreeSet<&str> =
        lists.iter().flat_map(|list| list.as_ref().iter().map(String::as_str)).collect();
    let mut events: HashMap<String, Vec<Citation>> = HashMap::new();
    if ids.is_empty() {
        return Ok(events);
    }
    let (one, other) = (database.another()?, database.another()?);
    let listed = listed(&ids);
    let query =
        |own: Database, sql: &str| own.query_ours(&sql.replace("{ids}", &listed), &[], limit);
    let (primary, pieces) = rayon::join(move || query(one, PRIMARY), move || query(other, PIECES));
    for row in primary?.rows.iter().chain(&pieces?.rows) {
        let text = |at: usize| row[at].as_text().unwrap_or_default().to_string();
        let of_event = events.entry(text(0)).or_default();
        let first = of_event.first();
        let citation = Citation {
            time: time(&row[1]).or_else(|| first.and_then(|first| first.time)),
            table: text(2),
            key: text(3),
            column: Some(text(4)).filter(|name| !name.is_empty()),
            contradicts: text(5) == "contradicts",
            repeats: text(5) == "confirms",
        };
        if text(5) != "primary" || first != Some(&citation) {
            of_event.push(citation);
        }
    }
    Ok(events)
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
        rows.insert(id.clone(), Row { time: cells.first().and_then(time), columns });
    }
    Ok(rows)
}

/// The right side of an `in`. One alone narrows what is read of the files; many would take long to plan one by
/// one.
fn listed(ids: &BTreeSet<&str>) -> String {
    if let Some(only) = ids.first().filter(|_| ids.len() == 1) {
        return format!("({})", literal(&Cell::Text(only.to_string())));
    }
    let json = serde_json::to_string(ids).unwrap_or_else(|_| "[]".to_string());
    format!(
        r#"(select unnest(from_json(cast({} as json), '["VARCHAR"]')))"#,
        literal(&Cell::Text(json))
    )
}

fn time(cell: &Cell) -> Option<Micros> {
    if let Cell::Time(at) = cell { Some(*at) } else { None }
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
