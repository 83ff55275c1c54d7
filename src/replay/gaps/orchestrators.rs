//! Silences of orchestrators: inside a process, between processes, before the first and after the last.

use std::sync::Arc;

use crate::model::event::{Basis, SourceKey};
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::gaps::{Account, DELAY, Gap, Known, SILENCE};
use crate::replay::runs::Run;

/// A batch waits so long at most, and a process that stops loses it (domain/orchestrator.md section 1.1).
const FLUSH: i64 = 5 * SECOND;

/// What the counters before and after a silence say.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// No two lines around it.
    Nothing,
    /// Every row that was made is here: the silence is true.
    AllHere,
    /// Rows were dropped, or batches not sent.
    Lost(String),
    /// Rows were made and not lost on the way, and are not here.
    Gone(String),
}

/// A silence with its cause.
type Judged = (GapCause, Basis, String);

/// Accounts for every orchestrator process.
pub(super) fn account(known: &Known<'_>, account: &mut Account) {
    let mut types: Vec<&Arc<str>> = known.runs.iter().map(|run| &run.source.0).collect();
    types.sort();
    types.dedup();
    for source_type in types {
        let mut runs: Vec<&Run> =
            known.runs.iter().filter(|run| run.source.0 == *source_type).collect();
        runs.sort_by_key(|run| (run.first_row, run.id.clone()));
        for run in &runs {
            inside(known, run, account);
        }
        between(known, &runs, account);
        let Some(first) = runs.first() else { continue };
        if let (Some(oldest), Some(horizon)) = (known.exported.oldest, known.exported.horizon)
            && horizon.0 - oldest.0 > SILENCE
        {
            let why = "older rows were deleted".to_string();
            let judged = (GapCause::Retention, Basis::Inferred, why);
            account.gap(gap(&first.source, None, (oldest, horizon), judged));
        }
    }
    never_logged(known, account);
}

fn gap(
    source: &SourceKey,
    run: Option<&Run>,
    (began_at, ended_at): (Micros, Micros),
    (cause, basis, why): Judged,
) -> Gap {
    let run = run.map(|run| run.id.clone());
    Gap { source: source.clone(), began_at, ended_at, cause, basis, run, why }
}

/// Silences, skipped cycles and cycles without an end inside one process, and losses that only its
/// counters tell of.
fn inside(known: &Known<'_>, run: &Run, account: &mut Account) {
    let Some(beats) = known.history.beats.get(&run.source) else { return };
    let from = beats.partition_point(|(at, _)| *at < run.first_row);
    let until = beats.partition_point(|(at, _)| *at <= run.last_row);
    let mut breaks: Vec<(Micros, Micros)> = Vec::new();
    for [(a, before), (b, after)] in beats[from..until].array_windows() {
        let cycles = before.zip(*after);
        let skipped = cycles.is_some_and(|(before, after)| after > before + 1);
        // every cycle tells of its end, in every era (domain/orchestrator.md G4)
        let cut = cycles.is_some_and(|(before, after)| {
            after > before && !known.witness.finished(&run.id, before)
        });
        if !(skipped || cut || b.0 - a.0 > SILENCE) {
            continue;
        }
        let cycles = cycles.filter(|_| skipped || cut);
        if let Some(judged) = judge_inside(known, run, (*a, *b), cycles) {
            account.gap(gap(&run.source, Some(run), (*a, *b), judged));
            breaks.push((*a, *b));
        }
    }
    for [before, after] in known.witness.counted(&run.id).array_windows() {
        let lost = (after.dropped - before.dropped, after.errors - before.errors);
        let located = breaks.iter().any(|(a, b)| *a < after.at && before.at < *b);
        if (lost.0 > 0 || lost.1 > 0) && !located {
            let judged = (GapCause::Dropped, Basis::Logged, counters_said(lost));
            account.gap(gap(&run.source, Some(run), (before.at, after.at), judged));
        }
    }
}

fn counters_said((dropped, errors): (i64, i64)) -> String {
    format!(
        "by its own count the handler dropped {dropped} rows and failed to send {errors} batches"
    )
}

/// Why lines of a process that ran on are missing; none where the silence is true.
fn judge_inside(
    known: &Known<'_>,
    run: &Run,
    (a, b): (Micros, Micros),
    lost_cycles: Option<(i64, i64)>,
) -> Option<Judged> {
    if known.exported.is_hole(a, b) {
        let why = "it was deleted between two captures".to_string();
        return Some((GapCause::NotExported, Basis::Recorded, why));
    }
    match told(known, run, a, b) {
        Told::AllHere if lost_cycles.is_none() => return None,
        Told::Lost(why) => return Some((GapCause::Dropped, Basis::Logged, why)),
        Told::Gone(why) => return Some((GapCause::NotExported, Basis::Logged, why)),
        Told::AllHere | Told::Nothing => {}
    }
    if known.witness.acted(&run.source.0, Micros(a.0 + DELAY), Micros(b.0 - DELAY)) {
        let why = "rows that it wrote meanwhile".to_string();
        return Some((GapCause::LoggingOutage, Basis::Recorded, why));
    }
    Some(match lost_cycles {
        Some((before, after)) => {
            let why = format!("lines of cycles {before} to {after} are missing");
            (GapCause::Dropped, Basis::Inferred, why)
        }
        None => (GapCause::Unknown, Basis::Inferred, "no line".to_string()),
    })
}

/// What the handler counted between its last statistics line before a silence and the first after it.
fn told(known: &Known<'_>, run: &Run, a: Micros, b: Micros) -> Told {
    let counted = known.witness.counted(&run.id);
    let next = counted.partition_point(|counted| counted.at < b);
    let before = counted[..next].iter().rev().find(|counted| counted.at <= a);
    let (Some(before), Some(after)) = (before, counted.get(next)) else { return Told::Nothing };
    let lost = (after.dropped - before.dropped, after.errors - before.errors);
    if lost.0 > 0 || lost.1 > 0 {
        return Told::Lost(counters_said(lost));
    }
    let Some(beats) = known.history.beats.get(&run.source) else { return Told::Nothing };
    let from = beats.partition_point(|(at, _)| *at < before.at);
    let until = beats.partition_point(|(at, _)| *at < after.at);
    let (made, here) = (after.queued - before.queued, (until - from) as i64);
    if made > here {
        Told::Gone(format!("of {made} rows that the handler took and did not lose {here} are here"))
    } else {
        Told::AllHere
    }
}

/// From the last row of all processes so far to the first row of the next; the last lines before a
/// process stopped; and the time after the last process.
fn between(known: &Known<'_>, runs: &[&Run], account: &mut Account) {
    let mut latest: Option<&Run> = None;
    for run in runs {
        if let Some(before) = latest
            && before.last_row < run.first_row
        {
            after(known, before, run.first_row, account);
        }
        if latest.is_none_or(|before| before.last_row < run.last_row) {
            latest = Some(run);
        }
    }
    let Some(last) = latest else { return };
    let until = known.exported.until;
    if until.0 - last.last_row.0 > SILENCE {
        after(known, last, until, account);
    } else {
        account.span(&last.source, last.first_row, until);
    }
}

/// A process that logs no more, until another one does or the evidence ends.
fn after(known: &Known<'_>, run: &Run, until: Micros, account: &mut Account) {
    let from = run.last_row;
    let unsent = Micros(until.0.min(from.0 + FLUSH));
    let why = "its last batch was not sent".to_string();
    let judged = (GapCause::Unsent, Basis::Inferred, why);
    account.gap(gap(&run.source, Some(run), (from, unsent), judged));
    if until.0 - from.0 <= SILENCE {
        return;
    }
    let ends = until == known.exported.until;
    let judged = if known.exported.is_hole(from, until) {
        let why = "it was deleted between two captures".to_string();
        (GapCause::NotExported, Basis::Recorded, why)
    } else if known.witness.acted(&run.source.0, Micros(from.0 + DELAY), Micros(until.0 - DELAY)) {
        let why = "rows that it wrote meanwhile".to_string();
        (GapCause::LoggingOutage, Basis::Recorded, why)
    } else if known.witness.stopped(&run.id).is_some_and(|at| from.0 - at.0 <= FLUSH) {
        (GapCause::ProcessDown, Basis::Logged, "it said that it stops".to_string())
    } else if ends {
        (GapCause::Unknown, Basis::Inferred, "no further line".to_string())
    } else {
        let why = "another process began, and none wrote a row before".to_string();
        (GapCause::ProcessDown, Basis::Inferred, why)
    };
    account.gap(gap(&run.source, Some(run), (from, until), judged));
}

/// An orchestrator whose rows are there, without any line of it.
fn never_logged(known: &Known<'_>, account: &mut Account) {
    for (source_type, is_api) in [("orchestrator_api", true), ("orchestrator_gpu", false)] {
        let rows = known.history.facts.workers.iter().filter(|row| row.is_api() == is_api);
        let made = rows.filter_map(|row| row.created_at).min();
        let logged = known.runs.iter().any(|run| &*run.source.0 == source_type);
        if let (Some(made), false) = (made, logged) {
            silent(known, source_type, made, account);
        }
    }
}

fn silent(known: &Known<'_>, source_type: &str, made: Micros, account: &mut Account) {
    let source: SourceKey = Arc::new((source_type.into(), "unknown".into()));
    let until = known.exported.until;
    let mut tell = |from: Micros, until: Micros, judged| {
        account.gap(gap(&source, None, (from, until), judged));
    };
    if !known.exported.holds_logs {
        let why = "no capture took the log".to_string();
        return tell(made, until, (GapCause::NotExported, Basis::Recorded, why));
    }
    let no_line = || (GapCause::Unknown, Basis::Inferred, "no line".to_string());
    let Some(horizon) = known.exported.horizon else { return tell(made, until, no_line()) };
    let why = "older rows were deleted".to_string();
    tell(made, horizon, (GapCause::Retention, Basis::Inferred, why));
    let acted = known.witness.acted(&source.0, horizon, until);
    let why = "rows that it wrote meanwhile".to_string();
    let outage = (GapCause::LoggingOutage, Basis::Recorded, why);
    tell(horizon.max(made), until, if acted { outage } else { no_line() });
}
