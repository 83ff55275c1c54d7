//! The tasks of the queue and those that no rule knows what to do with, read at once: as of an instant their rows
//! are cut, which is dear.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::strange::known;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 4] =
    ["tasks", "task_states", "task_attempts", "events"];

/// Types that an API worker ever took are the API's (domain/orchestrator.md 1.3: its ids); all others wait for
/// GPU workers. A claim wants a status of the system: a row with another, or with none, is in no queue. A row
/// that names no worker was written since its last claim: who held it then, attempts tell. An hour more than the
/// instant told of is a clock that is off, or a date of fancy. The system's own first row is of 2025
/// (domain/orchestrator.md 0). What no calendar here has is kept as its text. Of a row that a later capture no longer found
/// (deleted, with its project or by a person) only what it was last is known: it waits for nobody.
const OPEN: &str = "with states as (\
        select task_id, state, entered_at, state in ('queued', 'in_progress') as is_open \
        from task_states where left_at is null), \
    met as materialized (select coalesce(tasks.id, states.task_id) as id, tasks.task_type, tasks.status, \
            tasks.worker_id, tasks.created_at, tasks.dependant_on, states.state, states.entered_at, \
            json_extract_string(try_cast(tasks._verbatim as json), '$.created_at') as written, \
            coalesce(tasks.status {known}, false) as is_known, \
            tasks.created_at > $at::timestamp + interval 1 hour as is_late, \
            coalesce(states.is_open, false) and (tasks.id is null or is_known) as is_queued, \
            tasks.id is not null and (not is_known \
                or (tasks.created_at is null or is_late or tasks.created_at < timestamp '2020-01-01') \
                and coalesce(states.is_open, tasks.status in ('Queued', 'In Progress'))) as is_strange \
        from tasks full join states on states.task_id = tasks.id \
        anti join (select task_id from events where kind in ('task_row_vanished', 'task_row_returned') \
                group by task_id having arg_max(kind, happened_at) = 'task_row_vanished') as gone \
            on gone.task_id = coalesce(tasks.id, states.task_id) \
        where is_queued or is_strange), \
    held as (select task_id, arg_max(worker_id, attempt) filter (outcome = 'open') as holder, \
        arg_max(worker_id, (outcome = 'open', attempt)) filter (outcome <> 'duplicate') as last_holder \
        from task_attempts where task_id in (select id from met) group by task_id), \
    api_types as (select distinct task_type from {whole}tasks where id in \
        (select task_id from task_attempts where starts_with(worker_id, 'api-'))) \
    select met.*, held.holder, \
        coalesce(held.last_holder, met.worker_id) as last_holder, \
        coalesce(met.task_type in (select task_type from api_types), false) as is_api \
    from met left join held on held.task_id = met.id order by met.entered_at, met.id";

/// The tasks that are open or strange.
pub(in crate::answers) struct OpenTasks(Vec<Row>);

impl OpenTasks {
    /// Reads them.
    pub(in crate::answers) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        // of what type a task is no instant changes
        let whole = if ask.is_as_of { "whole_" } else { "" };
        let sql = known(OPEN).replace("{whole}", whole);
        Ok(Self(ask.rows(&sql, &[("at", Cell::Time(ask.at))])?))
    }

    /// Those of the queue, the oldest first, and the strange ones; one may be both.
    pub(in crate::answers) fn parted(self) -> (Vec<Row>, Vec<Row>) {
        let is = |row: &&Row, what: &str| row.flag(what) == Some(true);
        let queued = self.0.iter().filter(|row| is(row, "is_queued")).cloned().collect();
        let mut strange: Vec<Row> =
            self.0.iter().filter(|row| is(row, "is_strange")).cloned().collect();
        strange.sort_by(|a, b| {
            let key = |row: &Row| (is(&row, "is_known"), row.text("id").map(str::to_string));
            key(a).cmp(&key(b))
        });
        (queued, strange)
    }
}
