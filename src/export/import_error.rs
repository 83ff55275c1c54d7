//! Why an import could not be done.

use std::io;
use std::path::PathBuf;

use crate::model::table::Table;
use crate::snapshot::error::SnapshotError;

/// What stops an import. A bad row never does.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// `--from` names nothing, or no directory.
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// No file of it is a table.
    #[error("{} holds no table files", .0.display())]
    NoTables(PathBuf),
    /// A table without which nothing can be rebuilt.
    #[error("{} has no file for the table `{table}`{}", from.display(), no_format(like.as_deref()))]
    MissingTable {
        /// The directory.
        from: PathBuf,
        /// The table.
        table: Table,
        /// A file whose name begins with that of the table, in no format that is read.
        like: Option<String>,
    },
    /// Which one is meant?
    #[error("{first} and {second} are files of one table")]
    TwoFiles {
        /// One file.
        first: String,
        /// Another of the same table.
        second: String,
    },
    /// The first line does not name usable columns.
    #[error("{file}: {why}")]
    Header {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file could not be read to its end.
    #[error("cannot read {} to its end", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Lines, and not one of them a row: taken for an empty table, absence would turn into proof.
    #[error("not one of the {lines} lines of {file} can be read as a row ({first})")]
    NoRow {
        /// The file.
        file: String,
        /// Its lines below the header.
        lines: u64,
        /// The first of them, and what is wrong with it.
        first: String,
    },
    /// A column of JSON without any: what it tells would be missing without a word.
    #[error(
        "not one of the {count} values of `{column}` in {file} is JSON, and all look like objects"
    )]
    NoJson {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its values.
        count: u64,
    },
    /// The same bytes were imported before.
    #[error("capture {capture} of {} was made from the same files", snapshot.display())]
    SameFiles {
        /// The snapshot.
        snapshot: PathBuf,
        /// The capture that holds them.
        capture: String,
    },
    /// A later capture cannot hold what was earlier.
    #[error("the log lines of these files end at {ours}, before those of capture {capture} of {} ({theirs})", snapshot.display())]
    Older {
        /// The snapshot.
        snapshot: PathBuf,
        /// The capture that reaches further.
        capture: String,
        /// Its last line.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// Row hashes and tokens of the two captures could not be compared.
    #[error(
        "{} was written with the redaction key {theirs}, but the key in use is {ours}",
        snapshot.display()
    )]
    OtherKey {
        /// The snapshot.
        snapshot: PathBuf,
        /// Fingerprint of the key it was written with.
        theirs: String,
        /// Fingerprint of ours.
        ours: String,
    },
    /// The snapshot masks other things than we do.
    #[error(
        "{} was written with the redaction policy `{theirs}`, but this one is `{ours}`",
        snapshot.display()
    )]
    OtherPolicy {
        /// The snapshot.
        snapshot: PathBuf,
        /// Its policy.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The snapshot holds captures of something else.
    #[error("{} holds captures of a source of kind `{kind}`, not of files", snapshot.display())]
    OtherSource {
        /// The snapshot.
        snapshot: PathBuf,
        /// The kind of its source.
        kind: String,
    },
    /// The snapshot could not be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

fn no_format(like: Option<&str>) -> String {
    like.map_or_else(String::new, |name| {
        format!("; {name} is neither .csv nor .ndjson, packed or not")
    })
}
