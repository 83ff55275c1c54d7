//! What two captures of one row differ in: nothing records when, so it happened somewhere between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::events::ordered::Events;
use crate::events::row_events;
use crate::model::attribute::{Attribute, Attributes};
use crate::model::column::Column;
use crate::model::event::{Basis, Event, Evidence};
use crate::model::id::{RowKey, TaskId, WorkerId};
use crate::model::kind::EventKind;
use crate::model::rows::{TaskRow, WorkerRow};
use crate::model::table::Table;
use crate::model::time::Micros;

/// A row as one capture found it.
#[derive(Clone)]
pub(super) struct Version<T> {
    /// The place of the capture that wrote it.
    pub(super) capture: usize,
    pub(super) row: T,
}

/// Rows of which there are several versions, oldest first.
#[derive(Default)]
pub(super) struct Histories {
    pub(super) workers: Vec<Vec<Version<WorkerRow>>>,
    pub(super) tasks: Vec<Vec<Version<TaskRow>>>,
    /// Keys that a capture no longer found.
    pub(super) vanished: Vec<(Table, RowKey, usize)>,
    /// Keys that a capture found again.
    pub(super) come_back: Vec<(Table, RowKey, usize)>,
    /// Up to when each capture saw the source.
    pub(super) seen_at: Vec<Option<Micros>>,
    /// By when each capture had read its last row.
    pub(super) read_by: Vec<Option<Micros>>,
}

impl Histories {
    /// What older versions record, what changed between versions, and what vanished.
    pub(super) fn events(&self, events: &mut Events) {
        for history in &self.workers {
            // the newest version is read with the facts; what it repeats is the same event
            let older = history.split_last().map_or(&[][..], |(_, older)| older);
            older.iter().rev().for_each(|v| row_events::of_worker(&v.row, events));
            for [before, after] in history.array_windows() {
                let changed = worker_changes(&before.row, &after.row);
                let of = (EventKind::WorkerRowChanged, Table::Workers, before.row.id.as_str());
                self.observed(of, changed, after.capture, events);
            }
        }
        for history in &self.tasks {
            let older = history.split_last().map_or(&[][..], |(_, older)| older);
            let older = older.iter().rev();
            older.for_each(|v| row_events::of_task(&v.row, self.seen_at[v.capture], events));
            for [before, after] in history.array_windows() {
                let changed = task_changes(&before.row, &after.row);
                let of = (EventKind::TaskRowChanged, Table::Tasks, before.row.id.as_str());
                self.observed(of, changed, after.capture, events);
            }
        }
        let gone = [EventKind::WorkerRowVanished, EventKind::TaskRowVanished];
        let back = [EventKind::WorkerRowReturned, EventKind::TaskRowReturned];
        for (keys, [of_worker, of_task]) in [(&self.vanished, gone), (&self.come_back, back)] {
            for (table, key, capture) in keys {
                let kind = match table {
                    Table::Workers => of_worker,
                    Table::Tasks => of_task,
                    Table::SystemLogs
                    | Table::Generations
                    | Table::GenerationVariants
                    | Table::TaskTypes => continue,
                };
                let changed = Changes::default();
                key.with_text(|id| self.observed((kind, *table, id), changed, *capture, events));
            }
        }
    }

    /// Up to when the rows of workers that vanished had been seen. One that came back did not vanish.
    pub(super) fn last_seen(&self) -> BTreeMap<WorkerId, Option<Micros>> {
        let of_workers = |keys: &[(Table, RowKey, usize)]| -> BTreeMap<WorkerId, usize> {
            let workers = keys.iter().filter(|(table, ..)| *table == Table::Workers);
            workers.map(|(_, key, at)| (key.with_text(|id| WorkerId::from(id)), *at)).collect()
        };
        let back = of_workers(&self.come_back);
        let seen = |capture: usize| capture.checked_sub(1).and_then(|before| self.seen_at[before]);
        let gone = of_workers(&self.vanished).into_iter();
        gone.filter(|(worker, at)| back.get(worker).is_none_or(|back| back < at))
            .map(|(worker, at)| (worker, seen(at)))
            .collect()
    }

    /// The event of a difference that a capture found; none where nothing that we follow changed.
    fn observed(
        &self,
        (kind, table, id): (EventKind, Table, &str),
        changes: Changes,
        capture: usize,
        events: &mut Events,
    ) {
        let is_change = matches!(kind, EventKind::WorkerRowChanged | EventKind::TaskRowChanged);
        let column = if is_change { changes.columns.first().copied() } else { Some(Column::Id) };
        let (Some(column), Some(Some(until))) = (column, self.read_by.get(capture)) else { return };
        // the capture before saw the row as it was
        let before = capture.checked_sub(1).and_then(|before| self.seen_at[before]);
        let evidence = Evidence { table, key: id.into(), column };
        let bounds = (before.map_or(*until, |before| before.min(*until)), *until);
        let of = (kind, Basis::Observed);
        events.push(Event {
            worker: (table == Table::Workers).then(|| WorkerId::from(id)),
            task: (table == Table::Tasks).then(|| TaskId::from(id)),
            attributes: Arc::new(changes.into_attributes()),
            ..Event::of_row(evidence, of, *until, bounds, &until.to_string())
        });
    }
}

/// Columns that differ, and what they held where that is told.
#[derive(Default)]
struct Changes {
    columns: Vec<Column>,
    told: Vec<(&'static str, String)>,
}

impl Changes {
    fn note(&mut self, column: Column, differs: bool) {
        if differs {
            self.columns.push(column);
        }
    }

    /// Notes a column, and what it held before and after.
    fn tell(&mut self, column: Column, names: [&'static str; 2], values: [Option<&str>; 2]) {
        self.note(column, values[0] != values[1]);
        if values[0] != values[1] {
            let both = names.into_iter().zip(values);
            self.told.extend(both.filter_map(|(name, value)| Some((name, value?.to_string()))));
        }
    }

    fn into_attributes(self) -> Attributes {
        let told = self.told.into_iter();
        let mut all: Attributes =
            told.map(|(name, value)| (name.into(), Attribute::Text(value.into()))).collect();
        if !self.columns.is_empty() {
            let columns = self.columns.iter().map(|column| column.name().into()).collect();
            all.insert("columns".into(), Attribute::List(columns));
        }
        all
    }
}

fn task_changes(before: &TaskRow, after: &TaskRow) -> Changes {
    let mut changes = Changes::default();
    let status = [&before.status, &after.status].map(|status| Some(status.as_str()));
    changes.tell(Column::Status, ["old_status", "new_status"], status);
    let worker = [before, after].map(|row| row.worker.as_ref().map(WorkerId::as_str));
    changes.tell(Column::WorkerId, ["old_worker", "new_worker"], worker);
    let attempts = [before, after].map(|row| row.attempts.to_string());
    let attempts = [Some(attempts[0].as_str()), Some(attempts[1].as_str())];
    changes.tell(Column::Attempts, ["old_attempts", "new_attempts"], attempts);
    changes.note(Column::GenerationStartedAt, before.started_at != after.started_at);
    changes.note(Column::GenerationProcessedAt, before.processed_at != after.processed_at);
    changes.note(Column::UpdatedAt, before.updated_at != after.updated_at);
    changes.note(Column::GenerationCreated, before.generation_created != after.generation_created);
    changes.note(Column::OutputLocation, before.output_location != after.output_location);
    changes.note(Column::ErrorMessage, before.error_message != after.error_message);
    changes.note(Column::Params, before.params != after.params);
    changes
}

/// A heartbeat is no difference: each version tells its own.
fn worker_changes(before: &WorkerRow, after: &WorkerRow) -> Changes {
    /// Written with every heartbeat (domain/orchestrator.md 1.2).
    const BEATS: [&str; 3] = ["vram_total_mb", "vram_used_mb", "vram_timestamp"];
    let mut changes = Changes::default();
    let status = [&before.status, &after.status].map(|status| Some(status.as_str()));
    changes.tell(Column::Status, ["old_status", "new_status"], status);
    changes.note(Column::CreatedAt, before.created_at != after.created_at);
    let (old, new) = (before.metadata.object(), after.metadata.object());
    let differing = |one: &serde_json::Map<String, serde_json::Value>,
                     other: &serde_json::Map<String, serde_json::Value>| {
        let keys = one.iter().filter(|(key, value)| other.get(*key) != Some(value));
        keys.map(|(key, _)| key.clone()).filter(|key| !BEATS.contains(&key.as_str())).collect()
    };
    let (gone, come): (Vec<String>, Vec<String>) = (differing(&old, &new), differing(&new, &old));
    changes.note(Column::Metadata, !gone.is_empty() || !come.is_empty());
    // a key that had another value counts as come
    let lost: Vec<&str> =
        gone.iter().filter(|k| !new.contains_key(*k)).map(String::as_str).collect();
    for (name, keys) in [("keys_lost", lost.join(", ")), ("keys_written", come.join(", "))] {
        if !keys.is_empty() {
            changes.told.push((name, keys));
        }
    }
    changes
}
