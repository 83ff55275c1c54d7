//! From ids of events and `table:key` to the cells and rows that they cite.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use rayon::prelude::*;

use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::literal;

/// The row that each event asked for was read from. What was inferred lies between two times: its row is told
/// with the time at which it was read.
const READ_FROM: &str = "\
    select event_id, case when basis <> 'inferred' then happened_at end, \
    evidence_table, evidence_key, evidence_column from events where event_id in {ids}";
/// Every other piece of them.
const OTHERS: &str = "\
    select event_id, evidence_table, evidence_key, evidence_column, role \
    from event_evidence where event_id in {ids} and role <> 'primary' order by all";

/// The row that each event was read from, by the event's id.
#[derive(Debug, Default)]
pub struct ReadFrom(HashMap<String, Citation>);

impl ReadFrom {
    pub(super) fn get(&self, id: &str) -> Option<&Citation> {
        self.0.get(id)
    }
}

/// One cited cell or row, before its content is known.
#[derive(Clone, Debug, PartialEq)]
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

/// The rows that events were read from. Those before, between and after these instants are looked for beside each
/// other: each span has files' parts of its own.
pub(super) fn read_from(
    database: &Database,
    ids: &BTreeSet<&str>,
    borders: &[Micros],
    limit: Duration,
) -> Result<ReadFrom, ReadError> {
    if ids.is_empty() {
        return Ok(ReadFrom::default());
    }
    let sql = READ_FROM.replace("{ids}", &listed(ids));
    let mut asked = Vec::new();
    for span in spans(borders) {
        asked.push((database.another()?, format!("{sql}{span}")));
    }
    let part = |(own, sql): (Database, String)| Ok(own.query_ours(&sql, &[], limit)?.rows);
    let parts: Result<Vec<Vec<Vec<Cell>>>, ReadError> = asked.into_par_iter().map(part).collect();
    let citation = |row: Vec<Cell>| {
        let text = |at: usize| row[at].as_text().unwrap_or_default();
        let column = Some(text(4)).filter(|name| !name.is_empty()).map(str::to_string);
        let time = row[1].as_time();
        (text(0).to_string(), Citation { time, column, ..Citation::of_row(text(2), text(3)) })
    };
    Ok(ReadFrom(parts?.into_iter().flatten().map(citation).collect()))
}

/// What limits a question to each span that these instants, in their order, leave between them.
fn spans(borders: &[Micros]) -> Vec<String> {
    let border = |at: Option<&Micros>, side: &str| {
        let told = |at: &Micros| format!(" and happened_at {side} {}", literal(&Cell::Time(*at)));
        at.map(told).unwrap_or_default()
    };
    let begins = std::iter::once(None).chain(borders.iter().map(Some));
    let ends = borders.iter().map(Some).chain(std::iter::once(None));
    begins
        .zip(ends)
        .map(|(from, to)| format!("{}{}", border(from, ">="), border(to, "<")))
        .collect()
}

/// The pieces of every event that the lists cite: the row it was read from, which may be known, then the
/// others.
pub(super) fn events<L: AsRef<[String]>>(
    database: &Database,
    lists: &[L],
    known: &ReadFrom,
    limit: Duration,
) -> Result<HashMap<String, Vec<Citation>>, ReadError> {
    let cited = lists.iter().flat_map(|list| list.as_ref().iter().map(String::as_str));
    let ids: BTreeSet<&str> = cited.filter(|id| row_of(id).is_none()).collect();
    let mut events: HashMap<String, Vec<Citation>> = HashMap::new();
    if ids.is_empty() {
        return Ok(events);
    }
    let unknown = ids.iter().copied().filter(|id| known.get(id).is_none()).collect();
    let others = OTHERS.replace("{ids}", &listed(&ids));
    let (read, others) = database.join(
        |own| read_from(own, &unknown, &[], limit),
        |own| own.query_ours(&others, &[], limit),
    )?;
    let read = read?;
    for id in ids {
        if let Some(first) = known.get(id).or_else(|| read.get(id)) {
            events.insert(id.to_string(), vec![first.clone()]);
        }
    }
    for row in others?.rows {
        let text = |at: usize| row[at].as_text().unwrap_or_default();
        let of_event = events.entry(text(0).to_string()).or_default();
        of_event.push(Citation {
            time: of_event.first().and_then(|first| first.time),
            column: Some(text(3)).filter(|name| !name.is_empty()).map(str::to_string),
            contradicts: text(4) == "contradicts",
            repeats: text(4) == "confirms",
            ..Citation::of_row(text(1), text(2))
        });
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
