//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::SourceKey;
use crate::events::log_event::Confirmation;
use crate::events::sender::Sender;
use crate::model::event::{Event, Subject};
use crate::model::kind::EventKind;
use crate::model::time::SECOND;

/// A merge never reaches further than this, so that two kills are never one (DESIGN section 5).
const REACH: i64 = 30 * SECOND;

/// Events of one kind, about one thing, by one sender: when, in which cycle, and their place.
type Index = BTreeMap<(EventKind, Subject, SourceKey), Vec<(i64, Option<i64>, usize)>>;

/// Attaches each confirming row to an event of its kind, subject, source and cycle within reach: the
/// latest before it, else the first after it. Events must be in order. A row without such an event makes
/// its own, or says nothing; one that would make its own looks back only.
pub(super) fn attach(
    events: &mut Vec<Event>,
    mut rows: Vec<Confirmation>,
    senders: &mut BTreeMap<SourceKey, Sender>,
) {
    let index = index(events, &rows);
    rows.sort_unstable_by(|a, b| (a.at, &a.evidence.key).cmp(&(b.at, &b.evidence.key)));
    let mut own = Vec::new();
    for row in rows {
        // a row was read from its sender, so the sender is there
        let Some(tally) = senders.get_mut(&row.source).map(|sender| &mut sender.tally) else {
            continue;
        };
        match (near(&index, &row), row.otherwise) {
            (Some(event), _) => {
                events[event].confirmed_by.push(row.evidence);
                tally.confirmed += u64::from(!row.is_part);
            }
            (None, Some(event)) => {
                own.push(*event);
                tally.became_events += 1;
            }
            (None, None) => tally.said_nothing += u64::from(!row.is_part),
        }
    }
    if own.is_empty() {
        return;
    }
    super::sort(&mut own);
    events.extend(own);
    // two runs in order: a stable sort merges them
    events.sort_by(|a, b| a.order().cmp(&b.order()));
    events.dedup_by(|a, b| a.id == b.id);
}

fn index(events: &[Event], rows: &[Confirmation]) -> Index {
    let kinds: BTreeSet<EventKind> = rows.iter().map(|row| row.kind).collect();
    let mut index = Index::new();
    for (place, event) in events.iter().enumerate().filter(|(_, event)| kinds.contains(&event.kind))
    {
        let named = [
            event.worker.clone().map(Subject::Worker),
            event.task.clone().map(Subject::Task),
            event.pod.clone().map(Subject::Pod),
            event.run.clone().map(Subject::Run),
        ];
        for subject in named.into_iter().flatten() {
            let of = (event.kind, subject, event.source.clone());
            index.entry(of).or_default().push((event.at.0, event.cycle, place));
        }
    }
    index
}

fn near(index: &Index, row: &Confirmation) -> Option<usize> {
    let times = index.get(&(row.kind, row.about.clone(), row.source.clone()))?;
    let (before, after) = times.split_at(times.partition_point(|(at, ..)| *at <= row.at.0));
    let fits = |(at, cycle, _): &&(i64, Option<i64>, usize)| {
        let same = cycle.is_none() || row.cycle.is_none() || *cycle == row.cycle;
        same && (row.at.0 - at).abs() <= REACH
    };
    let after = after.first().filter(|_| row.otherwise.is_none());
    before.last().filter(fits).or_else(|| after.filter(fits)).map(|(.., place)| *place)
}
