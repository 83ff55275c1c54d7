//! Findings that share their cause are one story: fourteen workers killed by the same check are told
//! once, with fourteen members.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rayon::prelude::*;
use serde::Serialize;

use crate::findings::blast::{Blast, Reach};
use crate::findings::border::{Border, can_divide};
use crate::findings::catalogue::Query;
use crate::findings::error::QueryError;
use crate::findings::finding::{Finding, Severity, Verdict, as_object};
use crate::findings::population::Population;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// One cause and everything it did.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// The query's id.
    pub query: String,
    /// The query's severity.
    pub severity: Severity,
    /// What happened, in the words of the query.
    pub title: String,
    /// What its members agree in.
    #[serde(serialize_with = "as_object")]
    pub cause: Vec<(String, Cell)>,
    /// Its members, in the order of the findings.
    pub members: Vec<String>,
    /// When the first of them happened, and the last, where that is known.
    pub first_at: Option<String>,
    /// See `first_at`.
    pub last_at: Option<String>,
    /// Findings by verdict.
    pub verdicts: BTreeMap<Verdict, usize>,
    /// What they hit together.
    pub blast: Blast,
    /// What divides them from those who were not hit, where something does.
    pub border: Option<Border>,
}

/// The stories of findings that were not refuted: worst first, those that are sure of anything before those
/// that are not, then by what they hit.
pub fn stories(
    database: &Database,
    queries: &[Query],
    findings: &[Finding],
    price: f64,
    limit: Duration,
) -> Result<Vec<Story>, QueryError> {
    let told: Vec<&Finding> =
        findings.iter().filter(|finding| finding.verdict != Verdict::Refuted).collect();
    let mut groups: BTreeMap<(&str, Vec<String>), Vec<&Finding>> = BTreeMap::new();
    for finding in told {
        let Some(query) = queries.iter().find(|query| query.header.id == finding.query) else {
            continue;
        };
        groups.entry((&finding.query, key(query, finding))).or_default().push(finding);
    }
    let mut asked: Vec<(&Query, Vec<&Vec<&Finding>>)> = Vec::new();
    for query in queries {
        let own = groups.iter().filter(|((id, _), _)| *id == query.header.id);
        let own: Vec<&Vec<&Finding>> = own.map(|(_, members)| members).collect();
        if !own.is_empty() {
            asked.push((query, own));
        }
    }
    let (reach, populations) = database
        .join(
            |own| Reach::of(own, findings, price, limit).map_err(failed("projects")),
            |own| populations(own, &asked, limit),
        )
        .map_err(failed("projects"))?;
    let (reach, populations) = (reach?, populations?);
    let told = |(query, own): (&Query, Vec<&Vec<&Finding>>)| {
        let population = query.header.population.as_deref().and_then(|sql| populations.get(sql));
        let positive: BTreeSet<&str> = own.iter().flat_map(|members| subjects(members)).collect();
        let story = |members: &&Vec<&Finding>| {
            let hit = subjects(members).collect();
            let border = population.and_then(|population| population.border(&hit, &positive));
            story(query, members, &reach, border)
        };
        own.par_iter().map(story).collect::<Vec<_>>()
    };
    let told: Vec<Vec<Story>> = asked.into_par_iter().map(told).collect();
    let mut stories: Vec<Story> = told.into_iter().flatten().collect();
    stories.sort_by(|a, b| {
        let size = |story: &Story| (story.blast.tasks, story.blast.worker_s, story.members.len());
        let (a_size, b_size) = (size(a), size(b));
        let sure = |story: &Story| story.verdicts.keys().any(|verdict| verdict.is_positive());
        (a.severity.cmp(&b.severity))
            .then(sure(b).cmp(&sure(a)))
            .then(b_size.0.cmp(&a_size.0))
            .then(b_size.1.total_cmp(&a_size.1))
            .then(b_size.2.cmp(&a_size.2))
            .then_with(|| (&a.query, &a.members).cmp(&(&b.query, &b.members)))
    });
    Ok(stories)
}

/// What the queries say that they could be asked of, by their text: several say the same.
fn populations<'a>(
    database: &Database,
    asked: &[(&'a Query, Vec<&Vec<&Finding>>)],
    limit: Duration,
) -> Result<BTreeMap<&'a str, Population>, QueryError> {
    let mut wanted: BTreeMap<&str, (&Query, Database)> = BTreeMap::new();
    for (query, own) in asked {
        // most stories are of one: no side of theirs is more than chance
        let is_asked = own.iter().any(|members| can_divide(&subjects(members).collect()));
        if let Some(sql) = query.header.population.as_deref().filter(|_| is_asked) {
            let own = database.another().map_err(failed(&query.header.id))?;
            wanted.entry(sql).or_insert((query, own));
        }
    }
    let read = |(sql, (query, own)): (&'a str, (&Query, Database))| {
        let population = Population::read(&own, sql, limit).map_err(failed(&query.header.id))?;
        Ok((sql, population))
    };
    wanted.into_par_iter().map(read).collect()
}

/// What is said of a read that failed.
fn failed(query: &str) -> impl Fn(ReadError) -> QueryError {
    let query = query.to_string();
    move |source| QueryError::Read { query: query.clone(), source }
}

/// What a finding's story is told apart by: the values of its cause, or itself.
fn key(query: &Query, finding: &Finding) -> Vec<String> {
    if query.header.cause.is_empty() {
        let at = finding.happened_at.map_or(i64::MAX, |at| at.0);
        return vec![format!("{at:020}"), finding.subject_id.clone()];
    }
    let value = |name: &String| finding.column(name).and_then(Cell::to_plain).unwrap_or_default();
    query.header.cause.iter().map(|name| without_numbers(&value(name))).collect()
}

/// A sentence with `#` for its numbers: a heartbeat of 604 s and one of 624 s are one cause. A name stays as it
/// is.
fn without_numbers(text: &str) -> String {
    if !text.contains(' ') {
        return text.to_string();
    }
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !c.is_ascii_digit() => made.push(c),
            _ if made.ends_with('#') => {}
            _ => made.push('#'),
        }
    }
    made
}

fn subjects<'a>(members: &[&'a Finding]) -> impl Iterator<Item = &'a str> {
    members.iter().map(|finding| finding.subject_id.as_str()).collect::<Vec<_>>().into_iter()
}

fn story(query: &Query, members: &[&Finding], reach: &Reach, border: Option<Border>) -> Story {
    let cause = query.header.cause.iter().filter_map(|name| {
        let cell = members.first()?.column(name)?;
        let is_shared = members.iter().all(|finding| finding.column(name) == Some(cell));
        let told = match cell.to_plain() {
            Some(text) if !is_shared => Cell::Text(without_numbers(&text)),
            Some(_) | None => cell.clone(),
        };
        Some((name.clone(), told))
    });
    let times: Vec<Micros> = members.iter().filter_map(|finding| finding.happened_at).collect();
    let text = |at: Option<&Micros>| at.map(Micros::to_string);
    let mut verdicts = BTreeMap::new();
    for finding in members {
        *verdicts.entry(finding.verdict).or_default() += 1;
    }
    let title = match members {
        [only] => only.summary.clone(),
        _ => query.header.title.clone(),
    };
    Story {
        query: query.header.id.clone(),
        severity: query.header.severity,
        title,
        cause: cause.filter(|(_, cell)| *cell != Cell::Null).collect(),
        members: members.iter().map(|finding| finding.subject_id.clone()).collect(),
        first_at: text(times.iter().min()),
        last_at: text(times.iter().max()),
        verdicts,
        blast: reach.blast(members.iter().copied()),
        border,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_differ_in_numbers_are_one_cause() {
        assert_eq!(without_numbers("stale (604s old)"), without_numbers("stale (1624s old)"));
        assert_eq!(without_numbers("2 of 3 tasks"), "# of # tasks");
        assert_ne!(without_numbers("gpu#1"), without_numbers("gpu#2"));
    }
}
