//! A file that gets its name only when it is whole: a simulation that was killed leaves nothing that
//! could be taken for one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The tables of a fleet.
const TABLES: [&str; 6] =
    ["system_logs", "workers", "tasks", "generations", "generation_variants", "task_types"];

/// The file in the making, `NAME.part` until [`finish`](Self::finish).
pub(super) struct PartFile {
    path: PathBuf,
    out: BufWriter<File>,
}

impl PartFile {
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 16, File::create(part(&path))?);
        Ok(Self { path, out })
    }

    /// Gives the file its name.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.out.flush()?;
        fs::rename(part(&self.path), &self.path)
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Takes away the files of a simulation that failed, whole or not: a part of a fleet is none.
pub(super) fn remove_all(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = |name: &str| {
            let whole = name.strip_suffix(".csv").is_some_and(|table| TABLES.contains(&table));
            whole || name == "truth.json" || name.ends_with(".part")
        };
        if name.to_str().is_some_and(ours) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn part(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".part");
    PathBuf::from(name)
}
