//! `system_logs` into events, confirmations, silence and unknown messages.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use crate::events::SourceKey;
use crate::events::log_event::{Confirmation, LogRow, about, make};
use crate::events::rows::Cells;
use crate::events::sender::{Sender, Senders};
use crate::events::tally::RowTally;
use crate::events::unknown::UnknownMessages;
use crate::grammar::entry::Meaning;
use crate::grammar::matcher::{Grammar, Match};
use crate::model::event::{Event, Subject};
use crate::model::id::TaskId;
use crate::model::kind::EventKind;
use crate::model::rows::Facts;
use crate::model::table::Table;
use crate::model::time::{Micros, SECOND};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::read_columns;

const COLUMNS: [&str; 9] = [
    "id",
    "timestamp",
    "source_type",
    "source_id",
    "message",
    "task_id",
    "worker_id",
    "cycle_number",
    "metadata",
];

/// What the log rows said.
pub(super) struct LogHistory {
    pub(super) events: Vec<Event>,
    pub(super) confirmations: Vec<Confirmation>,
    pub(super) senders: BTreeMap<SourceKey, Sender>,
    pub(super) unknown: UnknownMessages,
}

/// Reads all log rows, in whatever order they stand.
pub(super) fn read(
    snapshot: &Snapshot,
    grammar: &Grammar,
    facts: &Facts,
) -> Result<LogHistory, SnapshotError> {
    let mut reader = Reader::new(grammar, facts);
    for path in snapshot.files(Table::SystemLogs) {
        read_columns(&path, &COLUMNS, |batch| {
            reader.batch(&batch);
            Ok(())
        })?;
    }
    Ok(LogHistory {
        events: reader.events,
        confirmations: reader.confirmations,
        senders: reader.senders.into_sorted(),
        unknown: reader.unknown,
    })
}

struct Reader<'a> {
    grammar: &'a Grammar,
    /// In the order of the ids, with when they were created.
    tasks: Vec<(TaskId, Option<Micros>)>,
    senders: Senders,
    /// The number of the sender of the row in hand.
    sender: usize,
    events: Vec<Event>,
    confirmations: Vec<Confirmation>,
    unknown: UnknownMessages,
}

impl<'a> Reader<'a> {
    fn new(grammar: &'a Grammar, facts: &Facts) -> Self {
        let mut tasks: Vec<(TaskId, Option<Micros>)> =
            facts.tasks.iter().map(|task| (task.id.clone(), task.created_at)).collect();
        tasks.sort();
        Self {
            grammar,
            tasks,
            senders: Senders::default(),
            sender: 0,
            events: Vec::new(),
            confirmations: Vec::new(),
            unknown: UnknownMessages::new(),
        }
    }

    fn batch(&mut self, batch: &RecordBatch) {
        let cells: Vec<Cells> = COLUMNS.iter().map(|name| Cells::of(batch, name)).collect();
        let [id, timestamp, source_type, source_id, message, task_id, worker_id, cycle, metadata] =
            &cells[..]
        else {
            return;
        };
        for at in 0..batch.num_rows() {
            let (kind, name) = (source_type.text(at), source_id.text(at));
            self.sender = self.senders.number(kind.unwrap_or(""), name.unwrap_or(""));
            self.tally().read += 1;
            let (Some(id), Some(time), Some(message)) =
                (id.text(at), timestamp.time(at), message.text(at))
            else {
                self.tally().unreadable += 1;
                continue;
            };
            let cycle = cycle.int(at);
            self.senders.get(self.sender).beats.push((time, cycle));
            let row = LogRow {
                id,
                at: time,
                source: &self.senders.key(self.sender),
                message,
                task_id: task_id.word(at),
                worker_id: worker_id.word(at),
                cycle,
                metadata: metadata.text(at).unwrap_or(""),
            };
            self.row(&row);
        }
    }

    fn tally(&mut self) -> &mut RowTally {
        &mut self.senders.get(self.sender).tally
    }

    fn row(&mut self, row: &LogRow<'_>) {
        let grammar = self.grammar;
        let Some(found) = grammar.classify(&row.source.0, row.message) else {
            self.unknown.add(&row.source.0, row.message, row.at);
            self.tally().unknown += 1;
            return;
        };
        self.senders.get(self.sender).used(&found.entry.id, row.at);
        match &found.entry.meaning {
            Meaning::Event(kind) => {
                let event = make(row, &found, *kind);
                self.keep(event, row, &found);
                if let Some(whole) = found.entry.part_of {
                    self.confirm(row, &found, whole, None);
                }
            }
            // any line of a worker's main process is a sign that it works
            Meaning::Silent(_) if &*row.source.0 == "worker" => {
                let event = make(row, &found, EventKind::WorkerLogged);
                self.keep(event, row, &found);
            }
            Meaning::Silent(_) => self.tally().said_nothing += 1,
            Meaning::Confirms(kind, other) => {
                let otherwise = other.and_then(|other| make(row, &found, other)).map(Box::new);
                self.confirm(row, &found, *kind, otherwise);
            }
        }
    }

    fn keep(&mut self, event: Option<Event>, row: &LogRow<'_>, found: &Match<'_, '_>) {
        let event = match event {
            // a task's line without the task's id is still a line of its worker
            None if &*row.source.0 == "worker" => make(row, found, EventKind::WorkerLogged),
            None if found.entry.meaning == Meaning::Event(EventKind::TaskListedActive) => {
                self.listed(row, found)
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
    /// the time within the day before the line. An ambiguous prefix names nobody.
    fn listed(&self, row: &LogRow<'_>, found: &Match<'_, '_>) -> Option<Event> {
        let (short, clock) = (found.field("task8")?, found.field("clock")?);
        let from = self.tasks.partition_point(|(task, _)| task.as_str() < short);
        let there = |created: &Option<Micros>| created.is_none_or(|at| at.0 <= row.at.0 + SECOND);
        let mut hits = self.tasks[from..]
            .iter()
            .take_while(|(task, _)| task.as_str().starts_with(short))
            .filter(|(_, created)| there(created))
            .map(|(task, _)| task);
        let (Some(task), None) = (hits.next(), hits.next()) else { return None };
        let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
        let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
        let day = 86_400 * SECOND;
        let of_day = (h * 3_600 + m * 60 + s) * SECOND;
        let mut started = row.at.0.div_euclid(day) * day + of_day;
        if started > row.at.0 + SECOND {
            started -= day;
        }
        let line = LogRow { task_id: Some(task.as_str()), metadata: "", ..*row };
        let mut event = make(&line, found, EventKind::TaskListedActive)?;
        // the list cuts the second, so the claim lies within it
        event.earliest = Micros(started);
        event.latest = Micros(started + SECOND - 1);
        event.at = Micros(started);
        event.touches.retain(|touched| *touched != Subject::Task(task.clone()));
        Some(event)
    }

    fn confirm(
        &mut self,
        row: &LogRow<'_>,
        found: &Match<'_, '_>,
        kind: EventKind,
        otherwise: Option<Box<Event>>,
    ) {
        let evidence = crate::model::event::Evidence {
            table: Table::SystemLogs,
            key: row.id.into(),
            column: "message",
        };
        let source = row.source.clone();
        self.confirmations.push(Confirmation {
            at: row.at,
            kind,
            about: about(row, found),
            source,
            cycle: row.cycle,
            is_part: found.entry.part_of.is_some(),
            evidence,
            otherwise,
        });
    }
}
