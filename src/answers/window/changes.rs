//! Workers and tasks whose state changed in a window.

use crate::answers::page::Page;
use crate::answers::window::Asked;
use crate::read::error::ReadError;

/// A state entered, with the one before and the event that made it.
const CHANGES: &str = "select now.{kind}_id as id, now.entered_at as moment, before.state as from_state, \
    now.state as to_state, events.kind as event, now.basis, now.entered_event_id \
    from {kind}_states as now \
    left join {kind}_states as before on before.{kind}_id = now.{kind}_id and before.seq = now.seq - 1 \
    left join (select event_id, kind from events where happened_at >= $from - interval 1 hour \
        and happened_at < $until) as events on events.event_id = now.entered_event_id \
    where now.entered_at >= $from and now.entered_at < $until order by moment, id, now.seq";

/// Adds both.
pub(super) fn sections(asked: &Asked<'_>, page: &mut Page) -> Result<(), ReadError> {
    section(asked, page, "worker", "worker_changes", "Workers that changed")?;
    section(asked, page, "task", "task_changes", "Tasks that changed")
}

fn section(
    asked: &Asked<'_>,
    page: &mut Page,
    kind: &str,
    key: &'static str,
    title: &str,
) -> Result<(), ReadError> {
    let rows = asked.rows(&CHANGES.replace("{kind}", kind))?;
    let rows = rows.iter().map(|change| {
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
    let id = if kind == "worker" { "worker" } else { "task" };
    page.table(key, &title, &["at", id, "from", "to", "because_of", "basis"], rows, "none");
    Ok(())
}
