//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::events::log_event::Confirmation;
use crate::events::ordered::Events;
use crate::events::sender::Senders;
use crate::model::event::{Event, SourceKey, Subject};
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};
use crate::spool::keyed::Keyed;
use crate::spool::sorted::{Piece, Sorted};

/// A merge never reaches further than this, so that two kills are never one (DESIGN section 5).
const REACH: i64 = 30 * SECOND;

/// Attaches each confirming row to an event of its kind, subject, source and cycle within reach: the
/// latest before it, else the first after it. Both must be in order; what comes out is to be sorted
/// again. A row without such an event makes its own, or says nothing; one that would make its own looks
/// back only.
pub(super) fn attach(events: Events, rows: Sorted<Confirmation>, senders: &mut Senders) -> Events {
    let kinds = rows.iter().map(|row| row.kind).collect();
    let mut window = Window::new(&events, kinds);
    let mut rows = rows.into_iter().peekable();
    for event in events {
        while let Some(row) = rows.next_if(|row| row.at.0 + REACH < event.key.at.0) {
            window.settle(*row.item, senders);
        }
        let wanted_from = rows.peek().map_or(i64::MAX, |row| row.at.0 - REACH);
        window.release(wanted_from);
        window.take(event);
    }
    rows.for_each(|row| window.settle(*row.item, senders));
    window.release(i64::MAX);
    window.made
}

/// What a row and the event that it confirms have in common.
#[derive(PartialEq, Eq)]
struct Key {
    kind: EventKind,
    about: Subject,
    source: SourceKey,
}

impl Hash for Key {
    /// Without the source, two texts: few tell of one subject.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, &self.about).hash(state);
    }
}

/// An event that a row in hand may confirm. Most are of kinds that none confirms: these are not looked at.
struct Waiting {
    event: Keyed<Event>,
    is_confirmed: bool,
}

impl Waiting {
    fn at(&self) -> Micros {
        self.event.key.at
    }

    fn kind(&self) -> EventKind {
        self.event.key.kind
    }
}

/// The events that a row in hand may confirm.
struct Window {
    /// Kinds that some row confirms.
    kinds: FxHashSet<EventKind>,
    /// In order; the first has the number `first`.
    events: VecDeque<Waiting>,
    first: usize,
    /// Numbers of events by kind, whom they name and who says so.
    index: FxHashMap<Key, VecDeque<usize>>,
    /// What no row can reach any more.
    made: Events,
    /// What an event weighs, where nothing was attached to it: to ask each again takes a tenth of this.
    mean_weight: Option<usize>,
}

impl Window {
    fn new(events: &Events, kinds: FxHashSet<EventKind>) -> Self {
        let mut made = events.beside();
        made.reserve(events.in_memory().map_or(0, <[_]>::len));
        Self {
            kinds,
            events: VecDeque::new(),
            first: 0,
            index: FxHashMap::default(),
            made,
            mean_weight: events.mean_weight(),
        }
    }

    fn take(&mut self, event: Keyed<Event>) {
        let waiting = Waiting { event, is_confirmed: false };
        if self.kinds.contains(&waiting.kind()) {
            let number = self.first + self.events.len();
            for key in keys(&waiting.event) {
                self.index.entry(key).or_default().push_back(number);
            }
        }
        self.events.push_back(waiting);
    }

    /// Lets go of what happened before an instant.
    fn release(&mut self, until: i64) {
        while let Some(waiting) = self.events.pop_front_if(|waiting| waiting.at().0 < until) {
            if self.kinds.contains(&waiting.kind()) {
                for key in keys(&waiting.event) {
                    if let Some(numbers) = self.index.get_mut(&key) {
                        numbers.pop_front();
                        if numbers.is_empty() {
                            self.index.remove(&key);
                        }
                    }
                }
            }
            self.first += 1;
            let Waiting { event, is_confirmed } = waiting;
            let weight = self.mean_weight.filter(|_| !is_confirmed);
            let weight = weight.unwrap_or_else(|| event.weight());
            self.made.push_weighed(event, weight);
        }
    }

    fn settle(&mut self, row: Confirmation, senders: &mut Senders) {
        let tally = senders.tally(&row.source);
        match (self.near(&row), row.otherwise) {
            (Some(place), _) => {
                let waiting = &mut self.events[place];
                waiting.is_confirmed = true;
                let event = &mut waiting.event.item;
                event.confirmed_by.push(row.evidence);
                if let Some(fields) = row.fields {
                    Arc::make_mut(&mut event.attributes).adopt(&fields);
                }
                tally.confirmed += u64::from(!row.is_part);
            }
            (None, Some(event)) => {
                self.made.push_boxed(event);
                tally.became_events += 1;
            }
            (None, None) => tally.said_nothing += u64::from(!row.is_part),
        }
    }

    /// The place of the event that a row confirms.
    fn near(&self, row: &Confirmation) -> Option<usize> {
        let numbers = self.index.get(&key_of(row))?;
        let places = || numbers.iter().map(|number| number - self.first);
        let later =
            numbers.partition_point(|number| self.events[number - self.first].at() <= row.at);
        let fits = |place: &usize| {
            let (event, at) = (&self.events[*place].event, self.events[*place].at());
            let same = event.cycle.is_none() || row.cycle.is_none() || event.cycle == row.cycle;
            same && (row.at.0 - at.0).abs() <= REACH
        };
        let before = later.checked_sub(1).and_then(|last| places().nth(last));
        let after = places().nth(later).filter(|_| row.otherwise.is_none());
        before.filter(fits).or_else(|| after.filter(fits))
    }
}

fn key_of(row: &Confirmation) -> Key {
    Key { kind: row.kind, about: row.about.clone(), source: row.source.clone() }
}

fn keys(event: &Event) -> impl Iterator<Item = Key> {
    let named = [
        event.worker.clone().map(Subject::Worker),
        event.task.clone().map(Subject::Task),
        event.pod.clone().map(Subject::Pod),
        event.run.clone().map(Subject::Run),
    ];
    let (kind, source) = (event.kind, event.source.clone());
    named.into_iter().flatten().map(move |about| Key { kind, about, source: source.clone() })
}
