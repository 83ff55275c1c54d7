//! The queue: what waits, what is worked on for too long, and what waits for nothing.

use std::collections::BTreeSet;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::queue::{Limit, Queue};
use crate::answers::fleet::vain::Vain;
use crate::answers::health::count;
use crate::answers::page::{Page, Value};

/// Queued tasks that wait for one that never comes: by those of the reasons that are asked for.
pub(super) fn in_vain(queue: &Queue, is_asked: fn(Vain) -> bool) -> usize {
    let vain = queue.vain();
    let asked = vain.iter().filter(|(_, why)| is_asked(*why));
    let tasks: BTreeSet<&str> = asked.filter_map(|(row, _)| row.text("id")).collect();
    tasks.len()
}

/// Adds the counts and both lists.
pub(super) fn add(
    page: &mut Page,
    ask: Ask<'_>,
    queue: &Queue,
    stuck: &[&Row],
    limit: Limit,
    listed: usize,
) {
    counts(page, queue, stuck.len());
    add_stuck(page, ask, stuck, limit, listed);
    add_vain(page, queue, listed);
}

fn counts(page: &mut Page, queue: &Queue, stuck: usize) {
    let queued: Vec<&Row> = queue.of("queued").collect();
    let progress: Vec<&Row> = queue.of("in_progress").collect();
    let api =
        |rows: &[&Row]| count(rows.iter().filter(|row| row.flag("is_api") == Some(true)).count());
    let id = |rows: &[&Row]| rows.first().map_or(Value::Missing, |row| row.id("id"));
    let time = |rows: &[&Row]| rows.first().map_or(Value::Missing, |row| row.when("entered_at"));
    page.fields(
        "queue",
        "Queue",
        vec![
            ("queued", count(queued.len())),
            ("queued_for_the_api", api(&queued)),
            ("queued_waiting_for_others", count(queue.waiting().len())),
            ("queued_waiting_in_vain", count(in_vain(queue, |_| true))),
            ("claimable_by_gpu_workers", count(queue.claimable(false))),
            ("claimable_by_the_api", count(queue.claimable(true))),
            ("oldest_queued", id(&queued)),
            ("oldest_queued_at", time(&queued)),
            ("in_progress", count(progress.len())),
            ("in_progress_at_the_api", api(&progress)),
            ("oldest_in_progress", id(&progress)),
            ("oldest_in_progress_at", time(&progress)),
            ("stuck", count(stuck)),
        ],
    );
}

/// Columns of tasks in progress.
const HELD: [&str; 5] = ["task", "type", "in_progress_since", "for_s", "worker"];

/// Their rows; who holds a task stands in a column of this name.
fn held(ask: Ask<'_>, tasks: &[&Row], holder: &str, listed: usize) -> Vec<Vec<Value>> {
    let rows = tasks.iter().take(listed).map(|task| {
        vec![
            task.id("id"),
            task.say("task_type"),
            task.when("entered_at"),
            Value::between(task.time("entered_at"), Some(ask.at)),
            task.id(holder),
        ]
    });
    rows.collect()
}

fn add_stuck(page: &mut Page, ask: Ask<'_>, stuck: &[&Row], limit: Limit, listed: usize) {
    let rows = held(ask, stuck, "last_holder", listed);
    let title = format!(
        "Stuck tasks (in progress for more than {}; orchestrator tasks wait for others)",
        limit.said()
    );
    page.table("stuck", &title, &HELD, rows, "none");
}

/// Adds the tasks whose worker has ended.
pub(super) fn add_orphaned(page: &mut Page, ask: Ask<'_>, orphaned: &[&Row], listed: usize) {
    let rows = held(ask, orphaned, "holder", listed);
    let title = "Tasks in progress whose worker has ended";
    page.table("held_by_ended", title, &HELD, rows, "none");
}

fn add_vain(page: &mut Page, queue: &Queue, listed: usize) {
    let vain = queue.vain();
    let rows = vain.iter().take(listed).map(|(row, why)| {
        vec![
            row.id("id"),
            row.say("task_type"),
            row.id("other_id"),
            Value::Text(why.said().to_string()),
        ]
    });
    let columns = ["task", "type", "waits_for", "which_is"];
    let title = "Queued tasks that wait in vain: a claim wants all they wait for complete";
    page.table("waiting_in_vain", title, &columns, rows.collect(), "none");
}
