//! The stories at the top of a report: what happened, to how many, since when, and what it cost.

use std::io;

use anstyle::Style;

use crate::findings::finding::Verdict;
use crate::findings::story::Story;
use crate::report::findings_text::colour;
use crate::report::plain::{printable, wrap};

const BOLD: Style = Style::new().bold();
/// Where the text of a story begins.
const INDENT: usize = 10;
const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3600.0;

/// Writes each story in a few lines.
pub(super) fn write(out: &mut impl io::Write, stories: &[Story], width: usize) -> io::Result<()> {
    for story in stories {
        let style = colour(story.severity);
        let severity = story.severity.name().to_uppercase();
        let members = match story.members.len() {
            1 => String::new(),
            n => format!("  ({n})"),
        };
        writeln!(
            out,
            "{style}{severity:<8}{style:#}  {BOLD}{}{BOLD:#}{members}",
            printable(&story.title)
        )?;
        for line in [cause(story), span(story), blast(story), border(story)].into_iter().flatten() {
            for part in wrap(&line, width.saturating_sub(INDENT).max(24)) {
                writeln!(out, "{:INDENT$}{part}", "")?;
            }
        }
    }
    if stories.is_empty() { Ok(()) } else { writeln!(out) }
}

fn cause(story: &Story) -> Option<String> {
    let said = story.cause.iter().filter_map(|(name, cell)| {
        Some(format!("{} {}", name.replace('_', " "), printable(&cell.to_plain()?)))
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join("; "))
}

fn span(story: &Story) -> Option<String> {
    let plain = |at: &String| at.replace('T', " ").trim_end_matches('Z').chars().take(19).collect();
    let (first, last): (Option<String>, Option<String>) =
        (story.first_at.as_ref().map(plain), story.last_at.as_ref().map(plain));
    let verdicts: Vec<String> =
        story.verdicts.iter().map(|(verdict, n)| counted(*verdict, *n)).collect();
    let when = match (first, last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(first), _) => first,
        (None, _) => "at no known time".to_string(),
    };
    Some(format!("{when}; {}; query {}", verdicts.join(", "), story.query))
}

fn counted(verdict: Verdict, n: usize) -> String {
    format!("{n} {}", verdict.name().replace('_', " "))
}

fn blast(story: &Story) -> Option<String> {
    let of = &story.blast;
    let mut parts = Vec::new();
    if of.tasks > 0 {
        let s = if of.tasks == 1 { "" } else { "s" };
        parts.push(format!("{} task{s}", of.tasks));
    }
    if of.projects > 0 {
        let s = if of.projects == 1 { "" } else { "s" };
        parts.push(format!("of {} project{s}", of.projects));
    }
    if of.worker_s >= 1.0 {
        parts.push(format!("{} of workers' time, {:.2} in money", time(of.worker_s), of.cost));
    }
    (!parts.is_empty()).then(|| format!("hit {}", parts.join(", ")))
}

fn time(seconds: f64) -> String {
    if seconds >= HOUR_S {
        format!("{:.1} h", seconds / HOUR_S)
    } else if seconds >= MINUTE_S {
        format!("{:.0} min", seconds / MINUTE_S)
    } else {
        format!("{seconds:.0} s")
    }
}

fn border(story: &Story) -> Option<String> {
    let border = story.border.as_ref()?;
    Some(format!(
        "in common: {} {} {} ({} of {} hit, and {} of {} others)",
        border.feature.replace('_', " "),
        border.relation,
        printable(&border.value),
        border.hit.0,
        border.hit.1,
        border.others.0,
        border.others.1
    ))
}
