//! What of the log was still there and was taken: before that retention, between captures a hole.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::event::{Basis, SourceKey, tells_end, tells_time};
use crate::model::holes::holes;
use crate::model::rows::READ_APART;
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::replay::gaps::{Account, DELAY, Gap, Known, SILENCE};
use crate::replay::runs::Run;

/// From when to when the snapshot could hold log rows.
pub(super) struct Exported {
    /// The oldest log row of any source; none where there is no row.
    pub(super) horizon: Option<Micros>,
    /// The oldest worker or task: they live for ever, logs 48 hours (domain/worker-app.md 1.4).
    pub(super) oldest: Option<Micros>,
    /// The end of the evidence: the latest time of a row whose clock can be trusted.
    pub(super) last: Micros,
    /// Up to when all had time to come: what happened later may still be on its way.
    pub(super) until: Micros,
    /// Whether any capture took `system_logs`.
    pub(super) holds_logs: bool,
    /// Stretches between two captures that were deleted before the second.
    pub(super) holes: Vec<(Micros, Micros)>,
}

impl Exported {
    pub(super) fn of(history: &History, offsets: &BTreeMap<&str, f64>) -> Self {
        let facts = &history.facts;
        let any_tells = history.beats.keys().any(tells_time);
        let tell = history.beats.iter().filter(|(source, _)| tells_time(source) || !any_tells);
        let firsts = tell.filter_map(|(source, beats)| {
            let off = offsets.get(&*source.1).filter(|_| &*source.0 == "worker");
            Some(beats.first()?.0.plus_seconds(-off.copied().unwrap_or(0.0)))
        });
        let horizon = firsts.min();
        let last = last_row(history);
        let workers = facts.workers.iter().filter_map(|row| row.created_at);
        let tasks = facts.tasks.iter().filter_map(|row| row.created_at);
        let holes = holes(&facts.logs).into_iter().map(|hole| (hole.from, hole.until)).collect();
        Self {
            horizon,
            oldest: workers.chain(tasks).min(),
            last,
            until: Micros(last.0 - DELAY),
            holds_logs: !facts.logs.is_empty(),
            holes,
        }
    }

    /// The time of a source's line, or the end of the evidence where its clock puts it far behind that: a worker's
    /// lines come with heartbeats, which its row keeps, though the rows may have been read minutes before the log.
    pub(super) fn capped(&self, source: &SourceKey, at: Micros) -> Micros {
        let apart = if tells_time(source) { READ_APART } else { 0 };
        if at.0 - self.last.0 > apart { self.last } else { at }
    }

    /// Whether a silence is one of the stretches that nobody took.
    pub(super) fn is_hole(&self, from: Micros, until: Micros) -> bool {
        is_most_of(&self.holes, from, until)
    }
}

/// The latest time that stands in a row. When a capture was taken is no evidence: the same rows tell the
/// same, however and whenever they came. Nor is what workers say: their clocks may be off, and their lines come
/// with heartbeats, which their rows keep.
fn last_row(history: &History) -> Micros {
    let facts = &history.facts;
    let others = history.beats.iter().filter(|(source, _)| tells_end(source));
    let lines: Vec<Micros> = others.filter_map(|(_, beats)| Some(beats.last()?.0)).collect();
    let workers = facts.workers.iter().flat_map(|row| [row.created_at, row.last_heartbeat]);
    let tasks = facts.tasks.iter();
    let tasks =
        tasks.flat_map(|row| [row.created_at, row.started_at, row.processed_at, row.updated_at]);
    let links = facts.links.iter().flatten().map(|link| link.created_at);
    let rows = workers.chain(tasks).chain(links).flatten().chain(lines.iter().copied());
    // a row of the future is wrong, unless all are: then the capture's own clock is
    let seen = rows.filter(|at| facts.seen_at.is_none_or(|seen| *at <= seen)).max();
    let any = || history.beats.values().filter_map(|beats| Some(beats.last()?.0)).max();
    seen.or_else(any).or(facts.seen_at).unwrap_or(Micros(0))
}

/// Whether one of the holes covers more than half of an interval.
fn is_most_of(holes: &[(Micros, Micros)], from: Micros, until: Micros) -> bool {
    let common = |hole: &(Micros, Micros)| hole.1.min(until).0 - hole.0.max(from).0;
    holes.iter().any(|hole| common(hole) * 2 > until.0 - from.0)
}

/// Why a line is missing in a hole.
pub(super) const NO_ROW: &str = "no source has a row here";

/// Causes that say all of a silence.
const KNOWN_OF: [GapCause; 2] = [GapCause::Unsent, GapCause::Retention];

/// Other sources that fall silent and speak again together with an orchestrator, before it is the table that
/// lacks their rows: one may have had nothing to say.
const TOGETHER: usize = 2;

/// What is missing of the table is missing of all its sources: holes between captures, and stretches of an
/// orchestrator's silence in which nobody else has a row either, if its counters say that its rows were sent,
/// or if others spoke shortly before and shortly after.
/// Returns them: workers come and go, and of each only those of its own time are missing.
pub(super) fn spread(known: &Known<'_>, account: &mut Account) -> Vec<(Micros, Micros)> {
    let mut holes = known.exported.holes.clone();
    let lost = account.gaps.iter().filter(|gap| !KNOWN_OF.contains(&gap.cause));
    for gap in lost.filter(|gap| gap.ended_at.0 - gap.began_at.0 > SILENCE) {
        let was_sent = gap.cause == GapCause::NotExported;
        let silence = silence(known, gap.began_at, gap.ended_at);
        let silence = silence.filter(|silence| !ends_with_a_start(known, gap, *silence));
        holes.extend(silence.filter(|silence| was_sent || fell_silent(known, gap, *silence)));
    }
    holes.sort_unstable();
    holes.dedup();
    for gap in &mut account.gaps {
        // what it says itself, that it stopped or could not send, is true beside it
        let is_told = KNOWN_OF.contains(&gap.cause)
            || gap.cause == GapCause::NotExported
            || gap.basis == Basis::Logged;
        if !is_told && is_most_of(&holes, gap.began_at, gap.ended_at) {
            gap.cause = GapCause::NotExported;
            (gap.basis, gap.why) = (Basis::Inferred, NO_ROW.to_string());
        }
    }
    let is_lasting =
        |source: &&SourceKey| !source.0.starts_with("orchestrator") && &*source.0 != "worker";
    for source in known.history.beats.keys().filter(is_lasting) {
        for (from, until) in &holes {
            account.gap(Gap {
                source: source.clone(),
                began_at: *from,
                ended_at: *until,
                cause: GapCause::NotExported,
                basis: Basis::Inferred,
                run: None,
                why: NO_ROW.to_string(),
            });
        }
    }
    holes
}

/// Whether a process was down, and all were silent until about the first line of the next one: then nobody had a row
/// to write, as when a host with all orchestrators was. A hole of the table ends where it likes.
fn ends_with_a_start(known: &Known<'_>, gap: &Gap, (_, until): (Micros, Micros)) -> bool {
    let starts = |run: &Run| run.tells_its_start && run.first_row == gap.ended_at;
    gap.cause == GapCause::ProcessDown
        && gap.ended_at.0 - until.0 <= SILENCE
        && known.runs.iter().any(|run| run.source.0 == gap.source.0 && starts(run))
}

/// Whether enough others spoke no longer before a silence than it lasted, and no longer after it.
fn fell_silent(known: &Known<'_>, gap: &Gap, (from, until): (Micros, Micros)) -> bool {
    let long = until.0 - from.0;
    let others = known.history.beats.iter().filter(|(source, _)| **source != gap.source);
    let heard = others.filter(|(_, beats)| {
        let before = beats.since(Micros(from.0 - long)).next();
        let after = beats.since(until).next();
        before.is_some_and(|(at, _)| at <= from)
            && after.is_some_and(|(at, _)| at.0 <= until.0 + long)
    });
    heard.take(TOGETHER).count() == TOGETHER
}

/// The longest stretch of an interval in which no source has a row, if that is most of it.
fn silence(known: &Known<'_>, from: Micros, until: Micros) -> Option<(Micros, Micros)> {
    let mut rows = vec![from, until];
    for beats in known.history.beats.values() {
        // most sources are workers, and were gone before or came later
        let is_there = beats.first().is_some_and(|(first, _)| first < until)
            && beats.last().is_some_and(|(last, _)| last >= from);
        if !is_there {
            continue;
        }
        let inside = beats.since(from).map(|(at, _)| at);
        rows.extend(inside.take_while(|at| *at < until));
    }
    rows.sort_unstable();
    let stretches = rows.array_windows().map(|[a, b]| (*a, *b));
    let longest = stretches.max_by_key(|(a, b)| b.0 - a.0)?;
    let long = longest.1.0 - longest.0.0 > SILENCE;
    (long && is_most_of(&[longest], from, until)).then_some(longest)
}
