//! Many events, in the total order or on their way into it.

use std::ops::{Index, IndexMut};

use crate::model::event::Event;
use crate::model::time::Micros;

/// Events in memory: each in a place of its own, for an event is large and sorting moves it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::vec_box, reason = "sorting moves what the vector holds")]
pub struct Events(Vec<Box<Event>>);

impl Events {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one more, at the end.
    pub fn push(&mut self, event: Event) {
        self.0.push(Box::new(event));
    }

    /// Takes more, as they come.
    pub fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator + Clone {
        self.0.iter().map(|event| &**event)
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Event> {
        self.0.iter_mut().map(|event| &mut **event)
    }

    /// Sorts into the total order (DESIGN section 5). A row that two captures hold gives its events once.
    pub fn sort(&mut self) {
        // rows mostly come in order: a stable sort merges its runs, and the time beside each event
        // decides nearly always
        let mut timed: Vec<(Micros, u8, Box<Event>)> = std::mem::take(&mut self.0)
            .into_iter()
            .map(|event| (event.at, event.kind.rank(), event))
            .collect();
        let whole = |a: &Event, b: &Event| a.order().cmp(&b.order());
        timed.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| whole(&a.2, &b.2)));
        timed.dedup_by(|a, b| a.0 == b.0 && a.2.id == b.2.id);
        self.0.extend(timed.into_iter().map(|(.., event)| event));
    }
}

impl Index<usize> for Events {
    type Output = Event;

    fn index(&self, place: usize) -> &Event {
        &self.0[place]
    }
}

impl IndexMut<usize> for Events {
    fn index_mut(&mut self, place: usize) -> &mut Event {
        &mut self.0[place]
    }
}

impl Extend<Event> for Events {
    fn extend<I: IntoIterator<Item = Event>>(&mut self, more: I) {
        self.0.extend(more.into_iter().map(Box::new));
    }
}

impl FromIterator<Event> for Events {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        Self(events.into_iter().map(Box::new).collect())
    }
}
