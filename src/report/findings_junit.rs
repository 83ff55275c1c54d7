//! Findings as a test report that CI systems read: a query is a test, which fails when it found
//! something, and is skipped when it could not be asked.

use std::io;

use crate::findings::finding::Finding;
use crate::report::findings::FindingsReport;

/// Writes one `testsuite`.
pub fn write(out: &mut impl io::Write, report: &FindingsReport) -> io::Result<()> {
    let positive = |id: &str| -> Vec<&Finding> {
        let own = report.findings.iter().filter(|finding| finding.query == id);
        own.filter(|finding| finding.verdict.is_positive()).collect()
    };
    let failures = report.questions.iter().filter(|query| !positive(&query.id).is_empty()).count();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuite name=\"backstory\" tests=\"{}\" failures=\"{failures}\" skipped=\"{}\">",
        report.questions.len(),
        report.skipped.len()
    )?;
    for query in &report.questions {
        writeln!(
            out,
            "  <testcase classname=\"backstory.{}\" name=\"{}\">",
            query.severity.name(),
            escaped(&query.id)
        )?;
        if let Some(skipped) = report.skipped.iter().find(|skipped| skipped.query == query.id) {
            let missing = escaped(&skipped.missing.join(", "));
            writeln!(out, "    <skipped message=\"the snapshot does not hold {missing}\"/>")?;
        }
        let found = positive(&query.id);
        if !found.is_empty() {
            let title = escaped(&query.title);
            writeln!(out, "    <failure message=\"{title} ({})\">", found.len())?;
            for finding in found {
                let at =
                    finding.happened_at.map_or("unknown time".to_string(), |at| at.to_string());
                let line = format!(
                    "{at} {} {} {}: {}",
                    finding.verdict.name(),
                    finding.subject_kind,
                    finding.subject_id,
                    finding.summary
                );
                writeln!(out, "{}", escaped(&line))?;
            }
            writeln!(out, "    </failure>")?;
        }
        writeln!(out, "  </testcase>")?;
    }
    writeln!(out, "</testsuite>")
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
