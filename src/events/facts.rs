//! The latest version of each mutable row, typed.

use std::collections::BTreeMap;

use crate::events::rows::Cells;
use crate::model::event::Evidence;
use crate::model::id::{RowKey, TaskId, WorkerId};
use crate::model::output::OutputClass;
use crate::model::rows::{Facts, GenerationLink, TaskRow, TaskTypeRow, WorkerRow};
use crate::model::table::Table;
use crate::model::time::Micros;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::read_columns;
use crate::snapshot::schema::{OUTPUT_CLASS, known_columns};

/// Reads the row facts of a snapshot.
pub fn read(snapshot: &Snapshot) -> Result<Facts, SnapshotError> {
    let workers = latest(snapshot, Table::Workers, worker)?;
    let tasks = latest(snapshot, Table::Tasks, task)?;
    let task_types = if snapshot.holds(Table::TaskTypes) {
        Some(latest(snapshot, Table::TaskTypes, task_type)?)
    } else {
        None
    };
    // a line that could not be read may have been the one that is looked for
    let links = if snapshot.unreadable(Table::Generations) == Some(0) {
        let mut links: Vec<GenerationLink> =
            latest(snapshot, Table::Generations, generation)?.into_iter().flatten().collect();
        let variants = latest(snapshot, Table::GenerationVariants, variant)?;
        links.extend(variants.into_iter().flatten());
        Some(links)
    } else {
        None
    };
    Ok(Facts { workers, tasks, task_types, links, taken_at: snapshot.taken_at() })
}

/// The newest version of each row by id, in the order of the ids.
fn latest<T>(
    snapshot: &Snapshot,
    table: Table,
    make: impl Fn(&Row<'_>) -> Option<T>,
) -> Result<Vec<T>, SnapshotError> {
    let columns: Vec<&'static str> = known_columns(table).iter().map(|(name, _)| *name).collect();
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for path in snapshot.files(table) {
        read_columns(&path, &columns, |batch| {
            let cells: Columns =
                columns.iter().map(|name| (*name, Cells::of(&batch, name))).collect();
            for at in 0..batch.num_rows() {
                let row = Row { cells: &cells, at };
                if let (Some(id), Some(made)) = (row.cell("id").text(at), make(&row)) {
                    keys.push((RowKey::from(id), rows.len()));
                    rows.push(Some(made));
                }
            }
            Ok(())
        })?;
    }
    keys.sort_unstable();
    let newest = keys.chunk_by(|a, b| a.0 == b.0).filter_map(<[_]>::last);
    Ok(newest.filter_map(|(_, place)| rows[*place].take()).collect())
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
        metadata: row.json("metadata"),
    })
}

fn task(row: &Row<'_>) -> Option<TaskRow> {
    Some(TaskRow {
        id: TaskId::from(row.word("id")?),
        task_type: row.text("task_type").unwrap_or_default(),
        status: row.text("status").unwrap_or_default(),
        created_at: row.time("created_at"),
        worker: row.word("worker_id").map(WorkerId::from),
        started_at: row.time("generation_started_at"),
        processed_at: row.time("generation_processed_at"),
        updated_at: row.time("updated_at"),
        attempts: row.cell("attempts").int(row.at).unwrap_or(0),
        generation_created: row.cell("generation_created").flag(row.at).unwrap_or(false),
        output_class: output_class(row),
        output_location: row.text("output_location"),
        error_message: row.text("error_message"),
        params: row.json("params"),
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
    let column = if table == Table::Generations { "tasks" } else { "params" };
    tasks.sort();
    tasks.dedup();
    let link = |task: String| GenerationLink {
        task: TaskId::from(task.as_str()),
        evidence: Evidence { table, key: key.clone(), column },
        created_at: row.time("created_at"),
    };
    Some(tasks.into_iter().map(link).collect())
}
