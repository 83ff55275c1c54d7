//! What came and went in a window: rows, tasks, workers, minute by minute.

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::window::{Asked, Window};

/// Parts into which a window is cut for the course of things.
const PARTS: f64 = 12.0;
/// No part is shorter than a cycle (domain/orchestrator.md 5.3, ORCHESTRATOR_POLL_SEC).
const PART_MIN_S: f64 = 30.0;

pub(super) const SUMMARY: &str = "select \
    (select count(*) from system_logs where timestamp >= $from and timestamp < $until) as log_rows, \
    (select count(*) from events where happened_at >= $from and happened_at < $until) as events, \
    (select count(*) from tasks where created_at >= $from and created_at < $until) as tasks_created, \
    (select count(*) from task_attempts where claimed_at >= $from and claimed_at < $until) as tasks_claimed, \
    (select count(*) from task_states where state = 'complete' and entered_at >= $from and entered_at < $until) \
        as tasks_completed, \
    (select count(*) from task_states where state = 'failed' and entered_at >= $from and entered_at < $until) \
        as tasks_failed, \
    (select count(*) from workers where created_at >= $from and created_at < $until) as workers_created, \
    (select count(*) from worker_ends where ended_at >= $from and ended_at < $until) as workers_ended";

/// Rows by source and level.
pub(super) const LINES: &str = "select source_type, log_level, count(*) as n, \
    count(distinct source_id) as sources, min(timestamp) as first_at, max(timestamp) as last_at \
    from system_logs where timestamp >= $from and timestamp < $until group by source_type, log_level \
    order by source_type, log_level";

/// The numbers of a window.
pub(super) fn summary(asked: &Asked, page: &mut Page) {
    let window = asked.window;
    let mut fields = vec![
        ("from", Value::Time(window.from)),
        ("until", Value::Time(window.until)),
        ("length_s", Value::Seconds(window.until.seconds_since(window.from))),
    ];
    const COUNTS: [&str; 8] = [
        "log_rows",
        "events",
        "tasks_created",
        "tasks_claimed",
        "tasks_completed",
        "tasks_failed",
        "workers_created",
        "workers_ended",
    ];
    if let Some(row) = asked.summary.first() {
        fields.extend(COUNTS.iter().map(|name| (*name, row.count(name))));
    }
    page.fields("summary", "Window", fields);
}

/// Rows by source and level, and the course of things.
pub(super) fn sections(asked: &Asked, page: &mut Page) {
    course(asked, page);
    let rows = asked.lines.iter().map(|row| {
        vec![
            row.say("source_type"),
            row.say("log_level"),
            row.count("n"),
            row.count("sources"),
            row.when("first_at"),
            row.when("last_at"),
        ]
    });
    let columns = ["source", "level", "rows", "senders", "first_at", "last_at"];
    page.table("log_rows", "Log rows that came", &columns, rows.collect(), "none");
}

/// The parts of the window, each with what came in it. What rows tell goes on where lines do not: that is how
/// an orchestrator shows that acts while nothing of it is heard (domain/orchestrator.md 7).
const COURSE: &str = "with moments as ( \
      select timestamp as moment, case when source_type like 'orchestrator%' then 'orchestrator_lines' \
        else 'other_lines' end as what from system_logs where timestamp >= $from and timestamp < $until \
      union all select created_at, 'tasks_created' from tasks \
      union all select entered_at, 'tasks_ended' from task_states where state in ('complete', 'failed', 'cancelled') \
      union all select created_at, 'workers_created' from workers \
      union all select entered_at, 'workers_ready' from worker_states where state like 'active%' and seq > 0 \
        and state = 'active_idle' \
      union all select ended_at, 'workers_ended' from worker_ends) \
    select floor(epoch(moment - $from::timestamp) / {part})::bigint as part, what, count(*) as n \
    from moments where moment >= $from and moment < $until group by part, what order by part, what";

/// How long a part of the window is, in seconds.
fn part_s(window: Window) -> f64 {
    (window.until.seconds_since(window.from) / PARTS).max(PART_MIN_S).ceil()
}

/// The question of its course.
pub(super) fn course_of(window: Window) -> String {
    COURSE.replace("{part}", &part_s(window).to_string())
}

fn course(asked: &Asked, page: &mut Page) {
    const WHAT: [&str; 6] = [
        "orchestrator_lines",
        "other_lines",
        "tasks_created",
        "tasks_ended",
        "workers_created",
        "workers_ended",
    ];
    let window = asked.window;
    let length = window.until.seconds_since(window.from);
    let part_s = part_s(window);
    let parts = (length / part_s).ceil() as i64;
    let count = |part: i64, what: &str| {
        let of = |row: &&Row| row.int("part") == Some(part) && row.text("what") == Some(what);
        asked.course.iter().find(of).and_then(|row| row.int("n")).unwrap_or(0)
    };
    let rows = (0..parts).map(|part| {
        let mut row = vec![Value::Time(window.from.plus_seconds(part as f64 * part_s))];
        row.extend(WHAT.iter().map(|what| Value::Count(count(part, what))));
        row
    });
    let columns = [&["from"][..], &WHAT].concat();
    page.table("course", "Course", &columns, rows.collect(), "none");
}
