//! What can be wrong with a snapshot.

use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;

/// Why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The directory holds no manifest.
    #[error("{} is not a snapshot: it has no manifest.json", .0.display())]
    NotASnapshot(PathBuf),
    /// The directory holds what only a finished capture leaves, but no manifest.
    #[error("{} has lost its manifest.json: the files of a snapshot are there", .0.display())]
    LostManifest(PathBuf),
    /// What should be a directory is none.
    #[error("{} is no directory", .0.display())]
    NotADirectory(PathBuf),
    /// A snapshot would be made among the files of somebody else.
    #[error("{} is neither empty nor a snapshot: it holds `{by}`", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
        /// The first of what is not ours.
        by: String,
    },
    /// A newer tool wrote it.
    #[error("{} has snapshot format {found}; this build reads up to {known}", path.display())]
    NewerFormat {
        /// The snapshot directory.
        path: PathBuf,
        /// Its format version.
        found: u64,
        /// The newest format we read.
        known: u64,
    },
    /// A small JSON file of the snapshot does not parse.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A file that the manifest promises is not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// A file that the manifest promises has another size.
    #[error("{} should have {promised} bytes but has {found}", path.display())]
    Size {
        /// The file.
        path: PathBuf,
        /// Bytes promised by the manifest.
        promised: u64,
        /// Bytes found.
        found: u64,
    },
    /// A file differs from what was written.
    #[error("{} does not have the content that was written (BLAKE3 differs)", .0.display())]
    Hash(PathBuf),
    /// A manifest names a file outside the snapshot.
    #[error("the manifest names `{0}`, which is not a file inside the snapshot")]
    Outside(String),
    /// Another process writes to it.
    #[error("{} is being written by another backstory process", .0.display())]
    Locked(PathBuf),
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`, `rename`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Parquet could not be written or read.
    #[error("{} is not readable as Parquet", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: ParquetError,
    },
    /// A column has another type than the snapshot promises.
    #[error("{}: column `{column}` has an unexpected type", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

impl SnapshotError {
    /// An IO error with what was tried and on what.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    /// An error while a promised file is read: mostly it is not there.
    pub fn reading(path: impl Into<PathBuf>, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::Missing(path.into())
        } else {
            Self::io("read", path, source)
        }
    }

    /// An error while Parquet is written: mostly it is the file system's.
    pub fn writing(path: impl Into<PathBuf>, source: ParquetError) -> Self {
        let path = path.into();
        let ParquetError::External(inner) = source else { return Self::Parquet { path, source } };
        match inner.downcast::<io::Error>() {
            Ok(source) => Self::io("write", path, *source),
            Err(inner) => Self::Parquet { path, source: ParquetError::External(inner) },
        }
    }
}
