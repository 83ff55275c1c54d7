//! Captures that follow on each other: only a window of the log is asked for again, and no row comes twice.

use std::time::{Duration, Instant};

use backstory::snapshot::open::Snapshot;

use super::{assert_whole, export, exported, fill, ready, snapshot};
use crate::export::Home;
use crate::support::replayed::Bench;
use crate::support::rest::{Fault, Rest, SERVICE_KEY, Setup};
use crate::support::run::backstory;

#[test]
fn late_rows_within_the_window_are_found_and_none_comes_twice() {
    let database = ready("rest_late");
    fill(&database, 400);
    let rest = Rest::serve(&database, Setup { rows_max: 50, ..Setup::default() });
    let home = Home::new();
    exported(&home, &rest);
    database.sql(
        "insert into public.system_logs (timestamp, message)
         select least(max(timestamp), now()) - interval '14 minutes', 'late' from public.system_logs;
         insert into public.tasks (id, status) values ('10000000-0000-0000-0000-000000000001', 'Queued')",
    );
    rest.asked();
    let said = exported(&home, &rest);
    assert!(
        said.lines().any(|line| line.starts_with("system_logs:") && line.ends_with(" 1 new")),
        "{said}"
    );
    assert_whole(&database, &home);
    let asked = rest.asked();
    let logs: Vec<&String> = asked
        .iter()
        .filter(|asked| asked.contains("system_logs?select=*") && !asked.contains("is.null"))
        .collect();
    assert!(logs.iter().all(|asked| asked.contains("timestamp=gte.")), "{logs:?}");
    let captures = snapshot(&home).captures().to_vec();
    let held = &captures[1].tables["system_logs"];
    assert!(held.rows_read < 400 && held.since_time.is_some(), "{held:?}");
    // how far back the source reaches is known all the same
    assert_eq!(captures[0].retention_horizon(), captures[1].retention_horizon());

    database.sql("update public.tasks set status = 'Complete'");
    database.sql(
        "insert into public.system_logs (timestamp, message)
         select least(max(timestamp), now()) - interval '50 minutes', 'too late' from public.system_logs",
    );
    let said = exported(&home, &rest);
    assert!(said.contains("tasks: 1 rows read, 1 new"), "{said}");
    assert!(
        said.lines().any(|line| line.starts_with("system_logs:") && line.ends_with(" 0 new")),
        "{said}"
    );
    let run = export(&home, &rest, &["--overlap", "2h"]);
    assert!(run.stderr.lines().any(|line| line.ends_with(" 1 new")), "{}", run.stderr);
    assert_whole(&database, &home);
}

#[test]
fn captures_follow_until_someone_stops_it() {
    let database = ready("rest_every");
    fill(&database, 10);
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    let dir = home.path().join("snapshot");
    let captures = || Snapshot::open(&dir).map_or(0, |snapshot| snapshot.captures().len());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_backstory"));
    command.args(["export", "--rest", &rest.url(), "--every", "5s", "--snapshot"]).arg(&dir);
    command
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .env("BACKSTORY_REST_KEY", SERVICE_KEY);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut running = command.spawn().expect("the program runs");
    let begun = Instant::now();
    while captures() < 2 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    // a server that goes away for a while is waited for
    rest.hook(|_| Some(Fault::Status(429, "Retry-After: 600\r\n", "")));
    std::thread::sleep(Duration::from_secs(2));
    rest.unhook();
    let before = captures();
    while captures() < before + 2 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    running.kill().expect("a process of ours");
    running.wait().expect("a process of ours");
    assert!(before >= 2 && captures() >= before + 2, "{before} captures, then {}", captures());
    assert_whole(&database, &home);
}

#[test]
fn times_that_are_none_do_not_count_for_the_retention() {
    let database = ready("rest_odd_times");
    fill(&database, 10);
    database.sql(
        "insert into public.system_logs (timestamp, message) values ('0044-03-15 00:00:00+00 BC', 'x'),
           ('-infinity', 'x'), ('infinity', 'x')",
    );
    let first = database.sql(
        "select to_char(min(timestamp) filter (where isfinite(timestamp) and timestamp > '1900-01-01') at time zone
           'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') from public.system_logs",
    );
    let (home, rest) = (Home::new(), Rest::serve(&database, Setup::default()));
    for capture in 1..=2 {
        let said = exported(&home, &rest);
        let want = format!("oldest log line at the source: {}", first.trim());
        assert!(said.contains(&want), "capture {capture}, {want}: {said}");
    }
}

#[test]
fn another_project_is_read_whole_and_said_aloud() {
    let (one, other) = (ready("rest_one"), ready("rest_other"));
    fill(&one, 10);
    // older than what a later capture of the first would ask for
    fill(&other, 400);
    let home = Home::new();
    exported(&home, &Rest::serve(&one, Setup::default()));
    let said = exported(&home, &Rest::serve(&other, Setup::default()));
    assert!(said.contains("made from another database (differs in endpoint)"), "{said}");
    assert!(said.contains("system_logs: 400 rows read, 400 new"), "{said}");
}

#[test]
fn a_direct_export_and_one_over_rest_go_on_from_each_other() {
    let database = ready("rest_mixed");
    fill(&database, 10);
    let rest = Rest::serve(&database, Setup::default());
    let home = Home::new();
    home.export_under("none", &database);
    let said = exported(&home, &rest);
    assert!(said.contains("system_logs: 10 rows read, 0 new"), "{said}");
    fill(&database, 2);
    let said = home.export_under("none", &database).stderr;
    assert!(said.contains("the capture before was made over REST"), "{said}");
    assert!(said.contains("system_logs: 12 rows read, 2 new"), "{said}");
}

#[test]
fn what_is_only_told_in_other_words_is_no_change() {
    let database = ready("rest_words");
    fill(&database, 10);
    database.sql(
        "create domain public.score as integer;
         alter table public.tasks add column score public.score, add column note varchar(40), add column price numeric(10,2);
         insert into public.workers (id) values ('gpu-1')",
    );
    for describes in [true, false] {
        let rest = Rest::serve(&database, Setup { describes, ..Setup::default() });
        let home = Home::new();
        exported(&home, &rest);
        let direct = home.export_under("none", &database).stderr;
        let over_rest = exported(&home, &rest);
        for said in [&direct, &over_rest] {
            assert!(!said.contains(": column `"), "told by the API: {describes}: {said}");
        }
        // a change is one whoever tells it
        database.sql("alter table public.workers add column more integer");
        let direct = home.export_under("none", &database).stderr;
        assert!(direct.contains("workers: column `more` is new (integer)"), "{direct}");
        database.sql("alter table public.workers drop column more");
    }
}

#[test]
fn what_a_snapshot_is_worth_is_shown_and_it_is_replayed() {
    let database = ready("rest_replayed");
    fill(&database, 10);
    let home = Home::new();
    let rest = Rest::serve(&database, Setup::default());
    exported(&home, &rest);
    database.sql("insert into public.workers (id, status) values ('gpu-1', 'active')");
    exported(&home, &rest);
    database.sql("update public.workers set status = 'terminated'");
    exported(&home, &rest);
    let dir = home.path().join("snapshot");
    let dir = dir.to_str().expect("UTF-8");
    let config = Bench::new();
    let run = |args: &[&str]| {
        backstory(&config.path("config"), &[args, &["--snapshot", dir]].concat()).ok()
    };
    let shown = run(&["captures"]);
    assert!(shown.contains("paged") && shown.contains("kind postgrest"), "{shown}");
    run(&["verify"]);
    let events = run(&[
        "sql",
        "--format",
        "csv",
        "select earliest, latest from events where kind = 'worker_row_changed'",
    ]);
    let bounds = events.lines().nth(1).expect("an event").to_string();
    let ended = Snapshot::open(std::path::Path::new(dir)).expect("a snapshot").captures()[2]
        .ended_at
        .clone();
    let seconds = ended.replace('T', " ");
    assert!(bounds.ends_with(seconds.trim_end_matches('Z')), "{bounds} does not end at {ended}");
}
