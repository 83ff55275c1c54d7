//! Snapshot rows -> events, strictly ordered. Knows the grammar; must not know states.

mod confirm;
mod differences;
pub mod error;
mod facts;
mod log_event;
mod logs;
mod memos;
mod names;
pub mod row_events;
mod rows;
mod said;
mod sender;
mod short_ids;
pub mod tally;
mod texts;
mod understood;
pub mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::events::error::EventsError;
use crate::events::tally::RowTally;
use crate::events::unknown::UnknownMessage;
use crate::grammar::matcher::Grammar;
use crate::model::event::SourceKey;
use crate::model::events::Events;
use crate::model::rows::Facts;
use crate::model::time::Micros;
use crate::snapshot::open::Snapshot;

/// One log row of a source: when, and in which cycle.
pub type Beat = (Micros, Option<i64>);

/// All that replay needs to know.
#[derive(Debug, Default)]
pub struct History {
    /// In the total order.
    pub events: Events,
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
    let (facts, histories) = facts::read(snapshot)?;
    let mut log = logs::read(snapshot, grammar, &facts)?;
    let mut events = std::mem::take(&mut log.events);
    events.append(row_events::of(&facts));
    events.append(histories.events());
    events.sort();
    confirm::attach(&mut events, log.confirmations, &mut log.senders);
    let unknown = log.unknown.into_sorted(&events);
    let mut history = History { events, facts, unknown, ..History::default() };
    for (key, mut sender) in log.senders.into_sorted() {
        sender.tally.assert_balanced();
        sender.beats.sort_unstable();
        history.tallies.insert(key.clone(), sender.tally);
        history.templates.insert(key.clone(), sender.templates(grammar));
        // a row without time or text is no sign of life
        if !sender.beats.is_empty() {
            history.beats.insert(key, sender.beats);
        }
    }
    Ok(history)
}
