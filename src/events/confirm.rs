//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::events::log_event::Confirmation;
use crate::events::ordered::Events;
use crate::events::sender::Senders;
use crate::model::event::{Event, SourceKey, Subject};
use crate::model::kind::EventKind;
use crate::model::time::SECOND;
use crate::spool::sorted::Sorted;

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
        while let Some(row) = rows.next_if(|row| row.at.0 + REACH < event.at.0) {
            window.settle(*row, senders);
        }
        let wanted_from = rows.peek().map_or(i64::MAX, |row| row.at.0 - REACH);
        window.release(wanted_from);
        window.take(event);
    }
    rows.for_each(|row| window.settle(*row, senders));
    window.release(i64::MAX);
    window.made
}

type Key = (EventKind, Subject, SourceKey);

/// The events that a row in hand may confirm.
struct Window {
    /// Kinds that some row confirms.
    kinds: FxHashSet<EventKind>,
    /// In order; the first has the number `first`.
    events: VecDeque<Box<Event>>,
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
        Self {
            kinds,
            events: VecDeque::new(),
            first: 0,
            index: FxHashMap::default(),
            made: events.beside(),
            mean_weight: events.mean_weight(),
        }
    }

    fn take(&mut self, event: Box<Event>) {
        if self.kinds.contains(&event.kind) {
            let number = self.first + self.events.len();
            for key in keys(&event) {
                self.index.entry(key).or_default().push_back(number);
            }
        }
        self.events.push_back(event);
    }

    /// Lets go of what happened before an instant.
    fn release(&mut self, until: i64) {
        while let Some(event) = self.events.pop_front_if(|event| event.at.0 < until) {
            if self.kinds.contains(&event.kind) {
                for key in keys(&event) {
                    if let Some(numbers) = self.index.get_mut(&key) {
                        numbers.pop_front();
                        if numbers.is_empty() {
                            self.index.remove(&key);
                        }
                    }
                }
            }
            self.first += 1;
            match self.mean_weight.filter(|_| event.confirmed_by.is_empty()) {
                Some(weight) => self.made.push_weighed(event, weight),
                None => self.made.push_boxed(event),
            }
        }
    }

    fn settle(&mut self, row: Confirmation, senders: &mut Senders) {
        let tally = senders.tally(&row.source);
        match (self.near(&row), row.otherwise) {
            (Some(event), _) => {
                let event = &mut self.events[event];
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
        let numbers = self.index.get(&(row.kind, row.about.clone(), row.source.clone()))?;
        let places = || numbers.iter().map(|number| number - self.first);
        let later = numbers.partition_point(|number| self.events[number - self.first].at <= row.at);
        let fits = |place: &usize| {
            let event = &self.events[*place];
            let same = event.cycle.is_none() || row.cycle.is_none() || event.cycle == row.cycle;
            same && (row.at.0 - event.at.0).abs() <= REACH
        };
        let before = later.checked_sub(1).and_then(|last| places().nth(last));
        let after = places().nth(later).filter(|_| row.otherwise.is_none());
        before.filter(fits).or_else(|| after.filter(fits))
    }
}

fn keys(event: &Event) -> impl Iterator<Item = Key> {
    let named = [
        event.worker.clone().map(Subject::Worker),
        event.task.clone().map(Subject::Task),
        event.pod.clone().map(Subject::Pod),
        event.run.clone().map(Subject::Run),
    ];
    let (kind, source) = (event.kind, event.source.clone());
    named.into_iter().flatten().map(move |subject| (kind, subject, source.clone()))
}
