//! When a source could not have reached us, and why: absence proves nothing there.

use std::sync::Arc;

use crate::events::History;
use crate::model::event::SourceKey;
use crate::model::event::{Basis, Clock};
use crate::model::state::GapCause;
use crate::model::time::{Micros, SECOND};
use crate::replay::runs::Run;

/// The longest normal silence of an orchestrator is 30 s, one cycle; 90 s gave no false gap
/// (evidence-rules fact 28).
const SILENCE: i64 = 90 * SECOND;
/// Rows reach the database up to this late (domain/orchestrator.md 9.3).
const DELAY: i64 = 30 * SECOND;

/// An interval in which a source could not have reached us.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Source type and id.
    pub source: SourceKey,
    /// Its last row before; for retention the oldest row of any table.
    pub began_at: Micros,
    /// Its first row after, or that of the process that followed it.
    pub ended_at: Micros,
    /// Why.
    pub cause: GapCause,
    /// How that is known.
    pub basis: Basis,
}

/// An interval of one source with whether its lines could have reached us.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Source type and id.
    pub source: SourceKey,
    /// From.
    pub from: Micros,
    /// Until.
    pub until: Micros,
    /// The cause, where it could not.
    pub why_not: Option<GapCause>,
}

/// Silences inside each orchestrator process, between processes of one type, and beyond retention.
pub fn find(history: &History, runs: &[Run]) -> Vec<Gap> {
    let acts = acts(history);
    let mut gaps = Vec::new();
    let mut types: Vec<&Arc<str>> = runs.iter().map(|run| &run.source.0).collect();
    types.sort();
    types.dedup();
    for source_type in types {
        let mut of_type: Vec<&Run> = runs.iter().filter(|r| r.source.0 == *source_type).collect();
        of_type.sort_by_key(|run| (run.first_row, run.id.clone()));
        for run in &of_type {
            gaps.extend(silences(history, run, &acts));
        }
        gaps.extend(between(&of_type, &acts));
        gaps.extend(retention(history, &of_type));
    }
    gaps.sort_by(|a, b| (&a.source, a.began_at).cmp(&(&b.source, b.began_at)));
    gaps
}

/// When a GPU orchestrator certainly acted, by the rows it wrote.
fn acts(history: &History) -> Vec<Micros> {
    let recorded = history
        .events
        .iter()
        .filter(|event| event.basis == Basis::Recorded && event.clock == Clock::Orchestrator);
    let mut acts: Vec<Micros> = recorded.map(|event| event.at).collect();
    acts.sort_unstable();
    acts
}

fn cause(source: &SourceKey, from: Micros, until: Micros, acts: &[Micros]) -> GapCause {
    if &*source.0 != "orchestrator_gpu" {
        return GapCause::Unknown;
    }
    let (from, until) = (Micros(from.0 + DELAY), Micros(until.0 - DELAY));
    let at = acts.partition_point(|act| *act < from);
    if acts.get(at).is_some_and(|act| *act <= until) {
        GapCause::LoggingOutage
    } else {
        GapCause::ProcessDown
    }
}

fn silences(history: &History, run: &Run, acts: &[Micros]) -> Vec<Gap> {
    let Some(beats) = history.beats.get(&run.source) else { return Vec::new() };
    let from = beats.partition_point(|(at, _)| *at < run.first_row);
    let until = beats.partition_point(|(at, _)| *at <= run.last_row);
    beats[from..until]
        .windows(2)
        .filter(|pair| pair[1].0.0 - pair[0].0.0 > SILENCE)
        .map(|pair| gap(&run.source, pair[0].0, pair[1].0, acts))
        .collect()
}

/// From the last row of all processes so far to the first row of the next.
fn between(runs: &[&Run], acts: &[Micros]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut latest: Option<&Run> = None;
    for run in runs {
        if let Some(before) = latest
            && run.first_row.0 - before.last_row.0 > SILENCE
        {
            gaps.push(gap(&before.source, before.last_row, run.first_row, acts));
        }
        if latest.is_none_or(|before| before.last_row < run.last_row) {
            latest = Some(run);
        }
    }
    gaps
}

fn gap(source: &SourceKey, began_at: Micros, ended_at: Micros, acts: &[Micros]) -> Gap {
    let cause = cause(source, began_at, ended_at, acts);
    Gap { source: source.clone(), began_at, ended_at, cause, basis: Basis::Logged }
}

/// Tasks and workers live for ever, logs 48 hours: before the oldest row nothing could reach us.
fn retention(history: &History, runs: &[&Run]) -> Option<Gap> {
    let first = runs.first()?;
    let oldest_log = history.beats.values().filter_map(|beats| beats.first()).min()?.0;
    let workers = history.facts.workers.iter().filter_map(|row| row.created_at);
    let tasks = history.facts.tasks.iter().filter_map(|row| row.created_at);
    let oldest = workers.chain(tasks).min()?;
    (oldest_log.0 - oldest.0 > SILENCE).then(|| Gap {
        source: first.source.clone(),
        began_at: oldest,
        ended_at: oldest_log,
        cause: GapCause::Retention,
        basis: Basis::Inferred,
    })
}

/// For each source: the stretch in which it logged, cut by its gaps.
pub fn coverage(history: &History, gaps: &[Gap]) -> Vec<Coverage> {
    let mut coverage = Vec::new();
    for (source, beats) in &history.beats {
        let (Some((first, _)), Some((last, _))) = (beats.first(), beats.last()) else { continue };
        let mut from = *first;
        for gap in gaps.iter().filter(|gap| gap.source == *source) {
            if from < gap.began_at {
                coverage.push(Coverage {
                    source: source.clone(),
                    from,
                    until: gap.began_at,
                    why_not: None,
                });
            }
            coverage.push(Coverage {
                source: source.clone(),
                from: gap.began_at,
                until: gap.ended_at,
                why_not: Some(gap.cause),
            });
            from = from.max(gap.ended_at);
        }
        if from < *last {
            coverage.push(Coverage { source: source.clone(), from, until: *last, why_not: None });
        }
    }
    coverage
}
