//! Lines that stand in the log twice: a batch that is sent again, because the answer to it was lost, has new row
//! ids, and says the same at the same microsecond.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::events::ordered::Events;
use crate::events::sender::Senders;
use crate::model::event::{Event, Evidence, SourceKey};
use crate::model::kind::EventKind;
use crate::model::table::Table;
use crate::spool::keyed::Keyed;

/// Others of its kind and time that one is held against: more of them stand in no log of ours.
const BESIDE_MAX: usize = 64;

/// Events, of which a copy is a further piece of the evidence of the first.
pub(super) struct United<I> {
    events: I,
    /// The next one, of another time or kind than those that wait.
    next: Option<Keyed<Event>>,
    waiting: VecDeque<Keyed<Event>>,
    /// Whose rows were copies, once for each.
    copies: Vec<SourceKey>,
}

impl<I: Iterator<Item = Keyed<Event>>> United<I> {
    pub(super) fn of(mut events: I) -> Self {
        Self { next: events.next(), events, waiting: VecDeque::new(), copies: Vec::new() }
    }

    /// Moves the rows of copies from those that made an event to those that confirm one.
    pub(super) fn count(self, senders: &mut Senders) {
        for source in self.copies {
            let tally = senders.tally(&source);
            tally.became_events -= 1;
            tally.confirmed += 1;
        }
    }

    /// Takes all of the time and kind of the next one.
    fn take_up(&mut self) {
        while let Some(next) = self.next.take() {
            if self.waiting.front().is_some_and(|first| first.key != next.key) {
                self.next = Some(next);
                return;
            }
            self.next = self.events.next();
            let near = self.waiting.iter_mut().rev().take(BESIDE_MAX);
            match near.into_iter().find(|first| is_copy(first, &next)) {
                Some(first) => {
                    if next.ordinal == 0 {
                        self.copies.push(next.source.clone());
                    }
                    unite(&mut first.item, *next.item);
                }
                None => self.waiting.push_back(next),
            }
        }
    }
}

impl<I: Iterator<Item = Keyed<Event>>> Iterator for United<I> {
    type Item = Keyed<Event>;

    fn next(&mut self) -> Option<Keyed<Event>> {
        if self.waiting.is_empty() {
            self.take_up();
        }
        self.waiting.pop_front()
    }
}

fn unite(first: &mut Event, copy: Event) {
    let pieces: Vec<Evidence> =
        copy.further.into_iter().flat_map(|more| more.confirmed_by).collect();
    let confirmed_by = &mut first.further_mut().confirmed_by;
    confirmed_by.push(copy.evidence);
    confirmed_by.extend(pieces);
}

/// Unites copies where all events are in memory; there are hardly ever any.
pub(super) fn in_memory(events: Events, senders: &mut Senders) -> Events {
    let Some(held) = events.in_memory() else { return events };
    if !has_copy(held) {
        return events;
    }
    let mut made = events.beside();
    let mut united = United::of(events.into_iter());
    united.by_ref().for_each(|event| made.push_boxed(event.item));
    united.count(senders);
    made
}

fn has_copy(events: &[Keyed<Event>]) -> bool {
    let alike = events.chunk_by(|one, next| one.key == next.key);
    alike.filter(|alike| alike.len() > 1).any(|alike| {
        alike.iter().enumerate().any(|(at, next)| {
            alike[at.saturating_sub(BESIDE_MAX)..at].iter().any(|first| is_copy(first, next))
        })
    })
}

/// Whether two events of one kind and time are one that two rows of the log tell alike. Of a line that is a sign of
/// life and no more the event does not keep the words.
fn is_copy(one: &Event, other: &Event) -> bool {
    let of_log = |event: &Event| {
        event.evidence.table == Table::SystemLogs && event.kind != EventKind::WorkerLogged
    };
    of_log(one)
        && of_log(other)
        && one.evidence.key != other.evidence.key
        && (one.ordinal, one.cycle, &one.worker, &one.task)
            == (other.ordinal, other.cycle, &other.worker, &other.task)
        && (one.earliest, one.latest, &one.pod, &one.call_site)
            == (other.earliest, other.latest, &other.pod, &other.call_site)
        && (Arc::ptr_eq(&one.source, &other.source) || one.source == other.source)
        && (Arc::ptr_eq(&one.attributes, &other.attributes) || one.attributes == other.attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::column::Column;
    use crate::model::event::Basis;
    use crate::model::id::{TaskId, WorkerId};
    use crate::model::time::{Micros, SECOND};
    use crate::spool::Spool;

    const CLAIM: EventKind = EventKind::TaskClaimed;

    fn event(key: usize, second: i64, kind: EventKind, task: &str) -> Event {
        let evidence = Evidence {
            table: Table::SystemLogs,
            key: format!("{key:05}").as_str().into(),
            column: Column::Message,
        };
        let at = Micros(second * SECOND);
        let made = Event::of_row(evidence, (kind, Basis::Logged), at, (at, at), "");
        Event { worker: Some(WorkerId::from("w")), task: Some(TaskId::from(task)), ..made }
    }

    /// The rows of each event that is left, the first one first.
    fn united(spool: &Arc<Spool>, events: &[Event]) -> (Vec<Vec<String>>, u64) {
        let (mut all, mut senders) = (Events::new(spool), Senders::default());
        all.extend(events.iter().cloned());
        all.sort();
        let source = SourceKey::default();
        senders.tally(&source).became_events = events.len() as u64;
        let all: Vec<Event> = if all.in_memory().is_some() {
            in_memory(all, &mut senders).into_iter().map(|event| *event.item).collect()
        } else {
            let mut events = United::of(all.into_iter());
            let all = events.by_ref().map(|event| *event.item).collect();
            events.count(&mut senders);
            all
        };
        let rows = |event: &Event| {
            let more = event.further.iter().flat_map(|more| &more.confirmed_by);
            let pieces = [&event.evidence].into_iter().chain(more);
            pieces.map(|piece| piece.key.to_string()).collect()
        };
        (all.iter().map(rows).collect(), senders.tally(&source).confirmed)
    }

    #[test]
    fn a_line_that_was_sent_again_is_the_same_event() {
        let told = [
            event(1, 10, CLAIM, "a"),
            event(2, 10, CLAIM, "b"),
            event(3, 10, CLAIM, "a"),
            event(4, 10, EventKind::TaskStarted, "a"),
            event(5, 11, CLAIM, "a"),
            event(6, 10, CLAIM, "a"),
            event(7, 12, EventKind::WorkerLogged, "a"),
            event(8, 12, EventKind::WorkerLogged, "a"),
        ];
        let dir = tempfile::tempdir().expect("a directory");
        for spool in [Spool::in_memory(), Spool::in_files(dir.path(), 1_000)] {
            let (mut rows, copies) = united(&spool, &told);
            rows.sort();
            let wanted: [&[&str]; 6] = [
                &["00001", "00003", "00006"],
                &["00002"],
                &["00004"],
                &["00005"],
                &["00007"],
                &["00008"],
            ];
            assert_eq!(rows, wanted);
            assert_eq!(copies, 2);
        }
    }
}
