//! An error as the person at the terminal meets it: what failed, on what, what to do, exit code.

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::damage;
use crate::cli::ui::Ui;
use crate::findings::error::QueryError;
use crate::read::error::ReadError;
use crate::redact::without_passwords;
use crate::snapshot::error::SnapshotError;

/// Who has to act; one exit code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The command was typed wrongly: 2.
    Usage,
    /// The source could not be read: 3.
    Source,
    /// The snapshot is damaged or not a snapshot: 4.
    Snapshot,
    /// A query failed: 5.
    Query,
    /// A bug of ours: 70.
    Internal,
}

impl FaultKind {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Source => 3,
            Self::Snapshot => 4,
            Self::Query => 5,
            Self::Internal => 70,
        }
    }
}

/// Troubles of a place, with what to do about each.
const PLACES: [(io::ErrorKind, &str); 4] = [
    (
        io::ErrorKind::StorageFull,
        "the disk is full: free some space, or name a directory on another disk, and run it again; \
         what was there before is whole",
    ),
    (
        io::ErrorKind::FileTooLarge,
        "no file may grow that large here (`ulimit -f`): raise the limit, and run it again; what was there \
         before is whole",
    ),
    (
        io::ErrorKind::PermissionDenied,
        "this user may not read or write there: check the path's permissions, or name another directory",
    ),
    (
        io::ErrorKind::ReadOnlyFilesystem,
        "nothing can be written there: name another directory, or copy the snapshot to one that can \
         be written",
    ),
];

/// An error with its kind and what to try next.
#[derive(Debug)]
pub(crate) struct Fault {
    kind: FaultKind,
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Fault {
    /// A fault of that kind.
    pub(crate) fn new(kind: FaultKind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, error: error.into(), hints: Vec::new() }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether the reader of our output simply left.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let io = self.error.downcast_ref::<io::Error>();
        io.is_some_and(|err| err.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The trouble with the place that is behind it, whatever it was met by.
    fn place(&self) -> Option<&'static str> {
        let first: &(dyn Error + 'static) = self.error.as_ref();
        let mut causes = std::iter::successors(Some(first), |&err| err.source())
            .filter_map(|err| err.downcast_ref::<io::Error>());
        causes.find_map(|err| {
            PLACES.iter().find(|(kind, _)| *kind == err.kind()).map(|(_, hint)| *hint)
        })
    }

    /// The same, as what it is: nothing is damaged, and we have no bug.
    fn told_of_the_disk(mut self) -> Self {
        // what may not be read of the source stays the source's fault
        if let Some(hint) = self.place().filter(|_| self.kind != FaultKind::Source) {
            self.kind = FaultKind::Usage;
            self.hints = vec![hint.to_string()];
        }
        self
    }

    /// The same, as damage, where that is why a question broke.
    fn told_of_damage(self, snapshot: Option<&Path>) -> Self {
        let damage = snapshot.and_then(|dir| damage::behind(self.error.as_ref(), dir));
        damage.map_or(self, Self::from)
    }

    /// Prints error, causes and hints to stderr, and returns the exit code.
    pub(crate) fn show(self, ui: &mut Ui) -> ExitCode {
        let fault = self.told_of_damage(ui.snapshot()).told_of_the_disk();
        ui.note(&fault.told("error", ""));
        ExitCode::from(fault.kind.exit_code())
    }

    /// Prints the same as a warning, of what goes on all the same.
    pub(crate) fn warn(self, ui: &mut Ui, goes_on: &str) {
        let fault = self.told_of_the_disk();
        ui.note(&fault.told("warning", &format!("; {goes_on}")));
    }

    fn told(&self, word: &str, then: &str) -> String {
        let mut text = format!("{word}: {}{then}", self.error);
        let mut cause = self.error.source();
        while let Some(err) = cause {
            text.push_str(&format!("\n  because: {err}"));
            cause = err.source();
        }
        // what was typed in a wrong place may be the database's URL
        let mut text = without_passwords(&text).into_owned();
        for hint in &self.hints {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl From<io::Error> for Fault {
    fn from(err: io::Error) -> Self {
        Self::new(FaultKind::Internal, err)
    }
}

impl From<SnapshotError> for Fault {
    fn from(err: SnapshotError) -> Self {
        let hint = match &err {
            SnapshotError::NotASnapshot(_) => {
                "make one with `backstory import --from DIR --snapshot DIR` or `backstory export`"
            }
            SnapshotError::LostManifest(_) => {
                "put manifest.json back from a copy of the snapshot: nothing else says which files \
                 belong to it; a new export or import goes into another directory"
            }
            SnapshotError::NotADirectory(_) | SnapshotError::Occupied { .. } => {
                "name a directory that is empty or not there yet with --snapshot"
            }
            SnapshotError::NewerFormat { .. } => "read it with a newer backstory",
            SnapshotError::Locked(_) => "wait until it is done, or choose another --snapshot",
            SnapshotError::Io { .. } => "check the path, its permissions and the free space",
            SnapshotError::Damaged { .. }
            | SnapshotError::Missing(_)
            | SnapshotError::Size { .. }
            | SnapshotError::Hash(_)
            | SnapshotError::Outside(_)
            | SnapshotError::Parquet { .. }
            | SnapshotError::ColumnType { .. } => {
                "the files changed after they were written: `backstory verify` names all that did; \
                 restore them, or export or import again into a new directory"
            }
        };
        let kind = match &err {
            // nothing is wrong with a snapshot
            SnapshotError::Io { action: "create" | "create a folder in" | "write", .. }
            | SnapshotError::Locked(_)
            | SnapshotError::NotADirectory(_)
            | SnapshotError::Occupied { .. } => FaultKind::Usage,
            SnapshotError::NotASnapshot(_)
            | SnapshotError::LostManifest(_)
            | SnapshotError::NewerFormat { .. }
            | SnapshotError::Io { .. }
            | SnapshotError::Damaged { .. }
            | SnapshotError::Missing(_)
            | SnapshotError::Size { .. }
            | SnapshotError::Hash(_)
            | SnapshotError::Outside(_)
            | SnapshotError::Parquet { .. }
            | SnapshotError::ColumnType { .. } => FaultKind::Snapshot,
        };
        Self::new(kind, err).hint(hint)
    }
}

impl From<ReadError> for Fault {
    fn from(err: ReadError) -> Self {
        let (kind, hint) = match &err {
            ReadError::Snapshot(_) | ReadError::Setup { .. } => (
                FaultKind::Snapshot,
                "the files changed after they were written, or a folder became a link: `backstory verify` \
                 names all that did; replay, or export or import again",
            ),
            ReadError::Path(_) => {
                (FaultKind::Snapshot, "move the snapshot to a directory with a UTF-8 name")
            }
            ReadError::Sink(_) => (FaultKind::Internal, "check where the output goes"),
            ReadError::Refused(_) | ReadError::Syntax(_) | ReadError::Failed(_) => (
                FaultKind::Query,
                "`backstory sql \"SHOW TABLES\"` and \"DESCRIBE <table>\" say what can be asked",
            ),
            ReadError::Outside(_) => {
                (FaultKind::Query, "import the file into a snapshot, or read it with another tool")
            }
            ReadError::TimedOut(_) => (FaultKind::Query, "ask for less, or give it more --timeout"),
            ReadError::Parameters { .. } => {
                (FaultKind::Query, "a parameter ($name) cannot be given here: write its value")
            }
        };
        match err {
            ReadError::Snapshot(inner) => inner.into(),
            ReadError::Sink(inner) => inner.into(),
            ReadError::Path(_)
            | ReadError::Setup { .. }
            | ReadError::Refused(_)
            | ReadError::Syntax(_)
            | ReadError::Outside(_)
            | ReadError::Failed(_)
            | ReadError::TimedOut(_)
            | ReadError::Parameters { .. } => Self::new(kind, err).hint(hint),
        }
    }
}

impl From<QueryError> for Fault {
    fn from(err: QueryError) -> Self {
        let bug = "this is a bug of the query file: mend it if it is yours, else please report it; `findings --only ID` asks another";
        let hint = match &err {
            QueryError::Read { source: ReadError::TimedOut(_), .. } => {
                "give it more --timeout, or ask another with `findings --only ID`"
            }
            QueryError::File { .. } => "name a file or folder that can be read",
            QueryError::Name { .. } | QueryError::Twice { .. } => {
                "rename the file and the `id` in its header, both alike"
            }
            QueryError::Read { .. }
            | QueryError::Header { .. }
            | QueryError::UnknownTable { .. }
            | QueryError::Shape { .. }
            | QueryError::Row { .. }
            | QueryError::Grain { .. } => bug,
        };
        let kind = match &err {
            QueryError::File { .. } | QueryError::Name { .. } | QueryError::Twice { .. } => {
                FaultKind::Usage
            }
            QueryError::Read { .. }
            | QueryError::Header { .. }
            | QueryError::UnknownTable { .. }
            | QueryError::Shape { .. }
            | QueryError::Row { .. }
            | QueryError::Grain { .. } => FaultKind::Query,
        };
        Self::new(kind, err).hint(hint)
    }
}

/// A command line that clap refused (or `--help`, which is no error).
pub(crate) fn usage(ui: &mut Ui, err: &clap::Error) -> ExitCode {
    let said = err.render().to_string();
    // what was typed in a wrong place may be the database's URL
    if err.use_stderr()
        && let Cow::Owned(masked) = without_passwords(&said)
    {
        ui.note(masked.trim_end());
        return ExitCode::from(u8::try_from(err.exit_code()).unwrap_or(2));
    }
    let shown = err.print().and_then(|()| io::stdout().flush());
    match shown {
        // help that was asked for and could not be written
        Err(failed) if !err.use_stderr() => unwritten(ui, failed),
        Ok(()) | Err(_) => ExitCode::from(u8::try_from(err.exit_code()).unwrap_or(2)),
    }
}

/// The exit code of output that did not reach its reader: none is wrong where the reader simply left.
pub(crate) fn unwritten(ui: &mut Ui, err: io::Error) -> ExitCode {
    let fault = Fault::from(err);
    if fault.is_broken_pipe() { ExitCode::SUCCESS } else { fault.show(ui) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_damage_whoever_met_it() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let parquet = parquet::errors::ParquetError::External(Box::new(full()));
        for fault in [
            Fault::from(SnapshotError::writing("snapshot/derived.part/x.parquet", parquet)),
            Fault::from(SnapshotError::io("write", "snapshot/manifest.json", full())),
            Fault::from(full()),
        ] {
            let fault = fault.told_of_the_disk();
            assert_eq!(fault.kind, FaultKind::Usage, "{}", fault.error);
            assert!(fault.hints[0].starts_with("the disk is full"), "{:?}", fault.hints);
        }
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let fault =
            Fault::from(SnapshotError::io("write", "snapshot", denied())).told_of_the_disk();
        assert_eq!(fault.kind, FaultKind::Usage);
        let fault = Fault::new(FaultKind::Source, denied()).told_of_the_disk();
        assert_eq!(fault.kind, FaultKind::Source);
    }
}
