//! Running the binary where no home, clock or terminal can change what it says.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What one run said and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Standard output of a run that must have gone well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "stderr: {}", self.stderr);
        self.stdout
    }
}

/// Runs `backstory` with these arguments.
pub(crate) fn backstory(config: &Path, args: &[&str]) -> Ran {
    Ran::of(command(config, args).output().expect("the binary starts"))
}

/// Runs `backstory` for a reader who leaves before the first byte.
pub(crate) fn backstory_unread(config: &Path, args: &[&str]) -> Ran {
    let mut child = command(config, args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    Ran::of(child.wait_with_output().expect("the binary ends"))
}

/// Starts `backstory`, unheard, for someone who may end it.
pub(crate) fn spawn(config: &Path, args: &[&str]) -> Child {
    let mut command = command(config, args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// The same, not started yet.
pub(crate) fn command(config: &Path, args: &[&str]) -> Command {
    // another build of the same source can be held to these tests
    let other = std::env::var_os("BACKSTORY_BINARY");
    let mut command = Command::new(other.unwrap_or(env!("CARGO_BIN_EXE_backstory").into()));
    command
        .args(args)
        .env("XDG_CONFIG_HOME", config)
        .env("BACKSTORY_NOW", "2026-01-05T12:00:00Z")
        .env("TZ", "Asia/Kathmandu")
        .env_remove("COLUMNS");
    command
}
