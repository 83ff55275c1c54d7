//! Why files could not be loaded into a database, and what to do about it.
//!
//! PostgreSQL quotes the row in the context of a failed COPY, and a key in the detail of a constraint:
//! of its errors only the code is kept, and the number of the line.

use std::io;

use crate::export::error::ExportError;
use crate::export::import_error::ImportError;
use crate::export::source_dir::SourceFile;
use crate::model::table::Table;

/// Why a load failed. Nothing of it is in the database then.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The files cannot be read, or are none.
    #[error(transparent)]
    Files(#[from] ImportError),
    /// Only CSV can be loaded.
    #[error("{0} is no CSV")]
    NotCsv(String),
    /// No session.
    #[error(transparent)]
    Session(#[from] ExportError),
    /// The database is in use.
    #[error("`public.{0}` holds rows already")]
    Occupied(Table),
    /// The role may not do what a load does.
    #[error("the role may not create tables in `public` or write to them")]
    Forbidden,
    /// A standby, or a database that is read-only.
    #[error("the server does not let this session write (SQLSTATE {0})")]
    ReadOnly(String),
    /// The schema's text was refused.
    #[error("the schema could not be created (SQLSTATE {0})")]
    Schema(String),
    /// Something that the schema creates is there, though empty.
    #[error("something that the schema creates is there already")]
    SchemaThere,
    /// The schema has no table for a file.
    #[error("the schema creates no table `public.{table}` for {file}")]
    NoTable {
        /// The table.
        table: Table,
        /// The file.
        file: String,
    },
    /// The table lacks a column of the file.
    #[error("`public.{table}` has no column `{column}`, which {file} has")]
    NoColumn {
        /// The table.
        table: Table,
        /// The name in the header.
        column: String,
        /// The file.
        file: String,
    },
    /// A row was refused.
    #[error("{file}{}: PostgreSQL refuses the row (SQLSTATE {code})", in_line(*.line))]
    Row {
        /// The file.
        file: String,
        /// Where in it, counted from 1 with the header.
        line: Option<u64>,
        /// The five characters.
        code: String,
    },
    /// The transaction could not be ended.
    #[error("the rows were refused in the end (SQLSTATE {0})")]
    Ending(String),
    /// The connection broke.
    #[error("the connection was lost while loading")]
    Lost,
    /// The machine gives us no event loop.
    #[error("cannot start the network runtime")]
    Runtime(#[source] io::Error),
}

fn in_line(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

impl LoadError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Files(_) => {
                "give a directory of whole <table>.csv[.gz] files, each with its header"
            }
            Self::NotCsv(_) => "load CSV: NDJSON can only be imported",
            Self::Session(_) => {
                "check host, port, user, password and sslmode of the database's URL"
            }
            Self::Occupied(_) | Self::SchemaThere => {
                "nothing was changed: name an empty database, made with `createdb`"
            }
            Self::Forbidden => "use the owner of an empty database; nothing was changed",
            Self::ReadOnly(_) => "name a database that can be written to, not a standby",
            Self::Schema(_) => "see the server's log; nothing was changed",
            Self::NoTable { .. } | Self::NoColumn { .. } => {
                "files and schema are of two revisions; nothing was changed"
            }
            Self::Row { .. } | Self::Ending(_) => {
                "see the server's log for the value it refuses; nothing was changed"
            }
            Self::Lost => "run it again; nothing was changed unless the end was being written",
            Self::Runtime(_) => "check the limits on open files",
        }
    }
}

/// What was being done when an error came.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Beginning,
    Schema,
    Rows(&'a SourceFile),
    Ending,
}

/// The error of a statement, by its SQLSTATE and never by its text.
pub(super) fn explain(err: &tokio_postgres::Error, at: At<'_>) -> LoadError {
    use tokio_postgres::error::SqlState as State;
    let Some(db) = err.as_db_error() else { return LoadError::Lost };
    let (state, code) = (db.code(), db.code().code().to_string());
    if *state == State::INSUFFICIENT_PRIVILEGE {
        return LoadError::Forbidden;
    }
    if [State::ADMIN_SHUTDOWN, State::CRASH_SHUTDOWN].contains(state) {
        return LoadError::Lost;
    }
    if *state == State::READ_ONLY_SQL_TRANSACTION {
        return LoadError::ReadOnly(code);
    }
    match at {
        At::Beginning => LoadError::ReadOnly(code),
        At::Schema if is_there_already(state) => LoadError::SchemaThere,
        At::Schema => LoadError::Schema(code),
        At::Rows(file) => {
            let line = db.where_().and_then(|context| line_of(context, file.table));
            LoadError::Row { file: file.name.clone(), line, code }
        }
        At::Ending => LoadError::Ending(code),
    }
}

fn is_there_already(state: &tokio_postgres::error::SqlState) -> bool {
    use tokio_postgres::error::SqlState as State;
    [State::DUPLICATE_TABLE, State::DUPLICATE_OBJECT, State::DUPLICATE_FUNCTION].contains(state)
}

/// The number in `COPY tasks, line 7, column ...`; what follows quotes the row.
fn line_of(context: &str, table: Table) -> Option<u64> {
    let rest = context.strip_prefix(&format!("COPY {table}, line "))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_context_only_the_line_is_taken() {
        let line = |context| line_of(context, Table::Tasks);
        assert_eq!(line("COPY tasks, line 7, column params: \"line 8\""), Some(7));
        assert_eq!(line("COPY tasks, line 9: \"a,b\""), Some(9));
        assert_eq!(line("COPY workers, line 7"), None);
        assert_eq!(line("SQL statement \"COPY tasks, line 7\""), None);
        assert_eq!(line("COPY tasks, line x"), None);
    }
}
