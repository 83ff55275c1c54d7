//! The tasks that wait or are worked on at the instant.

use crate::answers::ask::{Ask, Row};
use crate::model::time::Micros;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 2] = ["tasks", "task_states"];

/// Longer than this, a task in progress is stuck, in seconds (domain/orchestrator.md 5.3,
/// TASK_STUCK_TIMEOUT_SEC); one that waits for its children is not (2.2, W16).
pub(in crate::answers) const STUCK_S: f64 = 1200.0;
/// How the types of tasks end that wait for their children.
const PARENT: &str = "_orchestrator";

const OPEN: &str = "select states.task_id, states.state, states.entered_at, tasks.task_type, tasks.worker_id, \
    tasks.dependant_on is not null as depends \
    from task_states as states left join tasks on tasks.id = states.task_id \
    where states.left_at is null and states.state in ('queued', 'in_progress') \
    order by states.entered_at, states.task_id";

/// What waits for a task that is not complete cannot be claimed (domain/worker-app.md 1.6).
const WAITING: &str = "with open as (select task_id from task_states where left_at is null and state = 'queued'), \
    needed as (select tasks.id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id from tasks \
        where id in (select task_id from open) and dependant_on is not null) \
    select count(distinct needed.id) as waiting from needed join tasks as others on others.id = other_id \
    where others.status <> 'Complete'";

/// The open tasks, the oldest first.
pub(in crate::answers) struct Queue {
    open: Vec<Row>,
    /// Queued tasks that wait for others.
    pub(in crate::answers) waiting: i64,
}

impl Queue {
    /// Reads it.
    pub(in crate::answers) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        let open = ask.rows(OPEN, &[])?;
        let depends =
            |row: &Row| row.text("state") == Some("queued") && row.flag("depends") == Some(true);
        let waiting = match open.iter().any(depends) {
            true => ask.first(WAITING, &[])?.and_then(|row| row.int("waiting")).unwrap_or(0),
            false => 0,
        };
        Ok(Self { open, waiting })
    }

    /// The tasks of a state.
    pub(in crate::answers) fn of<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Row> {
        self.open.iter().filter(move |row| row.text("state") == Some(state))
    }

    /// Those that have been in progress for too long.
    pub(in crate::answers) fn stuck(&self, now: Micros) -> Vec<&Row> {
        let is_parent =
            |row: &Row| row.text("task_type").is_some_and(|kind| kind.ends_with(PARENT));
        let age = |row: &Row| row.time("entered_at").map_or(0.0, |since| now.seconds_since(since));
        self.of("in_progress").filter(|row| age(row) > STUCK_S && !is_parent(row)).collect()
    }
}
