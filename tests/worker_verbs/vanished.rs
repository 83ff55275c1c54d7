//! Workers whose row a later capture no longer found.

use super::{json, rows, text};
use crate::support::replayed::Bench;

const GONE: &str = r#"
# gone: the row of the first is deleted between two captures, which empties its task of its name
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:00 meta={"runpod_id": "{p1}"}
worker w2 created=09:00:00 beat=09:55:10 meta={"runpod_id": "{p2}"}
task t1 status=Complete created=09:30:00 worker=w1 started=09:40:00 processed=09:45:00 updated=09:40:00
capture
worker w2 created=09:00:00 beat=10:55:10 meta={"runpod_id": "{p2}"}
task t1 status=Complete created=09:30:00 started=09:40:00 processed=09:45:00 updated=09:40:00
"#;

/// Its row ends while it lives, and a line of its own comes after the capture that missed it.
const LIVES_ON: &str = r#"
# lives: the row is gone, and its process logs all the same
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:00 meta={"runpod_id": "{p1}"}
worker w2 created=09:00:00 beat=09:55:10
capture
worker w2 created=09:00:00 beat=10:55:10
capture
worker w2 created=09:00:00 beat=10:57:10
log 10:57:00 w1 INFO HEADLESS: No tasks available
"#;

#[test]
fn a_worker_whose_row_vanished_is_in_service_by_no_row() {
    let bench = Bench::of_captures(GONE);
    let page = json(&bench, "workers", &[]);
    let summary = &page["summary"];
    assert_eq!(
        (&summary["in_service"], &summary["row_vanished"]),
        (&1.into(), &1.into()),
        "{page}"
    );
    assert_eq!(summary["ended_later"], 0, "{page}");
    let gone = &rows(&page, "row_vanished")[0];
    assert!(text(gone, "worker").ends_with("aaaaaaa1"), "{gone}");
    assert!(text(gone, "row_seen_at").contains("09:55:10"), "{gone}");
    assert!(text(gone, "row_missed_at").contains("10:55:10"), "{gone}");
    assert_eq!(rows(&page, "in_service").len(), 1, "{page}");
    let health = json(&bench, "health", &[]);
    let warned = health["warnings"].to_string();
    assert!(warned.contains("the row of 1 worker vanished between two captures"), "{warned}");
    assert_eq!(rows(&health, "fleet")[0]["workers"], 1, "{health}");
    // before the capture that missed it, it was there
    let before = json(&bench, "workers", &["--as-of", "2026-01-05T10:00:00"]);
    assert_eq!(before["summary"]["in_service"], 2, "{before}");
}

#[test]
fn the_page_of_such_a_worker_tells_it_and_its_pod_runs_by_no_row() {
    let bench = Bench::of_captures(GONE);
    let id = &bench.sql("s", "select id from workers order by id")[0][0];
    let page = json(&bench, "worker", &[id]);
    let overview = &page["overview"];
    assert!(text(overview, "row_vanished").contains("between two captures"), "{page}");
    assert_eq!(overview["lived_s"], 3310.0, "{page}");
    assert!(page["unknown"].to_string().contains("whether it runs on"), "{page}");
    let pods = json(&bench, "pods", &[]);
    let summary = &pods["summary"];
    assert_eq!(summary["running"], 1, "{pods}");
    assert_eq!(summary["not_known_whether_running"], 1, "{pods}");
    assert_eq!(summary["ended_at_no_known_time"], 0, "{pods}");
    let lost = &rows(&pods, "row_vanished")[0];
    assert_eq!(lost["lived_at_least_s"], rows(&page, "pods")[0]["lived_s"], "{pods}");
}

#[test]
fn one_that_gives_a_sign_of_life_afterwards_is_in_service() {
    let bench = Bench::of_captures(LIVES_ON);
    let page = json(&bench, "workers", &[]);
    assert_eq!(page["summary"]["row_vanished"], 0, "{page}");
    assert_eq!(page["summary"]["in_service"], 2, "{page}");
}

/// Two tasks are open, and the row of one is deleted between two captures.
const TASK_GONE: &str = r#"
# gone: one of two open tasks is deleted with its project
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:00
worker w2 created=09:00:00 beat=09:55:10
task t1 status=In_Progress created=09:30:00 worker=w1 started=09:40:00 updated=09:40:00
task t2 status=In_Progress created=09:30:00 worker=w2 started=09:41:00 updated=09:41:00
capture
worker w1 created=09:00:00 beat=10:55:00
worker w2 created=09:00:00 beat=10:55:10
task t2 status=In_Progress created=09:30:00 worker=w2 started=09:41:00 updated=09:41:00
"#;

#[test]
fn a_task_whose_row_vanished_waits_for_nobody() {
    let bench = Bench::of_captures(TASK_GONE);
    let health = json(&bench, "health", &[]);
    assert_eq!(health["queue"]["stuck"], 1, "{health}");
    let before = json(&bench, "health", &["--as-of", "2026-01-05T09:55:05"]);
    assert_eq!(before["queue"]["in_progress"], 2, "{before}");
    let page = json(&bench, "task", &["00000000-0000-4000-8000-000000000001"]);
    let unknown = page["not_known"].to_string();
    assert!(unknown.contains("what became of it after 2026-01-05T09:55:10"), "{unknown}");
    assert!(
        unknown.contains("the capture of 2026-01-05T10:55:10.000000Z did not find it"),
        "{unknown}"
    );
}

/// One capture was taken by a role that sees less than the others.
const HIDDEN: &str = r#"
# hidden: a capture finds neither the first worker nor its task, and the next one does
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:00
worker w2 created=09:00:00 beat=09:55:10
task t1 status=In_Progress created=09:30:00 worker=w1 started=09:40:00 updated=09:40:00
capture
worker w2 created=09:00:00 beat=10:25:10
capture
worker w1 created=09:00:00 beat=09:55:00
worker w2 created=09:00:00 beat=10:55:10
task t1 status=In_Progress created=09:30:00 worker=w1 started=09:40:00 updated=09:40:00
"#;

#[test]
fn a_row_that_a_later_capture_finds_again_did_not_vanish() {
    let bench = Bench::of_captures(HIDDEN);
    let kinds = "select kind, happened_at from events where kind like '%\\_row\\_%' escape '\\' \
                 and kind not like '%changed' order by kind";
    assert_eq!(
        bench.sql("s", kinds),
        [
            ["task_row_returned", "2026-01-05 10:55:10.000000"],
            ["task_row_vanished", "2026-01-05 10:25:10.000000"],
            ["worker_row_returned", "2026-01-05 10:55:10.000000"],
            ["worker_row_vanished", "2026-01-05 10:25:10.000000"],
        ]
    );
    let workers = json(&bench, "workers", &[]);
    assert_eq!(workers["summary"]["row_vanished"], 0, "{workers}");
    assert_eq!(workers["summary"]["in_service"], 2, "{workers}");
    let health = json(&bench, "health", &[]);
    assert_eq!(health["queue"]["in_progress"], 1, "{health}");
    let page = json(&bench, "task", &["00000000-0000-4000-8000-000000000001"]);
    assert!(!page["not_known"].to_string().contains("did not find it"), "{page}");
    // between the two it was gone, as far as anyone could know
    let between = json(&bench, "workers", &["--as-of", "2026-01-05T10:40:00"]);
    assert_eq!(between["summary"]["row_vanished"], 1, "{between}");
}
