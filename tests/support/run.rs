//! Running the binary where no home, clock or terminal can change what it says.

use std::path::Path;
use std::process::{Command, Output};

/// What one run said and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output of a run that must have gone well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "stderr: {}", self.stderr);
        self.stdout
    }
}

/// Runs `backstory` with these arguments.
pub(crate) fn backstory(config: &Path, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_backstory"))
        .args(args)
        .env("XDG_CONFIG_HOME", config)
        .env("BACKSTORY_NOW", "2026-01-05T12:00:00Z")
        .env("TZ", "Asia/Kathmandu")
        .env_remove("COLUMNS")
        .output()
        .expect("the binary starts");
    Ran {
        code: status.code().expect("no signal ended it"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}
