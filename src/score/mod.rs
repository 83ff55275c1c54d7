//! A replayed snapshot and its findings against what truly happened, where that is known.
//!
//! The truth is a `truth.json` in the format of the recorded incidents. Each family of figures is a
//! file: it reads its rows from the derived tables and compares them in a pure function. Every share is
//! in 0..=1, where 1 is perfect, and `None` where there was nothing to compare; where the two disagree,
//! the ids are kept, so that a person can look. Must not know who wrote the truth, nor how rows become
//! timelines.

pub mod truth;

pub mod error;

pub mod names;

pub mod task_states;

pub mod task_attempts;

pub mod worker_ends;

pub mod question;

mod evidence;

pub mod outages;

pub mod runs;

pub mod understood;

pub mod floors;

pub mod agreement;

mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::findings::catalogue;
use crate::findings::finding::{Finding, Severity};
use crate::findings::run::{Findings, ask};
use crate::read::database::Database;
use crate::score::error::ScoreError;
use crate::score::names::Names;
use crate::score::outages::Outages;
use crate::score::question::Question;
use crate::score::rows::Rows;
use crate::score::runs::Runs;
use crate::score::task_attempts::TaskAttempts;
use crate::score::task_states::TaskStates;
use crate::score::truth::Truth;
use crate::score::understood::Understood;
use crate::score::worker_ends::WorkerEnds;
use crate::snapshot::open::Snapshot;

/// Disagreements of one kind that are kept in detail; the counts are always of all.
pub const KEPT_MAX: usize = 20;

/// The query about killed workers.
const KILLED: &str = "worker_killed_while_healthy";
/// The query about missing generations.
const MISSING: &str = "task_missing_generation";

/// How well one snapshot tells what truly happened. Serialized, its figures have the names they have
/// here, and a path such as `task_states.live_agreement` names one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// `task_states` against the true status of each task.
    pub task_states: TaskStates,
    /// `task_attempts` against the true claims of each task.
    pub task_attempts: TaskAttempts,
    /// `worker_ends` against the true ends of pods and processes.
    pub worker_ends: WorkerEnds,
    /// The answers of `worker_killed_while_healthy`.
    pub killed_while_healthy: Question,
    /// The answers of `task_missing_generation`.
    pub missing_generation: Question,
    /// Tasks whose second completion came too late, by `task_generations.verdict`.
    pub late_completion: Names,
    /// `gaps` of the GPU orchestrator against the windows in which it truly could not log.
    pub outages: Outages,
    /// `runs` against the orchestrator processes that logged.
    pub runs: Runs,
    /// Log lines that the grammar knows.
    pub understood: Understood,
    /// Confirmed and probable findings of severity medium or worse, by query.
    pub findings_medium_or_worse: BTreeMap<String, usize>,
    /// Queries that could not be asked, because the snapshot lacks a table.
    pub skipped_queries: Vec<String>,
}

/// Asks a replayed snapshot every question of the catalogue and scores tables and answers. A query is
/// stopped after `limit`.
pub fn score(truth: &Truth, snapshot: &Snapshot, limit: Duration) -> Result<Score, ScoreError> {
    let database = Database::open(snapshot)?;
    let found = ask(&database, &catalogue::all()?, limit)?.whole()?;
    score_answers(truth, &database, &found, limit)
}

/// Scores a replayed snapshot whose findings are at hand: all verdicts, all queries.
pub fn score_answers(
    truth: &Truth,
    database: &Database,
    found: &Findings,
    limit: Duration,
) -> Result<Score, ScoreError> {
    if database.holds("task_states") != Some(true) {
        return Err(ScoreError::NotReplayed);
    }
    let rows = Rows { database, limit };
    let answers = &found.found;
    Ok(Score {
        task_states: task_states::compare(truth, &task_states::read(&rows, truth.sim_end)?),
        task_attempts: task_attempts::compare(truth, &task_attempts::read(&rows)?),
        worker_ends: worker_ends::compare(truth, &worker_ends::read(&rows)?),
        killed_while_healthy: Question::judge(
            &of_query(answers, KILLED),
            &truth.false_positive_workers,
            &truth.false_kills(),
            &rows,
        )?,
        missing_generation: Question::judge(
            &of_query(answers, MISSING),
            &truth.missing_generations(),
            &truth.completions(),
            &rows,
        )?,
        late_completion: Names::compare(late_completions(&rows)?, truth.late_completions()),
        outages: outages::compare(truth, &outages::read(&rows)?),
        runs: runs::compare(truth, &runs::read(&rows)?),
        understood: understood::read(&rows)?,
        findings_medium_or_worse: noisy(answers),
        skipped_queries: found.skipped.iter().map(|skipped| skipped.query.clone()).collect(),
    })
}

fn of_query<'a>(found: &'a [Finding], query: &str) -> Vec<&'a Finding> {
    found.iter().filter(|finding| finding.query == query).collect()
}

fn late_completions(rows: &Rows<'_>) -> Result<Vec<String>, ScoreError> {
    let sql = "select task_id from task_generations where verdict = 'late_completion'";
    let mut ids = Vec::new();
    rows.each(sql, &[], |cells| ids.extend(cells[0].as_text().map(str::to_string)))?;
    Ok(ids)
}

fn noisy(found: &[Finding]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in found {
        if finding.severity <= Severity::Medium && finding.verdict.is_positive() {
            *counts.entry(finding.query.clone()).or_default() += 1;
        }
    }
    counts
}

/// The share of `hit` in `total`; `None` of nothing.
fn share(hit: f64, total: f64) -> Option<f64> {
    (total != 0.0).then(|| hit / total)
}

/// The share of `hit` in `total`; `None` of nothing.
fn share_of(hit: usize, total: usize) -> Option<f64> {
    share(hit as f64, total as f64)
}
