//! The rows of the mutable tables, typed: the newest version of each, and the older ones beside.

use std::collections::BTreeMap;

use crate::events::differences::{Histories, Version};
use crate::events::rows::Cells;
use crate::model::column::Column;
use crate::model::event::Evidence;
use crate::model::id::{RowKey, TaskId, WorkerId};
use crate::model::metadata::Metadata;
use crate::model::output::OutputClass;
use crate::model::params::Params;
use crate::model::rows::{Facts, GenerationLink, LogCapture, TaskRow, TaskTypeRow, WorkerRow};
use crate::model::state::Guarantee;
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{Capture, TableCapture};
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::read_columns;
use crate::snapshot::schema::{OUTPUT_CLASS, known_columns};

/// Reads the row facts of a snapshot, and the rows of which it holds several versions.
pub(super) fn read(snapshot: &Snapshot) -> Result<(Facts, Histories), SnapshotError> {
    let workers = versions(snapshot, Table::Workers, worker)?;
    let mut tasks = versions(snapshot, Table::Tasks, task)?;
    name_claimers(&mut tasks);
    note_edits(&mut tasks);
    let seen_at = seen_at(snapshot, &workers, &tasks);
    let (workers, worker_histories) = newest(workers);
    let (tasks, task_histories) = newest(tasks);
    let task_types = if snapshot.holds(Table::TaskTypes) {
        Some(newest(versions(snapshot, Table::TaskTypes, task_type)?).0)
    } else {
        None
    };
    // a line that could not be read may have been the one that is looked for
    let links = if snapshot.is_whole(Table::Generations) {
        let generations = newest(versions(snapshot, Table::Generations, generation)?).0;
        let variants = newest(versions(snapshot, Table::GenerationVariants, variant)?).0;
        Some(generations.into_iter().chain(variants).flatten().collect())
    } else {
        None
    };
    let histories = Histories {
        workers: worker_histories,
        tasks: task_histories,
        vanished: keys(snapshot, |held, of, before| held.newly_gone(of, before).collect()),
        come_back: keys(snapshot, |held, of, before| held.come_back(of, before).collect()),
        read_by: read_by(snapshot, &seen_at),
        seen_at,
    };
    let logs = log_captures(snapshot, &histories.seen_at);
    let seen_at = histories.seen_at.iter().copied().max().flatten();
    let last_seen = histories.last_seen();
    Ok((Facts { workers, tasks, task_types, links, seen_at, logs, last_seen }, histories))
}

/// What each capture took of the log, where it took it.
fn log_captures(snapshot: &Snapshot, seen_at: &[Option<Micros>]) -> Vec<LogCapture> {
    let captures = snapshot.captures().iter().zip(seen_at);
    captures.filter_map(|(capture, seen)| capture.log(*seen)).collect()
}

/// Up to when each capture of a snapshot saw its source, in order; `None` where nothing tells.
///
/// # Errors
/// When its rows cannot be read.
pub fn captures_seen(snapshot: &Snapshot) -> Result<Vec<Option<Micros>>, SnapshotError> {
    let workers = versions(snapshot, Table::Workers, worker)?;
    Ok(seen_at(snapshot, &workers, &versions(snapshot, Table::Tasks, task)?))
}

/// Up to when each capture saw its source: when it began, or for files given to us, which may be old,
/// the latest time that stands in what it took.
fn seen_at(
    snapshot: &Snapshot,
    workers: &Versions<WorkerRow>,
    tasks: &Versions<TaskRow>,
) -> Vec<Option<Micros>> {
    let began = |capture: &Capture| Micros::parse(&capture.began_at);
    let mut latest: Vec<Option<Micros>> = Vec::new();
    for capture in snapshot.captures() {
        // task types are edited by hand, whenever
        let moving = [Table::SystemLogs, Table::Workers, Table::Tasks, Table::Generations];
        let held = moving.iter().filter_map(|table| capture.tables.get(table.name()));
        let times = held.filter_map(|held| held.max_time.as_deref());
        let in_it = times.filter_map(Micros::parse).filter(|at| Some(*at) <= began(capture));
        latest.push(in_it.max());
    }
    let mut told = |place: usize, at: Option<Micros>| {
        latest[place] =
            latest[place].max(at.filter(|at| Some(*at) <= began(&snapshot.captures()[place])));
    };
    for (_, version) in workers {
        let Version { capture, row } = &**version;
        told(*capture, row.last_heartbeat.max(row.created_at));
    }
    for (_, version) in tasks {
        let Version { capture, row } = &**version;
        let [a, b, c] = [row.started_at, row.processed_at, row.updated_at];
        told(*capture, a.max(b).max(c));
    }
    // a capture sees no less far than the one before it
    let mut far = None;
    let of = |(capture, latest): (&Capture, Option<Micros>)| {
        let latest = if capture.reads_source() { None } else { latest };
        let at = latest.or_else(|| began(capture));
        far = far.max(at);
        far
    };
    snapshot.captures().iter().zip(latest).map(of).collect()
}

/// By when each capture had read its last row. One that is read page by page has values which are younger than
/// the moment up to which it saw everything.
fn read_by(snapshot: &Snapshot, seen_at: &[Option<Micros>]) -> Vec<Option<Micros>> {
    let of = |(capture, seen): (&Capture, &Option<Micros>)| {
        let ended = if capture.guarantee == Guarantee::Paged.name() {
            Micros::parse(&capture.ended_at)
        } else {
            None
        };
        ended.max(*seen)
    };
    snapshot.captures().iter().zip(seen_at).map(of).collect()
}

/// Keys of workers and tasks of which each capture tells, with the capture's place.
fn keys(
    snapshot: &Snapshot,
    told: for<'a> fn(&'a TableCapture, &str, &'a [Capture]) -> Vec<&'a String>,
) -> Vec<(Table, RowKey, usize)> {
    let mut found = Vec::new();
    for (place, capture) in snapshot.captures().iter().enumerate() {
        for table in [Table::Workers, Table::Tasks] {
            let earlier = &snapshot.captures()[..place];
            let held = capture.tables.get(table.name());
            let keys = held.into_iter().flat_map(|held| told(held, table.name(), earlier));
            found.extend(keys.map(|key| (table, RowKey::from(key.as_str()), place)));
        }
    }
    found
}

/// Rows by id, each in a place of its own, for it is large and sorting moves it.
type Versions<T> = Vec<(RowKey, Box<Version<T>>)>;

/// Every version of each row: by id, then by the place of its capture.
fn versions<T>(
    snapshot: &Snapshot,
    table: Table,
    make: impl Fn(&Row<'_>) -> Option<T>,
) -> Result<Versions<T>, SnapshotError> {
    let columns: Vec<&'static str> = known_columns(table).iter().map(|(name, _)| *name).collect();
    let mut rows = Vec::new();
    for (capture, held) in snapshot.captures().iter().enumerate() {
        for path in snapshot.files_of(held, table) {
            read_columns(&path, &columns, |batch| {
                let cells = columns.iter().map(|name| (*name, Cells::of(&batch, name))).collect();
                for at in 0..batch.num_rows() {
                    let row = Row { cells: &cells, at };
                    if let (Some(id), Some(made)) = (row.cell("id").text(at), make(&row)) {
                        rows.push((RowKey::from(id), Box::new(Version { capture, row: made })));
                    }
                }
                Ok(())
            })?;
        }
    }
    // stable: of two versions in one capture the later one counts
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.capture.cmp(&b.1.capture)));
    Ok(rows)
}

/// A version that names nobody beside a claim that the one before it has as well: who made it is told by that one, and
/// nothing after undoes it.
fn name_claimers(tasks: &mut Versions<TaskRow>) {
    for at in 1..tasks.len() {
        let [(key, before), (next, after)] = &mut tasks[at - 1..=at] else { continue };
        let (before, after) = (&before.row, &mut after.row);
        let is_its =
            key == next && after.started_at.is_some() && after.started_at == before.started_at;
        if is_its && after.worker.is_none() {
            after.worker_before = before.claimer().cloned();
        }
    }
}

/// A version with another status than the first one that has its times: they are of the first's, however often
/// somebody wrote over it.
fn note_edits(tasks: &mut Versions<TaskRow>) {
    let mut first = 0;
    for at in 1..tasks.len() {
        let (told, rest) = tasks.split_at_mut(at);
        let [(key, version), ..] = rest else { continue };
        let (before_key, before) = (&told[first].0, &told[first].1.row);
        let row = &mut version.row;
        let is_same =
            before.updated_at == row.updated_at && before.processed_at == row.processed_at;
        if before_key == key && is_same {
            row.is_edited = before.status != row.status;
        } else {
            first = at;
        }
    }
}

/// The newest version of each row, and all versions of those that have several.
fn newest<T: Clone>(versions: Versions<T>) -> (Vec<T>, Vec<Vec<Version<T>>>) {
    let (mut rows, mut histories) = (Vec::new(), Vec::new());
    let mut versions = versions.into_iter().peekable();
    while let Some((key, first)) = versions.next() {
        if versions.peek().is_none_or(|(next, _)| *next != key) {
            rows.push(first.row);
            continue;
        }
        let mut history = vec![*first];
        while let Some((_, next)) = versions.next_if(|(other, _)| *other == key) {
            if history.last().is_some_and(|last: &Version<T>| last.capture == next.capture) {
                history.pop();
            }
            history.push(*next);
        }
        if history.len() > 1 {
            rows.extend(history.last().map(|last| last.row.clone()));
            histories.push(history);
        } else {
            rows.extend(history.pop().map(|only| only.row));
        }
    }
    (rows, histories)
}

type Columns = BTreeMap<&'static str, Cells>;

/// One row of a batch.
struct Row<'a> {
    cells: &'a Columns,
    at: usize,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &Cells {
        self.cells.get(column).expect("a rule reads the columns that the table is known to have")
    }

    fn word(&self, column: &str) -> Option<&str> {
        self.cell(column).word(self.at)
    }

    fn text(&self, column: &str) -> Option<String> {
        self.word(column).map(str::to_string)
    }

    fn time(&self, column: &str) -> Option<Micros> {
        self.cell(column).time(self.at)
    }

    fn json(&self, column: &str) -> serde_json::Value {
        self.cell(column).json(self.at)
    }
}

fn worker(row: &Row<'_>) -> Option<WorkerRow> {
    Some(WorkerRow {
        id: WorkerId::from(row.word("id")?),
        instance_type: row.text("instance_type").unwrap_or_default(),
        status: row.text("status").unwrap_or_default(),
        created_at: row.time("created_at"),
        last_heartbeat: row.time("last_heartbeat"),
        metadata: Metadata::of(row.word("metadata").unwrap_or_default()),
    })
}

fn task(row: &Row<'_>) -> Option<TaskRow> {
    Some(TaskRow {
        id: TaskId::from(row.word("id")?),
        task_type: row.text("task_type").unwrap_or_default(),
        status: row.text("status").unwrap_or_default(),
        created_at: row.time("created_at"),
        worker: row.word("worker_id").map(WorkerId::from),
        worker_before: None,
        started_at: row.time("generation_started_at"),
        processed_at: row.time("generation_processed_at"),
        updated_at: row.time("updated_at"),
        is_edited: false,
        attempts: row.cell("attempts").int(row.at).unwrap_or(0),
        generation_created: row.cell("generation_created").flag(row.at).unwrap_or(false),
        output_class: output_class(row),
        output_location: row.text("output_location"),
        error_message: row.text("error_message"),
        params: Params::of(&row.json("params")),
    })
}

/// As told when the row was captured; captures of older versions do not tell.
fn output_class(row: &Row<'_>) -> Option<OutputClass> {
    let told = row.word(OUTPUT_CLASS).and_then(OutputClass::from_name);
    told.or_else(|| OutputClass::of(row.word("output_location")?))
}

fn task_type(row: &Row<'_>) -> Option<TaskTypeRow> {
    Some(TaskTypeRow {
        name: row.text("name")?,
        category: row.text("category").unwrap_or_default(),
        content_type: row.text("content_type"),
        run_type: row.text("run_type").unwrap_or_default(),
    })
}

/// A generation names its tasks in `tasks`, and the newest one in `params.source_task_id`
/// (domain/worker-app.md 1.8).
fn generation(row: &Row<'_>) -> Option<Vec<GenerationLink>> {
    let mut tasks = match row.json("tasks") {
        serde_json::Value::Array(items) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_string)).collect()
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Object(_) => Vec::new(),
    };
    tasks.extend(param_tasks(row, &["source_task_id"]));
    links(row, Table::Generations, tasks)
}

fn variant(row: &Row<'_>) -> Option<Vec<GenerationLink>> {
    let tasks = param_tasks(row, &["source_task_id", "upscale_task_id"]);
    links(row, Table::GenerationVariants, tasks)
}

fn param_tasks(row: &Row<'_>, keys: &[&str]) -> Vec<String> {
    let params = row.json("params");
    keys.iter().filter_map(|key| params.get(key)?.as_str().map(str::to_string)).collect()
}

fn links(row: &Row<'_>, table: Table, mut tasks: Vec<String>) -> Option<Vec<GenerationLink>> {
    let key = RowKey::from(row.word("id")?);
    let of_generations = table == Table::Generations;
    let column = if of_generations { Column::Tasks } else { Column::Params };
    tasks.sort();
    tasks.dedup();
    let link = |task: String| GenerationLink {
        task: TaskId::from(task.as_str()),
        evidence: Evidence { table, key: key.clone(), column },
        created_at: row.time("created_at"),
    };
    Some(tasks.into_iter().map(link).collect())
}
