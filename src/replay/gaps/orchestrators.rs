//! Silences of orchestrators between processes, before the first and after the last.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::event::{Basis, SourceKey, tells_end};
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::gaps::{Account, Gap, Known, SILENCE, process, since};
use crate::replay::runs::Run;

/// A batch waits so long at most, and a process that stops loses it (domain/orchestrator.md section 1.1).
const FLUSH: i64 = 5 * SECOND;

/// A silence with its cause.
pub(super) type Judged = (GapCause, Basis, String);

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
            process::account(known, run, account);
        }
        between(known, &runs, account);
        let Some(first) = runs.first() else { continue };
        unseen(known, first, account);
        if let (Some(oldest), Some(horizon)) = (known.exported.oldest, known.exported.horizon)
            && horizon.0 - oldest.0 > SILENCE
        {
            since::before_horizon(&first.source, (oldest, horizon), account);
        }
    }
    never_logged(known, account);
}

pub(super) fn gap(
    source: &SourceKey,
    run: Option<&Run>,
    (began_at, ended_at): (Micros, Micros),
    (cause, basis, why): Judged,
) -> Gap {
    let run = run.map(|run| run.id.clone());
    Gap { source: source.clone(), began_at, ended_at, cause, basis, run, why }
}

/// From the last row of all processes so far to the first row of the next, and from that of the same source; the
/// last lines before a process stopped; and the time after the last process.
fn between(known: &Known<'_>, runs: &[&Run], account: &mut Account) {
    let mut latest: Option<&Run> = None;
    // the last process of each source, and until when it is accounted for
    let mut by_source: BTreeMap<&SourceKey, (&Run, Micros)> = BTreeMap::new();
    for run in runs {
        let others = latest.filter(|before| before.source != run.source);
        for before in [others.map(|before| &before.source), Some(&run.source)].into_iter().flatten()
        {
            if let Some((before, told)) = by_source.get_mut(before)
                && *told < run.first_row
            {
                after(known, before, (*told, Some(run)), account);
                *told = run.first_row;
            }
        }
        by_source.insert(&run.source, (run, run.last_row));
        if latest.is_none_or(|before| before.last_row < run.last_row) {
            latest = Some(run);
        }
    }
    let until = known.exported.until;
    // one that began while another still logged is not over because that one logged last, unless it logs on
    let is_over = |last: &&Run| until.0 - last.last_row.0 > SILENCE;
    let begun = latest.filter(is_over).and(runs.last().copied());
    let begun = begun.filter(|begun| latest.is_some_and(|last| last.id != begun.id));
    for last in latest.into_iter().chain(begun) {
        if is_over(&last) {
            after(known, last, (last.last_row, None), account);
        } else {
            account.span(&last.source, last.first_row, until);
        }
    }
}

/// A process that logs no more from an instant on, until the next one does or the evidence ends.
fn after(
    known: &Known<'_>,
    run: &Run,
    (from, next): (Micros, Option<&Run>),
    account: &mut Account,
) {
    let until = next.map_or(known.exported.until, |next| next.first_row);
    let unsent = Micros(until.0.min(run.last_row.0 + FLUSH));
    let why = "its last batch was not sent".to_string();
    let judged = (GapCause::Unsent, Basis::Inferred, why);
    account.gap(gap(&run.source, Some(run), (from, unsent), judged));
    if until.0 - from.0 <= SILENCE {
        return;
    }
    let is_stopped =
        known.witness.stopped(&run.id).is_some_and(|at| run.last_row.0 - at.0 <= FLUSH);
    let judged = if known.exported.is_hole(from, until) {
        let why = "it was deleted between two captures".to_string();
        (GapCause::NotExported, Basis::Recorded, why)
    } else if !is_stopped && known.acted(run, from, until) {
        let why = "rows that it wrote meanwhile".to_string();
        (GapCause::LoggingOutage, Basis::Recorded, why)
    } else if let Some(next) = next {
        return down(known, run, (from, next, is_stopped), account);
    } else if is_stopped {
        stopped()
    } else {
        (GapCause::Unknown, Basis::Inferred, "no further line".to_string())
    };
    account.gap(gap(&run.source, Some(run), (from, until), judged));
}

fn stopped() -> Judged {
    (GapCause::ProcessDown, Basis::Logged, "it said that it stops".to_string())
}

/// A process that is over until the next one begins, though the first lines of that may be missing.
fn down(
    known: &Known<'_>,
    run: &Run,
    (from, next, is_stopped): (Micros, &Run, bool),
    account: &mut Account,
) {
    let began = if is_late(next, from) { next.started_at.max(from) } else { next.first_row };
    let judged = if is_stopped {
        stopped()
    } else {
        let why = "another process began, and none wrote a row before".to_string();
        (GapCause::ProcessDown, Basis::Inferred, why)
    };
    account.gap(gap(&run.source, Some(run), (from, began), judged));
    first_lines(known, next, began, account);
}

/// Whether lines of a process are missing before its first row, since an instant.
fn is_late(run: &Run, since: Micros) -> bool {
    run.first_row.0 - run.started_at.max(since).0 > SILENCE
}

/// The first process of all, if it ran unheard while others logged. What a worker says may stand at any time, as
/// its clock may.
fn unseen(known: &Known<'_>, run: &Run, account: &mut Account) {
    let others = known.history.beats.iter().filter(|(source, _)| tells_end(source));
    let Some(since) = others.filter_map(|(_, beats)| Some(beats.first()?.0)).min() else { return };
    if is_late(run, since) {
        first_lines(known, run, run.started_at.max(since), account);
    }
}

/// The time of a process before its first row.
fn first_lines(known: &Known<'_>, run: &Run, from: Micros, account: &mut Account) {
    let until = run.first_row;
    let judged = if known.exported.is_hole(from, until) {
        let why = "it was deleted between two captures".to_string();
        (GapCause::NotExported, Basis::Recorded, why)
    } else if known.acted(run, from, until) {
        let why = "rows that it wrote meanwhile".to_string();
        (GapCause::LoggingOutage, Basis::Recorded, why)
    } else {
        let counted = if &*run.source.0 == "orchestrator_api" { "turn" } else { "cycle" };
        let why = format!("by the number of its first {counted} it ran");
        (GapCause::Unknown, Basis::Inferred, why)
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
    let acted = known.witness.acted(&source.0, horizon, until);
    let why = "rows that it wrote meanwhile".to_string();
    let outage = (GapCause::LoggingOutage, Basis::Recorded, why);
    tell(horizon.max(made), until, if acted { outage } else { no_line() });
    since::before_horizon(&source, (made, horizon), account);
}
