//! `worker --check-logging`: who names it, and how long it has been silent.

use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// One stalls while its guardian goes on; of another the guardian dies with it, and it is ended later.
const STALLED: &str = "
# stalled: silent to the end of the evidence, and unheard to its own end
on 2026-01-05
worker w1 created=09:00:00 beat=09:59:40 status=active
worker w2 created=09:00:00 beat=09:40:20 status=terminated meta={\"terminated_at\": \"@09:58:00\"}
task t1 status=In_Progress created=09:20:00 worker=w1 started=09:31:00 updated=09:31:00
log 09:31:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:58:01 gpu#57 INFO Terminated spawning worker {w2} (RunPod {p2})
repeat 20s 09:30:01..09:40:01 log {time} w1 INFO HEADLESS: waiting
repeat 20s 09:30:01..09:40:01 log {time} w2 INFO HEADLESS: waiting
repeat 30s 09:30:00..09:59:30 log {time} gpu#{n} INFO Starting orchestrator cycle
log 09:59:30 gpu#59 WARNING HEALTH_CHECK [Worker {w1}] no change
";

fn logging(bench: &Bench, id: &str) -> Value {
    json(bench, "worker", &[id, "--check-logging"])["logging"].clone()
}

#[test]
fn every_row_of_others_that_names_it_counts() {
    let bench = Bench::of_case(STALLED);
    for (id, others) in bench.sql("s", "select id from workers order by id").iter().zip([2, 1]) {
        let told = logging(&bench, &id[0]);
        assert_eq!(told["others_lines_with_its_id"], others, "{told}");
        let all = json(&bench, "worker", &[&id[0], "--logs-only"]);
        assert_eq!(all["counts"]["rows"], told["own_lines"].as_i64().expect("own") + others);
        assert_eq!(rows(&all, "lines").len(), 20);
    }
}

#[test]
fn the_silence_after_the_last_line_is_one() {
    let bench = Bench::of_case(STALLED);
    let ids = bench.sql("s", "select id from workers order by id");
    let stalled = logging(&bench, &ids[0][0]);
    assert!(stalled["longest_silence_s"].as_f64() > Some(1_000.0), "{stalled}");
    assert_eq!(stalled["silent_from"], stalled["last_at"], "{stalled}");
    let answer = text(&stalled, "answer");
    assert!(
        answer.contains("silent for 19.") && answer.contains("could have reached us"),
        "{answer}"
    );
}

#[test]
fn what_could_not_be_heard_before_an_end_is_no_silence() {
    let bench = Bench::of_case(STALLED);
    let ids = bench.sql("s", "select id from workers order by id");
    let unheard = logging(&bench, &ids[1][0]);
    let answer = text(&unheard, "answer");
    assert!(answer.starts_with("it did, as long as lines could reach us: for "), "{unheard}");
    assert!(unheard["longest_silence_s"].as_f64() < Some(75.0), "{unheard}");
}
