//! Findings in short: what a page about one thing tells of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::findings::blast::tasks_of;
use crate::findings::catalogue;
use crate::findings::error::QueryError;
use crate::findings::finding::{Severity, Verdict};
use crate::findings::run::{Failed, Findings, ask};
use crate::model::time::Micros;
use crate::read::database::Database;

/// Longer than any question takes.
const LIMIT: Duration = Duration::from_secs(300);

/// A finding in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The query's id.
    pub query: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub verdict: Verdict,
    /// What it is about.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// The tasks that it hit, beside its subject.
    pub tasks: Vec<String>,
    /// When it happened, where that is known.
    pub happened_at: Option<Micros>,
    /// The answer in a sentence.
    pub summary: String,
}

/// Every finding of the whole catalogue but the refuted ones, in the order of `findings`, and the questions that
/// broke, whose findings are missing.
///
/// # Errors
/// When the evidence cannot be asked.
pub fn told(database: &Database) -> Result<(Vec<Told>, Vec<Failed>), QueryError> {
    let Findings { found, failed, .. } = ask(database, &catalogue::all()?, LIMIT)?;
    let kept = found.into_iter().filter(|finding| finding.verdict != Verdict::Refuted);
    let told = kept
        .map(|finding| Told {
            tasks: tasks_of(&finding).map(str::to_string).collect(),
            query: finding.query,
            severity: finding.severity,
            verdict: finding.verdict,
            subject_kind: finding.subject_kind,
            subject_id: finding.subject_id,
            happened_at: finding.happened_at,
            summary: finding.summary,
        })
        .collect();
    Ok((told, failed))
}
