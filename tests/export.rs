//! `backstory export` against a real PostgreSQL.

mod access;
mod any_value;
mod certificates;
mod connections;
mod cuts;
mod disturbed;
mod drift;
mod every;
mod every_step;
mod faults;
mod full_disk;
mod huge_messages;
mod incidents;
mod incremental;
mod interrupts;
mod jobs;
mod kept;
mod load_back;
mod locks;
mod rest;
mod retries;
mod round_trip;
mod strangers;
mod three_dumps;
mod tls;
mod two_ways;
mod types;
mod value_round_trip;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::postgres::{Database, PASSWORD};
use crate::support::replayed::Bench;
use crate::support::rest::{ANON_KEY, OLD_KEY, SERVICE_KEY};

/// What exports and imports that are compared with each other are given beside source and place.
const OPTIONS: &[&str] = &["--redact", "none"];

/// Exports a database into a snapshot of a bench, expects it to work and returns what was said.
fn export_into(bench: &Bench, database: &Database, snapshot: &str) -> String {
    let url = database.url();
    let ran = bench.run("export", snapshot, &[&["--db", url.as_str()], OPTIONS].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stderr
}

/// Imports a folder of files in the same way.
fn import_into(bench: &Bench, from: &Path, snapshot: &str) {
    let from = from.to_str().expect("UTF-8");
    bench.run("import", snapshot, &[&["--from", from], OPTIONS].concat()).ok();
}

/// What a run of the program left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A home directory for the program, so that its key is not the user's.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `backstory export` with these arguments and this environment.
    pub(crate) fn export<A: AsRef<OsStr>>(&self, args: &[A], env: &[(&str, &str)]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstory"));
        let outside = std::env::vars().map(|(name, _)| name);
        let ours = ["PG", "BACKSTORY_DB", "BACKSTORY_REST", "SUPABASE_"];
        for name in outside.filter(|name| ours.iter().any(|begin| name.starts_with(begin))) {
            command.env_remove(name);
        }
        command.env("HOME", self.path()).env_remove("XDG_CONFIG_HOME");
        let out = command
            .envs(env.iter().copied())
            .arg("export")
            .args(args)
            .output()
            .expect("the program runs");
        let run = Run {
            code: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        };
        assert!(!run.stderr.contains(PASSWORD), "a password on stderr: {}", run.stderr);
        for key in [SERVICE_KEY, ANON_KEY, OLD_KEY] {
            assert!(!run.stderr.contains(key), "a key on stderr: {}", run.stderr);
        }
        assert_eq!(run.stdout, "", "export has no data to print");
        run
    }

    /// Exports a database into `<home>/snapshot`, redacted as usual, and expects it to work.
    pub(crate) fn export_all(&self, database: &Database) -> Run {
        self.export_under("standard", database)
    }

    /// The same under a redaction policy.
    pub(crate) fn export_under(&self, policy: &str, database: &Database) -> Run {
        let dir = self.path().join("snapshot");
        let (url, redact) = (database.url(), ["--redact", policy].map(OsStr::new));
        let args = [OsStr::new("--db"), url.as_ref(), "--snapshot".as_ref(), dir.as_ref()];
        let run = self.export(&[&args[..], &redact[..]].concat(), &[]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run
    }
}
