//! The derived tables and their columns: a contract that queries and outside scripts read.

use crate::snapshot::column::ColumnType::{self, Bool, Double, Int, Text, Timestamp};

/// One derived table: its name and its columns in order.
#[derive(Clone, Copy, Debug)]
pub struct DerivedTable {
    /// Folder under `derived/` and view in SQL.
    pub name: &'static str,
    /// Columns with the type they are kept as.
    pub columns: &'static [(&'static str, ColumnType)],
}

/// Raised with a change of what is derived, or of how the files are written, that the columns do not show: what an older
/// build derived is derived again.
const LAYOUT: u32 = 5;

/// Rows in a row group: few enough that to read one thing's is to read little. In a table that is in the order
/// of the things one group has all of them.
const GROUP_ROWS: usize = 32_768;
const SORTED_GROUP_ROWS: usize = 16_384;

impl DerivedTable {
    /// Rows in a row group, at most.
    pub(super) fn group_rows(&self) -> usize {
        match self.columns.first() {
            Some(("task_id" | "worker_id" | "pod_id", _)) => SORTED_GROUP_ROWS,
            Some(_) | None => GROUP_ROWS,
        }
    }
}

/// What the tables of a build are: their names, columns and types, and how their files are laid out.
pub(super) fn digest() -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{LAYOUT} {GROUP_ROWS} {SORTED_GROUP_ROWS}\n").as_bytes());
    for table in DERIVED {
        hasher.update(table.name.as_bytes());
        for (name, kind) in table.columns {
            hasher.update(format!(" {name} {kind:?}").as_bytes());
        }
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

/// Every derived table, in alphabetical order.
pub const DERIVED: &[DerivedTable] = &[
    DerivedTable {
        name: "anomalies",
        columns: &[
            ("subject_kind", Text),
            ("subject_id", Text),
            ("happened_at", Timestamp),
            ("kind", Text),
            ("state", Text),
            ("event_id", Text),
            ("detail", Text),
        ],
    },
    DerivedTable {
        name: "captures",
        columns: &[
            ("capture", Text),
            ("began_at", Timestamp),
            ("ended_at", Timestamp),
            ("guarantee", Text),
            ("rows_new", Int),
            ("retention_horizon", Timestamp),
        ],
    },
    DerivedTable {
        name: "clocks",
        columns: &[
            ("clock", Text),
            ("offset_s", Double),
            ("uncertainty_s", Double),
            ("pairs", Int),
        ],
    },
    DerivedTable {
        name: "coverage",
        columns: &[
            ("source_type", Text),
            ("source_id", Text),
            ("entity", Text),
            ("from_at", Timestamp),
            ("until_at", Timestamp),
            ("could_reach", Bool),
            ("why_not", Text),
        ],
    },
    DerivedTable {
        name: "cycles",
        columns: &[
            ("run_id", Text),
            ("cycle", Int),
            ("started_at", Timestamp),
            ("completed_at", Timestamp),
            ("queued", Int),
            ("active_tasks", Int),
            ("workers_active", Int),
            ("workers_spawning", Int),
            ("desired", Int),
            ("promoted", Int),
            ("failed", Int),
            ("spawned", Int),
            ("terminated", Int),
            ("reset", Int),
            ("failed_reads", Int),
        ],
    },
    DerivedTable {
        name: "decisions",
        columns: &[
            ("event_id", Text),
            ("run_id", Text),
            ("cycle", Int),
            ("subject_kind", Text),
            ("subject_id", Text),
            ("rule", Text),
            ("verdict", Text),
            ("inputs", Text),
            ("thresholds", Text),
            ("based_on_failed_read", Bool),
            ("failed_read_event_id", Text),
            ("era", Text),
            ("formula", Text),
            ("decided", Text),
            ("recomputed", Text),
            ("happened_at", Timestamp),
        ],
    },
    DerivedTable {
        name: "event_evidence",
        columns: &[
            ("event_id", Text),
            ("evidence_table", Text),
            ("evidence_key", Text),
            ("evidence_column", Text),
            ("role", Text),
        ],
    },
    DerivedTable {
        name: "event_objects",
        columns: &[("event_id", Text), ("object_kind", Text), ("object_id", Text), ("role", Text)],
    },
    DerivedTable {
        name: "events",
        columns: &[
            ("event_id", Text),
            ("happened_at", Timestamp),
            ("earliest", Timestamp),
            ("latest", Timestamp),
            ("subject_kind", Text),
            ("subject_id", Text),
            ("kind", Text),
            ("worker_id", Text),
            ("task_id", Text),
            ("pod_id", Text),
            ("run_id", Text),
            ("cycle", Int),
            ("attributes", Text),
            ("basis", Text),
            ("clock", Text),
            ("evidence_table", Text),
            ("evidence_key", Text),
            ("evidence_column", Text),
            ("arrived_by", Timestamp),
            ("call_site", Text),
            ("source_type", Text),
            ("source_id", Text),
        ],
    },
    DerivedTable {
        name: "gaps",
        columns: &[
            ("source_type", Text),
            ("source_id", Text),
            ("began_at", Timestamp),
            ("ended_at", Timestamp),
            ("cause", Text),
            ("basis", Text),
            ("run_id", Text),
            ("why", Text),
        ],
    },
    DerivedTable {
        name: "log_coverage",
        columns: &[
            ("source_type", Text),
            ("source_id", Text),
            ("era", Text),
            ("rows_read", Int),
            ("became_events", Int),
            ("confirmed", Int),
            ("said_nothing", Int),
            ("unknown", Int),
            ("unreadable", Int),
        ],
    },
    DerivedTable {
        name: "pods",
        columns: &[
            ("pod_id", Text),
            ("worker_id", Text),
            ("created_at", Timestamp),
            ("ended_at", Timestamp),
            ("end_kind", Text),
            ("cost_per_hour", Double),
            ("created_event_id", Text),
            ("ended_event_id", Text),
        ],
    },
    DerivedTable {
        name: "runs",
        columns: &[
            ("run_id", Text),
            ("source_type", Text),
            ("source_id", Text),
            ("started_at", Timestamp),
            ("ended_at", Timestamp),
            ("first_cycle", Int),
            ("last_cycle", Int),
            ("era", Text),
        ],
    },
    DerivedTable {
        name: "task_attempts",
        columns: &[
            ("task_id", Text),
            ("attempt", Int),
            ("worker_id", Text),
            ("claimed_at", Timestamp),
            ("started_at", Timestamp),
            ("ended_at", Timestamp),
            ("outcome", Text),
            ("reason", Text),
            ("basis", Text),
            ("claimed_event_id", Text),
            ("ended_event_id", Text),
            ("delivered_at", Timestamp),
            ("delivered_event_id", Text),
        ],
    },
    DerivedTable {
        name: "task_generations",
        columns: &[
            ("task_id", Text),
            ("expected", Text),
            ("verdict", Text),
            ("flag", Bool),
            ("linked", Int),
            ("why", Text),
            ("decided_at", Timestamp),
            ("basis", Text),
            ("completed_event_id", Text),
        ],
    },
    DerivedTable {
        name: "task_states",
        columns: &[
            ("task_id", Text),
            ("seq", Int),
            ("state", Text),
            ("entered_at", Timestamp),
            ("left_at", Timestamp),
            ("basis", Text),
            ("entered_event_id", Text),
            ("left_event_id", Text),
        ],
    },
    DerivedTable {
        name: "unknown_messages",
        columns: &[
            ("source_type", Text),
            ("template", Text),
            ("count", Int),
            ("first_at", Timestamp),
            ("last_at", Timestamp),
            ("sample", Text),
            ("near_failures", Int),
        ],
    },
    DerivedTable {
        name: "worker_ends",
        columns: &[
            ("worker_id", Text),
            ("ended_at", Timestamp),
            ("ended_after", Timestamp),
            ("ended_before", Timestamp),
            ("end_kind", Text),
            ("reason", Text),
            ("error_code", Text),
            ("decided_at", Timestamp),
            ("decided_by", Text),
            ("last_alive_at", Timestamp),
            ("last_work_at", Timestamp),
            ("event_id", Text),
            ("basis", Text),
        ],
    },
    DerivedTable {
        name: "worker_liveness",
        columns: &[
            ("worker_id", Text),
            ("seq", Int),
            ("liveness", Text),
            ("entered_at", Timestamp),
            ("left_at", Timestamp),
            ("process", Text),
            ("guardian", Text),
        ],
    },
    DerivedTable {
        name: "worker_signals",
        columns: &[
            ("worker_id", Text),
            ("happened_at", Timestamp),
            ("signal", Text),
            ("by_guardian", Bool),
            ("basis", Text),
            ("event_id", Text),
        ],
    },
    DerivedTable {
        name: "worker_states",
        columns: &[
            ("worker_id", Text),
            ("seq", Int),
            ("state", Text),
            ("entered_at", Timestamp),
            ("left_at", Timestamp),
            ("basis", Text),
            ("entered_event_id", Text),
            ("left_event_id", Text),
        ],
    },
];

/// The derived table of that name.
pub fn derived_table(name: &str) -> Option<&'static DerivedTable> {
    DERIVED.iter().find(|table| table.name == name)
}
