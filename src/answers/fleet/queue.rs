//! The tasks that wait or are worked on at the instant.

use std::collections::BTreeSet;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::vain::{self, UNMET, Vain};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 3] = ["tasks", "task_states", "decisions"];

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

/// What waits for a task that is not complete cannot be claimed (domain/worker-app.md 1.6).
const WAITING: &str = "with states as materialized (\
        select task_id, state from task_states where left_at is null), \
    waits as (\
        select id, task_type, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id \
        from {whole}tasks where dependant_on is not null \
            and id in (select task_id from states where state = 'queued')) ";

/// The id of a queued task that names others which it waits for.
fn waits_for_others(open: &Row) -> Option<&str> {
    let is_waiting = open.text("state") == Some("queued") && open.text("dependant_on").is_some();
    if is_waiting { open.text("id") } else { None }
}

/// The open tasks, the oldest first.
pub(in crate::answers) struct Queue {
    open: Vec<Row>,
    waits: Vec<Row>,
}

impl Queue {
    /// The queue of these open tasks, and what they wait for.
    pub(in crate::answers) fn of_tasks(ask: Ask<'_>, open: Vec<Row>) -> Result<Self, ReadError> {
        // as of an instant the rows are cut, which is dear and changes nothing that is asked here
        let (whole, others) = match ask.is_as_of {
            true => ("whole_", "(select id from whole_tasks where created_at <= $at)"),
            false => ("", "tasks"),
        };
        let waiting: BTreeSet<&str> = open.iter().filter_map(waits_for_others).collect();
        let mut waits = Vec::new();
        if !waiting.is_empty() {
            let sql =
                format!("{WAITING}{UNMET}").replace("{whole}", whole).replace("{others}", others);
            waits = ask.rows(&sql, &[("at", Cell::Time(ask.at))])?;
            waits.retain(|row| row.text("id").is_some_and(|id| waiting.contains(id)));
        }
        Ok(Self { open, waits })
    }

    /// The queued tasks that wait for others, each once.
    pub(in crate::answers) fn waiting(&self) -> BTreeSet<&str> {
        self.waits.iter().filter_map(|row| row.text("id")).collect()
    }

    /// What is waited for in vain, and why. Of a task that is not there no row is proof only where all tasks were
    /// captured: `task_dependency_missing` weighs that.
    pub(in crate::answers) fn vain(&self) -> Vec<(&Row, Vain)> {
        let why = vain::of(&self.waits);
        self.waits.iter().zip(why).filter_map(|(row, why)| Some((row, why?))).collect()
    }

    /// Queued tasks that could be claimed at once, by an API worker or by a GPU worker: a claim reads the row, and one
    /// that was edited since its last event may say otherwise.
    pub(in crate::answers) fn claimable(&self, is_api: bool) -> usize {
        let waiting = self.waiting();
        let is_free = |row: &&Row| {
            row.flag("is_api") == Some(is_api)
                && row.text("status").is_none_or(|status| status == "Queued")
                && row.text("id").is_some_and(|id| !waiting.contains(id))
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
