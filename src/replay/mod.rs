//! Events -> timelines. Pure: no IO, no arrow, no clock, no error type. Bad data becomes anomalies.
//!
//! Global facts come first (pods and their workers, clocks, runs, gaps, ends of workers); then every
//! task and every worker is folded alone, in parallel, so that the thread count cannot show. Passes over all
//! events see each once, in order, and keep little: events may be more than memory holds.

pub mod bind;
pub mod by_row;
pub mod clocks;
pub mod cycles;
mod dealer;
pub mod decisions;
mod directory;
pub mod era;
pub mod gaps;
pub mod generation;
pub mod lives;
pub mod lost_updates;
pub mod numbers;
mod places;
pub mod pods;
pub mod rules;
pub mod runs;
pub mod seen;
pub mod task;
pub mod timeline;
pub mod turns;
pub mod worker;

use std::sync::Arc;

use crate::events::{Events, History};
use crate::model::event::Event;
use crate::replay::bind::Bindings;
use crate::replay::by_row::Weights;
use crate::replay::clocks::{ClockOffset, Correction, Pairs};
use crate::replay::cycles::{Cycle, Cycles};
use crate::replay::decisions::Decision;
use crate::replay::gaps::{Coverage, Gap};
use crate::replay::generation::{EdgeLog, GenerationVerdict};
use crate::replay::lives::Lives;
use crate::replay::lost_updates::LostUpdates;
use crate::replay::numbers::Numbers;
use crate::replay::pods::{Created, Pod};
use crate::replay::runs::{Assigned, Run, Starts};
use crate::replay::seen::Seen;
use crate::replay::task::world::Told;
use crate::replay::worker::WorkerTimeline;
pub use crate::spool::lent::{Item, Lent};
use crate::spool::pieces::in_pieces;

/// All timelines, each list in a documented order.
pub struct Replayed {
    /// The events that rows tell, on corrected clocks, with their runs; in the total order.
    pub history: History,
    /// The events that rows imply, in the total order.
    pub inferred: Events,
    /// By run id.
    pub runs: Vec<Run>,
    /// By run id and cycle.
    pub cycles: Vec<Cycle>,
    /// By source and begin.
    pub gaps: Vec<Gap>,
    /// By source, entity and begin.
    pub coverage: Vec<Coverage>,
    /// Workers and edge functions by name, then runs in their order.
    pub clocks: Vec<ClockOffset>,
    /// Of tasks and workers.
    pub lives: Lives,
    /// By task.
    pub generations: Vec<GenerationVerdict>,
    /// By pod.
    pub pods: Vec<Pod>,
}

/// Rebuilds everything. Any order of rows and any number of threads give the same result.
pub fn replay(mut history: History) -> Replayed {
    let mut bindings = Bindings::of(&history.facts);
    let (mut starts, mut pairs) = (Starts::default(), Pairs::new(&history.facts));
    in_pieces(history.events.iter(), |piece| {
        rayon::join(
            || {
                piece.iter().for_each(|event| pairs.said.see(Seen::lent(event)));
                piece.iter().for_each(|event| bindings.see(Seen::lent(event)));
            },
            || {
                piece.iter().for_each(|event| pairs.stamps.see(Seen::lent(event)));
                piece.iter().for_each(|event| starts.see(Seen::lent(event)));
            },
        );
    });
    let (runs, mut clocks) =
        rayon::join(|| runs::find(&history, &starts), || pairs.of_sources(&history));
    clocks.extend(pairs.of_runs(&runs));
    drop((starts, pairs));
    let numbers = Arc::new(Numbers::of(&history.facts));
    settle(&mut history, &bindings, &clocks, &runs, &numbers);

    let (mut told, mut cycles) = (Told::new(&numbers), Cycles::default());
    let mut witness = gaps::Witness::new(&history.facts);
    let (mut edge, mut created) = (EdgeLog::new(&history), Created::default());
    let mut weighed = Weights::new(&history.events, &numbers);
    in_pieces(history.events.iter(), |piece| {
        rayon::join(
            || {
                piece.iter().for_each(|event| cycles.see(Seen::lent(event)));
                piece.iter().for_each(|event| created.see(Seen::lent(event)));
                piece.iter().for_each(|event| weighed.see(Seen::lent(event)));
            },
            || {
                piece.iter().for_each(|event| told.see(Seen::lent(event)));
                piece.iter().for_each(|event| edge.see(Seen::lent(event)));
                piece.iter().for_each(|event| witness.see(Seen::lent(event)));
            },
        );
    });
    let mut lives = Lives::of(&history, &told, weighed);
    drop(told);
    let mut inferred = history.events.beside();
    let implied = lives.tasks.iter_mut().map(|timeline| std::mem::take(&mut timeline.inferred));
    inferred.extend(implied.flatten());
    inferred.sort();
    let ends = &lives.ends;
    let (ledger, (generations, pods)) = rayon::join(
        || gaps::find(&history, &runs, &clocks, ends, &witness.finish()),
        || {
            let pods = || pods::find(&history, bindings, &created, ends);
            rayon::join(|| generation::decide(&history, &edge), pods)
        },
    );
    Replayed {
        generations,
        pods,
        cycles: cycles.into_sorted(),
        history,
        inferred,
        runs,
        gaps: ledger.gaps,
        coverage: ledger.coverage,
        clocks,
        lives,
    }
}

/// Brings every event onto one clock, and names its worker, its process and its rows.
fn settle(
    history: &mut History,
    bindings: &Bindings,
    clocks: &[ClockOffset],
    runs: &[Run],
    numbers: &Arc<Numbers>,
) {
    let (correction, lost) = (Correction::of(clocks), LostUpdates::of(&history.facts));
    let start = || (Numbers::clone(numbers), Assigned::of(runs));
    history.events.change(start, |(numbers, assigned), event| {
        bindings.bind(event);
        numbers.number(event);
        assigned.assign(event);
        correction.correct(event);
        lost.mark(event);
    });
    history.events.sort();
}

impl Replayed {
    /// Every spawn, promotion, check, verdict, kill, reset and scale step, in the order of the events.
    pub fn decisions(&self) -> impl Iterator<Item = Decision> {
        decisions::find(&self.history, &self.runs)
    }

    /// All events, in the total order.
    pub fn events(&self) -> impl Iterator<Item = Lent<'_, Event>> {
        let mut told = self.history.events.iter().peekable();
        let mut implied = self.inferred.iter().peekable();
        std::iter::from_fn(move || match (told.peek(), implied.peek()) {
            (Some(one), Some(other)) if other.order() < one.order() => implied.next(),
            (Some(_), Some(_) | None) => told.next(),
            (None, Some(_) | None) => implied.next(),
        })
    }

    /// The same piece by piece; the next is read while `with` has one.
    pub fn each_piece<'a>(&'a self, with: impl FnMut(&[Lent<'a, Event>]) + Send) {
        in_pieces(self.events(), with);
    }

    /// Folds every worker, and gives its timeline away, in the order of their ids.
    pub fn each_worker(&self, give: impl FnMut(WorkerTimeline)) {
        self.lives.each_worker(&self.history, give);
    }
}
