//! Snapshot rows -> events, strictly ordered. Knows the grammar; must not know states.

pub mod confirm;
pub mod error;
pub mod facts;
pub mod log_event;
pub mod logs;
pub mod row_events;
pub mod rows;
mod sender;
pub mod tally;
pub mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::events::error::EventsError;
use crate::events::tally::RowTally;
use crate::events::unknown::UnknownMessage;
use crate::grammar::matcher::Grammar;
use crate::model::event::Event;
use crate::model::rows::Facts;
use crate::model::time::Micros;
use crate::snapshot::open::Snapshot;

/// Source type and source id of log rows.
pub type SourceKey = (Arc<str>, Arc<str>);

/// One log row of a source: when, and in which cycle.
pub type Beat = (Micros, Option<i64>);

/// All that replay needs to know.
#[derive(Debug, Default)]
pub struct History {
    /// In the total order.
    pub events: Vec<Event>,
    /// The latest rows, typed.
    pub facts: Facts,
    /// When each source logged, in order: what silence is measured against.
    pub beats: BTreeMap<SourceKey, Vec<Beat>>,
    /// Which templates each source used, with the first and last time.
    pub templates: BTreeMap<SourceKey, BTreeMap<Arc<str>, (Micros, Micros)>>,
    /// What the grammar did not understand.
    pub unknown: Vec<UnknownMessage>,
    /// What became of the log rows of each source.
    pub tallies: BTreeMap<SourceKey, RowTally>,
}

/// Reads the whole snapshot. Rows of any order give the same history.
pub fn read(snapshot: &Snapshot, grammar: &Grammar) -> Result<History, EventsError> {
    let facts = facts::read(snapshot)?;
    let mut log = logs::read(snapshot, grammar, &facts)?;
    let mut events = std::mem::take(&mut log.events);
    events.extend(row_events::of(&facts));
    sort(&mut events);
    confirm::attach(&mut events, log.confirmations, &mut log.senders);
    let unknown = log.unknown.into_sorted(&events);
    let mut history = History { events, facts, unknown, ..History::default() };
    for (key, mut sender) in log.senders {
        sender.tally.assert_balanced();
        sender.beats.sort_unstable();
        history.tallies.insert(key.clone(), sender.tally);
        history.templates.insert(key.clone(), sender.templates.into_iter().collect());
        // a row without time or text is no sign of life
        if !sender.beats.is_empty() {
            history.beats.insert(key, sender.beats);
        }
    }
    Ok(history)
}

/// Sorts into the total order. A row that two captures hold gives its events once.
pub fn sort(events: &mut Vec<Event>) {
    events.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    events.dedup_by(|a, b| a.id == b.id);
}
