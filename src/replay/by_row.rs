//! Events by the row they name: what is folded alone, in parallel, and in the order of the rows.
//!
//! Events that are in memory are found by their places; others are dealt into parts, each with the events
//! of some rows, and read part by part.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::events::Events;
use crate::model::event::{Event, RowNumber, RowNumbers, Subject};
use crate::model::rows::{TaskRow, WorkerRow};
use crate::replay::dealer::Dealer;
use crate::replay::numbers::Numbers;
use crate::replay::places::{Pairs, Places};
use crate::replay::seen::Seen;
use crate::spool::keyed::Keyed;
use crate::spool::pieces::in_pieces;
use crate::spool::run::Run;
use crate::spool::sorted::Piece;

/// A row that events name.
pub trait Named: Sync {
    /// The row of this sort among those that an event names.
    fn own(rows: RowNumbers) -> Option<RowNumber>;

    /// The place of the row of this sort that a list of an event names.
    fn listed(numbers: &Numbers, subject: &Subject) -> Option<u32>;
}

impl Named for WorkerRow {
    fn own(rows: RowNumbers) -> Option<RowNumber> {
        rows.worker
    }

    fn listed(numbers: &Numbers, subject: &Subject) -> Option<u32> {
        if let Subject::Worker(id) = subject { numbers.worker(id) } else { None }
    }
}

impl Named for TaskRow {
    fn own(rows: RowNumbers) -> Option<RowNumber> {
        rows.task
    }

    fn listed(numbers: &Numbers, subject: &Subject) -> Option<u32> {
        if let Subject::Task(id) = subject { numbers.task(id) } else { None }
    }
}

/// Parts that are in memory at once: each is read by one thread.
const PARTS_AT_ONCE: usize = 2;

/// All events by the rows of one table.
pub struct ByRow {
    parts: Vec<Part>,
    numbers: Arc<Numbers>,
}

/// Some rows, and the events that name them.
struct Part {
    rows: Range<usize>,
    /// `None`: the events of the history.
    events: Option<Run<Event>>,
    places: Places,
}

impl ByRow {
    /// Finds the events of each worker and of each task, of which all were weighed.
    pub fn of(events: &Events, weighed: Weights) -> (Self, Self) {
        let Weights { numbers, found } = weighed;
        let by_row = |parts| Self { parts, numbers: numbers.clone() };
        let (ours, theirs) = match found {
            Found::Held { events: seen, ours, theirs } => {
                assert_eq!(seen as usize, events.len(), "an event was not weighed");
                let (workers, tasks) = (numbers.workers(), numbers.tasks());
                rayon::join(|| in_one(&ours, workers), || in_one(&theirs, tasks))
            }
            Found::Weights(of_workers, of_tasks) => dealt(events, &numbers, of_workers, of_tasks),
        };
        (by_row(ours), by_row(theirs))
    }

    /// The numbers of the rows.
    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Folds each row, by its place, with its events; what comes of it is given away in the order of the rows.
    pub fn each<R: Named, T: Send>(
        &self,
        events: &Events,
        rows: &[R],
        fold: impl Fn(usize, &R, &[Seen<'_>]) -> T + Sync,
        mut give: impl FnMut(T),
    ) {
        let made = |part: &Part| -> Vec<T> {
            part.with::<R, _>(events, &self.numbers, |held, places| {
                let first = part.rows.start;
                let rows = rows[part.rows.clone()].par_iter().enumerate();
                rows.map(|(n, row)| fold(first + n, row, &places.events(held, n))).collect()
            })
        };
        for parts in self.parts.chunks(PARTS_AT_ONCE) {
            let made: Vec<Vec<T>> = parts.par_iter().map(made).collect();
            made.into_iter().flatten().for_each(&mut give);
        }
    }

    /// Folds some rows once more, by their places in order.
    pub fn again<R: Named, T: Send>(
        &self,
        events: &Events,
        rows: &[R],
        of: &[usize],
        fold: impl Fn(&R, &[Seen<'_>]) -> T + Sync,
        mut give: impl FnMut(usize, T),
    ) {
        for part in &self.parts {
            let [from, to] =
                [part.rows.start, part.rows.end].map(|end| of.partition_point(|n| *n < end));
            let of = &of[from..to];
            if of.is_empty() {
                continue;
            }
            let made: Vec<T> = part.with::<R, _>(events, &self.numbers, |held, places| {
                let seen = |n: usize| places.events(held, n - part.rows.start);
                of.par_iter().map(|n| fold(&rows[*n], &seen(*n))).collect()
            });
            of.iter().zip(made).for_each(|(n, made)| give(*n, made));
        }
    }
}

impl Part {
    /// What was dealt.
    fn of((rows, events): (Range<usize>, Run<Event>)) -> Self {
        Self { rows, events: Some(events), places: Places::default() }
    }

    fn with<R: Named, T>(
        &self,
        all: &Events,
        numbers: &Numbers,
        then: impl FnOnce(&[Keyed<Event>], &Places) -> T,
    ) -> T {
        match &self.events {
            None => then(all.in_memory().unwrap_or_default(), &self.places),
            Some(events) => {
                let keyed = |event| Keyed::of(Box::new(event));
                let held: Vec<Keyed<Event>> = events.read().map(keyed).collect();
                let pairs = pairs::<R>(&held, numbers, &self.rows);
                then(&held, &Places::of(&pairs, self.rows.len()))
            }
        }
    }
}

/// All rows, with events that are in memory.
fn in_one(pairs: &Pairs, rows: usize) -> Vec<Part> {
    vec![Part { rows: 0..rows, events: None, places: Places::of(pairs, rows) }]
}

/// The places of the rows that an event names.
fn rows_of<'a, R: Named>(
    event: Seen<'a>,
    numbers: &'a Numbers,
) -> impl Iterator<Item = u32> + use<'a, R> {
    // few list any: no other is looked at, not even where its fields stand
    let listing = event.lists.then_some(event).into_iter();
    let listed = listing.flat_map(|event| listed_by::<R>(event, numbers));
    R::own(event.rows).map(RowNumber::place).into_iter().chain(listed)
}

/// The places of the rows that a list of an event names beside its own.
fn listed_by<'a, R: Named>(
    event: Seen<'a>,
    numbers: &'a Numbers,
) -> impl Iterator<Item = u32> + use<'a, R> {
    let own = R::own(event.rows).map(RowNumber::place);
    let listed = event.event().attributes.listed.iter();
    let listed = listed.filter_map(|subject| R::listed(numbers, subject));
    listed.filter(move |row| Some(*row) != own)
}

/// The rows of a part that events name, counted from its first.
fn pairs<R: Named>(events: &[Keyed<Event>], numbers: &Numbers, part: &Range<usize>) -> Pairs {
    let mut pairs = Vec::with_capacity(events.len());
    for (event, place) in events.iter().zip(0..) {
        let rows = rows_of::<R>(Seen::of(event), numbers);
        let here = rows.filter(|row| part.contains(&(*row as usize)));
        pairs.extend(here.map(|row| (row - part.start as u32, place)));
    }
    pairs
}

/// Which events each worker and each task has, or what they weigh: by that those that are not in memory are dealt.
pub struct Weights {
    numbers: Arc<Numbers>,
    found: Found,
}

enum Found {
    /// All events are in memory: so many were seen, and they name these workers and tasks.
    Held { events: u32, ours: Pairs, theirs: Pairs },
    /// What the events of each worker and of each task weigh.
    Weights(Vec<usize>, Vec<usize>),
}

impl Weights {
    /// Of the rows that have numbers; none of the events has been seen.
    pub fn new(events: &Events, numbers: &Arc<Numbers>) -> Self {
        let room = || Vec::with_capacity(events.len());
        let found = match events.in_memory() {
            Some(_) => Found::Held { events: 0, ours: room(), theirs: room() },
            None => Found::Weights(vec![0; numbers.workers()], vec![0; numbers.tasks()]),
        };
        Self { numbers: numbers.clone(), found }
    }

    /// The next event.
    pub fn see(&mut self, event: Seen<'_>) {
        let numbers = &*self.numbers;
        match &mut self.found {
            Found::Held { events, ours, theirs } => {
                let RowNumbers { worker, task } = event.rows;
                ours.extend(worker.map(|row| (row.place(), *events)));
                theirs.extend(task.map(|row| (row.place(), *events)));
                if event.lists {
                    ours.extend(listed_by::<WorkerRow>(event, numbers).map(|row| (row, *events)));
                    theirs.extend(listed_by::<TaskRow>(event, numbers).map(|row| (row, *events)));
                }
                *events += 1;
            }
            Found::Weights(ours, theirs) => {
                let weight = event.event().weight();
                let (workers, tasks) =
                    (rows_of::<WorkerRow>(event, numbers), rows_of::<TaskRow>(event, numbers));
                workers.for_each(|row| ours[row as usize] += weight);
                tasks.for_each(|row| theirs[row as usize] += weight);
            }
        }
    }
}

/// Deals events into parts that fit into memory each, by ranges of the rows of either table: both at once, as
/// to read the events takes longer than to deal them.
fn dealt(
    events: &Events,
    numbers: &Numbers,
    of_workers: Vec<usize>,
    of_tasks: Vec<usize>,
) -> (Vec<Part>, Vec<Part>) {
    let spool = events.spool();
    let (mut ours, mut theirs) = (Dealer::new(of_workers, spool), Dealer::new(of_tasks, spool));
    in_pieces(events.iter(), |piece| {
        let seen = || piece.iter().map(Seen::lent);
        rayon::join(
            || seen().for_each(|one| ours.deal(&one, rows_of::<WorkerRow>(one, numbers))),
            || seen().for_each(|one| theirs.deal(&one, rows_of::<TaskRow>(one, numbers))),
        );
    });
    (ours.finish().map(Part::of).collect(), theirs.finish().map(Part::of).collect())
}
