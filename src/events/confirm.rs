//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::events::log_event::Confirmation;
use crate::events::sender::Senders;
use crate::model::event::{SourceKey, Subject};
use crate::model::events::Events;
use crate::model::kind::EventKind;
use crate::model::time::SECOND;

/// A merge never reaches further than this, so that two kills are never one (DESIGN section 5).
const REACH: i64 = 30 * SECOND;

/// Events of one kind, about one thing, by one sender: when, in which cycle, and their place.
type Index = FxHashMap<(EventKind, Subject, SourceKey), Vec<(i64, Option<i64>, usize)>>;

/// Attaches each confirming row to an event of its kind, subject, source and cycle within reach: the
/// latest before it, else the first after it. Events must be in order. A row without such an event makes
/// its own, or says nothing; one that would make its own looks back only.
pub(super) fn attach(events: &mut Events, mut rows: Vec<Confirmation>, senders: &mut Senders) {
    let index = index(events, &rows);
    rows.sort_unstable_by(|a, b| (a.at, &a.evidence.key).cmp(&(b.at, &b.evidence.key)));
    let mut own = Events::default();
    for row in rows {
        let tally = &mut senders.get(row.sender).tally;
        match (near(&index, &row), row.otherwise) {
            (Some(event), _) => {
                let event = &mut events[event];
                event.confirmed_by.push(row.evidence);
                if let Some(fields) = row.fields {
                    Arc::make_mut(&mut event.attributes).adopt(&fields);
                }
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
    events.append(own);
    events.sort();
}

/// The events that a row may confirm: of its kind, about whom it is, by its source.
fn index(events: &Events, rows: &[Confirmation]) -> Index {
    let of = |row: &Confirmation| (row.kind, row.about.clone(), row.source.clone());
    let mut index: Index = rows.iter().map(|row| (of(row), Vec::new())).collect();
    let kinds: FxHashSet<EventKind> = rows.iter().map(|row| row.kind).collect();
    for (place, event) in events.iter().enumerate().filter(|(_, event)| kinds.contains(&event.kind))
    {
        let named = [
            event.worker.clone().map(Subject::Worker),
            event.task.clone().map(Subject::Task),
            event.pod.clone().map(Subject::Pod),
            event.run.clone().map(Subject::Run),
        ];
        for subject in named.into_iter().flatten() {
            if let Some(times) = index.get_mut(&(event.kind, subject, event.source.clone())) {
                times.push((event.at.0, event.cycle, place));
            }
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
