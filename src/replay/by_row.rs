//! Events by the row they name: what is folded alone, in parallel, and in the order of the rows.
//!
//! Events that are in memory are found by their places; others are dealt into parts, each with the events
//! of some rows, and read part by part.

use std::ops::Range;

use rayon::prelude::*;

use crate::events::Events;
use crate::model::event::{Event, Subject};
use crate::model::id::{Shared, TaskId, WorkerId};
use crate::model::rows::{TaskRow, WorkerRow};
use crate::replay::dealer::Dealer;
use crate::replay::directory::Directory;
use crate::replay::places::{Pairs, Places};
use crate::replay::seen::Seen;
use crate::spool::keyed::Keyed;
use crate::spool::pieces::in_pieces;
use crate::spool::run::Run;
use crate::spool::sorted::Piece;

/// A row that events name.
pub trait Named: Sync {
    /// Its id.
    type Id: Shared + Send + Sync;

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

/// Parts that are in memory at once: each is read by one thread.
const PARTS_AT_ONCE: usize = 2;

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
    /// Finds the events of each row of two tables, of which all were weighed.
    pub fn of<A: Named, B: Named>(events: &Events, weighed: Weights<A, B>) -> (Self, Self) {
        let (some, others) = &weighed.numbers;
        match weighed.found {
            Found::Held { events: seen, ours, theirs } => {
                assert_eq!(seen as usize, events.len(), "an event was not weighed");
                let (some, others) = (some.len(), others.len());
                rayon::join(|| Self::in_one(ours, some), || Self::in_one(theirs, others))
            }
            Found::Weights(..) => {
                let (ours, theirs) = dealt(events, weighed);
                (Self { parts: ours }, Self { parts: theirs })
            }
        }
    }

    /// All rows, with events that are in memory.
    fn in_one(pairs: Pairs, rows: usize) -> Self {
        let places = Places::of(&pairs, rows);
        Self { parts: vec![Part { rows: 0..rows, events: None, places }] }
    }

    /// Folds each row with its events; what comes of it is given away in the order of the rows.
    pub fn each<R: Named, T: Send>(
        &self,
        events: &Events,
        rows: &[R],
        fold: impl Fn(&R, &[Seen<'_>]) -> T + Sync,
        mut give: impl FnMut(T),
    ) {
        let made = |part: &Part| -> Vec<T> {
            part.with(events, rows, |held, places| {
                let rows = rows[part.rows.clone()].par_iter().enumerate();
                rows.map(|(n, row)| fold(row, &places.events(held, n))).collect()
            })
        };
        for parts in self.parts.chunks(PARTS_AT_ONCE) {
            let made: Vec<Vec<T>> = parts.par_iter().map(made).collect();
            made.into_iter().flatten().for_each(&mut give);
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
        rows: &[R],
        then: impl FnOnce(&[Keyed<Event>], &Places) -> T,
    ) -> T {
        match &self.events {
            None => then(all.in_memory().unwrap_or_default(), &self.places),
            Some(events) => {
                let keyed = |event| Keyed::of(Box::new(event));
                let held: Vec<Keyed<Event>> = events.read().map(keyed).collect();
                let pairs = pairs::<R>(&held, numbers(&rows[self.rows.clone()]));
                then(&held, &Places::of(&pairs, self.rows.len()))
            }
        }
    }
}

fn numbers<R: Named>(rows: &[R]) -> Directory<R::Id> {
    Directory::of(rows.iter().map(|row| row.id().clone()))
}

/// The rows that an event names.
fn rows_of<'a, R: Named>(
    event: &'a Event,
    numbers: &'a mut Directory<R::Id>,
) -> impl Iterator<Item = u32> + use<'a, R>
where
    R::Id: 'a,
{
    let own = R::named(event);
    // few list any, and their fields stand elsewhere in memory
    let fields = event.lists.then_some(&*event.attributes);
    let listed = fields.into_iter().flat_map(|fields| &fields.listed).filter_map(R::listed);
    let ids = own.into_iter().chain(listed.filter(move |id| Some(*id) != own));
    ids.filter_map(|id| numbers.seen(id))
}

/// The rows that events name.
fn pairs<R: Named>(events: &[Keyed<Event>], mut numbers: Directory<R::Id>) -> Pairs {
    let mut pairs = Vec::with_capacity(events.len());
    for (event, place) in events.iter().zip(0..) {
        pairs.extend(rows_of::<R>(event, &mut numbers).map(|row| (row, place)));
    }
    pairs
}

/// Which events each row of two tables has, or what they weigh: by that those that are not in memory are dealt.
pub struct Weights<A: Named, B: Named> {
    numbers: (Directory<A::Id>, Directory<B::Id>),
    found: Found,
}

enum Found {
    /// All events are in memory: so many were seen, and they name these rows.
    Held { events: u32, ours: Pairs, theirs: Pairs },
    /// What the events of each row weigh.
    Weights(Vec<usize>, Vec<usize>),
}

impl<A: Named, B: Named> Weights<A, B> {
    /// Of these rows; none of the events has been seen.
    pub fn new(events: &Events, some: &[A], others: &[B]) -> Self {
        let room = || Vec::with_capacity(events.len());
        let found = match events.in_memory() {
            Some(_) => Found::Held { events: 0, ours: room(), theirs: room() },
            None => Found::Weights(vec![0; some.len()], vec![0; others.len()]),
        };
        Self { numbers: (numbers(some), numbers(others)), found }
    }

    /// The next event.
    pub fn see(&mut self, event: &Event) {
        let (some, others) = &mut self.numbers;
        let (some, others) = (rows_of::<A>(event, some), rows_of::<B>(event, others));
        match &mut self.found {
            Found::Held { events, ours, theirs } => {
                ours.extend(some.map(|row| (row, *events)));
                theirs.extend(others.map(|row| (row, *events)));
                *events += 1;
            }
            Found::Weights(ours, theirs) => {
                let weight = event.weight();
                some.for_each(|row| ours[row as usize] += weight);
                others.for_each(|row| theirs[row as usize] += weight);
            }
        }
    }
}

/// Deals events into parts that fit into memory each, by ranges of the rows of either table: both at once, as
/// to read the events takes longer than to deal them.
fn dealt<A: Named, B: Named>(events: &Events, weighed: Weights<A, B>) -> (Vec<Part>, Vec<Part>) {
    let Weights { numbers: (mut some, mut others), found } = weighed;
    let Found::Weights(of_some, of_others) = found else { return (Vec::new(), Vec::new()) };
    let spool = events.spool();
    let (mut ours, mut theirs) = (Dealer::new(of_some, spool), Dealer::new(of_others, spool));
    in_pieces(events.iter(), |piece| {
        rayon::join(
            || piece.iter().for_each(|event| ours.deal(event, rows_of::<A>(event, &mut some))),
            || piece.iter().for_each(|event| theirs.deal(event, rows_of::<B>(event, &mut others))),
        );
    });
    (ours.finish().map(Part::of).collect(), theirs.finish().map(Part::of).collect())
}
