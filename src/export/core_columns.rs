//! Columns without which a replay would go wrong in silence: a renamed one is no NULL.

use std::fmt;

use crate::export::catalogue::SourceTable;
use crate::model::alike::alike;
use crate::model::table::Table;
use crate::snapshot::schema::known_columns;

/// Columns that are told where none is named alike.
const TOLD_MAX: usize = 5;

/// A table of the source lacks a column that every known revision has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{table}` has no column `{column}`, without which nothing is told rightly{instead}")]
pub struct MissingColumn {
    /// The table.
    pub table: Table,
    /// What it lacks.
    pub column: &'static str,
    /// What may have become of it.
    pub instead: Instead,
}

/// Columns that no revision is known to have: one of them may be the old one under a new name.
#[derive(Debug, PartialEq, Eq)]
pub enum Instead {
    /// Named alike, the likest first.
    Alike(Vec<String>),
    /// None is named alike; these are there.
    Unknown(Vec<String>),
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (said, names) = match self {
            Self::Alike(names) => ("; the nearest it has is", names),
            Self::Unknown(names) if names.is_empty() => return Ok(()),
            Self::Unknown(names) => ("; what it has and no known revision had:", names),
        };
        write!(f, "{said} `{}`", names.join("`, `"))
    }
}

/// Whether a table has the columns it needs.
pub(super) fn check(source: &SourceTable) -> Result<(), MissingColumn> {
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let missing = |column: &&&str| !names.contains(*column);
    match source.table.core_columns().iter().find(missing) {
        Some(column) => {
            let instead = instead(source.table, column, &names);
            Err(MissingColumn { table: source.table, column, instead })
        }
        None => Ok(()),
    }
}

/// What may stand for a column among those that are there.
pub(super) fn instead(table: Table, column: &str, names: &[&str]) -> Instead {
    let known = known_columns(table);
    let strange = || names.iter().copied().filter(|name| known.iter().all(|(old, _)| old != name));
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_string).collect();
    let near = alike(column, strange());
    if near.is_empty() {
        Instead::Unknown(owned(strange().take(TOLD_MAX).collect()))
    } else {
        Instead::Alike(owned(near))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::catalogue::SourceColumn;

    fn column(name: &&str) -> SourceColumn {
        SourceColumn {
            name: (*name).to_string(),
            type_name: "text".to_string(),
            sql_type: "text".to_string(),
            builtin: true,
            not_null: false,
            default: None,
            generated: String::new(),
            identity: String::new(),
        }
    }

    fn tasks(names: &[&str]) -> SourceTable {
        let columns = names.iter().map(column).collect();
        SourceTable {
            table: Table::Tasks,
            oid: 1,
            columns,
            may_select: true,
            hides_rows: false,
            in_parts: false,
        }
    }

    #[test]
    fn a_core_column_that_is_gone_is_named_with_its_likeliest_heir() {
        let without = |new: &[&str]| {
            let mut names = Table::Tasks.core_columns().to_vec();
            names.retain(|name| *name != "worker_id");
            names.extend(new);
            check(&tasks(&names)).map_err(|err| err.to_string())
        };
        let begin =
            "`tasks` has no column `worker_id`, without which nothing is told rightly".to_string();
        assert_eq!(without(&["worker_id"]), Ok(()));
        assert_eq!(without(&[]), Err(begin.clone()));
        assert_eq!(
            without(&["x_worker", "worker", "project_id"]),
            Err(format!("{begin}; the nearest it has is `worker`"))
        );
        assert_eq!(
            without(&["assignee", "attempts"]),
            Err(format!("{begin}; what it has and no known revision had: `assignee`"))
        );
    }

    #[test]
    fn every_core_column_is_one_that_a_view_has() {
        for table in Table::ALL {
            for name in table.core_columns() {
                assert!(known_columns(table).iter().any(|(known, _)| known == name), "{name}");
            }
        }
    }
}
