//! Findings for a person at three in the morning: what, why we say so, by which rows, what else it
//! could be, what to do.

use std::collections::BTreeMap;
use std::io;

use anstyle::{AnsiColor, Style};

use crate::findings::finding::{Finding, Piece, Severity, Verdict};
use crate::findings::header::Header;
use crate::read::cell::{Cell, plain_time};
use crate::report::findings::FindingsReport;
use crate::report::findings_stories;
use crate::report::plain::{cut, printable, wrap};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Width of the labels before the text of a finding.
const LABEL: usize = 10;
/// Rows shown below one finding.
const PIECES_SHOWN_MAX: usize = 12;
/// Characters of a row's text that are worth showing on one line with its time and key.
const TOLD_MIN: usize = 60;

/// Writes the report in lines of at most `width` characters, where words allow it.
pub fn write(out: &mut impl io::Write, report: &FindingsReport, width: usize) -> io::Result<()> {
    findings_stories::write(out, &report.stories, width)?;
    for (query, findings) in by_query(report) {
        if let Some(header) = report.questions.iter().find(|header| header.id == query) {
            question(out, header, findings.len(), width)?;
        }
        for finding in findings.iter().take(report.listed_max) {
            one(out, finding, width)?;
        }
        if let Some(more) = findings.len().checked_sub(report.listed_max).filter(|n| *n > 0) {
            writeln!(out, "  and {more} more of this query, not listed here (--all)\n")?;
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
    for failed in &report.failed {
        let problem = printable(&failed.problem);
        writeln!(
            out,
            "NOT ANSWERED: {}, what it would have found is missing here: {problem}",
            failed.query
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
    let (mut shown, repeating): (Vec<&Piece>, Vec<&Piece>) =
        finding.pieces.iter().partition(|piece| !piece.repeats);
    shown.sort_by_key(|piece| piece.time);
    let folded = folded(shown);
    for (piece, alike) in folded.iter().take(PIECES_SHOWN_MAX) {
        for line in row(piece, *alike, width.saturating_sub(LABEL + 5)) {
            writeln!(out, "    {label:LABEL$} {line}")?;
            label = "";
        }
    }
    if !repeating.is_empty() {
        writeln!(out, "    {label:LABEL$} and {} rows that repeat these", repeating.len())?;
    }
    let left_out: usize = folded.iter().skip(PIECES_SHOWN_MAX).map(|(_, alike)| 1 + alike).sum();
    if left_out > 0 {
        writeln!(out, "    {label:LABEL$} and {left_out} more rows")?;
    }
    writeln!(out)
}

/// Rows one after the other that say the same in the same words, as the first of them and how many more.
fn folded(pieces: Vec<&Piece>) -> Vec<(&Piece, usize)> {
    let mut folded: Vec<(&Piece, usize)> = Vec::new();
    for piece in pieces {
        match folded.last_mut() {
            Some((first, more)) if first.table == piece.table && first.text == piece.text => {
                *more += 1
            }
            _ => folded.push((piece, 0)),
        }
    }
    folded
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
        let text = printable(&text);
        if text.is_empty() {
            return None;
        }
        let told = if name == "why" { text } else { format!("{} {text}", name.replace('_', " ")) };
        (!told.is_empty()).then_some(told)
    });
    said.collect::<Vec<String>>().join("; ")
}

/// One row of evidence: what it says on the same line, or below where that would cut too much off.
fn row(piece: &Piece, alike: usize, width: usize) -> Vec<String> {
    let at = piece.time.map_or("unknown time".to_string(), plain_time);
    let source = printable(&format!("{}:{}", piece.table, piece.key));
    let against = if piece.contradicts { "against it: " } else { "" };
    let more =
        if alike > 0 { format!(" (and {alike} more rows saying so)") } else { String::new() };
    let told = format!("{against}{}{more}", printable(&cut(&piece.text, 4 * width)));
    let left = width.saturating_sub(at.chars().count() + source.chars().count() + 4);
    let place = format!("{at}  {DIM}{source}{DIM:#}");
    if told.chars().count() <= left || left >= TOLD_MIN {
        vec![format!("{place}  {}", cut(&told, left))]
    } else {
        vec![place, format!("    {}", cut(&told, width.saturating_sub(4).max(TOLD_MIN)))]
    }
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
    if asked(report) == 0 {
        return writeln!(out, "nothing could be asked of {}", report.snapshot);
    }
    writeln!(out, "nothing found in {}. What was asked:", report.snapshot)?;
    for header in &report.questions {
        let is_skipped = report.skipped.iter().any(|skipped| skipped.query == header.id);
        if is_skipped || report.failed.iter().any(|failed| failed.query == header.id) {
            continue;
        }
        let mut mark = '-';
        for line in wrap(&header.question, width.saturating_sub(4).max(24)) {
            writeln!(out, "  {mark} {line}")?;
            mark = ' ';
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
    if !report.suppressed.is_empty() {
        parts.push(format!("{} suppressed", report.suppressed.len()));
    }
    if report.hidden > 0 {
        parts.push(format!("{} not shown (--verdict all)", report.hidden));
    }
    let n = report.findings.len();
    format!("{n} finding{}: {}", if n == 1 { "" } else { "s" }, parts.join(", "))
}

fn asked(report: &FindingsReport) -> usize {
    let of = |header: &&Header| !report.failed.iter().any(|failed| failed.query == header.id);
    report.questions.iter().filter(of).count() - report.skipped.len()
}

pub(super) fn colour(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    colour.on_default().bold()
}
