//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;

use crate::events::copies::{self, United};
use crate::events::log_event::Confirmation;
use crate::events::ordered::Events;
use crate::events::reach::{Kinds, Reach, around};
use crate::events::sender::Senders;
use crate::model::event::Event;
use crate::spool::keyed::Keyed;
use crate::spool::sorted::{Piece, Sorted};

/// Rows whose events one thread finds. Events near a cut are within reach of rows on either side: both pieces take
/// them up.
const ROWS_AT_ONCE: usize = 8_192;

/// Attaches each confirming row to the event that it means, and a row that copies another to the event of that.
/// Both must be in order; what comes out is to be sorted again. A row without such an event makes its own, or says nothing.
pub(super) fn attach(events: Events, rows: Sorted<Confirmation>, senders: &mut Senders) -> Events {
    let kinds = Kinds::of(&rows);
    let events = copies::in_memory(events, senders);
    match (events.in_memory(), rows.in_memory()) {
        (Some(held), Some(held_rows)) => {
            let pieces = held_rows.par_chunks(ROWS_AT_ONCE);
            let found: Vec<_> = pieces.map(|rows| meant(held, rows, kinds)).collect();
            in_place(events, rows, found.into_iter().flatten(), senders)
        }
        (None, _) | (_, None) => in_passing(events, rows, kinds, senders),
    }
}

/// The places of the events that some rows mean.
fn meant(
    events: &[Keyed<Event>],
    rows: &[Keyed<Confirmation>],
    kinds: Kinds,
) -> Vec<Option<usize>> {
    let mut reach = Reach::new(kinds);
    let begin = rows.first().map_or(i64::MAX, |row| around(row.key).0);
    let mut first = events.partition_point(|event| event.key.at.0 < begin);
    let mut next = first;
    let of_row = |row: &Keyed<Confirmation>| {
        let (from, until) = around(row.key);
        while let Some(event) = events.get(next).filter(|event| event.key.at.0 <= until) {
            reach.come(next, event);
            next += 1;
        }
        while first < next && events[first].key.at.0 < from {
            reach.go(&events[first]);
            first += 1;
        }
        reach.meant_by(row, |number| &events[number])
    };
    rows.iter().map(of_row).collect()
}

/// Where all events and rows are in memory, events stay where they are meanwhile.
fn in_place(
    mut events: Events,
    rows: Sorted<Confirmation>,
    found: impl Iterator<Item = Option<usize>>,
    senders: &mut Senders,
) -> Events {
    let mut others = events.beside();
    let mut more = 0;
    let held = events.in_memory_mut().unwrap_or_default();
    for (row, place) in rows.into_iter().zip(found) {
        let event = place.map(|place| &mut *held[place].item);
        let before = event.as_ref().map_or(0, |event| event.weight());
        more += settle(*row.item, event, &mut others, senders).saturating_sub(before);
    }
    events.weigh_more(more);
    events.append(others);
    events
}

/// Where some are in files, no more events are taken up at once than are within reach of a row.
fn in_passing(
    events: Events,
    rows: Sorted<Confirmation>,
    kinds: Kinds,
    senders: &mut Senders,
) -> Events {
    let (mut reach, mut made) = (Reach::new(kinds), events.beside());
    // they come after all of one name: as in memory, those that were read stand for both
    let mut others = events.beside();
    let mut united = United::of(events.into_iter());
    let mut events = united.by_ref().peekable();
    let (mut near, mut first) = (VecDeque::new(), 0);
    for row in rows {
        let (from, until) = around(row.key);
        while let Some(event) = near.pop_front_if(|event: &mut Keyed<Event>| event.key.at.0 < from)
        {
            reach.go(&event);
            first += 1;
            made.push_boxed(event.item);
        }
        // between two rows there may be any number of events
        while let Some(event) = events.next_if(|event| event.key.at.0 < from) {
            made.push_boxed(event.item);
        }
        while let Some(event) = events.next_if(|event| event.key.at.0 <= until) {
            reach.come(first + near.len(), &event);
            near.push_back(event);
        }
        let place = reach.meant_by(&row, |number| &near[number - first]);
        let event = place.map(|number| &mut *near[number - first].item);
        settle(*row.item, event, &mut others, senders);
    }
    near.into_iter().chain(events).for_each(|event| made.push_boxed(event.item));
    united.count(senders);
    made.append(others);
    made
}

/// Adds a row to its event, if it has one; else the row makes its own, or says nothing. What its event weighs then.
fn settle(
    row: Confirmation,
    event: Option<&mut Event>,
    others: &mut Events,
    senders: &mut Senders,
) -> usize {
    let tally = senders.tally(&row.source);
    match (event, row.otherwise) {
        (Some(event), _) => {
            event.further_mut().confirmed_by.push(row.evidence);
            if let Some(fields) = row.fields {
                Arc::make_mut(&mut event.attributes).adopt(&fields);
            }
            tally.confirmed += u64::from(!row.is_part);
            return event.weight();
        }
        (None, Some(event)) => {
            others.push_boxed(event);
            tally.became_events += 1;
        }
        (None, None) => tally.said_nothing += u64::from(!row.is_part),
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::log_event::Confirmation;
    use crate::model::column::Column;
    use crate::model::cycle::Cycle;
    use crate::model::event::{Basis, Evidence, SourceKey, Subject};
    use crate::model::id::WorkerId;
    use crate::model::kind::EventKind;
    use crate::model::table::Table;
    use crate::model::time::{Micros, SECOND};
    use crate::spool::Spool;

    const KINDS: [EventKind; 3] =
        [EventKind::WorkerMarkedError, EventKind::TasksReset, EventKind::WorkerLogged];

    /// When, of which kind, which worker, in which cycle.
    type Told = (i64, usize, u8, Option<i64>);

    fn told() -> impl Strategy<Value = Told> {
        (0i64..400, 0usize..3, 0u8..3, prop::option::of(0i64..3))
    }

    fn worker(n: u8) -> WorkerId {
        WorkerId::from(n.to_string().as_str())
    }

    fn evidence(key: usize) -> Evidence {
        let key = format!("{key:05}").as_str().into();
        Evidence { table: Table::SystemLogs, key, column: Column::Message }
    }

    fn event(number: usize, (at, kind, of, cycle): Told) -> Event {
        let (at, what) = (Micros(at * SECOND), (KINDS[kind], Basis::Logged));
        let made = Event::of_row(evidence(number), what, at, (at, at), "");
        Event { worker: Some(worker(of)), cycle: cycle.and_then(Cycle::of), ..made }
    }

    fn row(number: usize, ((at, kind, of, cycle), makes_own): (Told, bool)) -> Confirmation {
        let number = 50_000 + number;
        Confirmation {
            at: Micros(at * SECOND),
            // of the third kind there are events, and no row confirms one
            kind: KINDS[kind % 2],
            about: Subject::Worker(worker(of)),
            source: SourceKey::default(),
            cycle: cycle.and_then(Cycle::of),
            is_part: false,
            fields: None,
            evidence: evidence(number),
            otherwise: makes_own.then(|| Box::new(event(number, (at, kind % 2, of, cycle)))),
        }
    }

    fn sorted<T: Piece>(spool: &Arc<Spool>, items: impl Iterator<Item = T>) -> Sorted<T> {
        let mut all = Sorted::new(spool);
        all.extend(items);
        all.sort();
        all
    }

    /// By the words of the rule: of all events of its kind and subject, whose cycle is not another, the last that
    /// is not after it, else the next, each no further than half a minute.
    fn by_the_rule(events: &[Keyed<Event>], row: &Confirmation) -> Option<usize> {
        let of_row = |event: &Event| {
            event.kind == row.kind
                && event.worker.clone().map(Subject::Worker) == Some(row.about.clone())
        };
        let all = || (0..events.len()).filter(|place| of_row(&events[*place]));
        let fits = |place: &usize| {
            let event = &events[*place];
            (event.at.0 - row.at.0).abs() <= 30 * SECOND
                && (event.cycle.is_none() || row.cycle.is_none() || event.cycle == row.cycle)
        };
        let before = all().rfind(|place| events[*place].at <= row.at);
        let after = all().find(|place| events[*place].at > row.at);
        let after = after.filter(|_| row.otherwise.is_none()).filter(fits);
        match (before.filter(fits), after) {
            (Some(before), Some(after)) => {
                let (back, on) = (row.at.0 - events[before].at.0, events[after].at.0 - row.at.0);
                Some(if back <= on { before } else { after })
            }
            (before, after) => before.or(after),
        }
    }

    proptest! {
        #[test]
        fn a_row_finds_its_event_wherever_the_rows_are_cut(
            events in prop::collection::vec(told(), 0..60),
            rows in prop::collection::vec((told(), any::<bool>()), 0..60),
            cut in any::<prop::sample::Index>(),
        ) {
            let memory = Spool::in_memory();
            let events = sorted(&memory, events.into_iter().enumerate().map(|(n, e)| event(n, e)));
            let rows = sorted(&memory, rows.into_iter().enumerate().map(|(n, r)| row(n, r)));
            let kinds = Kinds::of(&rows);
            let events = events.in_memory().expect("all of them are");
            let rows = rows.in_memory().expect("all of them are");
            let expected: Vec<_> = rows.iter().map(|row| by_the_rule(events, row)).collect();
            prop_assert_eq!(&meant(events, rows, kinds), &expected);
            let (first, rest) = rows.split_at(cut.index(rows.len() + 1));
            let mut found = meant(events, first, kinds);
            found.extend(meant(events, rest, kinds));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn events_in_files_are_confirmed_as_those_in_memory(
            events in prop::collection::vec(told(), 0..60),
            rows in prop::collection::vec((told(), any::<bool>()), 0..60),
        ) {
            let dir = tempfile::tempdir().expect("a directory");
            let all = [Spool::in_memory(), Spool::in_files(dir.path(), 4_000)].map(|spool| {
                let events = events.iter().enumerate().map(|(n, told)| event(n, *told));
                let rows = rows.iter().enumerate().map(|(n, told)| row(n, *told));
                let mut senders = Senders::default();
                let mut made =
                    attach(sorted(&spool, events), sorted(&spool, rows), &mut senders);
                made.sort();
                let made: Vec<Event> = made.iter().map(|event| Event::clone(&event)).collect();
                (made, *senders.tally(&SourceKey::default()))
            });
            prop_assert_eq!(&all[0], &all[1]);
        }
    }
}
