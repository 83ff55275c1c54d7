//! Every step by which a program changes a directory, found and disturbed by `strace`: one system call
//! each, so that between two steps nothing happens to the disk.

use std::path::Path;
use std::process::{Command, ExitStatus};

/// The calls that change files and folders.
const CALLS: [&str; 12] = [
    "mkdir",
    "mkdirat",
    "openat",
    "write",
    "pwrite64",
    "ftruncate",
    "fsync",
    "fdatasync",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
];

/// The n-th call of its kind that the program makes.
pub(crate) struct Step {
    pub(crate) call: &'static str,
    nth: usize,
    /// As `strace` shows it.
    pub(crate) shown: String,
}

/// Where a call is looked for that is not where it was: the run in which it was counted may have been the
/// odd one.
const OFFSETS: [isize; 9] = [0, 0, -1, 1, 0, -2, 2, -3, 3];

/// What happens at a step, instead of it.
#[derive(Clone, Copy)]
pub(crate) enum Disturbance {
    /// `kill -9`.
    Killed,
    /// The disk is full, for this one call.
    DiskFull,
}

/// Whether this machine has a `strace` that may be used.
pub(crate) fn can_be_found() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|out| out.status.success())
}

/// Runs a program and returns its steps inside a directory.
pub(crate) fn of(program: &Command, dir: &Path, trace: &Path) -> Vec<Step> {
    let out = trace.display().to_string();
    let status = traced(
        program,
        &["-y", "-s", "0", "-o", &out, "-e", &format!("trace=execve,{}", CALLS.join(","))],
    );
    assert!(status.success(), "the undisturbed program fails: {status}");
    let text = std::fs::read_to_string(trace).expect("a trace");
    // whoever became the program speaks first
    let main = text.split(' ').next().expect("a process").to_string();
    let mut counts = [0; CALLS.len()];
    let mut steps = Vec::new();
    for line in text.lines() {
        let shown = line.strip_prefix(&main).map(str::trim_start).unwrap_or_default();
        let Some(at) = CALLS.iter().position(|call| shown.starts_with(&format!("{call}("))) else {
            continue;
        };
        counts[at] += 1;
        let changes = CALLS[at] != "openat" || shown.contains("O_CREAT");
        if changes && shown.contains(&dir.display().to_string()) {
            steps.push(Step { call: CALLS[at], nth: counts[at], shown: shown.to_string() });
        }
    }
    steps
}

/// Runs the program again, disturbed at one step; `None` when that call was another one this time: a
/// program's threads wake each other by calls too, and not always as often.
pub(crate) fn disturbed(
    program: &Command,
    step: &Step,
    how: Disturbance,
    trace: &Path,
    attempt: usize,
) -> Option<ExitStatus> {
    let nth = step.nth.saturating_add_signed(OFFSETS[attempt % OFFSETS.len()]).max(1);
    let how = match how {
        Disturbance::Killed => "signal=KILL",
        Disturbance::DiskFull => "error=ENOSPC",
    };
    let (calls, inject) =
        (format!("trace=execve,{}", step.call), format!("inject={}:{how}:when={nth}", step.call));
    let out = trace.display().to_string();
    let status = traced(program, &["-y", "-s", "0", "-o", &out, "-e", &calls, "-e", &inject]);
    let text = std::fs::read_to_string(trace).expect("a trace");
    let main = text.split(' ').next().expect("a process").to_string();
    let made = text.lines().filter_map(|line| line.strip_prefix(&main)).map(str::trim_start);
    let mut made = made.filter(|shown| shown.starts_with(&format!("{}(", step.call)));
    let hit = made.nth(nth - 1)?;
    let place = |shown: &str| shown.split([')', '>', '"']).next().map(str::to_string);
    let place_at = |shown: &str| shown.find('/').and_then(|at| place(&shown[at..]));
    (place_at(hit) == place_at(&step.shown)).then_some(status)
}

fn traced(program: &Command, options: &[&str]) -> ExitStatus {
    let mut command = Command::new("strace");
    command.arg("-f").args(options).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.output().expect("strace runs").status
}
