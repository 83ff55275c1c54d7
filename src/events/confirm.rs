//! One event, many rows: rows that only repeat an event become further pieces of its evidence.

use std::collections::BTreeMap;

use crate::events::SourceKey;
use crate::events::log_event::Confirmation;
use crate::events::sender::Sender;
use crate::model::event::Event;
use crate::model::time::SECOND;

/// A merge never reaches further than this, so that two kills are never one (DESIGN section 5).
const REACH: i64 = 30 * SECOND;

/// Attaches each confirming row to the latest event of its kind, worker and source within reach.
/// Events must be in order. A row without such an event makes its own, or says nothing.
pub(super) fn attach(
    events: &mut Vec<Event>,
    mut rows: Vec<Confirmation>,
    senders: &mut BTreeMap<SourceKey, Sender>,
) {
    let mut index: BTreeMap<_, Vec<(i64, usize)>> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        if let Some(worker) = &event.worker {
            let key = (event.kind, worker.clone(), event.source.clone());
            index.entry(key).or_default().push((event.at.0, at));
        }
    }
    rows.sort_unstable_by(|a, b| (a.at, &a.evidence.key).cmp(&(b.at, &b.evidence.key)));
    let mut own = Vec::new();
    for row in rows {
        // a row was read from its sender, so the sender is there
        let Some(tally) = senders.get_mut(&row.source).map(|sender| &mut sender.tally) else {
            continue;
        };
        let near =
            index.get(&(row.kind, row.worker.clone(), row.source.clone())).and_then(|times| {
                let after = times.partition_point(|(at, _)| *at <= row.at.0);
                let (at, event) = *times.get(after.checked_sub(1)?)?;
                (row.at.0 - at <= REACH).then_some(event)
            });
        match (near, row.otherwise) {
            (Some(event), _) => {
                events[event].confirmed_by.push(row.evidence);
                tally.confirmed += 1;
            }
            (None, Some(event)) => {
                own.push(*event);
                tally.became_events += 1;
            }
            (None, None) => tally.said_nothing += 1,
        }
    }
    events.extend(own);
    super::sort(events);
}
