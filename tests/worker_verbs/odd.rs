//! What a person may ask for that is not there, and evidence that holds nothing.

use backstory::cases::case::{self as cases, Case};

use super::{json, rows, text};
use crate::support::replayed::{Bench, case, write_tables};

#[test]
fn an_empty_snapshot_is_answered() {
    let bench = Bench::new();
    write_tables(&bench.path("files"), &Case::empty().captures[0]);
    bench.replayed(&bench.path("files"), "s");
    for verb in ["workers", "health", "orchestrator"] {
        json(&bench, verb, &[]);
        bench.run(verb, "s", &[]).ok();
    }
    let ran = bench.run("worker", "s", &["gpu-1"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_wrong_id_is_told_with_those_that_are_like_it() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let ids = bench.sql("s", "select id from workers order by id");
    let several = bench.run("worker", "s", &["gpu-"]);
    assert_eq!(several.code, 2);
    assert!(several.stderr.contains("begins several ids"), "{}", several.stderr);
    let none = bench.run("worker", "s", &["gpv-20260105"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains(&ids[0][0][..8]), "{}", none.stderr);
    // one that is not there yet is an answer
    let page = json(&bench, "worker", &[&ids[0][0], "--as-of", "2026-01-05T09:00:30"]);
    assert!(page["end"]["kind"].is_null(), "{page}");
}

#[test]
fn options_that_mean_nothing_together_are_refused() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    for more in [
        &["gpu-1", "--since", "2026-01-05"][..],
        &["gpu-1", "--startup", "--check-logging"],
        &["gpu-1", "--logs-only", "--since", "2026-01-06", "--until", "2026-01-05"],
    ] {
        assert_eq!(bench.run("worker", "s", more).code, 2, "{more:?}");
    }
    assert_eq!(bench.run("workers", "s", &["--hours", "-1"]).code, 2);
    assert_eq!(bench.run("workers", "s", &["--hours", "1", "--since", "2026-01-05"]).code, 2);
}

/// A heartbeat that took the place of another: how old that one was at an instant, no row tells.
const BEATS: &str = "
# beats: a worker that lives
on 2026-01-05
worker w1 created=09:00:00 beat=10:00:00 status=active
worker w2 created=09:00:00 status=active
log 09:05:00 w1 INFO HEADLESS: Queue system will handle generation tasks efficiently with model reuse
log 10:00:05 gpu#40 INFO Starting orchestrator cycle
";

#[test]
fn a_heartbeat_that_was_overwritten_is_not_called_stale() {
    let bench = Bench::new();
    let case = &cases::read(BEATS).expect("a case")[0];
    write_tables(&bench.path("files"), &case.captures[0]);
    bench.replayed(&bench.path("files"), "s");
    let ids = bench.sql("s", "select id from workers order by id");
    let class = |id: &str, more: &[&str]| {
        let page = json(&bench, "worker", &[&[id], more].concat());
        text(&page["overview"], "heartbeat_class").to_string()
    };
    let early = ["--as-of", "2026-01-05T09:40"];
    assert_eq!(class(&ids[0][0], &[]), "HEALTHY");
    assert!(class(&ids[0][0], &early).starts_with("NOT KNOWN"));
    assert_eq!(class(&ids[1][0], &early), "NONE");
    let page = json(&bench, "workers", &early);
    assert!(
        rows(&page, "in_service").iter().all(|row| text(row, "heartbeat") != "STALE"),
        "{page}"
    );
}
