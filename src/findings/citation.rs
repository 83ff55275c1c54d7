//! From ids of events and `table:key` to the cells and rows that they cite.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

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

/// One cited cell or row, before its content is known.
#[derive(Clone, PartialEq)]
pub(super) struct Citation {
    pub(super) time: Option<Micros>,
    pub(super) table: String,
    pub(super) key: String,
    pub(super) column: Option<String>,
    pub(super) contradicts: bool,
    pub(super) repeats: bool,
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

/// The table and the key of a row that is cited by its own name; an event has a name without a colon.
pub(super) fn row_of(id: &str) -> Option<(&str, &str)> {
    id.split_once(':')
}

/// What a list cites, in its order.
pub(super) fn citations(list: &[String], events: &HashMap<String, Vec<Citation>>) -> Vec<Citation> {
    let mut citations = Vec::new();
    for id in list {
        if let Some(pieces) = events.get(id) {
            citations.extend(pieces.iter().cloned());
        } else if let Some((table, key)) = row_of(id) {
            citations.push(Citation::of_row(table, key));
        }
    }
    citations
}

/// The pieces of every event that the lists cite: the row it was read from, then the others.
pub(super) fn events<L: AsRef<[String]>>(
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
            time: row[1].as_time().or_else(|| first.and_then(|first| first.time)),
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

/// The right side of an `in`. One alone narrows what is read of the files; many would take long to plan one by
/// one.
pub(super) fn listed(ids: &BTreeSet<&str>) -> String {
    if let Some(only) = ids.first().filter(|_| ids.len() == 1) {
        return format!("({})", literal(&Cell::Text(only.to_string())));
    }
    let json = serde_json::to_string(ids).unwrap_or_else(|_| "[]".to_string());
    format!(
        r#"(select unnest(from_json(cast({} as json), '["VARCHAR"]')))"#,
        literal(&Cell::Text(json))
    )
}
