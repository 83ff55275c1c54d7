//! What had happened by an instant or in a span, and no more; and of one that was not ended no end.

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// A crash, a launch that the row tells of, a result that comes after the cancel, and another two hours later.
const DAY: &str = "
# a day: w1 crashes, w2 works on at a task that was cancelled, and ends one each hour
on 2026-05-12
worker w1 created=09:00:00 beat=09:50:00 status=crashed meta={\"runpod_id\": \"{p1}\", \"startup_script_launched_at\": \"@09:02:00\"}
worker w2 created=09:00:01 beat=12:25:00 status=active meta={\"runpod_id\": \"{p2}\"}
task t1 status=Cancelled created=09:40:00 worker=w2 started=09:49:00 updated=10:00:00 flag=true
task t2 status=Complete created=11:00:00 worker=w2 started=11:01:00 processed=11:05:00 output=https://x.supabase.co/b.png flag=true
task t3 status=Complete created=12:00:00 worker=w2 started=12:01:00 processed=12:05:00 output=https://x.supabase.co/c.png flag=true
generation g1 tasks=t1 created=10:02:03 location=https://x.supabase.co/a.png
generation g2 tasks=t2 created=11:05:00 location=https://x.supabase.co/b.png
generation g3 tasks=t3 created=12:05:00 location=https://x.supabase.co/c.png
log 09:49:00.03 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 10:02:02 edge:complete-task/t1 INFO Processing task | {\"mode\": \"presigned\"}
log 10:02:04 edge:complete-task/t1 INFO Task completed successfully
log 11:01:00.03 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 11:05:00.1 edge:complete-task/t2 INFO Task completed successfully
log 12:01:00.03 edge:claim-next-task/t3 INFO Task claimed successfully | {\"worker_id\": \"{w2}\"}
log 12:05:00.1 edge:complete-task/t3 INFO Task completed successfully
repeat 30s 09:30:00..12:25:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn a_span_counts_what_ended_in_it() {
    let bench = Bench::of_case(DAY);
    let complete = |until: &str| {
        let span = ["--since", "2026-05-12T11:00", "--until", until];
        json(&bench, "workers", &span)["summary"]["tasks_complete"].as_i64()
    };
    assert_eq!(complete("2026-05-12T12:00"), Some(1));
    assert_eq!(complete("2026-05-12T12:10"), Some(2));
}

#[test]
fn a_late_result_is_told_from_when_it_came() {
    let bench = Bench::of_case(DAY);
    let id = &bench.sql("s", "select id from tasks where status = 'Cancelled'")[0][0];
    let at = |at: &str| json(&bench, "task", &[id, "--as-of", at]);
    let before = at("2026-05-12T10:01");
    assert_eq!(text(&before["overview"], "status"), "cancelled", "{before}");
    assert_eq!(before["result"]["generation_created"], false, "{before}");
    assert_ne!(text(&before["generation"], "verdict"), "late_completion", "{before}");
    let after = at("2026-05-12T10:03");
    assert_eq!(after["result"]["generation_created"], true, "{after}");
    assert_eq!(text(&after["generation"], "verdict"), "late_completion", "{after}");
    assert!(text(&after["generation"], "decided_at").starts_with("2026-05-12T10:02:03"), "{after}");
}

#[test]
fn who_crashed_and_no_more_was_not_ended() {
    let bench = Bench::of_case(DAY);
    let id = &bench.sql("s", "select id from workers where status = 'crashed'")[0][0];
    let page = json(&bench, "worker", &[id]);
    let right = text(&page["was_it_right"], "answer");
    assert!(right.starts_with("it was not ended"), "{page}");
    let unknown: Vec<&str> = rows(&page, "unknown").iter().map(|row| text(row, "what")).collect();
    assert!(unknown.contains(&"whether its pod stopped, and when"), "{page}");
    assert!(!unknown.contains(&"which process ended it"), "{page}");
    assert!(!unknown.contains(&"the reason it was ended for"), "{page}");
    let logging = json(&bench, "worker", &[id, "--check-logging"]);
    assert!(!text(&logging["logging"], "answer").contains("its end"), "{logging}");
}

#[test]
fn a_launch_is_not_told_before_it() {
    let bench = Bench::of_case(DAY);
    let id = &bench.sql("s", "select id from workers where status = 'crashed'")[0][0];
    let launched = |at: &str| {
        let page = json(&bench, "worker", &[id, "--startup", "--as-of", at]);
        page["startup"]["script_launched_at"].clone()
    };
    assert!(launched("2026-05-12T09:01:30").is_null());
    assert_eq!(launched("2026-05-12T09:03"), "2026-05-12T09:02:00.000000Z");
}

#[test]
fn an_instant_after_the_end_tells_what_the_end_tells() {
    let bench = Bench::of_case(DAY);
    let id = &bench.sql("s", "select id from workers where status = 'crashed'")[0][0];
    let late = ["--as-of", "2026-05-12T18:00"];
    for (verb, more) in [("health", &[][..]), ("worker", &[id.as_str()]), ("workers", &[])] {
        let after = json(&bench, verb, &[more, &late].concat());
        assert_eq!(after, json(&bench, verb, more), "{verb}");
    }
    let findings =
        |more: &[&str]| bench.run("findings", "s", &[more, &["--format", "csv"]].concat()).stdout;
    assert_eq!(findings(&late), findings(&[]));
    let before = bench.run("explain", "s", &[id, "--as-of", "2020-01-01"]);
    assert_eq!(before.code, 2, "{}", before.stdout);
}

#[test]
fn the_end_of_an_id_is_a_hint() {
    let bench = Bench::of_case(DAY);
    let id = &bench.sql("s", "select id from workers where status = 'crashed'")[0][0];
    let said = bench.run("worker", "s", &[&id[id.len() - 8..]]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains(id.as_str()), "{}", said.stderr);
}
