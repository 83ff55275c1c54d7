//! What a query says of a case, in lines that a person can read and a file can hold.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::findings::catalogue::Query;
use crate::findings::error::QueryError;
use crate::findings::finding::Finding;
use crate::findings::run::answer;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// What an event is called in a case: its id says nothing to a person.
const EVENTS: &str = "select event_id, kind, happened_at from events";

/// The findings of a query, refuted ones too, each in three lines: what, by which evidence, and the
/// query's own columns.
pub fn told(
    database: &Database,
    query: &Query,
    limit: Duration,
) -> Result<Vec<String>, QueryError> {
    let found = answer(database, query, limit)?;
    let read = |source| QueryError::Read { query: query.header.id.clone(), source };
    let events =
        if found.is_empty() { BTreeMap::new() } else { events(database, limit).map_err(read)? };
    Ok(found.iter().flat_map(|finding| lines(finding, &events)).collect())
}

/// Each event by its kind and time.
fn events(database: &Database, limit: Duration) -> Result<BTreeMap<String, String>, ReadError> {
    let rows = database.query(EVENTS, &[], limit)?.rows;
    let named = rows.iter().map(|row| {
        let text = |at: usize| row[at].as_text().unwrap_or_default().to_string();
        let at = if let Cell::Time(at) = row[2] { plain(at) } else { "at no known time".into() };
        (text(0), format!("{} {at}", text(1)))
    });
    Ok(named.collect())
}

fn lines(finding: &Finding, events: &BTreeMap<String, String>) -> [String; 3] {
    let at = finding.happened_at.map_or("at no known time".to_string(), plain);
    let evidence = finding.evidence.iter().map(|id| events.get(id).unwrap_or(id).as_str());
    let columns = finding.columns.iter().filter_map(|(name, cell)| {
        let text = shown(cell);
        (!text.is_empty()).then(|| format!("{name} = {text}"))
    });
    [
        format!("{} {} {at}: {}", finding.verdict.name(), finding.subject_id, finding.summary),
        format!("by {}", evidence.collect::<Vec<_>>().join(", ")),
        format!("with {}", columns.collect::<Vec<_>>().join(", ")),
    ]
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Time(at) => plain(*at),
        Cell::List(items) if items.is_empty() => String::new(),
        Cell::List(items) => {
            let items: Vec<String> = items.iter().filter_map(Cell::to_plain).collect();
            format!("[{}]", items.join(", "))
        }
        Cell::Null
        | Cell::Bool(_)
        | Cell::Int(_)
        | Cell::Float(_)
        | Cell::Digits(_)
        | Cell::Text(_)
        | Cell::Record(_) => cell.to_plain().unwrap_or_default(),
    }
}

/// As the tables of a case print it.
fn plain(at: Micros) -> String {
    at.to_string().replace('T', " ").trim_end_matches('Z').to_string()
}
