//! Findings as a test report that CI systems read: a query is a test, which fails when it found
//! something that is bad enough, and is skipped when it could not be asked or not be answered.

use std::io;

use crate::findings::finding::{Finding, Severity, Verdict};
use crate::report::findings::FindingsReport;

/// One query as a test.
struct Test<'a> {
    id: &'a str,
    severity: Severity,
    title: &'a str,
    /// Why it could not be asked.
    unasked: Option<String>,
    /// What went wrong when it was.
    broken: Option<String>,
    failures: Vec<&'a Finding>,
    /// What the evidence cannot decide; it skips a test that does not fail.
    open: Vec<&'a Finding>,
    /// What is shown and fails nothing.
    told: Vec<&'a Finding>,
}

/// Writes one `testsuite`.
pub fn write(out: &mut impl io::Write, report: &FindingsReport) -> io::Result<()> {
    let tests = tests(report);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuite name=\"backstory\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        tests.len(),
        tests.iter().filter(|test| !test.failures.is_empty()).count(),
        tests.iter().filter(|test| test.broken.is_some()).count(),
        tests.iter().filter(|test| test.is_skipped()).count()
    )?;
    tests.iter().try_for_each(|test| test.write(out))?;
    writeln!(out, "</testsuite>")
}

/// The questions in their order, then what was found by none of them: suppressions that outlived their day.
fn tests(report: &FindingsReport) -> Vec<Test<'_>> {
    let mut tests: Vec<Test<'_>> = Vec::new();
    for query in &report.questions {
        let mut test = Test::of(&query.id, query.severity, &query.title);
        let skipped = report.skipped.iter().find(|skipped| skipped.query == query.id);
        test.unasked = skipped
            .map(|skipped| format!("the snapshot does not hold {}", skipped.missing.join(", ")));
        let failed = report.failed.iter().find(|failed| failed.query == query.id);
        test.broken = failed.map(|failed| failed.problem.clone());
        tests.push(test);
    }
    for finding in &report.findings {
        let id = finding.query.as_str();
        let at = tests.iter().position(|test| test.id == id).unwrap_or_else(|| {
            tests.push(Test::of(id, finding.severity, id));
            tests.len() - 1
        });
        let test = &mut tests[at];
        if report.fails(finding) {
            test.failures.push(finding);
        } else if finding.verdict == Verdict::InsufficientEvidence {
            test.open.push(finding);
        } else {
            test.told.push(finding);
        }
    }
    tests
}

impl<'a> Test<'a> {
    fn of(id: &'a str, severity: Severity, title: &'a str) -> Self {
        let (failures, open, told) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, severity, title, unasked: None, broken: None, failures, open, told }
    }

    fn is_skipped(&self) -> bool {
        self.unasked.is_some() || (self.failures.is_empty() && !self.open.is_empty())
    }

    fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        writeln!(
            out,
            "  <testcase classname=\"backstory.{}\" name=\"{}\">",
            self.severity.name(),
            escaped(self.id)
        )?;
        if let Some(why) = &self.unasked {
            writeln!(out, "    <skipped message=\"{}\"/>", escaped(why))?;
        }
        if let Some(what) = &self.broken {
            writeln!(out, "    <error message=\"{}\"/>", escaped(what))?;
        }
        let mut rest = self.told.clone();
        if self.failures.is_empty() && !self.open.is_empty() {
            let message = format!("insufficient evidence ({})", self.open.len());
            element(out, "skipped", &message, &self.open)?;
        } else {
            rest.extend(&self.open);
        }
        if !self.failures.is_empty() {
            let message = format!("{} ({})", self.title, self.failures.len());
            element(out, "failure", &message, &self.failures)?;
        }
        if !rest.is_empty() {
            writeln!(out, "    <system-out>")?;
            rest.iter().try_for_each(|finding| line(out, finding))?;
            writeln!(out, "    </system-out>")?;
        }
        writeln!(out, "  </testcase>")
    }
}

fn element(
    out: &mut impl io::Write,
    name: &str,
    message: &str,
    findings: &[&Finding],
) -> io::Result<()> {
    writeln!(out, "    <{name} message=\"{}\">", escaped(message))?;
    findings.iter().try_for_each(|finding| line(out, finding))?;
    writeln!(out, "    </{name}>")
}

fn line(out: &mut impl io::Write, finding: &Finding) -> io::Result<()> {
    let at = finding.happened_at.map_or("unknown time".to_string(), |at| at.to_string());
    let Finding { verdict, subject_kind, subject_id, summary, .. } = finding;
    let line = format!("{at} {} {subject_kind} {subject_id}: {summary}", verdict.name());
    writeln!(out, "{}", escaped(&line))
}

/// Text that XML takes as text; what it may not hold at all is left out.
fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\n' | '\t' => made.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => made.push(c),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{1b}[1m"), "a&lt;b&gt; &amp; &quot;c&quot; [1m");
    }
}
