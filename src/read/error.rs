//! Why a query gave no answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::snapshot::error::SnapshotError;

/// Why a query gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file of the snapshot could not be read.
    #[error("cannot read the snapshot")]
    Snapshot(#[from] SnapshotError),
    /// The snapshot lies where SQL cannot name it.
    #[error("{} cannot be read with SQL: its name is not UTF-8", .0.display())]
    Path(PathBuf),
    /// The engine did not start, or refused the views over the snapshot.
    #[error("cannot make the tables of {} readable: {detail}", dir.display())]
    Setup {
        /// The snapshot.
        dir: PathBuf,
        /// What the engine said.
        detail: String,
    },
    /// The text is not one SELECT, so it was not run.
    #[error("refused: {0}")]
    Refused(String),
    /// The text is no SQL.
    #[error("the query is not valid SQL: {0}")]
    Syntax(String),
    /// The query asked for a file that does not belong to the snapshot.
    #[error("refused: a query can read the snapshot's own files and nothing else ({0})")]
    Outside(String),
    /// The query began and failed.
    #[error("the query failed: {0}")]
    Failed(String),
    /// The query was stopped.
    #[error("the query was stopped after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// A parameter that the query does not have, or lacks.
    #[error("the query has the parameters [{wanted}] but was given [{given}]")]
    Parameters {
        /// Names in the query.
        wanted: String,
        /// Names given.
        given: String,
    },
    /// The reader of the rows refused them.
    #[error("cannot write the rows")]
    Sink(#[source] io::Error),
}

impl ReadError {
    /// Sorts what the engine says into what the reader can do about it.
    pub(crate) fn of_engine(err: &duckdb::Error) -> Self {
        let text = if let duckdb::Error::DuckDBFailure(_, Some(message)) = err {
            message.clone()
        } else {
            err.to_string()
        };
        let text = text.trim().to_string();
        let first = text.lines().next().unwrap_or_default().to_string();
        if first.starts_with("Permission Error") || first.contains("has been locked") {
            return Self::Outside(first);
        }
        if first.starts_with("Parser Error") {
            return Self::Syntax(text);
        }
        Self::Failed(without_values(&text))
    }
}

/// A failed conversion quotes the value of a row; errors say none. The query's own line, which the
/// engine shows below, stays.
fn without_values(text: &str) -> String {
    let speaks_of_values = ["Conversion Error", "Invalid Input Error", "Out of Range Error"];
    if !speaks_of_values.iter().any(|kind| text.starts_with(kind)) {
        return text.to_string();
    }
    let (said, line) = text.split_at(text.find("\n\nLINE ").unwrap_or(text.len()));
    let quotes = ['\'', '"'];
    match (said.find(quotes), said.rfind(quotes)) {
        (Some(first), Some(last)) if first < last => {
            format!("{}'…'{}{line}", &said[..first], &said[last + 1..])
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_conversion_does_not_tell_the_value() {
        let said = "Conversion Error: Could not convert string 'it's \"me\"' to INT32\n\n\
            LINE 1: select 'a'::int";
        let told = "Conversion Error: Could not convert string '…' to INT32\n\n\
            LINE 1: select 'a'::int";
        assert_eq!(without_values(said), told);
        let other = "Binder Error: column \"statuss\" not found";
        assert_eq!(without_values(other), other);
    }
}
