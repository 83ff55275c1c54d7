//! Workers and tasks whose state changed in a window.

use crate::answers::ask::Row;
use crate::answers::page::Page;
use crate::answers::window::Asked;

/// A state entered, with the one before, which was left then, and the event that made it.
const CHANGES: &str = "select now.{kind}_id as id, now.entered_at as moment, before.state as from_state, \
    now.state as to_state, events.kind as event, now.basis, now.entered_event_id \
    from {kind}_states as now \
    left join {kind}_states as before on before.{kind}_id = now.{kind}_id and before.seq = now.seq - 1 \
        and before.left_at >= $from and before.left_at < $until \
    left join (select event_id, kind from events where happened_at >= $from - interval 1 hour \
        and happened_at < $until) as events on events.event_id = now.entered_event_id \
    where now.entered_at >= $from and now.entered_at < $until order by moment, id, now.seq";

/// The question, for workers or tasks.
pub(super) fn of(kind: &str) -> String {
    CHANGES.replace("{kind}", kind)
}

/// Adds both.
pub(super) fn sections(asked: &Asked, page: &mut Page) {
    let (workers, tasks) = (&asked.workers, &asked.tasks);
    section(asked, page, workers, ("worker", "worker_changes", "Workers that changed"));
    section(asked, page, tasks, ("task", "task_changes", "Tasks that changed"));
}

fn section(
    asked: &Asked,
    page: &mut Page,
    changes: &[Row],
    (id, key, title): (&'static str, &'static str, &str),
) {
    let rows = changes.iter().map(|change| {
        vec![
            change.when("moment"),
            change.id("id"),
            change.say("from_state"),
            change.say("to_state"),
            change.say("event"),
            change.say("basis"),
        ]
    });
    let (rows, title) = asked.listed(rows.collect(), title);
    page.table(key, &title, &["at", id, "from", "to", "because_of", "basis"], rows, "none");
}
