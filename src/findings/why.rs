//! Why a query fired on a subject, or why it did not: how far the subject came, and which condition it
//! failed with which values.

use std::time::Duration;

use serde::Serialize;

use crate::findings::anatomy::{Anatomy, Select, Step};
use crate::findings::catalogue::Query;
use crate::findings::error::QueryError;
use crate::findings::finding::as_object;
use crate::findings::stage::Asking;
use crate::findings::tokens::without_comments;
use crate::read::cell::Cell;
use crate::read::database::Database;

/// How far a subject came in a query.
#[derive(Debug, Serialize)]
pub struct Why {
    /// The version of this document.
    pub format: u32,
    /// The query.
    pub query: String,
    /// What kind of thing the subject is.
    pub subject_kind: String,
    /// The subject.
    pub subject_id: String,
    /// Whether it is among the results, refuted or not.
    pub fired: bool,
    /// The steps in which it could stand, in order; the last is the result itself.
    pub steps: Vec<Stage>,
}

/// One step, and what it has of the subject.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// The step's name, or `result`.
    pub name: String,
    /// The column by which it was looked for, where that is not the subject's own id.
    pub by: Option<String>,
    /// What the subject's rows of other steps hold in that column; none where the column holds the subject
    /// itself, or nothing tells.
    pub values: Vec<String>,
    /// Its rows about the subject, no more than a few.
    pub rows: Vec<Row>,
    /// Where it has none: the conditions, each with whether it holds.
    pub conditions: Vec<Condition>,
    /// Where it has none and no row came as far as its conditions: what it is drawn from.
    pub not_in: Option<String>,
}

/// A row, by its columns.
#[derive(Debug, Serialize)]
pub struct Row(#[serde(serialize_with = "as_object")] pub Vec<(String, Cell)>);

/// A condition of a step, for one row that came as far.
#[derive(Debug, Serialize)]
pub struct Condition {
    /// As it stands in the query.
    pub text: String,
    /// Whether it holds; null where a value is missing.
    pub holds: Option<bool>,
    /// The values it looks at.
    #[serde(serialize_with = "as_object")]
    pub values: Vec<(String, Cell)>,
}

/// What kind of thing a query is about, where it says one for all its findings.
pub fn kind_of(query: &Query) -> Option<String> {
    let sql = without_comments(&query.sql);
    let parts = Anatomy::of(&sql)?;
    let kind = Select::of(parts.last.trim_start())?.expression("subject_kind")?;
    let kind = kind.strip_prefix('\'')?.strip_suffix('\'')?;
    (!kind.contains('\'')).then(|| kind.to_string())
}

/// Whether a subject is among the results of a query, refuted or not, and what kind of thing it is there.
pub fn found(
    database: &Database,
    query: &Query,
    id: &str,
    limit: Duration,
) -> Result<Option<String>, QueryError> {
    let read = |source| QueryError::Read { query: query.header.id.clone(), source };
    let sql = format!(
        "select subject_kind from ({}\n) where subject_id = $subject limit 1",
        query.sql.trim_end().trim_end_matches(';')
    );
    let mut params = query.header.bound();
    params.push(("subject".to_string(), Cell::Text(id.to_string())));
    let answer = database.query(&sql, &params, limit).map_err(read)?;
    Ok(answer.rows.first().and_then(|row| row[0].to_plain()))
}

/// Follows a subject of some kind through a query.
pub fn explain(
    database: &Database,
    query: &Query,
    (kind, id): (&str, &str),
    limit: Duration,
) -> Result<Why, QueryError> {
    let read = |source| QueryError::Read { query: query.header.id.clone(), source };
    let mut why = Why {
        format: 1,
        query: query.header.id.clone(),
        subject_kind: kind.to_string(),
        subject_id: id.to_string(),
        fired: false,
        steps: Vec::new(),
    };
    // a comment inside a condition says nothing of the subject, and ends what is asked with it
    let sql = without_comments(&query.sql);
    let Some(parts) = Anatomy::of(&sql) else {
        why.fired = found(database, query, id, limit)?.is_some();
        return Ok(why);
    };
    let asking = Asking { database, params: query.header.bound(), kind, id, limit };
    let mut pending = Vec::new();
    for at in 0..=parts.steps.len() {
        let step = parts.steps.get(at).copied();
        let step = step.unwrap_or(Step { name: "result", body: parts.last });
        let before = prefix(&parts.steps[..at]);
        let Some(stage) = asking.stage(step, &before).map_err(read)? else { continue };
        if stage.is_kept_by_another() {
            pending.push((why.steps.len(), step, before));
        }
        why.steps.push(stage);
    }
    why.fired = why.steps.last().is_some_and(|last| last.name == "result" && !last.rows.is_empty());
    for (at, step, before) in pending {
        let values = values_of(&why.steps, why.steps[at].by.as_deref());
        asking.follow(&mut why.steps[at], step, &before, values).map_err(read)?;
    }
    Ok(why)
}

impl Stage {
    /// Whether no column of it names the subject, so that its absence is none.
    fn is_kept_by_another(&self) -> bool {
        self.by.is_some() && self.rows.is_empty()
    }
}

/// What the subject's rows hold in a column, each once.
fn values_of(steps: &[Stage], column: Option<&str>) -> Vec<String> {
    let mut values = Vec::new();
    let rows = steps.iter().filter(|stage| stage.values.is_empty()).flat_map(|stage| &stage.rows);
    for (name, cell) in rows.flat_map(|Row(columns)| columns) {
        let known = |value: &String| values.contains(value);
        if let Some(value) = cell.to_plain().filter(|value| !known(value))
            && Some(name.as_str()) == column
        {
            values.push(value);
        }
    }
    values
}

/// The steps before one, as they stand before a SELECT.
fn prefix(steps: &[Step<'_>]) -> String {
    let list: Vec<String> =
        steps.iter().map(|step| format!("{} as ({})", step.name, step.body)).collect();
    if list.is_empty() { String::new() } else { format!("with {}\n", list.join(",\n")) }
}
