//! Tasks whose rows say what no rule knows, as `health` and `tasks` tell of them.

use backstory::cases::case as cases;
use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::{Bench, write_tables};

fn warns(page: &Value, said: &str) -> bool {
    rows(page, "warnings").iter().any(|row| text(row, "warning") == said)
}

/// A status of no build, none at all, and dates that nobody can have meant.
const STRANGE: &str = "
# strange: what no rule knows
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:40 status=active
task t1 status=Exploded created=09:40:00
task t2 created=9998-01-01T10:00:00
task t3 created=1815-06-18T10:00:00
task t4 created=09:47:11
task t5 created=09:42:00
task t6 status=Complete created=09:40:00 worker=w1 started=09:41:00 processed=09:44:00 updated=09:44:00 output=https://s.supabase.co/storage/v1/object/public/image_uploads/a.png
repeat 30s 09:30:00..09:56:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

fn strange() -> Bench {
    let bench = Bench::new();
    let mut tables = cases::read(STRANGE).expect("a case")[0].captures[0].clone();
    let tasks = tables.get_mut("tasks").expect("tasks");
    *tasks = tasks.replace("2026-01-05 09:47:11+00", "0044-03-15 10:00:00+00 BC");
    write_tables(&bench.path("files"), &tables);
    bench.replayed(&bench.path("files"), "s");
    bench
}

#[test]
fn a_status_that_nobody_knows_is_in_no_queue_and_strange_dates_are_told() {
    let bench = strange();
    let page = json(&bench, "health", &[]);
    let queue = &page["queue"];
    // the two whose dates a calendar has, and the one that is sound
    assert_eq!(
        (&queue["queued"], &queue["claimable_by_gpu_workers"]),
        (&3.into(), &3.into()),
        "{page}"
    );
    assert!(
        warns(&page, "1 task has a status that the system does not have, and counts in no queue"),
        "{page}"
    );
    assert!(warns(&page, "3 tasks that are open have a date that cannot be right"), "{page}");
    let mut told: Vec<(&str, &str)> = rows(&page, "strange")
        .iter()
        .map(|row| (text(row, "created_at"), text(row, "why")))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (
                "0044-03-15 10:00:00+00 BC",
                "no calendar here has its date: the timeline and the counts of the queue lack it"
            ),
            ("1815-06-18T10:00:00.000000Z", "it is dated before there was the system"),
            ("2026-01-05T09:40:00.000000Z", "the system has no such status: it counts in no queue"),
            ("9998-01-01T10:00:00.000000Z", "it is dated after the instant told of"),
        ]
    );
    let tasks = json(&bench, "tasks", &[]);
    let states: Vec<&str> = rows(&tasks, "by_state").iter().map(|row| text(row, "state")).collect();
    assert_eq!(
        states,
        ["queued", "Queued, by its row alone", "complete", "unknown status `Exploded`"]
    );
    assert_eq!(rows(&json(&bench, "tasks", &["--status", "queued"]), "list").len(), 3);
    let said = bench.run("tasks", "s", &[]).ok();
    assert!(said.contains("A failure rate is of those that ended Complete or Failed"), "{said}");
    assert!(said.contains("0044-03-15 10:00:00+00 BC"), "{said}");
}
