//! Findings as one CSV line each: evidence and own columns as JSON.

use std::io;

use crate::findings::finding::Finding;
use crate::read::cell::{Cell, plain_time};
use crate::report::findings::FindingsReport;
use crate::report::rows_csv::write_line;

const HEADER: [&str; 9] = [
    "query",
    "severity",
    "verdict",
    "subject_kind",
    "subject_id",
    "happened_at",
    "summary",
    "evidence",
    "columns",
];

/// Writes header and findings.
pub fn write(out: &mut impl io::Write, report: &FindingsReport) -> io::Result<()> {
    write_line(out, HEADER.iter().map(|name| Some((*name).to_string())))?;
    for finding in &report.findings {
        write_line(out, line(finding).into_iter())?;
    }
    Ok(())
}

fn line(finding: &Finding) -> [Option<String>; 9] {
    [
        Some(finding.query.clone()),
        Some(finding.severity.name().to_string()),
        Some(finding.verdict.name().to_string()),
        Some(finding.subject_kind.clone()),
        Some(finding.subject_id.clone()),
        finding.happened_at.map(plain_time),
        Some(finding.summary.clone()),
        Cell::List(finding.evidence.iter().cloned().map(Cell::Text).collect()).to_plain(),
        Cell::Record(finding.columns.clone()).to_plain(),
    ]
}
