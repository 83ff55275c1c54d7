//! What stands at a path of the snapshot, links not followed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use crate::snapshot::verify::flaw::Flaw;

/// The size of the file at a path, or why there is none. A link is no file, wherever it leads: a
/// snapshot that leans on files elsewhere is not whole when it is moved or packed.
pub fn file_size(path: &Path) -> Result<u64, Flaw> {
    let absent = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    let found = fs::symlink_metadata(path)
        .map_err(|err| if absent(err.kind()) { Flaw::Missing } else { unreadable(&err) })?;
    let kind = found.file_type();
    if kind.is_file() {
        Ok(found.len())
    } else if kind.is_symlink() {
        Err(Flaw::NotAFile("a symbolic link"))
    } else if kind.is_dir() {
        Err(Flaw::NotAFile("a folder"))
    } else {
        Err(Flaw::NotAFile("a device or pipe"))
    }
}

/// The bytes of a small file.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Flaw> {
    file_size(path)?;
    fs::read(path).map_err(|err| unreadable(&err))
}

/// Whether a promised path stays inside.
pub fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn unreadable(err: &std::io::Error) -> Flaw {
    Flaw::Unreadable(err.to_string())
}
