//! Everything that the tables hold of one task, read once.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::event::Told;
use super::relations::Family;
use super::unknown::Hidden;
use crate::answers::ask::{Ask, Row, events};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// What is known of one task.
pub(super) struct Record {
    pub(super) id: String,
    /// The instant told of.
    pub(super) at: Micros,
    /// Its row; none where it was not inserted yet, or is gone.
    pub(super) row: Option<Row>,
    /// Its states in order.
    pub(super) states: Vec<Row>,
    /// Its attempts in order.
    pub(super) attempts: Vec<Row>,
    /// What was worked out of its generation.
    pub(super) generation: Option<Row>,
    /// Every event that touches it, in the order in which they happened.
    pub(super) events: Vec<Told>,
    /// The generations and variants that are linked to it.
    pub(super) linked: Vec<Row>,
    /// The tasks beside it.
    pub(super) family: Family,
    /// What could not be heard of it.
    pub(super) hidden: Hidden,
}

const ROW: &str = "select tasks.*, task_types.run_type, workers.status as worker_status \
    from tasks left join task_types on task_types.name = tasks.task_type \
    left join workers on workers.id = tasks.worker_id where tasks.id = $id";

const STATES: &str = "select * from task_states where task_id = $id order by seq";

const ATTEMPTS: &str = "select * from task_attempts where task_id = $id order by attempt";

const GENERATION: &str = "select * from task_generations where task_id = $id";

/// A generation names its tasks in a list; a variant names in its parameters the task that made it
/// (domain/worker-app.md 3.5).
const LINKED: &str = "select 'generation' as what, id, type, created_at, location, parent_generation_id as parent \
    from generations where contains(tasks, $id) \
        or contains(params, $id) \
            and json_extract_string(try_cast(params as json), '$.source_task_id') = $id \
    union all select 'variant', id, variant_type, created_at, location, generation_id \
    from generation_variants where contains(params, $id) \
        and $id in (json_extract_string(try_cast(params as json), '$.source_task_id'), \
            json_extract_string(try_cast(params as json), '$.upscale_task_id')) \
    order by created_at, what, id";

/// One scan that the id narrows while it reads.
const EVENTS: &str = "select event_id, kind, happened_at, earliest, latest, worker_id, run_id, basis, \
    source_type, attributes from events where task_id = $id";

/// A reset of a worker's tasks names none of them: only the states and attempts that it ended do.
const OTHERS: &str = "select event_id, kind, happened_at, earliest, latest, worker_id, run_id, basis, \
    source_type, attributes from events";

impl Record {
    /// Reads it.
    pub(super) fn read(ask: Ask<'_>, id: &str) -> Result<Self, ReadError> {
        let [events, linked, states, attempts, row, generation] = ask.beside(
            [EVENTS, LINKED, STATES, ATTEMPTS, ROW, GENERATION],
            &[("id", Cell::Text(id.to_string()))],
        )?;
        let asked = ask.is_as_of.then_some(ask.at);
        let mut record = Self {
            id: id.to_string(),
            at: ask.at,
            row: row.into_iter().next(),
            states,
            attempts,
            generation: generation.into_iter().next(),
            events: events.iter().filter_map(|row| Told::of(row, asked)).collect(),
            linked,
            family: Family::default(),
            hidden: Hidden::default(),
        };
        if record.is_unborn() {
            return Ok(record);
        }
        let (others, (family, hidden)) = ask.join(
            |ask| record.others(ask),
            |ask| ask.join(|ask| Family::read(ask, &record), |ask| Hidden::read(ask, &record)),
        )?;
        (record.family, record.hidden) = (family, hidden);
        record.events.extend(others);
        record.events.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(record)
    }

    /// Whether nothing tells of it by then.
    pub(super) fn is_unborn(&self) -> bool {
        self.row.is_none() && self.states.is_empty() && self.events.is_empty()
    }

    /// The events that its states and attempts name, and that do not name the task.
    fn others(&self, ask: Ask<'_>) -> Result<Vec<Told>, ReadError> {
        let begun =
            self.states.iter().map(|row| (row.text("entered_event_id"), row.time("entered_at")));
        let ended =
            self.attempts.iter().map(|row| (row.text("ended_event_id"), row.time("ended_at")));
        let named = begun.chain(ended).filter_map(|(id, at)| Some((id?, at)));
        let others: BTreeMap<&str, Option<Micros>> =
            named.filter(|(id, _)| self.event(Some(id)).is_none()).collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let others: Vec<(&str, Option<Micros>)> = others.into_iter().collect();
        let rows = events(ask.database, OTHERS, &others)?;
        let asked = ask.is_as_of.then_some(ask.at);
        Ok(rows.iter().filter_map(|row| Told::of(row, asked)).collect())
    }

    /// A text of its row.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.row.as_ref()?.text(column).filter(|text| !text.is_empty())
    }

    /// An instant of its row.
    pub(super) fn time(&self, column: &str) -> Option<Micros> {
        self.row.as_ref()?.time(column)
    }

    /// Whether it makes other tasks, and may have no output of its own (domain/worker-app.md 3.5, D3).
    pub(super) fn is_orchestrator(&self) -> bool {
        self.text("task_type").is_some_and(|name| name.contains("orchestrator"))
    }

    /// The state it is in by its timeline.
    pub(super) fn state(&self) -> Option<&str> {
        self.states.last()?.text("state")
    }

    /// When it was created: by its timeline, which knows of it without a row.
    pub(super) fn created_at(&self) -> Option<Micros> {
        self.time("created_at").or_else(|| self.states.first()?.time("entered_at"))
    }

    /// When it ended; none while it is open.
    pub(super) fn ended_at(&self) -> Option<Micros> {
        let last = self.states.last()?;
        let is_open = matches!(last.text("state"), None | Some("queued" | "in_progress"));
        if is_open { None } else { last.time("entered_at") }
    }

    /// The event of an id.
    pub(super) fn event(&self, id: Option<&str>) -> Option<&Told> {
        let id = id?;
        self.events.iter().find(|event| event.id == id)
    }

    /// When an attempt was claimed; none where only bounds of it are known.
    pub(super) fn sure_claim(&self, attempt: &Row) -> Option<Micros> {
        let event = self.event(attempt.text("claimed_event_id"));
        attempt.time("claimed_at").filter(|_| event.is_none_or(|event| !event.is_unsure()))
    }

    /// When an attempt ended, where more than bounds are known of that.
    pub(super) fn sure_end(&self, attempt: &Row) -> Option<Micros> {
        let event = self.event(attempt.text("ended_event_id"));
        attempt.time("ended_at").filter(|_| event.is_none_or(|event| !event.is_unsure()))
    }

    /// `params`, where they are JSON.
    pub(super) fn params(&self) -> Option<Json> {
        serde_json::from_str(self.text("params")?).ok()
    }
}
