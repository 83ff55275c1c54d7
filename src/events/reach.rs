//! The events within reach of a row that confirms one: which of them it means.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use crate::events::log_event::Confirmation;
use crate::model::event::{Event, SourceKey, Subject};
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};
use crate::spool::keyed::Keyed;
use crate::spool::sorted::Sorted;

/// A merge never reaches further than this, so that two kills are never one (DESIGN section 5).
const REACH: i64 = 30 * SECOND;

/// The instants between which a row finds its event.
pub(super) fn around(row: Micros) -> (i64, i64) {
    (row.0.saturating_sub(REACH), row.0.saturating_add(REACH))
}

/// Kinds that some row confirms. Most events are of others, and are not looked at.
#[derive(Clone, Copy)]
pub(super) struct Kinds([bool; EventKind::ALL.len()]);

impl Kinds {
    /// Those of all rows.
    pub(super) fn of(rows: &Sorted<Confirmation>) -> Self {
        let mut kinds = [false; EventKind::ALL.len()];
        rows.iter().for_each(|row| kinds[usize::from(row.kind.rank())] = true);
        Self(kinds)
    }

    fn has(&self, kind: EventKind) -> bool {
        self.0[usize::from(kind.rank())]
    }
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

/// Numbers of the events within reach by kind, whom they name and who says so; the numbers are in the order
/// of the events.
pub(super) struct Reach {
    kinds: Kinds,
    numbers: FxHashMap<Key, VecDeque<usize>>,
}

impl Reach {
    /// No event yet.
    pub(super) fn new(kinds: Kinds) -> Self {
        Self { kinds, numbers: FxHashMap::default() }
    }

    /// The next event comes within reach.
    pub(super) fn come(&mut self, number: usize, event: &Keyed<Event>) {
        if self.kinds.has(event.key.kind) {
            for key in keys(event) {
                self.numbers.entry(key).or_default().push_back(number);
            }
        }
    }

    /// The first of the events leaves it.
    pub(super) fn go(&mut self, event: &Keyed<Event>) {
        if !self.kinds.has(event.key.kind) {
            return;
        }
        for key in keys(event) {
            if let Some(numbers) = self.numbers.get_mut(&key) {
                numbers.pop_front();
                if numbers.is_empty() {
                    self.numbers.remove(&key);
                }
            }
        }
    }

    /// The number of the event that a row confirms: of its kind, subject, source and cycle the nearest of the latest
    /// before it and the first after it, as some rows announce what others conclude; one that would make its own event
    /// looks back only.
    pub(super) fn meant_by<'e>(
        &self,
        row: &Confirmation,
        event: impl Fn(usize) -> &'e Keyed<Event>,
    ) -> Option<usize> {
        let key = Key { kind: row.kind, about: row.about.clone(), source: row.source.clone() };
        let numbers = self.numbers.get(&key)?;
        let later = numbers.partition_point(|number| event(*number).key.at <= row.at);
        let fits = |number: &usize| {
            let event = event(*number);
            let same = event.cycle.is_none() || row.cycle.is_none() || event.cycle == row.cycle;
            same && row.at.0.abs_diff(event.key.at.0) <= REACH.unsigned_abs()
        };
        let at = |place: usize| numbers.get(place).copied();
        let before = later.checked_sub(1).and_then(at).filter(fits);
        let after = at(later).filter(|_| row.otherwise.is_none()).filter(fits);
        let off = |number: &usize| row.at.0.abs_diff(event(*number).key.at.0);
        before.into_iter().chain(after).min_by_key(off)
    }
}

fn keys(event: &Event) -> impl Iterator<Item = Key> {
    let named = [
        event.worker.clone().map(Subject::Worker),
        event.task.clone().map(Subject::Task),
        event.pod.as_deref().cloned().map(Subject::Pod),
        event.run.clone().map(Subject::Run),
    ];
    let (kind, source) = (event.kind, event.source.clone());
    named.into_iter().flatten().map(move |about| Key { kind, about, source: source.clone() })
}
