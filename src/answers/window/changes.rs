//! Workers and tasks whose state changed in a window.

use crate::answers::page::Page;
use crate::answers::window::Asked;

/// A state entered, with the one before, which was left then, and the event that made it: the events are read
/// once for both sorts.
pub(super) const CHANGES: &str = "with changed as (\
      select 'worker' as sort, worker_id as id, seq, entered_at, left_at, state, basis, entered_event_id \
      from worker_states where entered_at < $until and coalesce(left_at >= $from, true) \
      union all select 'task', task_id, seq, entered_at, left_at, state, basis, entered_event_id \
      from task_states where entered_at < $until and coalesce(left_at >= $from, true)) \
    select now.sort, now.id, now.entered_at as moment, before.state as from_state, \
      now.state as to_state, events.kind as event, now.basis, now.entered_event_id \
    from changed as now \
    left join changed as before on before.sort = now.sort and before.id = now.id and before.seq = now.seq - 1 \
    left join (select event_id, kind from events where happened_at >= $from - interval 1 hour \
        and happened_at < $until) as events on events.event_id = now.entered_event_id \
    where now.entered_at >= $from order by moment, now.id, now.seq";

/// Adds both.
pub(super) fn sections(asked: &Asked, page: &mut Page) {
    section(asked, page, ("worker", "worker_changes", "Workers that changed"));
    section(asked, page, ("task", "task_changes", "Tasks that changed"));
}

fn section(asked: &Asked, page: &mut Page, (id, key, title): (&'static str, &'static str, &str)) {
    let changes = asked.changes.iter().filter(|change| change.text("sort") == Some(id));
    let rows = changes.map(|change| {
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
