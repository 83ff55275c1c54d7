//! `system_logs` into events, confirmations, silence and unknown messages.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::events::log_event::{Confirmation, LogRow, make};
use crate::events::memos::{Columns, Memos, Text};
use crate::events::names::Names;
use crate::events::rows::Cells;
use crate::events::said::Said;
use crate::events::sender::Senders;
use crate::events::short_ids::ShortIds;
use crate::events::tally::RowTally;
use crate::events::understood::Understood;
use crate::events::unknown::UnknownMessages;
use crate::grammar::entry::Meaning;
use crate::grammar::matcher::Grammar;
use crate::model::event::{Event, Subject};
use crate::model::events::Events;
use crate::model::kind::EventKind;
use crate::model::rows::Facts;
use crate::model::table::Table;
use crate::model::time::{Micros, SECOND};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::read_repeated;

/// The columns whose texts do not repeat.
const SINGLE: [&str; 3] = ["id", "timestamp", "cycle_number"];

/// What the log rows said.
pub(super) struct LogHistory {
    pub(super) events: Events,
    pub(super) confirmations: Vec<Confirmation>,
    pub(super) senders: Senders,
    pub(super) unknown: UnknownMessages,
}

/// Reads all log rows, in whatever order they stand.
pub(super) fn read(
    snapshot: &Snapshot,
    grammar: &Grammar,
    facts: &Facts,
) -> Result<LogHistory, SnapshotError> {
    let (mut reader, mut memos) = (Reader::new(grammar, facts), Memos::new());
    for path in snapshot.files(Table::SystemLogs) {
        read_repeated(&path, &SINGLE, &Columns::NAMES, |batch| {
            reader.batch(&batch, &mut memos);
            Ok(())
        })?;
    }
    Ok(LogHistory {
        events: reader.events,
        confirmations: reader.confirmations,
        senders: reader.senders,
        unknown: reader.unknown,
    })
}

struct Reader<'a> {
    grammar: &'a Grammar,
    short_ids: ShortIds,
    names: Names,
    senders: Senders,
    /// The number of the sender of the row in hand.
    sender: usize,
    events: Events,
    confirmations: Vec<Confirmation>,
    unknown: UnknownMessages,
}

impl<'a> Reader<'a> {
    fn new(grammar: &'a Grammar, facts: &Facts) -> Self {
        Self {
            grammar,
            short_ids: ShortIds::of(facts),
            names: Names::default(),
            senders: Senders::default(),
            sender: 0,
            events: Events::default(),
            confirmations: Vec::new(),
            unknown: UnknownMessages::new(),
        }
    }

    fn batch(&mut self, batch: &RecordBatch, memos: &mut Memos<'a>) {
        let [id, timestamp, cycle] = SINGLE.map(|name| Cells::of(batch, name));
        let columns = Columns::of(batch);
        memos.turn_to(&columns);
        for at in 0..batch.num_rows() {
            self.sender = memos.sender(&columns, at, &mut self.senders);
            self.tally().read += 1;
            let (Some(id), Some(time), Some(message)) =
                (id.text(at), timestamp.time(at), columns.message.number(at))
            else {
                self.tally().unreadable += 1;
                continue;
            };
            let cycle = cycle.int(at);
            let sender = self.senders.get(self.sender);
            sender.beats.push((time, cycle));
            let origin = sender.origin.clone();
            let metadata = columns.metadata.number(at);
            let row = LogRow {
                id,
                at: time,
                task: memos.task(&columns.task, at, &mut self.names),
                worker: memos.worker(&columns.worker, at, &mut self.names),
                cycle,
                metadata: metadata.map_or("", |number| columns.metadata.text(number)),
                said: match metadata {
                    Some(number) => {
                        let read = || Said::of(columns.metadata.text(number));
                        memos.said.get(number, |_| true, read)
                    }
                    None => &memos.nothing_said,
                },
                origin: &origin,
            };
            let line = columns.message.text(message);
            let read = || (origin.kind, Text::of(self.grammar, &origin, line, &mut self.names));
            match &memos.messages.get(message, |(kind, _)| *kind == origin.kind, read).1 {
                Text::Says(text) => self.row(&row, text),
                Text::Silent(template) => {
                    let sender = self.senders.get(self.sender);
                    sender.used(*template, time);
                    sender.tally.said_nothing += 1;
                }
                Text::Unknown => {
                    self.unknown.add(&origin.key.0, line, time);
                    self.tally().unknown += 1;
                }
            }
        }
    }

    fn tally(&mut self) -> &mut RowTally {
        &mut self.senders.get(self.sender).tally
    }

    fn row(&mut self, row: &LogRow<'_>, text: &Understood<'_>) {
        self.senders.get(self.sender).used(text.number, row.at);
        match &text.entry.meaning {
            Meaning::Event(kind) => {
                let event = make(row, text, *kind);
                self.keep(event, row, text);
                if let Some(whole) = text.entry.part_of {
                    self.confirm(row, text, whole, None);
                }
            }
            // any line of a worker's main process is a sign that it works
            Meaning::Silent(_) => {
                let event = make(row, text, EventKind::WorkerLogged);
                self.keep(event, row, text);
            }
            Meaning::Confirms(kind, other) => {
                let otherwise = other.and_then(|other| make(row, text, other)).map(Box::new);
                self.confirm(row, text, *kind, otherwise);
            }
        }
    }

    fn keep(&mut self, event: Option<Event>, row: &LogRow<'_>, text: &Understood<'_>) {
        let event = match event {
            // a task's line without the task's id is still a line of its worker
            None if row.origin.worker.is_some() => make(row, text, EventKind::WorkerLogged),
            None if text.entry.meaning == Meaning::Event(EventKind::TaskListedActive) => {
                self.listed(row, text)
            }
            None | Some(_) => event,
        };
        match event {
            Some(event) => {
                self.events.push(event);
                self.tally().became_events += 1;
            }
            None => self.tally().said_nothing += 1,
        }
    }

    /// `   1. 1a2b3c4d... | type | worker: W | started: 12:34:56`: the task by its first characters,
    /// the time within the day before the line. Where several tasks can be meant, all of them are named
    /// and none is said to be the one.
    fn listed(&mut self, row: &LogRow<'_>, text: &Understood<'_>) -> Option<Event> {
        let field = |name: &str| text.attributes.get(name)?.text();
        let (short, clock) = (field("task8")?, field("clock")?);
        let (task, kind) = match self.short_ids.at(short, row.at)[..] {
            [] => return None,
            [task] => (Some(task.clone()), EventKind::TaskListedActive),
            [..] => (None, EventKind::TaskListedAmbiguous),
        };
        let started = last_time_of_day(row.at, clock)?;
        let line = LogRow { task, worker: row.worker.clone(), ..*row };
        let mut event = make(&line, text, kind)?;
        if kind == EventKind::TaskListedAmbiguous {
            let meant = self.short_ids.at(short, row.at).into_iter();
            let meant = meant.map(|id| Subject::Task(self.names.task(id.as_str()))).collect();
            Arc::make_mut(&mut event.attributes).listed = meant;
        }
        // the list cuts the second, so the claim lies within it
        event.earliest = started;
        event.latest = Micros(started.0 + SECOND - 1);
        event.at = started;
        Some(event)
    }

    fn confirm(
        &mut self,
        row: &LogRow<'_>,
        text: &Understood<'_>,
        kind: EventKind,
        otherwise: Option<Box<Event>>,
    ) {
        self.confirmations.push(Confirmation {
            at: row.at,
            kind,
            about: row.about(text),
            source: row.origin.key.clone(),
            sender: self.sender,
            cycle: row.cycle,
            is_part: text.entry.part_of.is_some(),
            fields: text.entry.adds.then(|| text.attributes.clone()),
            evidence: row.evidence(),
            otherwise,
        });
    }
}

/// The last `12:34:56` that is no later than a second after a time.
fn last_time_of_day(before: Micros, clock: &str) -> Option<Micros> {
    let mut parts = clock.split(':');
    let mut part = |end| parts.next()?.parse().ok().filter(|n| (0..end).contains(n));
    let (h, m, s): (i64, i64, i64) = (part(24)?, part(60)?, part(60)?);
    let day = 86_400 * SECOND;
    let of_day = (h * 3_600 + m * 60 + s) * SECOND;
    let today = before.0.div_euclid(day) * day + of_day;
    Some(Micros(if today > before.0 + SECOND { today - day } else { today }))
}
