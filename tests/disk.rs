//! Where nothing more can be written: what is said, what goes on, and what is left.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::files::walk;
use crate::support::replayed::{Bench, case};

/// Runs the binary with its output and its notes where this says.
fn run_onto(bench: &Bench, args: &[&str], out: Stdio, err: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstory"));
    command.args(args).env("XDG_CONFIG_HOME", bench.path("config")).stdout(out).stderr(err);
    command.spawn().and_then(|child| child.wait_with_output()).expect("the binary")
}

/// Runs it where no file may grow beyond so many blocks of 512 bytes: writing fails, as on a full disk.
fn run_in_little_room(bench: &Bench, blocks: u32, args: &[&str]) -> Output {
    let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_backstory")]).args(args);
    command.env("XDG_CONFIG_HOME", bench.path("config")).output().expect("a shell")
}

#[cfg(target_os = "linux")]
fn full() -> Stdio {
    fs::File::options().write(true).open("/dev/full").expect("the full device").into()
}

fn files(dir: &Path) -> Vec<String> {
    let mut files = Vec::new();
    walk(dir, &mut files);
    let named =
        files.iter().map(|path| path.strip_prefix(dir).expect("below").display().to_string());
    named.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn help_and_lists_onto_a_full_disk_did_not_succeed() {
    let bench = Bench::new();
    for args in
        [&["--help"][..], &["--version"], &["import", "--help"], &["simulate", "--list-faults"]]
    {
        let ran = run_onto(&bench, args, full(), Stdio::piped());
        let said = String::from_utf8(ran.stderr).expect("UTF-8");
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains("hint: the disk is full"), "{args:?}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_import_whose_notes_nobody_can_take_is_whole() {
    let bench = Bench::new();
    let (from, to) = (case("worker_killed_while_healthy"), bench.path("s"));
    let args = [
        "import",
        "--from",
        from.to_str().expect("UTF-8"),
        "--snapshot",
        to.to_str().expect("UTF-8"),
    ];
    let ran = run_onto(&bench, &args, Stdio::piped(), full());
    assert_eq!(ran.status.code(), Some(0));
    assert!(bench.run("verify", "s", &[]).ok().contains("whole"));
    // notes of a question go the same way, and its answer does not change
    let asked = ["findings", "--format", "json", "--snapshot", to.to_str().expect("UTF-8")];
    let unheard = run_onto(&bench, &asked, Stdio::piped(), full());
    assert_eq!(unheard.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(unheard.stdout).expect("UTF-8"),
        bench.run("findings", "s", &["--format", "json"]).ok()
    );
}

#[cfg(unix)]
#[test]
fn an_import_that_fails_takes_its_files_away() {
    let bench = Bench::new();
    let (from, to) = (case("worker_killed_while_healthy"), bench.path("s"));
    let args = [
        "import",
        "--from",
        from.to_str().expect("UTF-8"),
        "--snapshot",
        to.to_str().expect("UTF-8"),
    ];
    let ran = run_in_little_room(&bench, 4, &args);
    let said = String::from_utf8(ran.stderr).expect("UTF-8");
    assert!(said.contains("cannot write"), "{said}");
    assert!(said.contains("hint: no file may grow that large here (`ulimit -f`)"), "{said}");
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!(files(&to), [".lock"]);
    // and the place is as good as new
    bench.import(&from, "s");
    bench.run("verify", "s", &[]).ok();
}

#[cfg(unix)]
#[test]
fn a_simulation_that_fails_leaves_an_empty_directory() {
    let bench = Bench::new();
    let out = bench.path("fleet");
    let args =
        ["simulate", "--hours", "1", "--workers", "2", "--out", out.to_str().expect("UTF-8")];
    let ran = run_in_little_room(&bench, 200, &args);
    let said = String::from_utf8(ran.stderr).expect("UTF-8");
    assert!(said.contains("cannot write the simulation"), "{said}");
    assert_eq!(files(&out), Vec::<String>::new());
    assert_eq!(run_onto(&bench, &args, Stdio::piped(), Stdio::piped()).status.code(), Some(0));
}
