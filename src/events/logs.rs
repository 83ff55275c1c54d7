//! `system_logs` into events, confirmations, silence and unknown messages.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use crate::events::checkpoint::Checkpoints;
use crate::events::listing::Listing;
use crate::events::log_event::{Confirmation, LogRow, make, signed};
use crate::events::memos::{Columns, Memos, Text, named};
use crate::events::names::Names;
use crate::events::parsed::Parsed;
use crate::events::rows::Cells;
use crate::events::said::Said;
use crate::events::tally::RowTally;
use crate::events::understood::Understood;
use crate::grammar::entry::Meaning;
use crate::grammar::matcher::Grammar;
use crate::model::cycle::Cycle;
use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::table::Table;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::{read_repeated, row_groups};
use crate::spool::Spool;

/// Pieces of a file for each thread: one that has other work first takes fewer.
const PIECES_A_THREAD: usize = 2;
/// Of so many rows about one becomes an event: there is room for them from the start.
const ROWS_AN_EVENT: usize = 2;
/// For no more rows than these: room is nothing before it is used, but has to be given.
const ROOM_MAX: usize = 4_000_000;
/// The columns whose texts do not repeat.
const SINGLE: [&str; 3] = ["id", "timestamp", "cycle_number"];

/// Reads all log rows, in whatever order they stand.
pub(super) fn read(
    snapshot: &Snapshot,
    grammar: &Grammar,
    spool: &Arc<Spool>,
) -> Result<Parsed, SnapshotError> {
    let (mut all, mut names) = (Parsed::new(spool), Names::default());
    let checkpoints = Checkpoints::of(snapshot, grammar);
    for file in snapshot.entries_of(Table::SystemLogs) {
        let path = snapshot.path_of(file);
        let Some(checkpoints) = &checkpoints else {
            read_file((&path, file.rows), grammar, &mut names, spool, &mut all)?;
            continue;
        };
        if let Some(known) = checkpoints.load(file, spool) {
            all.take(known);
            continue;
        }
        let mut parsed = Parsed::new(spool);
        read_file((&path, file.rows), grammar, &mut names, spool, &mut parsed)?;
        checkpoints.save(file, &parsed);
        all.take(parsed);
    }
    Ok(all)
}

/// Reads one file: in several pieces beside each other where there are threads for them.
fn read_file(
    (path, rows): (&Path, u64),
    grammar: &Grammar,
    names: &mut Names,
    spool: &Arc<Spool>,
    parsed: &mut Parsed,
) -> Result<(), SnapshotError> {
    let groups = row_groups(path)?;
    let pieces = match rayon::current_num_threads() {
        0 | 1 => 1,
        threads => groups.min(threads * PIECES_A_THREAD),
    };
    // what the manifest says of a damaged file is not asked for
    let room = usize::try_from(rows).unwrap_or(0).min(ROOM_MAX) / ROWS_AN_EVENT;
    if pieces <= 1 {
        parsed.events.reserve(room);
        return read_groups(path, 0..groups, grammar, names, parsed);
    }
    let read = |piece: usize| {
        let (mut names, mut parsed) = (Names::default(), Parsed::new(spool));
        parsed.events.reserve(room / pieces);
        let groups = groups * piece / pieces..groups * (piece + 1) / pieces;
        read_groups(path, groups, grammar, &mut names, &mut parsed)?;
        Ok(parsed)
    };
    let made: Result<Vec<Parsed>, SnapshotError> = (0..pieces).into_par_iter().map(read).collect();
    made?.into_iter().for_each(|piece| parsed.take(piece));
    Ok(())
}

fn read_groups(
    path: &Path,
    groups: Range<usize>,
    grammar: &Grammar,
    names: &mut Names,
    parsed: &mut Parsed,
) -> Result<(), SnapshotError> {
    let mut memos = Memos::new();
    let mut reader = Reader { grammar, names, sender: 0, parsed };
    read_repeated(path, &SINGLE, &Columns::NAMES, groups, |batch| {
        reader.batch(&batch, &mut memos);
        Ok(())
    })
}

struct Reader<'a, 'n> {
    grammar: &'a Grammar,
    names: &'n mut Names,
    /// The number of the sender of the row in hand.
    sender: usize,
    parsed: &'n mut Parsed,
}

impl<'a> Reader<'a, '_> {
    fn batch(&mut self, batch: &RecordBatch, memos: &mut Memos<'a>) {
        let [id, timestamp, cycle] = SINGLE.map(|name| Cells::of(batch, name));
        let columns = Columns::of(batch);
        memos.turn_to(&columns);
        for at in 0..batch.num_rows() {
            self.sender = memos.sender(&columns, at, &mut self.parsed.senders);
            self.tally().read += 1;
            let (Some(id), Some(time), Some(message)) =
                (id.text(at), timestamp.time(at), columns.message.number(at))
            else {
                self.tally().unreadable += 1;
                continue;
            };
            let cycle = cycle.int(at);
            self.parsed.senders.get(self.sender).pulse.push((time, cycle));
            let origin = &memos.origins[self.sender];
            let metadata = columns.metadata.number(at);
            let row = LogRow {
                id,
                at: time,
                task: named(&mut memos.tasks, &columns.task, at, |id| self.names.task(id)),
                worker: named(&mut memos.workers, &columns.worker, at, |id| self.names.worker(id)),
                cycle: cycle.and_then(Cycle::of),
                metadata: metadata.map_or("", |number| columns.metadata.text(number)),
                said: match metadata {
                    Some(number) => {
                        let read = || Said::of(columns.metadata.text(number));
                        memos.said.get(number, |_| true, read)
                    }
                    None => &memos.nothing_said,
                },
                origin,
            };
            let line = columns.message.text(message);
            let read = || (origin.kind, Text::of(self.grammar, origin, line, self.names));
            match &memos.messages.get(message, |(kind, _)| *kind == origin.kind, read).1 {
                Text::Says(text) => self.row(&row, text),
                Text::Silent(template) => {
                    let sender = self.parsed.senders.get(self.sender);
                    sender.used(*template, time);
                    sender.tally.said_nothing += 1;
                }
                Text::Unknown => {
                    self.parsed.unknown.add(&origin.key.0, line, time);
                    self.tally().unknown += 1;
                    let signed = signed(&row, &self.names.no_fields);
                    signed.into_iter().for_each(|event| self.parsed.events.push_boxed(event));
                }
            }
        }
    }

    fn tally(&mut self) -> &mut RowTally {
        &mut self.parsed.senders.get(self.sender).tally
    }

    fn row(&mut self, row: &LogRow<'_>, text: &Understood<'_>) {
        self.parsed.senders.get(self.sender).used(text.number, row.at);
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
                let otherwise = other.and_then(|other| make(row, text, other));
                self.confirm(row, text, *kind, otherwise);
            }
        }
    }

    fn keep(&mut self, event: Option<Box<Event>>, row: &LogRow<'_>, text: &Understood<'_>) {
        let event = match event {
            // a task's line without the task's id is still a line of its worker
            None if row.origin.worker.is_some() => make(row, text, EventKind::WorkerLogged),
            None if text.entry.meaning == Meaning::Event(EventKind::TaskListedActive) => {
                if let Some(listing) = Listing::of(row, text) {
                    self.parsed.listings.push(listing);
                    return;
                }
                None
            }
            None | Some(_) => event,
        };
        match event {
            Some(event) => {
                self.parsed.events.push_boxed(event);
                self.tally().became_events += 1;
            }
            None => self.tally().said_nothing += 1,
        }
    }

    fn confirm(
        &mut self,
        row: &LogRow<'_>,
        text: &Understood<'_>,
        kind: EventKind,
        otherwise: Option<Box<Event>>,
    ) {
        self.parsed.confirmations.push(Confirmation {
            at: row.at,
            kind,
            about: row.about(text),
            source: row.origin.key.clone(),
            cycle: row.cycle,
            is_part: text.entry.part_of.is_some(),
            fields: text.entry.adds.then(|| text.attributes.clone()),
            evidence: row.evidence(),
            otherwise,
        });
    }
}
