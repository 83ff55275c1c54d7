//! A course as it is drawn: a sign for each state, in as many columns as there are.

use std::collections::BTreeSet;

use backstory::answers::ask::Ask;
use backstory::answers::subject::Subject;
use backstory::answers::timeline::{TABLES, TimelineAsked, timeline};
use backstory::read::database::Database;
use backstory::read::engine::Engine;
use backstory::report::page_text::{Layout, write_text};
use backstory::snapshot::open::Snapshot;
use jiff::tz::TimeZone;

use super::json;
use crate::support::replayed::Bench;

/// A worker that is made, starts, works, rests, and is killed; a task of it that is put back.
const COURSE: &str = "
# course: of one worker
on 2026-01-05
worker w1 created=09:00:00 beat=09:50:00 status=terminated meta={\"error_time\": \"@10:00:02\", \"error_reason\": \"Stale heartbeat with active tasks (600s old)\", \"startup_script_launched_at\": \"@09:05:00\", \"runpod_id\": \"{p1}\"}
task t1 status=Queued created=09:20:00 updated=10:00:00 error=Reset - orphaned from failed worker
task t2 status=Complete created=09:20:00 worker=w1 started=09:25:00 processed=09:35:00 updated=09:35:00
log 09:10:00 w1 INFO QUEUE: HeadlessTaskQueue initialized with WanGP at /workspace/Wan2GP
log 09:20:00 w1 INFO HEADLESS: Worker {w1} started. Polling every 10s.
log 09:25:00 edge:claim-next-task/t2 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 09:45:00 edge:claim-next-task/t1 INFO Task claimed successfully | {\"worker_id\": \"{w1}\"}
log 10:00:00 gpu#40 ERROR WORKER_LIFECYCLE [Worker {w1}] MARKING AS ERROR: Stale heartbeat with active tasks (600s old)
log 10:00:05 gpu#40 WARNING Reset 1 orphaned tasks from workers: ['{w1}']
repeat 30s 09:00:00..10:10:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

/// The course of a worker, or of the fleet, on a terminal of so many columns.
fn at(bench: &Bench, columns: u16, worker: Option<&str>, ascii: bool) -> String {
    let snapshot = Snapshot::open(&bench.path("s")).expect("a snapshot");
    let database = Database::open_some(
        Engine::start(),
        &snapshot,
        None,
        &[&TABLES[..], &["coverage"]].concat(),
    )
    .expect("a database");
    let subject = worker.map(|id| Subject { kind: "worker".to_string(), id: id.to_string() });
    let asked = TimelineAsked { subject, since: None, until: None, limit: 60 };
    let page = timeline(Ask::new(&database, None).expect("an instant"), &asked).expect("a page");
    let (zone, zone_name) = (TimeZone::UTC, "UTC".to_string());
    let layout = Layout { width: Some(columns), zone, zone_name, ascii };
    let mut text = Vec::new();
    write_text(&mut text, &page, &layout).expect("a drawing");
    anstream::adapter::strip_str(&String::from_utf8(text).expect("UTF-8")).to_string()
}

/// The signs of a legend with what they mean.
fn legend(drawn: &str) -> Vec<(&str, &str)> {
    let below = drawn.split("one character is").nth(1).expect("a legend");
    let each = below.lines().skip(1).flat_map(|line| line.trim().split("   "));
    each.filter_map(|told| told.trim().split_once(' ')).collect()
}

#[test]
fn each_state_of_a_course_has_a_sign_of_its_own() {
    let bench = Bench::of_case(COURSE);
    let id = bench.sql("s", "select id from workers")[0][0].clone();
    for (worker, ascii) in [(Some(id.as_str()), false), (None, false), (Some(&id), true)] {
        let drawn = at(&bench, 200, worker, ascii);
        let whose = worker.map_or(vec!["--fleet"], |id| vec!["--worker", id]);
        let page = json(&bench, "timeline", &whose);
        let spans = page["lanes"].as_array().expect("lanes").iter();
        let spans = spans.flat_map(|lane| lane["spans"].as_array().expect("spans"));
        let states: BTreeSet<String> = spans
            .filter_map(|span| span["state"].as_str())
            .map(|name| name.replace('_', " "))
            .collect();
        let legend = legend(&drawn);
        let signs: BTreeSet<&str> = legend.iter().map(|(sign, _)| *sign).collect();
        assert_eq!(signs.len(), legend.len(), "{drawn}");
        assert!(legend.len() > 4, "{drawn}");
        // what fills the most of no character is not drawn
        assert!(legend.iter().all(|(_, name)| states.contains(*name)), "{drawn}");
    }
}

#[test]
fn a_course_fits_forty_columns_with_ids_whole() {
    let bench = Bench::of_case(COURSE);
    let id = bench.sql("s", "select id from workers")[0][0].clone();
    for (worker, ascii) in [(Some(id.as_str()), false), (None, false), (None, true)] {
        let drawn = at(&bench, 40, worker, ascii);
        assert!(drawn.contains(&id), "{drawn}");
        for line in drawn.lines() {
            assert!(line.chars().count() <= 40, "{line:?} in\n{drawn}");
        }
    }
}
