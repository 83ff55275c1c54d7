//! The tasks themselves, the newest first.

use crate::answers::fleet::strange::created;
use crate::answers::page::{Page, Value};
use crate::answers::tasks::rows::Rows;
use crate::answers::tasks::sum;

/// Adds so many of them, and says of how many.
pub(super) fn section(page: &mut Page, found: &Rows) {
    let (shown, all) = (found.newest.len() as i64, sum(found.counts.iter(), "tasks"));
    let title = if shown < all {
        format!("Newest {shown} of {all} (`--limit` lists more)")
    } else {
        "All, newest first".to_string()
    };
    let columns = [
        "task",
        "state",
        "type",
        "created_at",
        "queue_s",
        "processing_s",
        "attempts",
        "generation",
        "worker",
    ];
    let rows = found.newest.iter().map(|row| {
        vec![
            row.id("id"),
            row.say("state"),
            row.say("task_type"),
            created(row),
            row.seconds("queue_s"),
            row.seconds("processing_s"),
            Value::Count(row.int("attempts").unwrap_or(0)),
            row.say("verdict"),
            row.id("worker_id"),
        ]
    });
    page.table("list", &title, &columns, rows.collect(), "no task is like that");
}
