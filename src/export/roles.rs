//! Which column of which table has which role in redaction (domain/worker-app.md 1.11).

use crate::model::table::Table;
use crate::redact::role::Role;

/// The role of a column; one that no revision is known to have is judged by its name.
pub fn role(table: Table, column: &str) -> Role {
    match (table, column) {
        (Table::SystemLogs, "message") | (Table::Tasks, "error_message") => Role::Prose,
        (Table::Tasks, "params" | "error_details")
        | (Table::Generations | Table::GenerationVariants, "params") => Role::Parameters,
        (Table::Tasks, "output_location") => Role::Output,
        (
            Table::Generations | Table::GenerationVariants,
            "location" | "thumbnail_url" | "upscaled_url",
        ) => Role::Location,
        (Table::SystemLogs | Table::Workers, "metadata")
        | (Table::Tasks, "result_data")
        | (Table::Generations, "shot_data") => Role::Details,
        // a share's word opens it; an idempotency key is made by the client out of whatever it likes
        (
            Table::Tasks | Table::Generations | Table::GenerationVariants,
            "name" | "copied_from_share" | "idempotency_key",
        ) => Role::Private,
        (Table::Tasks | Table::Generations | Table::GenerationVariants, "project_id") => {
            Role::Project
        }
        _ if is_known(table, column) => Role::Plain,
        _ => Role::of_name(column),
    }
}

fn is_known(table: Table, column: &str) -> bool {
    crate::snapshot::schema::known_columns(table).iter().any(|(name, _)| *name == column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_nobody_knows_is_judged_by_its_name() {
        assert_eq!(role(Table::Tasks, "id"), Role::Plain);
        assert_eq!(role(Table::Tasks, "user_id"), Role::Person);
        assert_eq!(role(Table::Workers, "owner_email"), Role::Private);
        assert_eq!(role(Table::Tasks, "created_by"), Role::Owner);
        assert_eq!(role(Table::Workers, "api_key"), Role::Secret("api_key"));
        assert_eq!(role(Table::Workers, "db_pass"), Role::Secret("password"));
        assert_eq!(role(Table::Workers, "password_hash"), Role::Secret("password"));
        assert_eq!(role(Table::Workers, "runpod_key"), Role::Secret("api_key"));
        assert_eq!(role(Table::Workers, "credentials"), Role::Secret("credentials"));
        for name in ["ssh_key", "session_id", "render_pass", "bypass", "remark"] {
            assert_eq!(role(Table::SystemLogs, name), Role::Prose, "{name}");
        }
        assert_eq!(role(Table::TaskTypes, "description"), Role::Plain);
    }
}
