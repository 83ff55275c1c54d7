//! The API orchestrator's row among the workers: it has no pod, no guardian and no start of its own.

use super::{json, rows, text};
use crate::support::replayed::Bench;

const API: &str = "
# api: one GPU worker, and the API orchestrator's own row
on 2026-05-14
worker w1 created=09:00:00 beat=09:59:40 status=active
worker api created=09:00:00 beat=09:00:00 status=active
task t1 type=qwen_image_style status=In_Progress created=09:40:00 worker=api started=09:49:00 updated=09:49:00
log 09:49:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"api-worker-main\"}
repeat 20s 09:30:01..09:59:41 log {time} w1 INFO HEADLESS: waiting
repeat 30s 09:30:00..09:59:30 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn it_is_counted_apart_and_has_no_heartbeat_to_be_late() {
    let bench = Bench::of_case(API);
    let page = json(&bench, "workers", &[]);
    let count = |key: &str| page["summary"][key].as_i64().expect("a count");
    let beats = ["healthy", "warning", "stale", "without_heartbeat", "heartbeat_not_known", "api"];
    let sum: i64 = beats.iter().map(|key| count(&format!("active_{key}"))).sum();
    assert_eq!((count("active"), count("active_api"), sum), (2, 1, 2), "{page}");
    let is_api = |row: &&serde_json::Value| text(row, "worker") == "api-worker-main";
    let row = rows(&page, "in_service").iter().find(is_api).expect("its row");
    assert!(row["heartbeat"].is_null() && row["beat_age_s"].is_null(), "{row}");
    let health = json(&bench, "health", &[]);
    let fleet: i64 = rows(&health, "fleet").iter().filter_map(|row| row["workers"].as_i64()).sum();
    assert_eq!(fleet, 1, "{health}");
}

#[test]
fn its_page_tells_no_start_and_where_it_logs() {
    let bench = Bench::of_case(API);
    let start = json(&bench, "worker", &["api-worker-main", "--startup"]);
    assert!(start["startup"]["lasted_s"].is_null(), "{start}");
    let logs = json(&bench, "worker", &["api-worker-main", "--check-logging"]);
    let answer = text(&logs["logging"], "answer");
    assert!(answer.contains("`backstory orchestrator`"), "{logs}");
}
