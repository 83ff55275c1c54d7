//! One answer of one query about one subject.

use serde::{Deserialize, Serialize, Serializer};

use crate::model::time::Micros;
use crate::read::cell::{Cell, serialize_fields};

/// How bad it is when the answer is yes. Declared from worst to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Work or money is being lost now.
    Critical,
    /// A promise to a user was broken.
    High,
    /// Something is wrong that has not hurt yet.
    Medium,
    /// Worth knowing.
    Low,
    /// Plain information.
    Info,
}

impl Severity {
    /// The name in headers, options and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// How sure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// At least two independent pieces of evidence say so.
    Confirmed,
    /// One piece of evidence says so, or a rule with exceptions.
    Probable,
    /// The evidence that would decide it could not have reached us.
    InsufficientEvidence,
    /// It looked so, and is not.
    Refuted,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] =
        [Self::Confirmed, Self::Probable, Self::InsufficientEvidence, Self::Refuted];

    /// The name in queries and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Probable => "probable",
            Self::InsufficientEvidence => "insufficient_evidence",
            Self::Refuted => "refuted",
        }
    }

    /// The verdict of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Whether the answer is yes.
    pub fn is_positive(self) -> bool {
        match self {
            Self::Confirmed | Self::Probable => true,
            Self::InsufficientEvidence | Self::Refuted => false,
        }
    }
}

/// One answer of one query about one subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The query's id.
    pub query: String,
    /// The query's severity.
    pub severity: Severity,
    /// How sure it is.
    pub verdict: Verdict,
    /// What kind of thing it is about: `worker`, `task`, `run`, `pod`, `generation`, `fleet`,
    /// `source`, `clock`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// When it happened, where that is known.
    #[serde(serialize_with = "time_or_null")]
    pub happened_at: Option<Micros>,
    /// The answer in a sentence.
    pub summary: String,
    /// What proves it: ids of events, and rows as `table:key`.
    pub evidence: Vec<String>,
    /// The query's own columns.
    #[serde(serialize_with = "as_object")]
    pub columns: Vec<(String, Cell)>,
    /// The rows behind the evidence, for people; none until they are looked up.
    #[serde(skip)]
    pub pieces: Vec<Piece>,
    /// Whether the query said `confirmed` and the evidence was too thin for it.
    #[serde(skip)]
    pub lowered: bool,
}

/// What a finding can be about.
pub const SUBJECT_KINDS: [&str; 8] =
    ["worker", "task", "run", "pod", "generation", "fleet", "source", "clock"];

impl Finding {
    /// One of the query's own columns.
    pub fn column(&self, name: &str) -> Option<&Cell> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, cell)| cell)
    }
}

/// One row behind a piece of evidence, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// When the log line was written, when the cell's event happened, or when the row was captured.
    pub time: Option<Micros>,
    /// The table.
    pub table: String,
    /// The row's key.
    pub key: String,
    /// What it says: the message, or columns with their values.
    pub text: String,
    /// Whether it speaks against the finding.
    pub contradicts: bool,
    /// Whether it only repeats another piece of its event: no evidence of its own.
    pub repeats: bool,
}

fn time_or_null<S: Serializer>(at: &Option<Micros>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}

/// Names and cells as one JSON object.
pub(crate) fn as_object<S: Serializer>(
    fields: &[(String, Cell)],
    to: S,
) -> Result<S::Ok, S::Error> {
    serialize_fields(fields, to)
}

/// The order of findings everywhere: worst first, then by time (unknown last), query and subject.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| place(one).cmp(&place(other)));
}

fn place(finding: &Finding) -> (Severity, i64, &str, &str) {
    let at = finding.happened_at.map_or(i64::MAX, |at| at.0);
    (finding.severity, at, &finding.query, &finding.subject_id)
}
