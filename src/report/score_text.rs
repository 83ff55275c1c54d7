//! What truly happened beside what is said, for a person who wants to know whether to believe it.

use std::io;

use anstyle::{AnsiColor, Style};

use crate::report::plain::printable;
use crate::score::Score;
use crate::score::agreement::{Agreement, Disagreement, DisagreementKind};
use crate::score::question::Question;

/// Ids shown of one kind; more are counted.
const IDS_SHOWN_MAX: usize = 5;
/// Width of the first column.
const LABEL: usize = 30;
const BOLD: Style = Style::new().bold();

/// Writes the table and, as its last line, whether truth and answers agree.
pub fn write(out: &mut impl io::Write, score: &Score) -> io::Result<()> {
    writeln!(out, "{BOLD}what truly happened, and what backstory says{BOLD:#}")?;
    let heads = ["truly", "found", "missed", "undecided", "wrong"];
    writeln!(out, "  {:LABEL$}{}", "", heads.map(|head| format!("{head:>10}")).concat())?;
    counted(out, "workers killed while healthy", &score.killed_while_healthy)?;
    counted(out, "missing generations", &score.missing_generation)?;
    let (states, attempts) = (&score.task_states, &score.task_attempts);
    let live = share(states.live_agreement);
    shown(out, "states of unfinished tasks", &format!("right {live} of the time"))?;
    let said =
        format!("right and in order for {} of {}", share(states.same_sequence), states.tasks);
    shown(out, "task states", &said)?;
    let all = share(attempts.exact);
    let retried =
        format!("{} of {} retried", share(attempts.exact_where_retried), attempts.retried);
    let said = format!("exact for {all} of the claimed tasks ({retried})");
    shown(out, "attempts of tasks", &said)?;
    let said = format!("{} false, {} left open", attempts.false_names, attempts.unnamed);
    shown(out, "workers named in attempts", &said)?;
    for query in &score.skipped_queries {
        writeln!(out, "  not asked: {}", printable(query))?;
    }
    let agreement = score.agreement();
    let colour = if agreement.holds() { AnsiColor::Green } else { AnsiColor::Red };
    let style = colour.on_default().bold();
    writeln!(out, "{style}{}{style:#}", closing_line(score, &agreement))
}

/// Whether truth and answers agree, in one line without colour.
pub fn closing_line(score: &Score, agreement: &Agreement) -> String {
    let undecided = match agreement.undecided.len() {
        0 => String::new(),
        n => format!("; the evidence does not decide {n} ({})", listed(&agreement.undecided, n)),
    };
    if !agreement.holds() {
        let said: Vec<String> = agreement.disagreements.iter().map(words).collect();
        return format!("DISAGREES with the truth: {}{undecided}", said.join(", "));
    }
    let found = |question: &Question, word: &str| {
        let (hit, all) = (question.names.hit, question.names.truth);
        format!("{hit} of {all} {word}{}", if all == 1 { "" } else { "s" })
    };
    let agreed = if undecided.is_empty() { "agreed with" } else { "contradicted nothing of" };
    format!(
        "{agreed} the truth: {}, {}, no false one{undecided}",
        found(&score.killed_while_healthy, "killed worker"),
        found(&score.missing_generation, "missing generation")
    )
}

/// `2 killed workers missed (a, b)`.
fn words(one: &Disagreement) -> String {
    let (single, several) = match one.kind {
        DisagreementKind::KillMissed => ("killed worker missed", "killed workers missed"),
        DisagreementKind::KillInvented => (
            "worker wrongly said to be killed while healthy",
            "workers wrongly said to be killed while healthy",
        ),
        DisagreementKind::MissingMissed => {
            ("missing generation missed", "missing generations missed")
        }
        DisagreementKind::MissingInvented => (
            "generation wrongly said to be missing of task",
            "generations wrongly said to be missing of tasks",
        ),
        DisagreementKind::FalseName => (
            "attempt names a worker that never claimed the task",
            "attempts name workers that never claimed the task",
        ),
    };
    let what = if one.count == 1 { single } else { several };
    format!("{} {what} ({})", one.count, listed(&one.ids, one.ids.len()))
}

fn listed(ids: &[String], all: usize) -> String {
    let mut shown: Vec<String> = ids.iter().take(IDS_SHOWN_MAX).map(|id| printable(id)).collect();
    if shown.len() < all {
        shown.push(format!("and {} more", all - shown.len()));
    }
    shown.join(", ")
}

fn counted(out: &mut impl io::Write, label: &str, question: &Question) -> io::Result<()> {
    let (names, undecided) = (&question.names, question.undecided.len());
    let missed = names.missed.len() - undecided;
    let cells = [names.truth, names.hit, missed, undecided, names.wrong.len()];
    writeln!(out, "  {label:LABEL$}{}", cells.map(|n| format!("{n:>10}")).concat())
}

fn shown(out: &mut impl io::Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {label:LABEL$}  {text}")
}

/// A share as it is, cut and not rounded: what is not perfect must not look so.
fn share(of: Option<f64>) -> String {
    // a little more, because 0.9999 times 10000 may be just below 9999
    let cut = |share: f64| format!("{:.2} %", (share * 10_000.0 + 1e-6).floor() / 100.0);
    of.map_or_else(|| "-".to_string(), cut)
}

#[cfg(test)]
mod tests;
