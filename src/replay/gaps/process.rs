//! Silences inside one orchestrator process, which ran on: what it counted, did, and numbered tells why.

use rustc_hash::FxHashSet;

use crate::model::event::Basis;
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::replay::gaps::orchestrators::{Judged, gap};
use crate::replay::gaps::witness::Counted;
use crate::replay::gaps::{Account, Known, SILENCE};
use crate::replay::runs::Run;

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

/// Silences, skipped cycles and cycles without an end inside one process, and losses that only its
/// counters tell of.
pub(super) fn account(known: &Known<'_>, run: &Run, account: &mut Account) {
    let Some(beats) = known.history.beats.get(&run.source) else { return };
    let mut beats = beats.since(run.first_row).take_while(|(at, _)| *at <= run.last_row);
    let Some(mut last) = beats.next() else { return };
    let twice = counted_twice(known, run);
    let mut breaks: Vec<(Micros, Micros, Judged)> = Vec::new();
    for beat in beats {
        let ((a, before), (b, after)) = (std::mem::replace(&mut last, beat), beat);
        let cycles = before.zip(after);
        let skipped = cycles
            .is_some_and(|(before, after)| after > before + 1 && !twice.contains(&(after - 1)));
        // every cycle tells of its end, in every era (domain/orchestrator.md G4)
        let cut = cycles.is_some_and(|(before, after)| {
            after > before && !known.witness.finished(&run.id, before)
        });
        if !(skipped || cut || b.0 - a.0 > SILENCE) {
            continue;
        }
        let cycles = cycles.filter(|_| skipped || cut);
        if let Some(judged) = judge_inside(known, run, (a, b), cycles) {
            breaks.push((a, b, judged));
        }
    }
    let scattered = scattered(known, run, &breaks);
    for [before, after] in known.witness.counted(&run.id).array_windows() {
        let lost = (after.dropped - before.dropped, after.errors - before.errors);
        let located = breaks.iter().any(|(a, b, _)| *a < after.at && before.at < *b);
        if (lost.0 > 0 || lost.1 > 0) && !located {
            let judged = (GapCause::Dropped, Basis::Logged, counters_said(lost));
            account.gap(gap(&run.source, Some(run), (before.at, after.at), judged));
        }
    }
    // a pause is not where rows are missing, if they are missing here and there
    let is_pause = |(a, b, (cause, ..)): &(Micros, Micros, Judged)| {
        *cause == GapCause::NotExported
            && b.0 - a.0 <= SILENCE
            && scattered.iter().any(|lost| lost.from < *b && *a < lost.until)
    };
    for (a, b, judged) in breaks.into_iter().filter(|one| !is_pause(one)) {
        account.gap(gap(&run.source, Some(run), (a, b), judged));
    }
    for lost in scattered {
        let judged = (GapCause::NotExported, Basis::Logged, gone(lost.made, lost.here));
        account.gap(gap(&run.source, Some(run), (lost.from, lost.until), judged));
    }
}

/// The cycles of a process whose numbers fall back: another one counts beside it under the same pinned id
/// (domain/orchestrator.md O37), and a number that follows on none of its own may follow on one of the other's.
fn counted_twice(known: &Known<'_>, run: &Run) -> FxHashSet<i64> {
    let numbers = || {
        let beats = known.history.beats.get(&run.source).into_iter();
        let beats = beats.flat_map(|beats| beats.since(run.first_row));
        beats.take_while(|(at, _)| *at <= run.last_row).filter_map(|(_, cycle)| cycle)
    };
    let mut last = None;
    let falls = |number: i64| last.replace(number).is_some_and(|last| number + 1 < last);
    if numbers().any(falls) { numbers().collect() } else { FxHashSet::default() }
}

/// Rows that are not here and left no silence: they may be missing anywhere between two counts.
struct Scattered {
    from: Micros,
    until: Micros,
    made: i64,
    here: i64,
}

/// Stretches between counts, as many as touch in one, whose rows are not all here although the handler took and did
/// not lose them, and in which no silence tells where they were.
fn scattered(known: &Known<'_>, run: &Run, breaks: &[(Micros, Micros, Judged)]) -> Vec<Scattered> {
    let mut all: Vec<Scattered> = Vec::new();
    for [before, after] in known.witness.counted(&run.id).array_windows() {
        let lost = (after.dropped - before.dropped, after.errors - before.errors);
        let is_silent =
            breaks.iter().any(|(a, b, _)| *a < after.at && before.at < *b && b.0 - a.0 > SILENCE);
        let Some((made, here)) = made_and_here(known, run, before, after) else { continue };
        if lost.0 > 0 || lost.1 > 0 || is_silent || made <= here {
            continue;
        }
        match all.last_mut().filter(|last| last.until == before.at) {
            Some(last) => {
                (last.made, last.here) = (last.made + made, last.here + here);
                last.until = after.at;
            }
            None => all.push(Scattered { from: before.at, until: after.at, made, here }),
        }
    }
    all
}

fn gone(made: i64, here: i64) -> String {
    format!("of {made} rows that the handler took and did not lose {here} are here")
}

/// Rows that the handler took between two counts, and those of them that are here.
fn made_and_here(
    known: &Known<'_>,
    run: &Run,
    before: &Counted,
    after: &Counted,
) -> Option<(i64, i64)> {
    let beats = known.history.beats.get(&run.source)?;
    let here = beats.before(after.at).saturating_sub(beats.before(before.at)) as i64;
    Some((after.queued - before.queued, here))
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
    if known.acted(run, a, b) {
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
    match made_and_here(known, run, before, after) {
        None => Told::Nothing,
        Some((made, here)) if made > here => Told::Gone(gone(made, here)),
        Some(_) => Told::AllHere,
    }
}
