//! Why a query fired on a subject, or why it did not: how far the subject came, and which condition it
//! failed with which values.

use std::time::Duration;

use serde::Serialize;

use crate::findings::anatomy::{Anatomy, Select, Step};
use crate::findings::catalogue::Query;
use crate::findings::error::QueryError;
use crate::findings::finding::as_object;
use crate::findings::tokens::tokens;
use crate::read::cell::Cell;
use crate::read::database::{Answer, Database};
use crate::read::error::ReadError;

/// Columns that name a subject, in the order in which they are looked for.
const NAMES: [&str; 7] =
    ["subject_id", "task_id", "worker_id", "pod_id", "run_id", "source_id", "id"];
/// Rows of a step that are shown.
const ROWS_MAX: usize = 5;

/// How far a subject came in a query.
#[derive(Debug, Serialize)]
pub struct Why {
    /// The version of this document.
    pub format: u32,
    /// The query.
    pub query: String,
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

/// Follows a subject through a query.
pub fn explain(
    database: &Database,
    query: &Query,
    subject: &str,
    limit: Duration,
) -> Result<Why, QueryError> {
    let read = |source| QueryError::Read { query: query.header.id.clone(), source };
    let mut params = query.header.bound();
    params.push(("subject".to_string(), Cell::Text(subject.to_string())));
    let asking = Asking { database, params, limit };
    let mut why = Why {
        format: 1,
        query: query.header.id.clone(),
        subject_id: subject.to_string(),
        fired: false,
        steps: Vec::new(),
    };
    let Some(parts) = Anatomy::of(&query.sql) else { return Ok(why) };
    for at in 0..parts.steps.len() {
        let Step { name, body } = parts.steps[at];
        let before = prefix(&parts.steps[..at]);
        if let Some(stage) = asking.stage(name, &before, body).map_err(read)? {
            why.steps.push(stage);
        }
    }
    let before = prefix(&parts.steps);
    if let Some(stage) = asking.stage("result", &before, parts.last).map_err(read)? {
        why.fired = !stage.rows.is_empty();
        why.steps.push(stage);
    }
    Ok(why)
}

/// The steps before one, as they stand before a SELECT.
fn prefix(steps: &[Step<'_>]) -> String {
    let list: Vec<String> =
        steps.iter().map(|step| format!("{} as ({})", step.name, step.body)).collect();
    if list.is_empty() { String::new() } else { format!("with {}\n", list.join(",\n")) }
}

struct Asking<'a> {
    database: &'a Database,
    params: Vec<(String, Cell)>,
    limit: Duration,
}

impl Asking<'_> {
    /// Binds the parameters that a text names, and no others.
    fn ask(&self, sql: &str) -> Result<Answer, ReadError> {
        let named = |name: &str| tokens(sql).iter().any(|token| token.text == format!("${name}"));
        let params: Vec<(String, Cell)> =
            self.params.iter().filter(|(name, _)| named(name)).cloned().collect();
        self.database.query(sql, &params, self.limit)
    }

    /// What a step has of the subject; none where it names no subject at all.
    fn stage(&self, name: &str, before: &str, body: &str) -> Result<Option<Stage>, ReadError> {
        let empty = self.ask(&format!("{before}select * from ({body}\n) limit 0"))?;
        let has = |name: &&&str| empty.columns.iter().any(|column| column.name == **name);
        let Some(key) = NAMES.iter().find(has) else { return Ok(None) };
        let rows = self.ask(&format!(
            "{before}select * from ({body}\n) where cast({key} as varchar) = $subject limit {ROWS_MAX}"
        ))?;
        let mut stage = Stage {
            name: name.to_string(),
            rows: rows_of(rows),
            conditions: Vec::new(),
            not_in: None,
        };
        if stage.rows.is_empty() {
            self.failed(&mut stage, before, body, key);
        }
        Ok(Some(stage))
    }

    /// Which conditions keep the subject out of a step. Best effort: a step that cannot be taken apart
    /// stands without them.
    fn failed(&self, stage: &mut Stage, before: &str, body: &str, key: &str) {
        let Some(select) = Select::of(body.trim_start()) else { return };
        let Some(subject) = select.expression(key) else { return };
        let values: Vec<Vec<&str>> = select.conditions.iter().map(|text| names_in(text)).collect();
        let mut columns: Vec<String> = Vec::new();
        for (condition, names) in select.conditions.iter().zip(&values) {
            columns.push(format!("({condition}) is true, ({condition}) is null"));
            columns.extend(names.iter().map(|name| (*name).to_string()));
        }
        if columns.is_empty() {
            columns.push("1".to_string());
        }
        let sql = format!(
            "{before}select {} from {} where cast({subject} as varchar) = $subject limit 1",
            columns.join(", "),
            select.from
        );
        let Ok(answer) = self.ask(&sql) else { return };
        let Some(row) = answer.rows.into_iter().next() else {
            stage.not_in = Some(select.from.split_whitespace().collect::<Vec<_>>().join(" "));
            return;
        };
        let mut cells = row.into_iter();
        for (condition, names) in select.conditions.iter().zip(values) {
            let (holds, unknown) = (cells.next(), cells.next());
            let holds =
                (unknown != Some(Cell::Bool(true))).then_some(holds == Some(Cell::Bool(true)));
            let values =
                names.iter().map(|name| ((*name).to_string(), cells.next().unwrap_or(Cell::Null)));
            stage.conditions.push(Condition {
                text: condition.split_whitespace().collect::<Vec<_>>().join(" "),
                holds,
                values: values.collect(),
            });
        }
    }
}

/// The columns and parameters that a condition looks at: words that are no keyword and call nothing.
fn names_in(text: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 15] = [
        "and", "or", "not", "is", "null", "in", "like", "between", "case", "when", "then", "else",
        "end", "true", "false",
    ];
    let all = tokens(text);
    let mut names = Vec::new();
    for (at, token) in all.iter().enumerate() {
        let word = token.text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
        let calls = all.get(at + 1).is_some_and(|next| matches!(next.text, "(" | "->" | "'"));
        // inside a SELECT of its own a name means something else
        if token.text == "select" {
            return Vec::new();
        }
        if word && !calls && !KEYWORDS.contains(&token.text) && !names.contains(&token.text) {
            names.push(token.text);
        }
    }
    names
}

fn rows_of(answer: Answer) -> Vec<Row> {
    let names: Vec<String> = answer.columns.into_iter().map(|column| column.name).collect();
    answer.rows.into_iter().map(|row| Row(names.iter().cloned().zip(row).collect())).collect()
}
