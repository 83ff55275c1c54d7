//! Orchestrator processes: where one began to log and where its last row stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::events::History;
use crate::events::beats::{Beat, Beats};
use crate::model::event::{Event, SourceKey};
use crate::model::holes::SILENCE;
use crate::model::id::RunId;
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};
use crate::replay::era;
use crate::replay::seen::Seen;
use crate::replay::turns::Turns;

/// A start line may stand so long before the first cycle or turn of its process.
const ONE_START: i64 = 60 * SECOND;
/// From one cycle to the next, where no two tell (domain/orchestrator.md 5.3, ORCHESTRATOR_POLL_SEC).
const POLL: i64 = 30 * SECOND;
/// Rows may overtake each other by this much inside one batch (domain/orchestrator.md 9.3).
const BATCH: i64 = 5 * SECOND;

/// One orchestrator process that logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `source_id#n`.
    pub id: RunId,
    /// Source type and id.
    pub source: SourceKey,
    /// When it started: its start line, or by the arithmetic of its cycles or turns, or its first row.
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
    /// Whether its first lines are here: a start line, or its first cycle. Before them it did not run.
    pub tells_its_start: bool,
}

/// When processes began, by source.
#[derive(Default)]
pub struct Starts {
    /// As their start lines say.
    said: BTreeMap<SourceKey, Vec<Micros>>,
    turns: Turns,
}

impl Starts {
    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        if event.kind == EventKind::ProcessStarted {
            self.said.entry(event.source.clone()).or_default().push(event.at);
        }
        self.turns.see(event);
    }
}

/// Splits each orchestrator source into processes: at its start lines, and where cycles or turns begin again.
pub fn find(history: &History, starts: &Starts) -> Vec<Run> {
    let mut runs = Vec::new();
    for (source, beats) in &history.beats {
        if source.0.starts_with("orchestrator") {
            for (number, piece) in split(beats, &starts.of(source)).into_iter().enumerate() {
                runs.push(run(source, number + 1, &piece, starts, history));
            }
        }
    }
    runs
}

/// When the processes of one source begin, as lines say and as turns do.
struct Begins<'a> {
    said: &'a [Micros],
    turns: Vec<Micros>,
}

impl Starts {
    fn of(&self, source: &SourceKey) -> Begins<'_> {
        Begins { said: self.said(source), turns: self.turns.again(source) }
    }

    fn said(&self, source: &SourceKey) -> &[Micros] {
        self.said.get(source).map_or(&[], Vec::as_slice)
    }
}

/// The rows of one process.
struct Piece {
    first_row: Micros,
    last_row: Micros,
    first_cycle: Option<i64>,
    last_cycle: Option<i64>,
    /// The second cycle that was the highest so far, with its first row: the first one may be cut.
    second: Option<(i64, Micros)>,
    /// The last such.
    highest: Option<(i64, Micros)>,
}

impl Piece {
    fn of((at, cycle): Beat) -> Self {
        Self {
            first_row: at,
            last_row: at,
            first_cycle: cycle,
            last_cycle: cycle,
            second: None,
            highest: cycle.map(|cycle| (cycle, at)),
        }
    }

    fn take(&mut self, (at, cycle): Beat) {
        self.last_row = at;
        self.first_cycle = self.first_cycle.or(cycle);
        if let Some(cycle) = cycle
            && self.highest.is_none_or(|(highest, _)| cycle > highest)
        {
            self.second = self.second.or(self.highest.map(|_| (cycle, at)));
            self.highest = Some((cycle, at));
        }
        self.last_cycle = self.last_cycle.max(cycle);
    }

    /// A process whose start is beyond the horizon began (cycle - 1) periods before its first whole cycle
    /// (evidence-rules class 22: 3.3 s wrong after 48 h).
    fn by_arithmetic(&self) -> Option<Micros> {
        let (first, last) = (self.second?, self.highest?);
        if first.0 <= 2 {
            return None;
        }
        let period = match last.0 - first.0 {
            0 => POLL,
            cycles => (last.1.0 - first.1.0) / cycles,
        };
        Some(Micros(first.1.0 - (first.0 - 1) * period))
    }
}

/// Pieces of one source's rows, each a process.
fn split(beats: &Beats, starts: &Begins<'_>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (time, cycle) in beats.iter() {
        let Some(piece) = pieces.last_mut() else {
            pieces.push(Piece::of((time, cycle)));
            continue;
        };
        let age = time.0 - piece.first_row.0;
        let begins = starts.said.contains(&time) && age > BATCH;
        // without its first cycles only where it came after a silence
        let is_first = |cycle: i64| cycle <= 2 || time.0 - piece.last_row.0 > SILENCE;
        let falls =
            matches!((cycle, piece.last_cycle), (Some(c), Some(h)) if c + 1 < h && is_first(c));
        if begins || (falls || starts.turns.contains(&time)) && age > ONE_START {
            pieces.push(Piece::of((time, cycle)));
        } else {
            piece.take((time, cycle));
        }
    }
    pieces
}

fn run(
    source: &SourceKey,
    number: usize,
    piece: &Piece,
    starts: &Starts,
    history: &History,
) -> Run {
    let (first_row, last_row) = (piece.first_row, piece.last_row);
    let is_first = |at: &&Micros| **at >= first_row && at.0 - first_row.0 <= BATCH;
    let said = starts.said(source).iter().find(is_first).copied();
    let counted = || piece.by_arithmetic().or(starts.turns.began(source, (first_row, last_row)));
    Run {
        id: RunId::from(format!("{}#{number}", source.1).as_str()),
        source: source.clone(),
        started_at: said.or_else(counted).unwrap_or(first_row),
        first_row,
        last_row,
        first_cycle: piece.first_cycle,
        last_cycle: piece.last_cycle,
        era: era::of(history, source, first_row, last_row),
        tells_its_start: said.is_some() || piece.first_cycle == Some(1),
    }
}

/// Names the process in events.
pub struct Assigned {
    /// The processes of each source, by their first rows.
    by_source: FxHashMap<SourceKey, Vec<(Micros, RunId)>>,
    /// The source that was asked for last.
    last: Option<SourceKey>,
    /// Its processes.
    of_last: Vec<(Micros, RunId)>,
}

impl Assigned {
    /// By the processes that were found; of their ids it has copies of its own, as threads that count the users of
    /// one text wait for each other.
    pub fn of(runs: &[Run]) -> Self {
        let mut by_source: FxHashMap<SourceKey, Vec<(Micros, RunId)>> = FxHashMap::default();
        for run in runs {
            let named = (run.first_row, RunId::from(run.id.as_str()));
            by_source.entry(run.source.clone()).or_default().push(named);
        }
        Self { by_source, last: None, of_last: Vec::new() }
    }

    /// Names the process in an event that an orchestrator logged.
    pub fn assign(&mut self, event: &mut Event) {
        if event.run.is_none() {
            return;
        }
        if !self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, &event.source)) {
            self.last = Some(event.source.clone());
            self.of_last = self.by_source.get(&event.source).cloned().unwrap_or_default();
        }
        let after = self.of_last.partition_point(|(first_row, _)| *first_row <= event.at);
        if let Some((_, id)) = self.of_last.get(after.saturating_sub(1)) {
            event.run = Some(id.clone());
        }
    }
}
