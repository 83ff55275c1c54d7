//! `verify`: every way in which a snapshot can be damaged is found, and the file named.

mod chain;
mod cli;
mod counts;
mod flips;
mod kill;
mod places;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use backstory::snapshot::error::SnapshotError;
use backstory::snapshot::verify::verdict::Verdict;
use backstory::snapshot::verify::verify;

use crate::support::files::{walk, with_core};
use crate::support::run::{Ran, backstory};

/// Tables of the first dump; each later one adds, changes and drops rows.
const LOGS: &str = "id,timestamp,source_type,source_id,log_level,message,task_id,worker_id,cycle_number,metadata\n";
const WORKERS: &str = "id,instance_type,created_at,last_heartbeat,status,metadata\n";
const TASKS: &str =
    "id,task_type,params,status,created_at,generation_created,attempts,error_message\n";

/// A small snapshot, made by our own `import`, as bytes by path.
struct Snap {
    home: tempfile::TempDir,
    files: BTreeMap<String, Vec<u8>>,
}

impl Snap {
    /// Of three captures.
    fn new() -> Self {
        Self::of(3)
    }

    fn of(captures: usize) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        for dump in 1..=captures {
            write_dump(&home.path().join(format!("dump{dump}")), dump, 3);
            import(home.path(), &format!("dump{dump}"), "snap").ok();
        }
        let files = read_all(&home.path().join("snap"));
        let snap = Self { home, files };
        assert!(snap.verify().expect("a snapshot").is_whole());
        snap
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("snap")
    }

    /// Checks it in this process; an error as its text.
    fn verify(&self) -> Result<Verdict, String> {
        let told = |err: SnapshotError| err.to_string();
        verify(&self.dir(), &|_| {}).map_err(told)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        fs::write(self.dir().join(path), bytes).expect("a file of the snapshot");
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.files[path].clone()).expect("UTF-8")
    }

    /// Makes it as it was.
    fn restore(&self) {
        for (path, bytes) in &self.files {
            self.write(path, bytes);
        }
    }

    /// The kinds of faults of one file.
    #[track_caller]
    fn kinds(&self, file: &str) -> Vec<&'static str> {
        let found = self.verify().expect("still a snapshot").damage;
        found
            .iter()
            .filter(|damage| damage.file == file)
            .map(|damage| damage.flaw.label())
            .collect()
    }

    /// Everything that is said, one line each.
    fn said(&self) -> Vec<String> {
        let verdict = self.verify().expect("still a snapshot");
        let faults = verdict
            .damage
            .iter()
            .map(|d| format!("fault {} {}: {}", d.file, d.flaw.label(), d.flaw));
        let notes = verdict.notes.iter().map(|n| format!("note {} {}", n.file, n.remark.label()));
        faults.chain(notes).collect()
    }

    /// Whether a file is named as damaged, by the error when there is no manifest.
    fn names(&self, file: &str) -> bool {
        match self.verify() {
            Ok(verdict) => verdict.damage.iter().any(|damage| damage.file == file),
            Err(said) => said.contains(file),
        }
    }

    /// The same, and no other file is accused.
    fn names_only(&self, file: &str) -> bool {
        match self.verify() {
            Ok(verdict) => {
                !verdict.is_whole() && verdict.damage.iter().all(|damage| damage.file == file)
            }
            Err(said) => said.contains(file),
        }
    }
}

/// Files of one dump: `size` rows a table, of which later dumps change and add some.
fn write_dump(folder: &Path, dump: usize, size: usize) {
    fs::create_dir_all(folder).expect("a folder");
    let (mut logs, mut workers, mut tasks) =
        (LOGS.to_string(), WORKERS.to_string(), TASKS.to_string());
    for n in 0..size * dump {
        let at = format!("2025-11-03 14:{:02}:{:02}.5+00", n / 60 % 60, n % 60);
        logs += &format!("l{n:06},{at},orchestrator_gpu,o1,INFO,line number {n},,,{n},\n");
    }
    for n in 0..size + dump {
        let status = if n < dump { "terminated" } else { "active" };
        workers += &format!("w{n:06},gpu,2025-11-03 14:00:00+00,,{status},{{}}\n");
        if n + 1 != dump {
            tasks += &format!("t{n:06},edit,{{}},Queued,2025-11-03 14:00:00+00,f,{dump},\n");
        }
    }
    for (name, text) in [("system_logs", logs), ("workers", workers), ("tasks", tasks)] {
        let text = with_core(name, &text);
        fs::write(folder.join(format!("{name}.csv")), text).expect("a file");
    }
}

fn import(home: &Path, from: &str, snapshot: &str) -> Ran {
    let (from, dir) = (home.join(from), home.join(snapshot));
    let text = |path: &Path| path.to_str().expect("UTF-8").to_string();
    let args = ["import", "--from", &text(&from), "--snapshot", &text(&dir)];
    backstory(&home.join("config"), &args)
}

/// The bytes of every file of a folder, by path inside it.
pub(crate) fn read_all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    let named = paths.into_iter().map(|path| {
        let name = path.strip_prefix(folder).expect("a path below").display().to_string();
        (name, fs::read(path).expect("a readable file"))
    });
    named.collect()
}

/// Says how many of how many were found, past the harness; fails unless it is all of them.
#[track_caller]
fn all_found(what: &str, missed: &[String], tried: usize) {
    crate::support::told(&format!("verify: {what}: {} of {tried} found", tried - missed.len()));
    assert!(tried > 0, "{what}: nothing was tried");
    assert!(missed.is_empty(), "{what}: missed {:?}", &missed[..missed.len().min(10)]);
}
