//! Ctrl-C, a service that is stopped, a second export, and a server that says nothing: held at one byte.

use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::export::disturbed::Source;
use crate::export::every::{Running, wait_until};
use crate::support::proxy::{Proxy, hold, refusal};
use crate::support::run::spawn;
use crate::verify::read_all;

/// An export that stands still in the middle of its first table.
struct Held {
    running: Running,
    _end: Sender<()>,
}

impl Held {
    fn new(source: &Source, snapshot: &str, more: &[&str]) -> Self {
        let port = source.database.port();
        let (fate, has_begun, end) = hold(400_000);
        let url = Proxy::new(port, vec![fate]).through(&source.database.url(), port);
        let dir = source.bench.path(snapshot);
        let args = ["export", "--db", &url, "--snapshot", dir.to_str().expect("UTF-8")];
        let child = spawn(&source.bench.path("config"), &[&args[..], more].concat());
        let held = Self { running: Running(child), _end: end };
        let begun = has_begun.recv_timeout(Duration::from_secs(60));
        begun.expect("it reads the first table");
        held
    }

    fn signalled(mut self, signal: &str) -> Option<i32> {
        self.running.signalled(signal)
    }
}

#[test]
fn a_stopped_export_leaves_everything_as_it_was() {
    let source = Source::new("stopped", 3_000);
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        for more in [&[][..], &["--every", "1h"]] {
            let held = Held::new(&source, "new", more);
            assert!(source.bench.path("new").join("system_logs").is_dir(), "it had begun");
            assert_eq!(held.signalled(signal), Some(code), "{more:?}");
            assert!(!source.bench.path("new").exists(), "{signal} {more:?}");
        }
        source.put_first("s1");
        assert_eq!(Held::new(&source, "s1", &[]).signalled(signal), Some(code));
        source.assert_is("s1", &source.first, signal);
    }
    let (ran, _) = source.export("s1", Vec::new(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    source.assert_is("s1", &source.both, "after it was stopped");
}

#[test]
fn between_tries_and_between_captures_it_stops_too() {
    let source = Source::new("stopped_between", 10);
    let dir = source.bench.path("s1");
    let dir_text = dir.to_str().expect("UTF-8");
    let url = source.database.url();
    let args = ["export", "--db", &url, "--snapshot", dir_text, "--every", "1h"];
    let mut running = Running(spawn(&source.bench.path("config"), &args));
    wait_until("a capture", || dir.join("manifest.json").exists());
    // the capture exists before the program has said so and begun to wait: either way it stops
    assert_eq!(running.signalled("-TERM"), Some(143));
    source.assert_is("s1", &source.whole, "one capture");
    // one that is refused, and waits for an hour
    let proxy = Proxy::new(source.database.port(), vec![refusal("57P03")]);
    let url = proxy.through(&url, source.database.port());
    let never = source.bench.path("never");
    let args = ["export", "--db", &url, "--snapshot", never.to_str().expect("UTF-8")];
    let args = [&args[..], &["--retry-wait", "1h"]].concat();
    let mut running = Running(spawn(&source.bench.path("config"), &args));
    wait_until("a refusal", || proxy.connections() == 1);
    assert_eq!(running.signalled("-INT"), Some(130));
    assert!(!never.exists());
}

#[test]
fn under_nohup_it_goes_on_without_its_terminal() {
    let source = Source::new("nohup", 10);
    let (url, dir) = (source.database.url(), source.bench.path("s1"));
    let mut command = std::process::Command::new("sh");
    command.args([
        "-c",
        "trap '' HUP; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_backstory"),
        "export",
    ]);
    command.args(["--db", &url, "--every", "1h", "--snapshot"]).arg(&dir);
    command.env("XDG_CONFIG_HOME", source.bench.path("config"));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut running = Running(command.spawn().expect("sh runs"));
    wait_until("a capture", || dir.join("manifest.json").exists());
    running.signal("-HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(running.0.try_wait().expect("a child"), None, "it hung up");
    assert_eq!(running.signalled("-TERM"), Some(143));
}

#[test]
fn a_second_export_is_told_of_the_first() {
    let source = Source::new("second", 3_000);
    source.put_first("s1");
    let held = Held::new(&source, "s1", &[]);
    let (ran, _) = source.export("s1", Vec::new(), &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("s1 is being written by another backstory process"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint: wait until it is done"), "{}", ran.stderr);
    drop(held);
    // killed, it left files behind: they are cleared away
    let (ran, _) = source.export("s1", Vec::new(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    source.assert_is("s1", &source.both, "after a killed one");
}

#[test]
fn reading_and_capturing_do_not_wait_for_each_other() {
    let source = Source::new("beside", 3_000);
    source.put_first("s1");
    let dir = source.bench.path("s1");
    let held = Held::new(&source, "s1", &[]);
    let captures_lock = std::fs::File::open(dir.join(".lock")).expect("the lock of the snapshot");
    let ran = source.bench.run("replay", "s1", &[]);
    assert_eq!(ran.code, 0, "a capture is being written: {}", ran.stderr);
    assert!(captures_lock.try_lock().is_err(), "the export ended before the replay");
    drop((held, captures_lock));
    let replays = std::fs::File::open(dir.join(".replay.lock")).expect("the lock of the replay");
    replays.try_lock().expect("nobody replays");
    let (ran, _) = source.export("s1", Vec::new(), &[]);
    assert_eq!(ran.code, 0, "a replay is being written: {}", ran.stderr);
    let mut all = read_all(&dir);
    all.retain(|name, _| *name != ".replay.lock" && !name.starts_with("derived/"));
    assert!(all == source.both, "beside a replay: {:?}", all.keys());
}

#[test]
fn who_waited_for_a_replay_replays_what_was_captured_meanwhile() {
    let source = Source::new("waited", 3_000);
    for verb in ["replay", "workers"] {
        let dir = source.put_first(verb);
        let replays = std::fs::File::create(dir.join(".replay.lock")).expect("a file");
        replays.try_lock().expect("nobody replays");
        let args = [verb, "--snapshot", dir.to_str().expect("UTF-8")];
        let mut waiting = Running(spawn(&source.bench.path("config"), &args));
        let open = format!("/proc/{}/fd", waiting.0.id());
        wait_until("it has opened the lock", || {
            let open = std::fs::read_dir(&open).expect("its files").flatten();
            let mut targets = open.filter_map(|file| std::fs::read_link(file.path()).ok());
            targets.any(|target| target.ends_with(".replay.lock"))
        });
        let (ran, _) = source.export(verb, Vec::new(), &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        drop(replays);
        assert!(waiting.0.wait().expect("a child").success(), "{verb}");
        let ran = source.bench.run("verify", verb, &[]);
        assert!(!ran.stdout.contains("other evidence"), "{verb}: {}", ran.stdout);
    }
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let source = Source::new("silent", 3_000);
    source.put_first("s1");
    let (fate, _begun, _end) = hold(400_000);
    let (ran, _) = source.export("s1", vec![fate], &["--stall-timeout", "1s", "--retries", "0"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("error: the server has sent nothing for 1 s"), "{}", ran.stderr);
    source.assert_is("s1", &source.first, "given up");
    let (fate, _begun, _end) = hold(400_000);
    let (ran, proxy) = source.export("s1", vec![fate], &["--stall-timeout", "1s"]);
    assert_eq!((ran.code, proxy.connections()), (0, 2), "{}", ran.stderr);
    source.assert_is("s1", &source.both, "tried again");
}
