//! Orchestrator processes: where one began to log and where its last row stands.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::events::{Beat, History};
use crate::model::event::{Event, SourceKey};
use crate::model::id::RunId;
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};
use crate::replay::era;

/// Two start lines within this are one start (domain/orchestrator.md A2 beside G1).
const ONE_START: i64 = 60 * SECOND;
/// Rows may overtake each other by this much inside one batch (domain/orchestrator.md 9.3).
const BATCH: i64 = 5 * SECOND;

/// One orchestrator process that logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `source_id#n`.
    pub id: RunId,
    /// Source type and id.
    pub source: SourceKey,
    /// When it started: its start line, or its first row, or by cycle arithmetic.
    pub started_at: Micros,
    /// Its first row.
    pub first_row: Micros,
    /// Its last row.
    pub last_row: Micros,
    /// Cycle of the first row that has one.
    pub first_cycle: Option<i64>,
    /// Highest cycle.
    pub last_cycle: Option<i64>,
    /// Era by the markers of domain/orchestrator.md appendix A.
    pub era: &'static str,
}

/// When processes said that they start, by source.
#[derive(Default)]
pub struct Starts(BTreeMap<SourceKey, Vec<Micros>>);

impl Starts {
    /// The next event in the total order.
    pub fn see(&mut self, event: &Event) {
        if event.kind == EventKind::ProcessStarted {
            self.0.entry(event.source.clone()).or_default().push(event.at);
        }
    }
}

/// Splits each orchestrator source into processes: at its start lines, and where cycles begin again.
pub fn find(history: &History, starts: &Starts) -> Vec<Run> {
    let mut runs = Vec::new();
    for (source, beats) in &history.beats {
        if source.0.starts_with("orchestrator") {
            let starts = starts.0.get(source).map_or(&[][..], Vec::as_slice);
            for (number, piece) in split(beats, starts).into_iter().enumerate() {
                runs.push(run(source, number + 1, piece, starts, history));
            }
        }
    }
    runs
}

/// Pieces of one source's rows, each a process.
fn split<'a>(beats: &'a [Beat], starts: &[Micros]) -> Vec<&'a [Beat]> {
    let mut cuts = vec![0];
    let mut highest: Option<i64> = None;
    for (at, (time, cycle)) in beats.iter().enumerate() {
        let begun = beats[*cuts.last().unwrap_or(&0)].0;
        let said = starts.contains(time);
        let again = matches!((cycle, highest), (Some(c), Some(h)) if *c + 1 < h && *c <= 2);
        if at > 0 && (said || again) && time.0 - begun.0 > ONE_START {
            cuts.push(at);
            highest = None;
        }
        highest = highest.max(*cycle);
    }
    cuts.push(beats.len());
    cuts.windows(2).map(|cut| &beats[cut[0]..cut[1]]).collect()
}

fn run(
    source: &SourceKey,
    number: usize,
    beats: &[Beat],
    starts: &[Micros],
    history: &History,
) -> Run {
    let (first_row, last_row) = (beats[0].0, beats[beats.len() - 1].0);
    let cycles = || beats.iter().filter_map(|(_, cycle)| *cycle);
    let said = starts.iter().find(|at| **at >= first_row && at.0 - first_row.0 <= BATCH).copied();
    Run {
        id: RunId::from(format!("{}#{number}", source.1).as_str()),
        source: source.clone(),
        started_at: said.or_else(|| by_arithmetic(beats)).unwrap_or(first_row),
        first_row,
        last_row,
        first_cycle: cycles().next(),
        last_cycle: cycles().max(),
        era: era::of(history, source, first_row, last_row),
    }
}

/// A process whose start is beyond the horizon began (cycle - 1) periods before its first whole cycle
/// (evidence-rules class 22: 3.3 s wrong after 48 h).
fn by_arithmetic(beats: &[Beat]) -> Option<Micros> {
    let mut firsts: Vec<(i64, Micros)> = Vec::new();
    for (at, cycle) in beats {
        if let Some(cycle) = cycle
            && firsts.last().is_none_or(|(last, _)| cycle > last)
        {
            firsts.push((*cycle, *at));
        }
    }
    let (first, last) = (firsts.get(1)?, firsts.last()?);
    if first.0 <= 2 || last.0 <= first.0 {
        return None;
    }
    let period = (last.1.0 - first.1.0) / (last.0 - first.0);
    Some(Micros(first.1.0 - (first.0 - 1) * period))
}

/// Names the process in events.
pub struct Assigned<'a>(FxHashMap<&'a SourceKey, Vec<&'a Run>>);

impl<'a> Assigned<'a> {
    /// By the processes that were found.
    pub fn of(runs: &'a [Run]) -> Self {
        let mut by_source: FxHashMap<&SourceKey, Vec<&Run>> = FxHashMap::default();
        for run in runs {
            by_source.entry(&run.source).or_default().push(run);
        }
        Self(by_source)
    }

    /// Names the process in an event that an orchestrator logged.
    pub fn assign(&self, event: &mut Event) {
        if event.run.is_some()
            && let Some(runs) = self.0.get(&event.source)
        {
            let after = runs.partition_point(|run| run.first_row <= event.at);
            event.run = Some(runs[after.saturating_sub(1)].id.clone());
        }
    }
}
