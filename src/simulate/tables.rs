//! The tables beside the logs, as PostgreSQL's CSV with header, in the columns of an era.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::simulate::dice::Uuid;
use crate::simulate::kind::Kind;
use crate::simulate::part_file::PartFile;
use crate::simulate::plan::Era;
use crate::simulate::stamp;
use crate::simulate::task::Task;
use crate::simulate::worker::Worker;

/// One field; `None` is NULL.
type Field = Option<String>;

/// One file.
struct Csv(PartFile);

impl Csv {
    fn create(dir: &Path, table: &str, columns: &[&str]) -> io::Result<Self> {
        let mut out = PartFile::create(dir.join(format!("{table}.csv")))?;
        writeln!(out, "{}", columns.join(","))?;
        Ok(Self(out))
    }

    fn row(&mut self, fields: &[Field]) -> io::Result<()> {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                self.0.write_all(b",")?;
            }
            match field {
                None => {}
                Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
                    write!(self.0, "\"{}\"", text.replace('"', "\"\""))?;
                }
                Some(text) => self.0.write_all(text.as_bytes())?,
            }
        }
        self.0.write_all(b"\n")
    }
}

/// The files in the making.
pub(super) struct Tables {
    era: Era,
    workers: Csv,
    tasks: Csv,
    generations: Csv,
    variants: Csv,
    pub(super) counts: [u64; 4],
}

const WORKERS: &[&str] =
    &["id", "instance_type", "created_at", "last_heartbeat", "status", "metadata", "current_model"];

const TASKS: &[&str] = &[
    "id",
    "task_type",
    "params",
    "status",
    "dependant_on",
    "output_location",
    "created_at",
    "updated_at",
    "project_id",
    "generation_processed_at",
    "generation_started_at",
    "worker_id",
    "generation_created",
    "attempts",
    "error_message",
    "result_data",
    "copied_from_share",
    "idempotency_key",
];

const GENERATIONS: &[&str] = &[
    "id",
    "tasks",
    "params",
    "location",
    "type",
    "created_at",
    "updated_at",
    "project_id",
    "starred",
    "thumbnail_url",
    "name",
    "based_on",
    "copied_from_share",
];

const VARIANTS: &[&str] = &[
    "id",
    "generation_id",
    "location",
    "thumbnail_url",
    "params",
    "is_primary",
    "variant_type",
    "name",
    "created_at",
    "project_id",
];

const TASK_TYPES: &[&str] = &[
    "id",
    "name",
    "run_type",
    "category",
    "display_name",
    "is_active",
    "created_at",
    "content_type",
];

/// Columns of a table that an era does not have yet.
fn columns(all: &'static [&'static str], era: Era) -> Vec<&'static str> {
    let absent = |name: &str| match name {
        "current_model" => era < Era::E6,
        "idempotency_key" => era < Era::E12,
        _ => false,
    };
    all.iter().copied().filter(|name| !absent(name)).collect()
}

/// A generation on its way into its table.
pub(super) struct Generation<'a> {
    pub(super) id: Uuid,
    pub(super) task: &'a Task,
    pub(super) location: &'a str,
    pub(super) at: i64,
}

impl Tables {
    pub(super) fn create(dir: &Path, era: Era, starts_at: i64, ids: [Uuid; 8]) -> io::Result<Self> {
        let mut types = Csv::create(dir, "task_types", TASK_TYPES)?;
        for (kind, id) in Kind::ALL.into_iter().zip(ids) {
            let content = if kind.is_video() { "video" } else { "image" };
            types.row(&[
                Some(id.to_string()),
                Some(kind.name().into()),
                Some(kind.run_type().into()),
                Some(kind.category().into()),
                Some(kind.name().replace('_', " ")),
                Some("t".into()),
                Some(stamp::postgres(starts_at - 90 * 86_400_000_000)),
                Some(content.into()),
            ])?;
        }
        types.0.finish()?;
        Ok(Self {
            era,
            workers: Csv::create(dir, "workers", &columns(WORKERS, era))?,
            tasks: Csv::create(dir, "tasks", &columns(TASKS, era))?,
            generations: Csv::create(dir, "generations", GENERATIONS)?,
            variants: Csv::create(dir, "generation_variants", VARIANTS)?,
            counts: [0; 4],
        })
    }

    pub(super) fn worker(&mut self, worker: &Worker, instance: &str) -> io::Result<()> {
        let mut fields = vec![
            Some(worker.id.clone()),
            Some(instance.to_string()),
            Some(stamp::postgres(worker.created_at)),
            worker.last_heartbeat.map(stamp::postgres),
            Some(worker.status.to_string()),
            Some(Value::Object(worker.metadata.clone()).to_string()),
        ];
        if self.era >= Era::E6 {
            fields.push(worker.current_model.map(str::to_string));
        }
        self.counts[0] += 1;
        self.workers.row(&fields)
    }

    pub(super) fn task(&mut self, task: &Task) -> io::Result<()> {
        // dependant_on became an array on 2026-01-21
        let dependency = task.depends_on.map(|(_, id)| match self.era {
            Era::E4 | Era::E6 => id.to_string(),
            Era::E12 => format!("{{{id}}}"),
        });
        let mut fields = vec![
            Some(task.id.to_string()),
            Some(task.kind.name().into()),
            Some(task.params.to_string()),
            Some(task.status.name().into()),
            dependency,
            task.output.clone(),
            Some(stamp::postgres(task.created_at)),
            task.updated_at.map(stamp::postgres),
            Some(task.project.to_string()),
            task.processed_at.map(stamp::postgres),
            task.started_at.map(stamp::postgres),
            task.worker.clone(),
            Some(if task.generation_created { "t" } else { "f" }.into()),
            Some(task.attempts.to_string()),
            task.error_message.clone(),
            Some("{}".into()),
            None,
        ];
        if self.era >= Era::E12 {
            fields.push(None);
        }
        self.counts[1] += 1;
        self.tasks.row(&fields)
    }

    pub(super) fn generation(&mut self, new: &Generation<'_>) -> io::Result<()> {
        let content = if new.task.kind.is_video() { "video" } else { "image" };
        self.counts[2] += 1;
        self.generations.row(&[
            Some(new.id.to_string()),
            Some(json!([new.task.id.to_string()]).to_string()),
            Some(new.task.params.to_string()),
            Some(new.location.to_string()),
            Some(content.into()),
            Some(stamp::postgres(new.at)),
            None,
            Some(new.task.project.to_string()),
            Some("f".into()),
            None,
            None,
            None,
            None,
        ])
    }

    /// A second completion of a task: its generation gets a variant.
    pub(super) fn variant(&mut self, new: &Generation<'_>, generation: Uuid) -> io::Result<()> {
        let params = json!({
            "source_task_id": new.task.id.to_string(),
            "created_from": "task_completion",
        });
        self.counts[3] += 1;
        self.variants.row(&[
            Some(new.id.to_string()),
            Some(generation.to_string()),
            Some(new.location.to_string()),
            None,
            Some(params.to_string()),
            Some("t".into()),
            Some("regenerated".into()),
            None,
            Some(stamp::postgres(new.at)),
            Some(new.task.project.to_string()),
        ])
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        for csv in [&mut self.workers, &mut self.tasks, &mut self.generations, &mut self.variants] {
            csv.0.finish()?;
        }
        Ok(())
    }
}
