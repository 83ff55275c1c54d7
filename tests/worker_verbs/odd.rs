//! What a person may ask for that is not there, and evidence that holds nothing.

use backstory::cases::case::Case;

use super::{json, rows, text};
use crate::support::replayed::{Bench, case, write_tables};

#[test]
fn an_empty_snapshot_is_answered() {
    let bench = Bench::new();
    write_tables(&bench.path("files"), &Case::empty().captures[0]);
    bench.replayed(&bench.path("files"), "s");
    for verb in ["workers", "health", "orchestrator", "tasks", "pods", "config"] {
        assert!(json(&bench, verb, &[])["at"].is_null(), "{verb}");
        let said = bench.run(verb, "s", &[]);
        assert!(said.stderr.contains("this snapshot covers no time"), "{}", said.stderr);
        let text = said.ok();
        assert!(text.contains("this snapshot covers no time"), "{text}");
        assert!(!text.contains("1970"), "{text}");
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
    for limit in ["0", "-1", "many"] {
        let ran = bench.run("workers", "s", &["--limit", limit]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("write a whole number from 1 on"), "{}", ran.stderr);
    }
    let watch = bench.run("watch", "s", &["--as-of", "2026-01-05T09:00", "--times", "1"]);
    assert_eq!(watch.code, 2);
    assert!(watch.stderr.contains("backstory health --as-of"), "{}", watch.stderr);
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
log 10:00:35 gpu#41 INFO Starting orchestrator cycle
";

#[test]
fn a_heartbeat_that_was_overwritten_is_not_called_stale() {
    let bench = Bench::of_case(BEATS);
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

#[test]
fn a_word_that_chooses_nothing_is_refused() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    for (verb, more, said) in [
        ("tasks", ["--type", "no_such_type"], "there is no type of task `no_such_type`"),
        ("tasks", ["--worker", "gpu-"], "begins several ids"),
        ("tasks", ["--worker", "nobody"], "nothing here has the id `nobody`"),
        ("workers", ["--status", "condmned"], "did you mean `condemned`?"),
        ("config", ["nosuch", "--explain"], "there is no setting `NOSUCH`"),
        ("worker", ["", "--startup"], "the id is empty"),
    ] {
        let ran = bench.run(verb, "s", &more);
        assert_eq!(ran.code, 2, "{verb} {more:?}");
        assert!(ran.stderr.contains(said), "{verb} {more:?}: {}", ran.stderr);
    }
    bench.run("config", "s", &["idle"]).ok();
    for known in ["active", "ACTIVE", "spawning", "condemned", "crashed", "error", "Active-Idle"] {
        bench.run("workers", "s", &["--status", known]).ok();
    }
}

#[test]
fn an_id_may_be_written_in_capitals_and_nonsense_is_like_nothing() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let id = &bench.sql("s", "select id from workers order by id")[0][0];
    assert_eq!(json(&bench, "worker", &[&id.to_uppercase()])["subject"]["id"], id.as_str());
    let ran = bench.run("worker", "s", &["zzzzzz"]);
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
}

#[test]
fn an_id_of_the_other_kind_is_told_by_what_it_is() {
    let bench = Bench::new();
    bench.replayed(&case("worker_killed_while_healthy"), "s");
    let id =
        |table: &str| bench.sql("s", &format!("select id from {table} order by id"))[0][0].clone();
    let (task, worker) = (id("tasks"), id("workers"));
    for (verb, id, other) in [("task", &worker, "worker"), ("worker", &task, "task")] {
        for more in [&[][..], &["--logs-only"], &["--as-of", "2026-01-05T10:00"]] {
            let ran = bench.run(verb, "s", &[&[id.as_str()], more].concat());
            assert_eq!(ran.code, 2, "{verb} {more:?}");
            let said = format!("`{id}` is a {other}, not a {verb}\nhint: `backstory {other} {id}`");
            assert!(ran.stderr.contains(&said), "{verb} {more:?}: {}", ran.stderr);
        }
    }
    let several = bench.run("task", "s", &["gpu-"]);
    assert!(several.stderr.contains("begins ids of workers, and of no task"), "{}", several.stderr);
}

/// The API's worker and a task have no row here: only lines tell of them.
const NO_ROWS: &str = "
# lines: a claim of which no row is left
on 2026-01-05
log 10:00:00 api INFO [TASK_CLAIM] Worker api-worker-main: Successfully claimed task: {t1} (qwen_image_style)
log 10:00:05 gpu#40 INFO Starting orchestrator cycle
log 10:00:35 gpu#41 INFO Starting orchestrator cycle
log 10:00:06 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"api-worker-main\"}
";

#[test]
fn what_only_lines_tell_of_can_be_looked_up() {
    let bench = Bench::of_case(NO_ROWS);
    let worker = json(&bench, "worker", &["api-worker-main"]);
    assert!(worker["overview"]["heartbeat_class"].is_null(), "{worker}");
    let said = worker["unknown"].to_string();
    assert!(said.contains("only lines tell of it"), "{worker}");
    let id = &bench.sql("s", "select task_id from events where task_id is not null limit 1")[0][0];
    let task = json(&bench, "task", &[&id[..30]]);
    assert!(task["overview"]["row_status"].is_null(), "{task}");
    let story = rows(&task, "timeline");
    assert!(text(&story[0], "what").starts_with("claimed"), "{task}");
    assert!(task["not_known"].to_string().contains("its row is not in the evidence"), "{task}");
    assert_eq!(rows(&json(&bench, "task", &[id, "--logs-only"]), "logs").len(), 2);
    let lines = json(&bench, "worker", &["api-worker-main", "--logs-only"]);
    assert_eq!(rows(&lines, "lines").len(), 2, "{lines}");
}
