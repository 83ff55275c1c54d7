//! The answer of `findings`.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use crate::findings::finding::{Finding, Severity};
use crate::findings::header::Header;
use crate::findings::run::{Failed, Skipped};
use crate::findings::story::Story;
use crate::findings::suppress::Suppressed;

/// The version of the JSON below.
pub const FORMAT: u32 = 1;

/// The answer of `findings`: what its JSON holds, and beside it what a person needs to read it.
#[derive(Debug, Serialize)]
pub struct FindingsReport {
    /// The version of this document.
    pub format: u32,
    /// The snapshot's directory, as it was given.
    pub snapshot: String,
    /// The findings: worst first, then by time, query and subject.
    pub findings: Vec<Finding>,
    /// The same by cause: worst first, then by what they hit.
    pub stories: Vec<Story>,
    /// Findings that somebody answers for, and so are not listed.
    pub suppressed: Vec<Suppressed>,
    /// Queries that could not be asked, with the tables that the snapshot does not hold.
    pub skipped: Vec<Skipped>,
    /// Queries that broke, with what went wrong: what they would have found is not in this document.
    pub failed: Vec<Failed>,
    /// Tables with lines that could not be read: what is not found there may have stood in them.
    pub incomplete: Vec<Incomplete>,
    /// The questions asked or skipped.
    #[serde(skip)]
    pub questions: Vec<Header>,
    /// Findings that were refuted or of another verdict than asked for, and so are not listed.
    #[serde(skip)]
    pub hidden: usize,
    /// Findings of one query that a person is shown.
    #[serde(skip)]
    pub listed_max: usize,
    /// How bad a finding must be to fail a check; none was named: in a test report any fails.
    #[serde(skip)]
    pub fail_on: Option<Severity>,
}

impl FindingsReport {
    /// Whether a finding fails a test of the report.
    pub fn fails(&self, finding: &Finding) -> bool {
        let bad = self.fail_on.is_none_or(|level| finding.severity <= level);
        finding.verdict.is_positive() && bad
    }

    /// The findings that a person is shown: of each query the first.
    pub fn listed(&mut self) -> Vec<&mut Finding> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let listed = self.findings.iter_mut().filter(|finding| {
            let count = counts.entry(finding.query.clone()).or_default();
            *count += 1;
            *count <= self.listed_max
        });
        listed.collect()
    }

    /// Whether something that is shown is at least as bad as was named.
    pub fn fails_any(&self) -> bool {
        self.fail_on.is_some() && self.findings.iter().any(|finding| self.fails(finding))
    }
}

/// A table of which the last capture could not read every line.
#[derive(Debug, Serialize)]
pub struct Incomplete {
    /// The table.
    pub table: &'static str,
    /// Lines that could not be read; of a quote that is never closed, all that follows is one.
    pub unreadable: u64,
}

/// Writes the documented JSON, one document.
pub fn write_json(out: &mut impl io::Write, report: &FindingsReport) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
