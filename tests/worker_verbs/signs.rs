//! Signs of life: lines of its own, a guardian that is alone, and a process that outlives its guardian.

use super::{json, text};
use crate::support::replayed::Bench;

/// Its guardian's last heartbeat is of 09:50, as a line tells at 09:55; its process claims at 10:00.
const OUTLIVED: &str = "
# outlived: a process goes on without its guardian
on 2026-01-05
worker w1 created=09:00:00 beat=09:50:00 status=active meta={\"runpod_id\": \"{p1}\"}
worker w2 created=09:00:00 beat=10:20:00 status=active meta={\"runpod_id\": \"{p2}\"}
task t1 status=Complete created=09:40:00 worker=w1 started=10:00:00 processed=10:02:00 updated=10:02:00
log 09:20:00 w1 INFO HEADLESS: waiting
log 09:55:00 gpu#50 WARNING HEALTH_CHECK [Worker {w1}] ⚠️ Stale heartbeat (300s old)
log 10:00:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
repeat 20s 09:50:01..10:20:00 log {time} w2 INFO HEADLESS: waiting
repeat 30s 09:30:00..10:20:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

/// A process crashed; its guardian said so and sent heartbeats up to its end.
const LEFT: &str = include_str!("../queries/pod_of_crashed_worker_left/fires.txt");

fn id(bench: &Bench, beats: &str) -> String {
    let sql = format!("select id from workers where last_heartbeat = timestamp '{beats}'");
    bench.sql("s", &sql)[0][0].clone()
}

#[test]
fn who_acts_later_was_not_silent_before() {
    let bench = Bench::of_case(OUTLIVED);
    let id = id(&bench, "2026-01-05 09:50:00");
    let told = bench.sql(
        "s",
        &format!(
            "select liveness from worker_liveness where worker_id = '{id}' \
             and entered_at < timestamp '2026-01-05 10:00:00' and liveness = 'silent'"
        ),
    );
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn lines_of_its_own_stand_in_the_bar() {
    let bench = Bench::of_case(OUTLIVED);
    let page = json(&bench, "worker", &[&id(&bench, "2026-01-05 09:50:00")]);
    let bar = text(&page["liveness"], "bar");
    assert!(bar.contains('▄'), "{page}");
    assert_eq!(page["end"]["told"], "none", "{page}");
}

#[test]
fn a_crash_is_no_end() {
    let bench = Bench::of_case(LEFT);
    let id = &bench.sql("s", "select id from workers")[0][0];
    let page = json(&bench, "worker", &[id]);
    let told = text(&page["end"], "told");
    assert_eq!(told, "none: its process crashed, and no row tells that its pod stopped", "{page}");
    assert!(!page.to_string().contains("it has ended"), "{page}");
}
