//! Tasks that wait for each other, as `health` tells of them.

use super::{json, rows, text};
use crate::support::replayed::Bench;

/// Two wait for each other, three in a circle, one for one of those, and one for a task that is queued.
const RINGS: &str = "
# rings: nobody can begin
on 2026-01-05
worker w1 created=09:00:00 beat=09:55:40 status=active
task t1 created=09:40:00 after=t2
task t2 created=09:40:00 after=t1
task t3 created=09:41:00 after=t4
task t4 created=09:41:00 after=t5
task t5 created=09:41:00 after=t3
task t6 created=09:42:00 after=t3
task t7 created=09:42:00 after=t8
task t8 created=09:42:00
repeat 30s 09:30:00..09:56:00 log {time} gpu#{n} INFO Starting orchestrator cycle
";

#[test]
fn tasks_that_wait_for_each_other_wait_in_vain() {
    let bench = Bench::of_case(RINGS);
    let page = json(&bench, "health", &[]);
    assert_eq!(page["queue"]["queued_waiting_in_vain"], 6, "{page}");
    let said = "5 tasks wait for each other, or for themselves: none of them can be claimed";
    assert!(rows(&page, "warnings").iter().any(|row| text(row, "warning") == said), "{page}");
    let listed = rows(&page, "waiting_in_vain");
    let (behind, rings): (Vec<_>, Vec<_>) =
        listed.iter().partition(|row| text(row, "which_is") == "queued, and waits in vain itself");
    assert_eq!((behind.len(), rings.len()), (1, 5), "{page}");
    assert!(
        rings.iter().all(|row| text(row, "which_is") == "queued, and waits for this one in turn"),
        "{page}"
    );
    assert_eq!(page["queue"]["claimable_by_gpu_workers"], 1, "{page}");
    // each says so of itself, also who waits for one of them; who waits for one that is queued has a sound dependency
    for row in listed {
        let task = json(&bench, "task", &[text(row, "task")]);
        assert_eq!(task["relations"]["broken_dependencies"], 1, "{task}");
    }
    let last = "select a.id from tasks a join tasks b on contains(a.dependant_on, b.id) \
                where b.created_at::time = '09:42:00'";
    let behind = json(&bench, "task", &[&bench.sql("s", last)[0][0]]);
    assert_eq!(behind["relations"]["waits_for"], 1, "{behind}");
    assert_eq!(behind["relations"]["broken_dependencies"], 0, "{behind}");
}
