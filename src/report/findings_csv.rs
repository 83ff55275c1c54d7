//! Findings as one CSV line each: evidence and own columns as JSON.

use std::io;

use crate::findings::finding::Finding;
use crate::read::cell::{Cell, plain_time};
use crate::report::findings::FindingsReport;
use crate::report::plain::is_unprintable;
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
        write_line(out, line(finding).into_iter().map(|field| field.map(without_controls)))?;
    }
    Ok(())
}

/// Texts come from log lines, and CSV is read on terminals too: what could move a cursor becomes `\\u{..}`, as
/// in text. Line feeds and tabs stay.
fn without_controls(text: String) -> String {
    let stays = |c: char| matches!(c, '\n' | '\t');
    if text.chars().all(|c| stays(c) || !is_unprintable(c)) {
        return text;
    }
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) && !stays(c) {
            made.extend(c.escape_unicode());
        } else {
            made.push(c);
        }
    }
    made
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_move_the_cursor() {
        let said = without_controls("a\u{1b}[2Jb\tc\nd\r\u{202e}é".to_string());
        assert_eq!(said, "a\\u{1b}[2Jb\tc\nd\\u{d}\\u{202e}é");
    }
}
