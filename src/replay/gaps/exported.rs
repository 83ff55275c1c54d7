//! What of the log was still there and was taken: before that retention, between captures a hole.

use crate::events::History;
use crate::model::event::Basis;
use crate::model::state::GapCause;
use crate::model::time::Micros;
use crate::replay::gaps::{Account, DELAY, Gap, Known, SILENCE};

/// From when to when the snapshot could hold log rows.
pub(super) struct Exported {
    /// The oldest log row of any source; none where there is no row.
    pub(super) horizon: Option<Micros>,
    /// The oldest worker or task: they live for ever, logs 48 hours (domain/worker-app.md 1.4).
    pub(super) oldest: Option<Micros>,
    /// The end of the evidence: what happened later may still be on its way.
    pub(super) until: Micros,
    /// Whether any capture took `system_logs`.
    pub(super) holds_logs: bool,
    /// Stretches between two captures that were deleted before the second.
    pub(super) holes: Vec<(Micros, Micros)>,
}

impl Exported {
    pub(super) fn of(history: &History) -> Self {
        let facts = &history.facts;
        let horizon = history.beats.values().filter_map(|beats| beats.first()).min();
        let last = history.beats.values().filter_map(|beats| beats.last()).max();
        let workers = facts.workers.iter().filter_map(|row| row.created_at);
        let tasks = facts.tasks.iter().filter_map(|row| row.created_at);
        // a capture whose own clock is behind has still seen what it holds
        let seen = facts.seen_at.max(last.map(|(at, _)| *at)).unwrap_or(Micros(0));
        let mut holes = Vec::new();
        let mut reached: Option<Micros> = None;
        for log in &facts.logs {
            // the log is never silent for so long as a whole: what lies between was deleted
            if let (Some(before), Some(from)) = (reached, log.from)
                && from.0 - before.0 > SILENCE
            {
                holes.push((before, from));
            }
            reached = reached.max(log.until);
        }
        Self {
            horizon: horizon.map(|(at, _)| *at),
            oldest: workers.chain(tasks).min(),
            until: Micros(seen.0 - DELAY),
            holds_logs: !facts.logs.is_empty(),
            holes,
        }
    }

    /// Whether a silence is one of the stretches that nobody took.
    pub(super) fn is_hole(&self, from: Micros, until: Micros) -> bool {
        let common = |hole: &(Micros, Micros)| hole.1.min(until).0 - hole.0.max(from).0;
        self.holes.iter().any(|hole| common(hole) * 2 > until.0 - from.0)
    }
}

/// What is missing of the table is missing of all its sources: holes between captures, and stretches of
/// which an orchestrator's counters say that its rows were sent, while nobody else has a row either.
pub(super) fn spread(known: &Known<'_>, account: &mut Account) {
    let beats = &known.history.beats;
    let anyone = |from: Micros, until: Micros| {
        beats.values().any(|beats| {
            let next = beats.partition_point(|(at, _)| *at <= from);
            beats.get(next).is_some_and(|(at, _)| *at < until)
        })
    };
    let mut holes = known.exported.holes.clone();
    let sent = account.gaps.iter().filter(|gap| gap.cause == GapCause::NotExported);
    let long = sent.filter(|gap| gap.ended_at.0 - gap.began_at.0 > SILENCE);
    let untaken = long.map(|gap| (gap.began_at, gap.ended_at));
    holes.extend(untaken.filter(|(from, until)| !anyone(*from, *until)));
    holes.sort_unstable();
    holes.dedup();
    let others = beats.keys().filter(|source| !source.0.starts_with("orchestrator"));
    for source in others {
        for (from, until) in &holes {
            account.gap(Gap {
                source: source.clone(),
                began_at: *from,
                ended_at: *until,
                cause: GapCause::NotExported,
                basis: Basis::Inferred,
                run: None,
                why: "no source has a row here".to_string(),
            });
        }
    }
}
