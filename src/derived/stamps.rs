//! Which tables were hashed and found whole: a file that has not been touched since is not read again.
//!
//! To hash every table costs as much as to answer from them. What the file system keeps of a file (its
//! size, its inode, when it was written and when anything of it changed last) stands for the hash, as long
//! as all of it is the same. It can be deleted at any time. `verify` does not look at it: it hashes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::snapshot::manifest::read_json;
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::write_atomically;

/// The file, in the folder of checkpoints.
const FILE: &str = "derived.json";

/// Two writes within one tick of a file system's clock look alike: a file touched this shortly before it was
/// hashed is not told from one touched shortly after.
const TICK: Duration = Duration::from_secs(2);
#[cfg(unix)]
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What the file system tells of each table's file, beside the hash it had.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamps {
    files: BTreeMap<String, Stamp>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    blake3: String,
    bytes: u64,
    inode: u64,
    /// Nanoseconds since 1970.
    written: i64,
    changed: i64,
}

impl Stamps {
    /// Of the files that the manifest names; none where the file system tells too little.
    pub(super) fn of(derived: &Path, files: &BTreeMap<String, String>) -> Option<Self> {
        let stamp = |(path, hash): (&String, &String)| {
            Some((path.clone(), Stamp::of(&derived.join(path), hash).ok()?))
        };
        Some(Self { files: files.iter().map(stamp).collect::<Option<_>>()? })
    }

    /// Whether these are the files that were hashed.
    pub(super) fn are_kept(&self, snapshot: &Snapshot) -> bool {
        path(snapshot).is_some_and(|path| read_json::<Self>(&path).is_ok_and(|kept| kept == *self))
    }

    /// Keeps them, once the files were hashed after they were taken. What cannot be kept is hashed again.
    pub(super) fn keep(&self, snapshot: &Snapshot) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let quiet = i64::try_from(now.saturating_sub(TICK).as_nanos()).unwrap_or(0);
        if self.files.values().any(|stamp| stamp.changed >= quiet) {
            return;
        }
        if let (Some(path), Ok(json)) = (path(snapshot), serde_json::to_vec(self))
            && path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
        {
            drop(write_atomically(&path, &json));
        }
    }
}

impl Stamp {
    #[cfg(unix)]
    fn of(path: &Path, hash: &str) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let file = fs::symlink_metadata(path)?;
        if !file.is_file() {
            return Err(io::Error::other("not a file of its own"));
        }
        let nanos =
            |seconds: i64, rest: i64| seconds.saturating_mul(NANOS_PER_SECOND).saturating_add(rest);
        Ok(Self {
            blake3: hash.to_string(),
            bytes: file.size(),
            inode: file.ino(),
            written: nanos(file.mtime(), file.mtime_nsec()),
            changed: nanos(file.ctime(), file.ctime_nsec()),
        })
    }

    /// Without the time of the last change a write could hide.
    #[cfg(not(unix))]
    fn of(_path: &Path, _hash: &str) -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}

/// Where they are kept; nowhere for tables that were made for one question.
fn path(snapshot: &Snapshot) -> Option<PathBuf> {
    let is_own = snapshot.derived().parent() == Some(snapshot.dir());
    is_own.then(|| snapshot.dir().join(Snapshot::CHECKPOINTS).join(FILE))
}
