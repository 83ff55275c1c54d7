//! Asking questions of a snapshot.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use rayon::prelude::*;

use crate::findings::blast::{AFFECTED_TASKS, LOST_WORKER_S};
use crate::findings::catalogue::Query;
use crate::findings::citation::ReadFrom;
use crate::findings::error::QueryError;
use crate::findings::evidence;
use crate::findings::finding::{Finding, SUBJECT_KINDS, Verdict, sort};
use crate::findings::support::supporting;
use crate::read::cell::{Cell, Column, ColumnKind};
use crate::read::database::{Answer, Database};
use crate::read::error::ReadError;
use crate::read::literal::inlined;

/// Rows a confirmed finding must at least cite.
const CONFIRMING_ROWS_MIN: usize = 2;

/// Below it a double has six digits behind the point.
const STEADY_MAX: f64 = 1e9;

/// The columns every result begins with.
const LEADING: [(&str, ColumnKind); 6] = [
    ("subject_kind", ColumnKind::Text),
    ("subject_id", ColumnKind::Text),
    ("happened_at", ColumnKind::Time),
    ("verdict", ColumnKind::Text),
    ("summary", ColumnKind::Text),
    ("evidence", ColumnKind::TextList),
];

/// The columns every result ends with.
const TRAILING: [(&str, ColumnKind); 2] =
    [(AFFECTED_TASKS, ColumnKind::TextList), (LOST_WORKER_S, ColumnKind::Number)];

/// A question that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Its id.
    pub query: String,
    /// The tables it reads that the snapshot does not hold.
    pub missing: Vec<String>,
}

/// A question that broke its promises or could not be run: its answer, or a part of it, is missing.
#[derive(Debug, serde::Serialize)]
pub struct Failed {
    /// Its id.
    pub query: String,
    /// What went wrong.
    pub problem: String,
    /// The same, for who ends on it.
    #[serde(skip)]
    pub error: QueryError,
}

/// What a round of questions gave.
#[derive(Debug, Default)]
pub struct Findings {
    /// The answers, in the order of [`sort`].
    pub found: Vec<Finding>,
    /// What could not be asked.
    pub skipped: Vec<Skipped>,
    /// What was asked and has no answer. Who shows the others must say so: without it they look like a clean
    /// bill.
    pub failed: Vec<Failed>,
    /// The rows that the events were read from that are cited.
    pub read_from: ReadFrom,
}

impl Findings {
    /// The same, for who needs every answer.
    ///
    /// # Errors
    /// The first of what broke.
    pub fn whole(mut self) -> Result<Self, QueryError> {
        match self.failed.pop() {
            Some(failed) => Err(failed.error),
            None => Ok(self),
        }
    }
}

/// Asks every query, some beside each other. One that fails or breaks its promises does not take the answers of
/// the others with it.
///
/// # Errors
/// When a query reads a table that nothing has, or the evidence cannot be asked at all.
pub fn ask(
    database: &Database,
    queries: &[Query],
    limit: Duration,
) -> Result<Findings, QueryError> {
    let mut findings = Findings::default();
    let mut asked = Vec::new();
    for query in queries {
        let missing = missing(database, query)?;
        if missing.is_empty() {
            let read = |source| QueryError::Read { query: query.header.id.clone(), source };
            asked.push((query, database.another().map_err(read)?));
        } else {
            findings.skipped.push(Skipped { query: query.header.id.clone(), missing });
        }
    }
    for (query, found) in answers(asked, limit) {
        match found {
            Ok(found) => findings.found.extend(found),
            Err(error) => findings.failed.push(Failed::of(&query.header.id, error)),
        }
    }
    let found = std::mem::take(&mut findings.found);
    let (weights, read_from) = weights(database, &found, limit)?;
    findings.read_from = read_from;
    for (mut finding, rows) in found.into_iter().zip(weights) {
        match weigh(&mut finding, rows) {
            Ok(()) => findings.found.push(finding),
            Err(error) => findings.failed.push(Failed::of(&finding.query, error)),
        }
    }
    findings
        .failed
        .dedup_by(|one, before| (&one.query, &one.problem) == (&before.query, &before.problem));
    sort(&mut findings.found);
    Ok(findings)
}

/// The answers of queries, each with a connection of its own, in their order. The longest texts are asked
/// first: they ask for most, and none of them is left for the end, when nothing else is to be done beside it.
fn answers(
    asked: Vec<(&Query, Database)>,
    limit: Duration,
) -> Vec<(&Query, Result<Vec<Finding>, QueryError>)> {
    let mut waiting: Vec<_> = asked.into_iter().enumerate().collect();
    waiting.sort_by_key(|(_, (query, _))| Reverse(query.sql.len()));
    let answer = |(at, (query, own)): (usize, (_, Database))| (at, query, told(&own, query, limit));
    // one by one, as each thread is done with its last
    let mut answers: Vec<_> = waiting.into_iter().par_bridge().map(answer).collect();
    answers.sort_by_key(|(at, _, _)| *at);
    answers.into_iter().map(|(_, query, found)| (query, found)).collect()
}

impl Failed {
    fn of(query: &str, error: QueryError) -> Self {
        let causes =
            std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        let told: Vec<String> = causes.map(ToString::to_string).collect();
        Self { query: query.to_string(), problem: told.join(": "), error }
    }
}

fn missing(database: &Database, query: &Query) -> Result<Vec<String>, QueryError> {
    let mut missing = Vec::new();
    for table in &query.header.reads {
        match database.holds(table) {
            Some(true) => {}
            Some(false) => missing.push(table.clone()),
            None => {
                return Err(QueryError::UnknownTable {
                    query: query.header.id.clone(),
                    table: table.clone(),
                });
            }
        }
    }
    Ok(missing)
}

/// The answers of one query, in its own order.
pub fn answer(
    database: &Database,
    query: &Query,
    limit: Duration,
) -> Result<Vec<Finding>, QueryError> {
    let mut found = told(database, query, limit)?;
    let (weights, _) = weights(database, &found, limit)?;
    found.iter_mut().zip(weights).try_for_each(|(finding, rows)| weigh(finding, rows))?;
    Ok(found)
}

/// The answers of one query as it says them, before they are weighed.
fn told(database: &Database, query: &Query, limit: Duration) -> Result<Vec<Finding>, QueryError> {
    let read = |source| QueryError::Read { query: query.header.id.clone(), source };
    let params = query.header.bound();
    // what is compiled in is one SELECT; to check that costs as much as a small question
    let answer = if query.is_ours() {
        let named: Vec<(&str, Cell)> =
            params.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        database.query_ours(&inlined(&query.sql, &named), &[], limit)
    } else {
        database.query(&query.sql, &params, limit)
    };
    let answer = answer.map_err(read)?;
    check_shape(query, &answer.columns)?;
    check_grain(query, &answer)?;
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    answer.rows.into_iter().map(|row| finding(query, &names, row)).collect()
}

/// Looks up the rows behind findings, for who shows them: all at once, so each table is read once, whoever cites
/// it. Of some events it is known which row they were read from.
///
/// # Errors
/// When the evidence cannot be asked.
pub fn look_up(
    database: &Database,
    found: Vec<&mut Finding>,
    known: &ReadFrom,
    limit: Duration,
) -> Result<(), QueryError> {
    let lists: Vec<&[String]> = found.iter().map(|finding| &finding.evidence[..]).collect();
    let pieces = evidence::resolve_ids(database, &lists, known, limit).map_err(of_evidence)?;
    for (finding, pieces) in found.into_iter().zip(pieces) {
        finding.pieces = pieces;
    }
    Ok(())
}

/// How many rows each finding stands on, and the row of each event.
fn weights(
    database: &Database,
    found: &[Finding],
    limit: Duration,
) -> Result<(Vec<usize>, ReadFrom), QueryError> {
    supporting(database, found, limit).map_err(of_evidence)
}

fn of_evidence(source: ReadError) -> QueryError {
    QueryError::Read { query: "evidence".to_string(), source }
}

/// A finding stands on rows: without one it is a bug of the query, on one it is not confirmed.
fn weigh(finding: &mut Finding, rows: usize) -> Result<(), QueryError> {
    if rows == 0 {
        return Err(bad_row(&finding.query, "whose evidence is not in the snapshot"));
    }
    if finding.verdict == Verdict::Confirmed && rows < CONFIRMING_ROWS_MIN {
        finding.verdict = Verdict::Probable;
        finding.lowered = true;
    }
    Ok(())
}

fn check_shape(query: &Query, columns: &[Column]) -> Result<(), QueryError> {
    for (at, (name, kind)) in LEADING.iter().enumerate() {
        let fits = columns.get(at).is_some_and(|got| got.name == *name && got.kind == *kind);
        if !fits {
            return Err(QueryError::Shape {
                query: query.header.id.clone(),
                wanted: name,
                position: at + 1,
            });
        }
    }
    let first = columns.len().saturating_sub(TRAILING.len()).max(LEADING.len());
    for (at, (name, kind)) in (first..).zip(TRAILING) {
        let fits = columns.get(at).is_some_and(|got| got.name == name && got.kind == kind);
        if !fits {
            let query = query.header.id.clone();
            return Err(QueryError::Shape { query, wanted: name, position: at + 1 });
        }
    }
    Ok(())
}

fn check_grain(query: &Query, answer: &Answer) -> Result<(), QueryError> {
    let grain = &query.header.grain;
    let mut positions = Vec::new();
    for name in grain {
        let at = answer.columns.iter().position(|column| column.name == *name);
        positions.push(at.ok_or_else(|| {
            bad_row(&query.header.id, &format!("without the column `{name}` of its grain"))
        })?);
    }
    let mut seen = BTreeSet::new();
    for row in &answer.rows {
        let key: Vec<Option<String>> = positions.iter().map(|at| row[*at].to_plain()).collect();
        if !seen.insert(key) {
            let query = query.header.id.clone();
            return Err(QueryError::Grain { query, grain: grain.join(", ") });
        }
    }
    Ok(())
}

/// Seconds are sums of microseconds: what stands behind them depends on the order of the sum.
fn steady(cell: Cell) -> Cell {
    match cell {
        Cell::Float(x) if x.abs() < STEADY_MAX => Cell::Float((x * 1e6).round() / 1e6),
        Cell::Null
        | Cell::Bool(_)
        | Cell::Int(_)
        | Cell::Float(_)
        | Cell::Digits(_)
        | Cell::Text(_)
        | Cell::Time(_)
        | Cell::List(_)
        | Cell::Record(_) => cell,
    }
}

fn finding(query: &Query, names: &[&str], mut row: Vec<Cell>) -> Result<Finding, QueryError> {
    let id = &query.header.id;
    let own = row.split_off(LEADING.len()).into_iter().map(steady);
    let text = |at: usize| match row[at].as_text() {
        Some(text) if !text.is_empty() => Ok(text.to_string()),
        _ => Err(bad_row(id, &format!("without a {}", LEADING[at].0))),
    };
    let verdict = text(3)?;
    let verdict = Verdict::from_name(&verdict)
        .ok_or_else(|| bad_row(id, &format!("with the unknown verdict `{verdict}`")))?;
    let evidence = cited(&row[5]);
    if evidence.is_empty() {
        return Err(bad_row(id, "without evidence"));
    }
    let subject_kind = text(0)?;
    if !SUBJECT_KINDS.contains(&subject_kind.as_str()) {
        return Err(bad_row(id, &format!("about a `{subject_kind}`, which is no kind of subject")));
    }
    Ok(Finding {
        query: id.clone(),
        severity: query.header.severity,
        verdict,
        subject_kind,
        subject_id: text(1)?,
        happened_at: if let Cell::Time(at) = row[2] { Some(at) } else { None },
        // one value that is NULL takes the whole text of `format` with it
        summary: text(4).unwrap_or_else(|_| query.header.title.clone()),
        evidence,
        columns: names[LEADING.len()..].iter().map(|name| name.to_string()).zip(own).collect(),
        pieces: Vec::new(),
        lowered: false,
    })
}

/// The pieces of evidence in their own order, each once; a left join's NULL is none.
fn cited(cell: &Cell) -> Vec<String> {
    let Cell::List(items) = cell else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let texts = items.iter().filter_map(Cell::as_text);
    texts.filter(|text| !text.is_empty() && seen.insert(*text)).map(str::to_string).collect()
}

fn bad_row(query: &str, problem: &str) -> QueryError {
    QueryError::Row { query: query.to_string(), problem: problem.to_string() }
}
