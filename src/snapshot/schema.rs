//! The columns each table is known to have had, in any revision of the source.
//!
//! A CSV dump carries no types, so an import takes them from here; the views that queries read name
//! all of them, so that no query fails to bind because an era lacked one.

use crate::model::table::Table;
use crate::snapshot::column::ColumnType;
use crate::snapshot::column::ColumnType::{Bool, Double, Int, Text, Timestamp};

/// Columns of our own in every evidence file, beside the source's.
pub const OWN_COLUMNS: [&str; 5] = ["_capture", "_xid", "_row_hash", "_verbatim", "captured_at"];

/// A column of our own in `tasks` alone: the class of its output, told before it was redacted.
pub const OUTPUT_CLASS: &str = "_output_class";

/// Whether a source's column would stand in the way of one of ours.
pub fn is_own(name: &str) -> bool {
    OWN_COLUMNS.iter().chain([&OUTPUT_CLASS]).any(|own| own.eq_ignore_ascii_case(name))
}

/// Known columns of a table with the type they are kept as (domain/orchestrator.md 1.1 to 1.4,
/// domain/worker-app.md 1.2 to 1.8).
pub fn known_columns(table: Table) -> &'static [(&'static str, ColumnType)] {
    match table {
        Table::SystemLogs => &[
            ("id", Text),
            ("timestamp", Timestamp),
            ("source_type", Text),
            ("source_id", Text),
            ("log_level", Text),
            ("message", Text),
            ("task_id", Text),
            ("worker_id", Text),
            ("cycle_number", Int),
            ("metadata", Text),
        ],
        Table::Workers => &[
            ("id", Text),
            ("instance_type", Text),
            ("created_at", Timestamp),
            ("last_heartbeat", Timestamp),
            ("status", Text),
            ("metadata", Text),
            ("current_model", Text),
        ],
        Table::Tasks => &[
            ("id", Text),
            ("task_type", Text),
            ("params", Text),
            ("status", Text),
            ("dependant_on", Text),
            ("output_location", Text),
            ("created_at", Timestamp),
            ("updated_at", Timestamp),
            ("project_id", Text),
            ("generation_processed_at", Timestamp),
            ("generation_started_at", Timestamp),
            ("worker_id", Text),
            ("generation_created", Bool),
            ("attempts", Int),
            ("error_message", Text),
            ("result_data", Text),
            ("copied_from_share", Text),
            ("idempotency_key", Text),
            (OUTPUT_CLASS, Text),
        ],
        Table::Generations => GENERATIONS,
        Table::GenerationVariants => &[
            ("id", Text),
            ("generation_id", Text),
            ("location", Text),
            ("thumbnail_url", Text),
            ("params", Text),
            ("is_primary", Bool),
            ("variant_type", Text),
            ("name", Text),
            ("created_at", Timestamp),
            ("project_id", Text),
            ("viewed_at", Timestamp),
            ("starred", Bool),
        ],
        Table::TaskTypes => TASK_TYPES,
    }
}

const GENERATIONS: &[(&str, ColumnType)] = &[
    ("id", Text),
    ("tasks", Text),
    ("params", Text),
    ("location", Text),
    ("type", Text),
    ("created_at", Timestamp),
    ("updated_at", Timestamp),
    ("project_id", Text),
    ("starred", Bool),
    ("thumbnail_url", Text),
    ("name", Text),
    ("based_on", Text),
    ("copied_from_share", Text),
    ("upscaled_url", Text),
    ("shot_id", Text),
    ("timeline_frame", Int),
    ("parent_generation_id", Text),
    ("child_order", Int),
    ("is_child", Bool),
    ("children", Text),
    ("primary_variant_id", Text),
    ("shot_data", Text),
    ("pair_shot_generation_id", Text),
];

const TASK_TYPES: &[(&str, ColumnType)] = &[
    ("id", Text),
    ("name", Text),
    ("run_type", Text),
    ("category", Text),
    ("display_name", Text),
    ("description", Text),
    ("base_cost_per_second", Text),
    ("cost_factors", Text),
    ("is_active", Bool),
    ("created_at", Timestamp),
    ("updated_at", Timestamp),
    ("billing_type", Text),
    ("unit_cost", Text),
    ("tool_type", Text),
    ("content_type", Text),
    ("is_visible", Bool),
    ("supports_progress", Bool),
    ("variant_type", Text),
];

/// How an import keeps a column: by the known type, else as text.
pub fn import_type(table: Table, column: &str) -> ColumnType {
    known_columns(table).iter().find(|(name, _)| *name == column).map_or(Text, |(_, kind)| *kind)
}

/// The one type name that stands for how a column is kept, where the source's own is not known.
pub fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        Int => "int8",
        Double => "float8",
        Bool => "bool",
        Timestamp => "timestamptz",
        Text => "text",
    }
}
