//! Snapshot rows -> events, strictly ordered. Knows the grammar; must not know states.

pub mod beats;
mod checkpoint;
mod confirm;
mod copies;
mod differences;
pub mod error;
pub mod facts;
mod listing;
mod log_event;
mod logs;
mod memos;
mod names;
pub mod ordered;
mod parsed;
mod pulse;
mod reach;
pub mod row_events;
mod rows;
mod said;
mod sender;
mod short_ids;
pub mod stored;
pub mod tally;
mod texts;
mod understood;
pub mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::events::beats::Beats;
use crate::events::error::EventsError;
pub use crate::events::ordered::Events;
use crate::events::pulse::Pulse;
use crate::events::short_ids::ShortIds;
use crate::events::tally::RowTally;
use crate::events::unknown::UnknownMessage;
use crate::grammar::matcher::Grammar;
use crate::model::event::SourceKey;
use crate::model::rows::Facts;
use crate::model::time::Micros;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::spool::Spool;

/// All that replay needs to know.
#[derive(Debug, Default)]
pub struct History {
    /// In the total order.
    pub events: Events,
    /// The latest rows, typed.
    pub facts: Facts,
    /// When each source logged, in order: what silence is measured against. Of workers and edge
    /// functions the first and the last row of a minute.
    pub beats: BTreeMap<SourceKey, Beats>,
    /// Which templates each orchestrator used, with the first and last time: they tell its era.
    pub templates: BTreeMap<SourceKey, BTreeMap<Arc<str>, (Micros, Micros)>>,
    /// What the grammar did not understand.
    pub unknown: Vec<UnknownMessage>,
    /// Log rows whose text was not read again: a checkpoint told what they say.
    pub known: u64,
    /// What became of the log rows of each source.
    pub tallies: BTreeMap<SourceKey, RowTally>,
}

/// The rows of the mutable tables, and what they and their older versions record.
fn of_rows(snapshot: &Snapshot, spool: &Arc<Spool>) -> Result<(Facts, Events), SnapshotError> {
    let (facts, histories) = facts::read(snapshot)?;
    let mut events = Events::new(spool);
    row_events::of(&facts, &mut events);
    histories.events(&mut events);
    Ok((facts, events))
}

/// Reads the whole snapshot. Rows of any order give the same history.
pub fn read(
    snapshot: &Snapshot,
    grammar: &Grammar,
    spool: &Arc<Spool>,
) -> Result<History, EventsError> {
    let (rows, log) =
        rayon::join(|| of_rows(snapshot, spool), || logs::read(snapshot, grammar, spool));
    let ((facts, of_rows), mut log) = (rows?, log?);
    log.resolve(&ShortIds::of(&facts));
    log.events.append(of_rows);
    rayon::join(|| log.events.sort(), || log.confirmations.sort());
    let pulses = log.senders.take_pulses();
    let (mut events, beats) = rayon::join(
        || confirm::attach(log.events, log.confirmations, &mut log.senders),
        || pulses.into_iter().map(Pulse::into_sorted).collect(),
    );
    events.sort();
    let unknown = log.unknown.into_sorted(&events);
    let mut history = History { events, facts, unknown, known: log.known, ..History::default() };
    for (key, (sender, beats)) in log.senders.into_sorted(beats) {
        sender.tally.assert_balanced();
        history.tallies.insert(key.clone(), sender.tally);
        if sender.origin.is_orchestrator {
            history.templates.insert(key.clone(), sender.templates(grammar));
        }
        // a row without time or text is no sign of life
        if !beats.is_empty() {
            history.beats.insert(key, beats);
        }
    }
    Ok(history)
}
