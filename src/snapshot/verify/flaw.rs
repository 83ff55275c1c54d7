//! What can be wrong with one file of a snapshot, and what is merely worth knowing.

use crate::snapshot::manifest::SOURCE_SCHEMA;
use crate::snapshot::open::Snapshot;

/// A file that is not what was written, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file, by its path inside the snapshot.
    pub file: String,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// Something about a file that is no damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file, by its path inside the snapshot.
    pub file: String,
    /// What about it.
    pub remark: Remark,
}

/// What is wrong with a file. The words of [`label`](Self::label) belong to the documented JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It was promised.
    #[error("it is not there")]
    Missing,
    /// A folder, a symbolic link or a device stands in its place: evidence lies inside the snapshot.
    #[error("{0} stands where a file was written")]
    NotAFile(&'static str),
    /// A file or a link stands in the place of a folder.
    #[error("something else stands where a folder was made")]
    NotAFolder,
    /// A path that would leave the snapshot.
    #[error("it names `{0}`, which is not a file inside the snapshot")]
    Outside(String),
    /// The file system refuses it.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// Not the JSON that was written.
    #[error("it is not the JSON that was written: {0}")]
    Json(String),
    /// A manifest whose own checksum differs.
    #[error("it was changed after it was written (its own checksum differs)")]
    Checksum,
    /// A format of the future, or a flipped digit.
    #[error("it says format {found}, and this build reads up to {known}")]
    NewerFormat {
        /// What it says.
        found: u64,
        /// What we know.
        known: u64,
    },
    /// Truncated, or grown.
    #[error("it has {found} bytes where {promised} were written")]
    Size {
        /// Bytes written.
        promised: u64,
        /// Bytes found.
        found: u64,
    },
    /// Other bytes.
    #[error("its content is not what was written (BLAKE3 differs)")]
    Content,
    /// The content of another file of this snapshot.
    #[error("it holds what was written to {0}")]
    Swapped(String),
    /// Captures that do not follow on each other.
    #[error("the chain of captures is broken: {0}")]
    Chain(String),
    /// A file under a name that belongs to another table or capture.
    #[error("a file of table `{table}` and capture {capture} was promised under this name")]
    Name {
        /// The table of the promise.
        table: String,
        /// Its capture.
        capture: String,
    },
    /// Not readable as what we write.
    #[error("it cannot be read as Parquet of ours: {0}")]
    Parquet(String),
    /// The content is as promised, but belongs elsewhere.
    #[error("its rows say that they are of {found}, not of {promised}")]
    Elsewhere {
        /// Whose rows were promised.
        promised: String,
        /// Whose they are.
        found: String,
    },
    /// A promise and the rows disagree.
    #[error("{what} is {promised} by the capture file, and {found} by the rows")]
    Count {
        /// What is counted: `rows`, `rows_new of tasks`, ...
        what: String,
        /// What the capture file says.
        promised: String,
        /// What the rows say.
        found: String,
    },
    /// No manifest names it.
    #[error("no manifest names it")]
    Foreign,
}

impl Flaw {
    /// One stable word.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotAFile(_) => "not_a_file",
            Self::NotAFolder => "not_a_folder",
            Self::Outside(_) => "outside",
            Self::Unreadable(_) => "unreadable",
            Self::Json(_) => "json",
            Self::Checksum => "checksum",
            Self::NewerFormat { .. } => "newer_format",
            Self::Size { .. } => "size",
            Self::Content => "content",
            Self::Swapped(_) => "swapped",
            Self::Chain(_) => "chain",
            Self::Name { .. } => "name",
            Self::Parquet(_) => "parquet",
            Self::Elsewhere { .. } => "elsewhere",
            Self::Count { .. } => "count",
            Self::Foreign => "foreign",
        }
    }
}

/// What is worth knowing about a file that is no damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// An older build wrote it.
    #[error("an older build wrote it without a checksum: only its shape could be checked")]
    NoChecksum,
    /// A killed write; the next one sweeps it.
    #[error("a write was interrupted: nothing reads it, and the next one clears it away")]
    Leftover,
    /// Died after the manifest, before the rename.
    #[error(
        "it is whole, but still has its temporary name: the next capture gives it the right one"
    )]
    Unrenamed,
    /// What could tell is damaged itself.
    #[error("not proven: `{flaw}`, by {by}, which is damaged itself")]
    Unproven {
        /// The damaged file.
        by: String,
        /// What it would say.
        flaw: Flaw,
    },
    /// Its capture file cannot be read.
    #[error("not checked: {by}, which says what it should be, is damaged")]
    Unchecked {
        /// The damaged file.
        by: String,
    },
    /// Nothing was derived yet.
    #[error("nothing was replayed yet: the first question does it")]
    NotReplayed,
    /// Derived from other evidence, or by another build.
    #[error("made from other evidence or by another build: the next question replays")]
    Outdated,
}

impl Remark {
    /// One stable word.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoChecksum => "no_checksum",
            Self::Leftover => "leftover",
            Self::Unrenamed => "unrenamed",
            Self::Unproven { .. } => "unproven",
            Self::Unchecked { .. } => "unchecked",
            Self::NotReplayed => "not_replayed",
            Self::Outdated => "outdated",
        }
    }
}

impl Damage {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        if self.file.split('/').next() == Some(Snapshot::DERIVED) {
            return "`backstory replay` writes derived/ anew from the evidence";
        }
        if self.file == SOURCE_SCHEMA {
            return "restore it from a copy, or let the next capture write it: no timeline needs it";
        }
        match &self.flaw {
            Flaw::Foreign => "nothing reads it: move it out of the snapshot",
            Flaw::NotAFile(_) | Flaw::NotAFolder => {
                "put what was written itself in its place, not a link to it"
            }
            Flaw::Swapped(_) => "give the files back their names",
            Flaw::NewerFormat { .. } => {
                "check it with a newer backstory; if none wrote it, restore it from a copy"
            }
            Flaw::Unreadable(_) => "check permissions and the disk, then verify again",
            Flaw::Missing
            | Flaw::Outside(_)
            | Flaw::Json(_)
            | Flaw::Checksum
            | Flaw::Size { .. }
            | Flaw::Content
            | Flaw::Chain(_)
            | Flaw::Name { .. }
            | Flaw::Parquet(_)
            | Flaw::Elsewhere { .. }
            | Flaw::Count { .. } => {
                "restore it from a copy of the snapshot; without one, export or import again into a \
                 new directory"
            }
        }
    }
}
