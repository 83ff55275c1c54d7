//! The tasks that wait or are worked on at the instant.

use std::collections::BTreeSet;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::rings::rings;
use crate::answers::fleet::strange::known;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 4] =
    ["tasks", "task_states", "task_attempts", "decisions"];

/// Longer than this, a task in progress is stuck, in seconds (domain/orchestrator.md 5.3,
/// TASK_STUCK_TIMEOUT_SEC since E1); one that waits for its children is not (2.2, W16).
const STUCK_S: f64 = 1200.0;
/// The limit that a kill was measured against last.
const TOLD: &str = "select arg_max(json_extract(thresholds, '$.stuck_timeout_s')::double, \
    (happened_at, event_id)) as seconds from decisions where formula = 'stuck_task' and not coalesce( \
    json_contains(json_extract(thresholds, '$.by_default'), '\"stuck_timeout_s\"'), false)";

/// How long a task may be in progress.
#[derive(Clone, Copy, Debug)]
pub(in crate::answers) struct Limit {
    pub(in crate::answers) seconds: f64,
    /// Whether a row tells it; else it is the default.
    pub(in crate::answers) is_told: bool,
}

impl Limit {
    /// What was set last, as far as a row tells.
    pub(in crate::answers) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        let told = ask.first(TOLD, &[])?.and_then(|row| row.float("seconds"));
        Ok(Self { seconds: told.unwrap_or(STUCK_S), is_told: told.is_some() })
    }

    /// `20 min`, and where that is from.
    pub(in crate::answers) fn said(self) -> String {
        let from =
            if self.is_told { "as was set" } else { "the default; no row tells what was set" };
        format!("{:.0} min, {from}", self.seconds / 60.0)
    }
}
/// How the types of tasks end that wait for their children.
const PARENT: &str = "_orchestrator";

/// Types that an API worker ever took are the API's (domain/orchestrator.md 1.3: its ids); all others wait for
/// GPU workers. A claim wants a status of the system: a row with another, or with none, is in no queue. A row
/// that names no worker was written since its last claim: who held it then, attempts tell.
const OPEN: &str = "with open as materialized (select task_id, state, entered_at from task_states \
        where left_at is null and state in ('queued', 'in_progress')), \
    held as (select task_id, arg_max(worker_id, attempt) filter (outcome = 'open') as holder, \
        arg_max(worker_id, (outcome = 'open', attempt)) filter (outcome <> 'duplicate') as last_holder \
        from task_attempts where task_id in (select task_id from open) group by task_id), \
    api_types as (select distinct task_type from {whole}tasks where id in \
        (select task_id from task_attempts where starts_with(worker_id, 'api-'))) \
    select open.task_id, open.state, open.entered_at, tasks.task_type, tasks.worker_id, held.holder, \
    coalesce(held.last_holder, tasks.worker_id) as last_holder, tasks.dependant_on is not null as depends, \
    coalesce(tasks.task_type in (select task_type from api_types), false) as is_api \
    from open left join tasks on tasks.id = open.task_id left join held on held.task_id = open.task_id \
    where tasks.id is null or tasks.status {known} order by open.entered_at, open.task_id";

/// What waits for a task that is not complete cannot be claimed (domain/worker-app.md 1.6).
const WAITING: &str = "with needed as (\
        select tasks.id, tasks.task_type, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id \
        from tasks join task_states on task_states.task_id = tasks.id \
        where left_at is null and state = 'queued' and dependant_on is not null \
            and status {known}) \
    select needed.id, needed.task_type, other_id, states.state as other_state, \
        others.id is null as is_missing from needed \
    left join {others} as others on others.id = other_id \
    left join task_states as states on states.task_id = other_id and states.left_at is null \
    where other_id not in ('', 'NULL') and states.state is distinct from 'complete' \
    order by needed.id, other_id";

/// Why what is waited for never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::answers) enum Vain {
    Failed,
    Cancelled,
    Missing,
    /// The task waits for itself.
    Itself,
    /// The one waited for waits for this one, by way of others or not.
    Ring,
}

impl Vain {
    /// What the one waited for is.
    pub(in crate::answers) fn said(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Missing => "not there",
            Self::Itself => "itself",
            Self::Ring => "queued, and waits for this one in turn",
        }
    }

    /// Whether tasks wait for each other.
    pub(in crate::answers) fn is_mutual(self) -> bool {
        matches!(self, Self::Itself | Self::Ring)
    }
}

/// The open tasks, the oldest first.
pub(in crate::answers) struct Queue {
    open: Vec<Row>,
    waits: Vec<Row>,
}

impl Queue {
    /// Reads it.
    pub(in crate::answers) fn read(ask: Ask<'_>) -> Result<Self, ReadError> {
        // as of an instant the rows are cut, which is dear, and of some rows that changes nothing that is asked
        let (whole, others) = match ask.is_as_of {
            true => ("whole_", "(select id from whole_tasks where created_at <= $at)"),
            false => ("", "tasks"),
        };
        let asked = |sql: &str| known(sql).replace("{whole}", whole).replace("{others}", others);
        let at = [("at", Cell::Time(ask.at))];
        let open = ask.rows(&asked(OPEN), &[])?;
        let depends =
            |row: &Row| row.text("state") == Some("queued") && row.flag("depends") == Some(true);
        let waits =
            if open.iter().any(depends) { ask.rows(&asked(WAITING), &at)? } else { Vec::new() };
        Ok(Self { open, waits })
    }

    /// The queued tasks that wait for others, each once.
    pub(in crate::answers) fn waiting(&self) -> BTreeSet<&str> {
        self.waits.iter().filter_map(|row| row.text("id")).collect()
    }

    /// What is waited for in vain, and why: tasks that ended without success, those of which no row is here (which
    /// is proof only where all tasks were captured: `task_dependency_missing` weighs that), and those that wait
    /// for the waiting one themselves.
    pub(in crate::answers) fn vain(&self) -> Vec<(&Row, Vain)> {
        let pairs = self.waits.iter().filter_map(|row| row.text("id").zip(row.text("other_id")));
        let rings = rings(pairs);
        let ring = |id: Option<&str>| id.and_then(|id| rings.get(id));
        let why = |row: &Row| match (row.text("id"), row.text("other_id")) {
            (task, other) if task == other => Some(Vain::Itself),
            (task, other) if ring(task).is_some() && ring(task) == ring(other) => Some(Vain::Ring),
            (_, _) if row.flag("is_missing") == Some(true) => Some(Vain::Missing),
            (_, _) => match row.text("other_state") {
                Some("failed") => Some(Vain::Failed),
                Some("cancelled") => Some(Vain::Cancelled),
                Some(_) | None => None,
            },
        };
        self.waits.iter().filter_map(|row| Some((row, why(row)?))).collect()
    }

    /// Queued tasks that could be claimed at once, by an API worker or by a GPU worker.
    pub(in crate::answers) fn claimable(&self, is_api: bool) -> usize {
        let waiting = self.waiting();
        let is_free = |row: &&Row| {
            row.flag("is_api") == Some(is_api)
                && row.text("task_id").is_some_and(|id| !waiting.contains(id))
        };
        self.of("queued").filter(is_free).count()
    }

    /// The tasks of a state.
    pub(in crate::answers) fn of<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Row> {
        self.open.iter().filter(move |row| row.text("state") == Some(state))
    }

    /// Those in progress whose worker has ended: nobody works on them.
    pub(in crate::answers) fn orphaned<'a>(&'a self, ended: &BTreeSet<&str>) -> Vec<&'a Row> {
        let is_lost = |row: &&Row| row.text("holder").is_some_and(|id| ended.contains(id));
        self.of("in_progress").filter(is_lost).collect()
    }

    /// Those that have been in progress for too long.
    pub(in crate::answers) fn stuck(&self, now: Micros, limit: Limit) -> Vec<&Row> {
        let is_parent =
            |row: &Row| row.text("task_type").is_some_and(|kind| kind.ends_with(PARENT));
        let age = |row: &Row| row.time("entered_at").map_or(0.0, |since| now.seconds_since(since));
        self.of("in_progress").filter(|row| age(row) > limit.seconds && !is_parent(row)).collect()
    }
}
