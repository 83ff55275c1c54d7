//! Events by the row they name: what is folded alone, in parallel, and in the order of the rows.
//!
//! Events that are in memory are found by their places; others are dealt into parts, each with the events
//! of some rows, and read part by part.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::events::Events;
use crate::model::event::{Event, Subject};
use crate::model::id::{TaskId, WorkerId};
use crate::model::rows::{TaskRow, WorkerRow};
use crate::spool::run::{Run, Writer};
use crate::spool::sorted::Piece;

/// A row that events name.
pub trait Named: Sync {
    /// Its id.
    type Id: Hash + Eq + Sync;

    /// That.
    fn id(&self) -> &Self::Id;

    /// The id of this sort that an event names.
    fn named(event: &Event) -> Option<&Self::Id>;

    /// The id of this sort that a list of an event names.
    fn listed(subject: &Subject) -> Option<&Self::Id>;
}

impl Named for WorkerRow {
    type Id = WorkerId;

    fn id(&self) -> &WorkerId {
        &self.id
    }

    fn named(event: &Event) -> Option<&WorkerId> {
        event.worker.as_ref()
    }

    fn listed(subject: &Subject) -> Option<&WorkerId> {
        if let Subject::Worker(id) = subject { Some(id) } else { None }
    }
}

impl Named for TaskRow {
    type Id = TaskId;

    fn id(&self) -> &TaskId {
        &self.id
    }

    fn named(event: &Event) -> Option<&TaskId> {
        event.task.as_ref()
    }

    fn listed(subject: &Subject) -> Option<&TaskId> {
        if let Subject::Task(id) = subject { Some(id) } else { None }
    }
}

/// Each part is an open file: of more events than so many times the memory, parts are larger.
const PARTS_MAX: usize = 200;
/// A part is in memory beside what the sequences of events hold.
const PART_OF_BUDGET: usize = 4;

/// All events by the rows of one table.
pub struct ByRow {
    parts: Vec<Part>,
}

/// Some rows, and the events that name them.
struct Part {
    rows: Range<usize>,
    /// `None`: the events of the history.
    events: Option<Run<Event>>,
    places: Places,
}

impl ByRow {
    /// Finds the events of each row.
    pub fn of<R: Named>(events: &Events, rows: &[R]) -> Self {
        let numbers = numbers(rows);
        if let Some(held) = events.in_memory() {
            let places = Places::of::<R>(held, &numbers, rows.len());
            return Self { parts: vec![Part { rows: 0..rows.len(), events: None, places }] };
        }
        Self { parts: dealt::<R>(events, &numbers, rows.len()) }
    }

    /// Folds each row with its events; what comes of it is given away in the order of the rows.
    pub fn each<R: Named, T: Send>(
        &self,
        events: &Events,
        rows: &[R],
        fold: impl Fn(&R, &[&Event]) -> T + Sync,
        mut give: impl FnMut(T),
    ) {
        for part in &self.parts {
            let made: Vec<T> = part.with(events, rows, |held, places| {
                let rows = rows[part.rows.clone()].par_iter().enumerate();
                rows.map(|(n, row)| fold(row, &places.events(held, n))).collect()
            });
            made.into_iter().for_each(&mut give);
        }
    }
}

impl Part {
    fn with<R: Named, T>(
        &self,
        all: &Events,
        rows: &[R],
        then: impl FnOnce(&[Box<Event>], &Places) -> T,
    ) -> T {
        match &self.events {
            None => then(all.in_memory().unwrap_or_default(), &self.places),
            Some(events) => {
                let held: Vec<Box<Event>> = events.read().map(Box::new).collect();
                let numbers = numbers(&rows[self.rows.clone()]);
                then(&held, &Places::of::<R>(&held, &numbers, self.rows.len()))
            }
        }
    }
}

type Numbers<'a, R> = FxHashMap<&'a <R as Named>::Id, u32>;

fn numbers<R: Named>(rows: &[R]) -> Numbers<'_, R> {
    rows.iter().zip(0..).map(|(row, number)| (row.id(), number)).collect()
}

/// The rows that an event names.
fn rows_of<'a, R: Named>(
    event: &'a Event,
    numbers: &'a Numbers<'_, R>,
) -> impl Iterator<Item = u32> + use<'a, R>
where
    R::Id: 'a,
{
    let own = R::named(event);
    let listed = event.attributes.listed.iter().filter_map(R::listed);
    let ids = own.into_iter().chain(listed.filter(move |id| Some(*id) != own));
    ids.filter_map(|id| numbers.get(id).copied())
}

/// Where the events of each row stand.
#[derive(Default)]
struct Places {
    /// The first place in `all` of each row, and the end.
    starts: Vec<u32>,
    all: Vec<u32>,
}

impl Places {
    fn of<R: Named>(events: &[Box<Event>], numbers: &Numbers<'_, R>, rows: usize) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(events.len());
        for (event, place) in events.iter().zip(0..) {
            pairs.extend(rows_of::<R>(event, numbers).map(|row| (row, place)));
        }
        // counted first, so that each place is written once
        let mut starts = vec![0u32; rows + 1];
        pairs.iter().for_each(|(row, _)| starts[*row as usize + 1] += 1);
        let mut sum = 0;
        starts.iter_mut().for_each(|start| {
            sum += *start;
            *start = sum;
        });
        let (mut next, mut all) = (starts.clone(), vec![0; pairs.len()]);
        for (row, place) in pairs {
            let at = &mut next[row as usize];
            all[*at as usize] = place;
            *at += 1;
        }
        Self { starts, all }
    }

    fn events<'a>(&self, held: &'a [Box<Event>], row: usize) -> Vec<&'a Event> {
        let [from, until] = [self.starts[row], self.starts[row + 1]].map(|at| at as usize);
        self.all[from..until].iter().map(|place| &*held[*place as usize]).collect()
    }
}

/// Deals events into parts that fit into memory each, by ranges of rows.
fn dealt<R: Named>(events: &Events, numbers: &Numbers<'_, R>, rows: usize) -> Vec<Part> {
    let mut weights = vec![0usize; rows];
    for event in events.iter() {
        for row in rows_of::<R>(&event, numbers) {
            weights[row as usize] += event.weight();
        }
    }
    let all: usize = weights.iter().sum();
    let room = (events.spool().budget() / PART_OF_BUDGET).max(all / PARTS_MAX);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut held = 0;
    for (row, weight) in weights.into_iter().enumerate() {
        held += weight;
        match ranges.last_mut() {
            Some(range) if held <= room => range.end = row + 1,
            Some(_) | None => {
                held = weight;
                ranges.push(row..row + 1);
            }
        }
    }
    let mut files: Vec<Writer<Event>> =
        ranges.iter().map(|_| Writer::new(events.spool())).collect();
    for event in events.iter() {
        let of = |row: u32| ranges.partition_point(|rows| rows.end <= row as usize);
        // one that names several rows of a part stands there once
        let of: BTreeSet<usize> = rows_of::<R>(&event, numbers).map(of).collect();
        of.into_iter().for_each(|part| files[part].push(&event));
    }
    let part = |(rows, file): (_, Writer<Event>)| Part {
        rows,
        events: Some(file.finish()),
        places: Places::default(),
    };
    ranges.into_iter().zip(files).map(part).collect()
}
