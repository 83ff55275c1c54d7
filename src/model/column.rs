//! The columns that evidence cites: every event cites one, and there are a few dozen.

use serde::{Deserialize, Serialize};

/// Declares them in the order of their names.
macro_rules! columns {
    ($($column:ident = $name:literal,)*) => {
        /// A column of a source's table, or `column.key` inside JSON.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Column {
            $(#[doc = concat!("`", $name, "`.")] $column,)*
        }

        impl Column {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$column,)*];

            /// The name in tables.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }
        }
    };
}

columns! {
    Attempts = "attempts",
    CreatedAt = "created_at",
    ErrorMessage = "error_message",
    GenerationCreated = "generation_created",
    GenerationProcessedAt = "generation_processed_at",
    GenerationStartedAt = "generation_started_at",
    Id = "id",
    LastHeartbeat = "last_heartbeat",
    Message = "message",
    Metadata = "metadata",
    DiagnosticsLastHeartbeat = "metadata.diagnostics.last_heartbeat",
    DiagnosticsRunningTasks = "metadata.diagnostics.running_tasks",
    ErrorReason = "metadata.error_reason",
    ErrorTime = "metadata.error_time",
    PromotedToActiveAt = "metadata.promoted_to_active_at",
    StartupScriptLaunchedAt = "metadata.startup_script_launched_at",
    TerminatedAt = "metadata.terminated_at",
    VramTimestamp = "metadata.vram_timestamp",
    OutputLocation = "output_location",
    Params = "params",
    Status = "status",
    Tasks = "tasks",
    UpdatedAt = "updated_at",
    WorkerId = "worker_id",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_sort_as_their_names_do_and_bear_their_places() {
        assert!(Column::ALL.is_sorted_by(|one, next| one < next && one.name() < next.name()));
        assert!(Column::ALL.iter().enumerate().all(|(place, column)| *column as usize == place));
    }
}
