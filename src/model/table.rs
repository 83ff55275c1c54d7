//! The source tables we keep as evidence.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One table of the orchestrator's database that a snapshot can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Table {
    /// Every line that orchestrators, workers and edge functions logged. Append-only; kept 48 hours.
    SystemLogs,
    /// One row a worker, current state only.
    Workers,
    /// One row a task, current state only.
    Tasks,
    /// What completed tasks produced.
    Generations,
    /// Variants of generations.
    GenerationVariants,
    /// Category, content and pool of each task type.
    TaskTypes,
}

impl Table {
    /// All tables, in the order in which they are exported and listed.
    pub const ALL: [Self; 6] = [
        Self::SystemLogs,
        Self::Workers,
        Self::Tasks,
        Self::Generations,
        Self::GenerationVariants,
        Self::TaskTypes,
    ];

    /// The name in the source database, in file names and in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::SystemLogs => "system_logs",
            Self::Workers => "workers",
            Self::Tasks => "tasks",
            Self::Generations => "generations",
            Self::GenerationVariants => "generation_variants",
            Self::TaskTypes => "task_types",
        }
    }

    /// The table of that name, if we keep it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Whether a snapshot without this table is useless (`system_logs`, `workers`, `tasks`).
    pub fn is_required(self) -> bool {
        match self {
            Self::SystemLogs | Self::Workers | Self::Tasks => true,
            Self::Generations | Self::GenerationVariants | Self::TaskTypes => false,
        }
    }

    /// Columns that every known revision of the source has and that a replay cannot do without
    /// (domain/orchestrator.md 1.1 to 1.4, domain/worker-app.md 1.2 to 1.5): one that is gone was renamed or left
    /// away, and taken for NULL it would tell of tasks that nobody claimed, results that never came and workers
    /// that never lived.
    pub fn core_columns(self) -> &'static [&'static str] {
        match self {
            Self::SystemLogs => &[
                "id",
                "timestamp",
                "source_type",
                "message",
                "source_id",
                "task_id",
                "worker_id",
                "metadata",
            ],
            Self::Workers => {
                &["id", "status", "created_at", "last_heartbeat", "metadata", "instance_type"]
            }
            Self::Tasks => &[
                "id",
                "status",
                "task_type",
                "created_at",
                "worker_id",
                "generation_started_at",
                "generation_processed_at",
                "output_location",
                "generation_created",
                "updated_at",
                "attempts",
                "error_message",
                "params",
            ],
            Self::Generations => &["id", "tasks"],
            Self::GenerationVariants => &["id", "params"],
            Self::TaskTypes => &["id", "name"],
        }
    }

    /// Whether rows never change once written; the others keep only their last value at the source.
    pub fn is_append_only(self) -> bool {
        match self {
            Self::SystemLogs => true,
            Self::Workers
            | Self::Tasks
            | Self::Generations
            | Self::GenerationVariants
            | Self::TaskTypes => false,
        }
    }

    /// The column that carries the row's own time, for min/max in the capture file.
    pub fn time_column(self) -> &'static str {
        match self {
            Self::SystemLogs => "timestamp",
            Self::Workers
            | Self::Tasks
            | Self::Generations
            | Self::GenerationVariants
            | Self::TaskTypes => "created_at",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
