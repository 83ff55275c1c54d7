//! Findings for a person at three in the morning: what, why we say so, by which rows, what else it
//! could be, what to do.

use std::collections::BTreeMap;
use std::io;

use anstyle::{AnsiColor, Style};

use crate::findings::finding::{Finding, Piece, Severity, Verdict};
use crate::findings::header::Header;
use crate::read::cell::{Cell, plain_time};
use crate::report::findings::FindingsReport;
use crate::report::plain::{cut, printable, wrap};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Width of the labels before the text of a finding.
const LABEL: usize = 10;
/// Rows shown below one finding.
const PIECES_SHOWN_MAX: usize = 12;

/// Writes the report in lines of at most `width` characters, where words allow it.
pub fn write(out: &mut impl io::Write, report: &FindingsReport, width: usize) -> io::Result<()> {
    for (query, findings) in by_query(report) {
        if let Some(header) = report.questions.iter().find(|header| header.id == query) {
            question(out, header, findings.len(), width)?;
        }
        for finding in findings {
            one(out, finding, width)?;
        }
    }
    if report.findings.is_empty() {
        nothing(out, report, width)?;
    }
    for skipped in &report.skipped {
        writeln!(
            out,
            "not asked: {} (the snapshot does not hold {})",
            skipped.query,
            skipped.missing.join(", ")
        )?;
    }
    writeln!(out, "{}", totals(report))
}

/// The findings under their queries, a query where its worst and first finding stands.
fn by_query(report: &FindingsReport) -> Vec<(&str, Vec<&Finding>)> {
    let mut groups: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in &report.findings {
        match groups.iter_mut().find(|(query, _)| *query == finding.query) {
            Some((_, group)) => group.push(finding),
            None => groups.push((&finding.query, vec![finding])),
        }
    }
    groups
}

/// What is said once for all findings of a query.
fn question(out: &mut impl io::Write, header: &Header, n: usize, width: usize) -> io::Result<()> {
    let style = colour(header.severity);
    let severity = header.severity.name().to_uppercase();
    writeln!(out, "{style}{severity}{style:#}  {BOLD}{}{BOLD:#}  ({n})", header.title)?;
    labelled(out, "query", &header.id, width)?;
    labelled(out, "harmless?", &header.innocent, width)?;
    labelled(out, "do", &header.remedy, width)?;
    if let Some(fix) = &header.known_fix {
        labelled(out, "mended by", fix, width)?;
    }
    writeln!(out)
}

fn one(out: &mut impl io::Write, finding: &Finding, width: usize) -> io::Result<()> {
    let at = finding.happened_at.map_or("at an unknown time".to_string(), plain_time);
    let subject = format!("{} {}", finding.subject_kind, printable(&finding.subject_id));
    writeln!(out, "  {BOLD}{at}  {subject}{BOLD:#}  {}", verdict(finding))?;
    labelled(out, "what", &printable(&finding.summary), width)?;
    labelled(out, "why", &own_columns(finding), width)?;
    let mut label = "evidence";
    for piece in finding.pieces.iter().take(PIECES_SHOWN_MAX) {
        writeln!(out, "    {label:LABEL$} {}", row(piece, width.saturating_sub(LABEL + 5)))?;
        label = "";
    }
    if let Some(more) = finding.pieces.len().checked_sub(PIECES_SHOWN_MAX).filter(|n| *n > 0) {
        writeln!(out, "    {label:LABEL$} and {more} more rows")?;
    }
    writeln!(out)
}

fn verdict(finding: &Finding) -> String {
    let name = finding.verdict.name().replace('_', " ");
    if finding.lowered { format!("{name} (one row only)") } else { name }
}

/// The query's own columns that say something, in words.
fn own_columns(finding: &Finding) -> String {
    let said = finding.columns.iter().filter_map(|(name, cell)| {
        let text = if let Cell::List(items) = cell {
            let items: Vec<String> = items.iter().filter_map(Cell::to_plain).collect();
            items.join(", ")
        } else {
            cell.to_plain()?
        };
        (!text.is_empty()).then(|| format!("{} {}", name.replace('_', " "), printable(&text)))
    });
    said.collect::<Vec<String>>().join("; ")
}

fn row(piece: &Piece, width: usize) -> String {
    let at = piece.time.map_or("unknown time".to_string(), plain_time);
    let source = format!("{}:{}", piece.table, piece.key);
    let against = if piece.contradicts { "against it: " } else { "" };
    let told = format!("{against}{}", printable(&cut(&piece.text, 4 * width)));
    let used = at.chars().count() + source.chars().count() + 4;
    let told = cut(&told, width.saturating_sub(used).max(24));
    format!("{at}  {DIM}{}{DIM:#}  {told}", printable(&source))
}

fn labelled(out: &mut impl io::Write, label: &str, text: &str, width: usize) -> io::Result<()> {
    let mut label = label;
    for line in wrap(text, width.saturating_sub(LABEL + 5).max(24)) {
        if !line.is_empty() {
            writeln!(out, "    {label:LABEL$} {line}")?;
        }
        label = "";
    }
    Ok(())
}

/// An empty answer says what was looked for.
fn nothing(out: &mut impl io::Write, report: &FindingsReport, width: usize) -> io::Result<()> {
    writeln!(out, "nothing found. Asked of {}:", report.snapshot)?;
    for header in &report.questions {
        if report.skipped.iter().any(|skipped| skipped.query == header.id) {
            continue;
        }
        for (at, line) in wrap(&header.question, width.saturating_sub(4).max(24)).iter().enumerate()
        {
            writeln!(out, "  {} {line}", if at == 0 { '-' } else { ' ' })?;
        }
    }
    Ok(())
}

fn totals(report: &FindingsReport) -> String {
    let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for finding in &report.findings {
        *severities.entry(finding.severity).or_default() += 1;
        *verdicts.entry(finding.verdict).or_default() += 1;
    }
    let mut parts: Vec<String> =
        severities.iter().map(|(severity, n)| format!("{n} {}", severity.name())).collect();
    parts.extend(verdicts.iter().map(|(v, n)| format!("{n} {}", v.name().replace('_', " "))));
    parts.push(format!("{} of {} questions asked", asked(report), report.questions.len()));
    if report.hidden > 0 {
        parts.push(format!("{} not shown (--verdict all)", report.hidden));
    }
    let n = report.findings.len();
    format!("{n} finding{}: {}", if n == 1 { "" } else { "s" }, parts.join(", "))
}

fn asked(report: &FindingsReport) -> usize {
    report.questions.len() - report.skipped.len()
}

fn colour(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    colour.on_default().bold()
}
