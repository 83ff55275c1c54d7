//! The rows of a case, as the tables of one capture.

use std::collections::BTreeMap;

use crate::cases::error::Problem;
use crate::cases::line::pairs;
use crate::cases::names::{at, filled, id_of};

/// A table's columns with their keys in a case; what they hold where a case says nothing is made here.
type Columns = &'static [&'static str];

const WORKERS: Columns =
    &["id", "instance_type", "created_at", "last_heartbeat", "status", "metadata"];
const TASKS: Columns = &[
    "id",
    "task_type",
    "status",
    "created_at",
    "worker_id",
    "generation_started_at",
    "generation_processed_at",
    "updated_at",
    "attempts",
    "generation_created",
    "output_location",
    "error_message",
    "params",
    "dependant_on",
    "project_id",
];
const LOGS: Columns = &[
    "id",
    "timestamp",
    "source_type",
    "source_id",
    "log_level",
    "message",
    "task_id",
    "worker_id",
    "cycle_number",
    "metadata",
];
const GENERATIONS: Columns =
    &["id", "tasks", "params", "location", "type", "created_at", "parent_generation_id"];
const VARIANTS: Columns = &["id", "generation_id", "variant_type", "params", "created_at"];
const TYPES: Columns = &["id", "name", "run_type", "category", "content_type", "is_active"];

/// The task types of the source (domain/worker-app.md section 7): name, run type, category, content type.
const KNOWN_TYPES: [[&str; 4]; 8] = [
    ["wan_2_2_t2i", "gpu", "generation", "image"],
    ["image_edit", "gpu", "generation", "image"],
    ["individual_travel_segment", "gpu", "generation", "video"],
    ["travel_segment", "gpu", "processing", "video"],
    ["travel_stitch", "gpu", "processing", "video"],
    ["travel_orchestrator", "gpu", "orchestration", ""],
    ["image-upscale", "api", "upscale", "image"],
    ["video_enhance", "api", "processing", "video"],
];

/// Rows of one capture.
#[derive(Default)]
pub(super) struct Rows {
    workers: Vec<Vec<String>>,
    tasks: Vec<Vec<String>>,
    logs: Vec<Vec<String>>,
    generations: Vec<Vec<String>>,
    variants: Vec<Vec<String>>,
}

impl Rows {
    /// One row, by the word its line begins with; false when the word names no table.
    pub(super) fn row(&mut self, word: &str, rest: &str, day: &str) -> Result<bool, Problem> {
        match word {
            "worker" => self.workers.push(worker(rest, day)?),
            "task" => self.tasks.push(task(rest, day)?),
            "generation" => self.generations.push(generation(rest, day)?),
            "variant" => self.variants.push(variant(rest, day)?),
            "log" => {
                let number = self.logs.len() + 1;
                self.logs.push(log(rest, day, number)?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A later capture reads the logs again, and the other rows as they are then.
    pub(super) fn next_capture(&mut self) {
        let logs = std::mem::take(&mut self.logs);
        *self = Self { logs, ..Self::default() };
    }

    /// The tables as PostgreSQL writes them: an unquoted empty field is NULL.
    pub(super) fn csv(&self) -> BTreeMap<String, String> {
        let types: Vec<Vec<String>> = KNOWN_TYPES.iter().enumerate().map(known_type).collect();
        [
            ("workers", WORKERS, &self.workers),
            ("tasks", TASKS, &self.tasks),
            ("system_logs", LOGS, &self.logs),
            ("generations", GENERATIONS, &self.generations),
            ("generation_variants", VARIANTS, &self.variants),
            ("task_types", TYPES, &types),
        ]
        .into_iter()
        .map(|(name, columns, rows)| (name.to_string(), table(columns, rows)))
        .collect()
    }
}

fn table(columns: Columns, rows: &[Vec<String>]) -> String {
    let mut text = columns.join(",");
    for row in rows {
        let fields: Vec<String> = row.iter().map(|field| quoted(field)).collect();
        text.push('\n');
        text.push_str(&fields.join(","));
    }
    text.push('\n');
    text
}

fn quoted(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

fn known_type((n, [name, run, category, content]): (usize, &[&str; 4])) -> Vec<String> {
    let id = format!("00000000-0000-4000-8ffe-{n:012}");
    let row = [id.as_str(), name, run, category, content, "t"];
    row.iter().map(ToString::to_string).collect()
}

/// The columns that a line gives, by their keys in a case.
struct Given<'a> {
    id: String,
    day: &'a str,
    columns: BTreeMap<&'a str, &'a str>,
}

impl<'a> Given<'a> {
    fn of(line: &'a str, day: &'a str, known: &[&str]) -> Result<Self, Problem> {
        let (short, rest) = line.split_once(' ').unwrap_or((line, ""));
        let columns = pairs(rest)?;
        match columns.keys().find(|key| !known.contains(key)) {
            Some(key) => Err(format!("there is no `{key}=`; there are {}", known.join(", "))),
            None => Ok(Self { id: id_of(short, day)?, day, columns }),
        }
    }

    fn text(&self, key: &str, or: &str) -> String {
        self.columns.get(key).map_or(or.to_string(), |value| filled(value, self.day))
    }

    fn time(&self, key: &str) -> Result<String, Problem> {
        self.columns.get(key).map_or(Ok(String::new()), |time| at(self.day, time))
    }

    /// The id behind a short name.
    fn of_name(&self, key: &str) -> Result<String, Problem> {
        self.columns.get(key).map_or(Ok(String::new()), |short| id_of(short, self.day))
    }

    /// The ids behind short names with commas between.
    fn of_names(&self, key: &str) -> Result<Vec<String>, Problem> {
        let Some(names) = self.columns.get(key) else { return Ok(Vec::new()) };
        names.split(',').map(|short| id_of(short, self.day)).collect()
    }
}

fn worker(line: &str, day: &str) -> Result<Vec<String>, Problem> {
    let of = Given::of(line, day, &["type", "created", "beat", "status", "meta"])?;
    let kind = if line.starts_with("api") { "api" } else { "NVIDIA GeForce RTX 4090" };
    Ok(vec![
        of.id.clone(),
        of.text("type", kind),
        of.time("created")?,
        of.time("beat")?,
        of.text("status", "active"),
        of.text("meta", "{}"),
    ])
}

fn task(line: &str, day: &str) -> Result<Vec<String>, Problem> {
    let known = [
        "type",
        "status",
        "created",
        "worker",
        "started",
        "processed",
        "updated",
        "attempts",
        "flag",
        "output",
        "error",
        "params",
        "after",
        "project",
    ];
    let of = Given::of(line, day, &known)?;
    let after = of.of_names("after")?;
    let after = if after.is_empty() { String::new() } else { format!("{{{}}}", after.join(",")) };
    Ok(vec![
        of.id.clone(),
        of.text("type", "wan_2_2_t2i"),
        of.text("status", "Queued").replace('_', " "),
        of.time("created")?,
        of.of_name("worker")?,
        of.time("started")?,
        of.time("processed")?,
        of.time("updated")?,
        of.text("attempts", "0"),
        of.text("flag", "false"),
        of.text("output", ""),
        of.text("error", ""),
        of.text("params", "{}"),
        after,
        of.of_name("project")?,
    ])
}

fn generation(line: &str, day: &str) -> Result<Vec<String>, Problem> {
    let of = Given::of(line, day, &["tasks", "params", "location", "type", "created", "parent"])?;
    let tasks = serde_json::json!(of.of_names("tasks")?);
    Ok(vec![
        of.id.clone(),
        tasks.to_string(),
        of.text("params", "{}"),
        of.text("location", ""),
        of.text("type", "image"),
        of.time("created")?,
        of.of_name("parent")?,
    ])
}

fn variant(line: &str, day: &str) -> Result<Vec<String>, Problem> {
    let of = Given::of(line, day, &["generation", "type", "params", "created"])?;
    let generation = of.of_name("generation")?;
    let row = [of.text("type", ""), of.text("params", "{}"), of.time("created")?];
    Ok([of.id.clone(), generation].into_iter().chain(row).collect())
}

/// `TIME SOURCE LEVEL MESSAGE [| METADATA]`; the source is `gpu[:HOST][#CYCLE]`, `api[:HOST][/TASK]`,
/// `w1[/TASK]` or `edge:FUNCTION[/TASK]`.
fn log(line: &str, day: &str, number: usize) -> Result<Vec<String>, Problem> {
    let mut parts = line.splitn(4, ' ');
    let (Some(time), Some(source), Some(level), Some(message)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("a line of the log is `log TIME SOURCE LEVEL MESSAGE`".to_string());
    };
    let (message, metadata) = message.split_once(" | {").unwrap_or((message, "}"));
    let (source, task) = source.split_once('/').unwrap_or((source, ""));
    let (source, cycle) = source.split_once('#').unwrap_or((source, ""));
    let (name, host) = source.split_once(':').unwrap_or((source, ""));
    let or = |host: &str, or: &str| if host.is_empty() { or.to_string() } else { host.to_string() };
    let (kind, id, own) = match name {
        "edge" => ("edge_function", host.to_string(), String::new()),
        "gpu" => ("orchestrator_gpu", or(host, "gpu-host"), String::new()),
        "api" => ("orchestrator_api", or(host, "api-host"), String::new()),
        worker => ("worker", id_of(worker, day)?, id_of(worker, day)?),
    };
    Ok(vec![
        format!("00000000-0000-4000-9000-{number:012}"),
        at(day, time)?,
        kind.to_string(),
        id,
        level.to_string(),
        filled(message, day),
        if task.is_empty() { String::new() } else { id_of(task, day)? },
        own,
        cycle.to_string(),
        filled(&format!("{{{metadata}"), day),
    ])
}
