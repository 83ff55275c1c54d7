//! Everything that the tables hold of one task, read once.

use serde_json::Value as Json;

use super::failure::is_leftover;
use crate::answers::ask::{Ask, Row};
use crate::answers::page::Value;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// Seconds between its bounds from which on a time is told as these.
const UNSURE_S: f64 = 1.0;

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
}

/// One event that touches the task.
pub(super) struct Told {
    pub(super) id: String,
    pub(super) kind: EventKind,
    pub(super) at: Micros,
    /// Seconds between the bounds of its time.
    pub(super) span_s: f64,
    pub(super) earliest: Option<Micros>,
    pub(super) latest: Option<Micros>,
    pub(super) worker: Option<String>,
    pub(super) run: Option<String>,
    pub(super) basis: String,
    pub(super) source: Option<String>,
    pub(super) attributes: Json,
}

const ROW: &str = "select tasks.*, task_types.run_type, workers.status as worker_status \
    from tasks left join task_types on task_types.name = tasks.task_type \
    left join workers on workers.id = tasks.worker_id where tasks.id = $id";

const STATES: &str = "select * from task_states where task_id = $id order by seq";

const ATTEMPTS: &str = "select * from task_attempts where task_id = $id order by attempt";

const GENERATION: &str = "select * from task_generations where task_id = $id";

/// One scan that the id narrows while it reads.
const EVENTS: &str = "select event_id, kind, happened_at, earliest, latest, worker_id, run_id, basis, \
    source_type, attributes from events where task_id = $id";

/// A reset of a worker's tasks names none of them: only the states and attempts that it ended do.
const OTHERS: &str = "select event_id, kind, happened_at, earliest, latest, worker_id, run_id, basis, \
    source_type, attributes from events where event_id in ";

impl Record {
    /// Reads it.
    pub(super) fn read(ask: Ask<'_>, id: &str) -> Result<Self, ReadError> {
        let (states, attempts) = (ask.of(STATES, id)?, ask.of(ATTEMPTS, id)?);
        let mut events: Vec<Told> = ask.of(EVENTS, id)?.iter().filter_map(Told::of).collect();
        let ends = states.iter().filter_map(|row| row.text("entered_event_id"));
        let ends = ends.chain(attempts.iter().filter_map(|row| row.text("ended_event_id")));
        let mut others: Vec<&str> =
            ends.filter(|id| events.iter().all(|event| event.id != *id)).collect();
        others.sort_unstable();
        others.dedup();
        events.extend(others_of(ask, &others)?);
        events.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(Self {
            id: id.to_string(),
            at: ask.at,
            row: ask.of(ROW, id)?.into_iter().next(),
            states,
            attempts,
            generation: ask.of(GENERATION, id)?.into_iter().next(),
            events,
        })
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

    /// `params`, where they are JSON.
    pub(super) fn params(&self) -> Option<Json> {
        serde_json::from_str(self.text("params")?).ok()
    }
}

/// The events of these ids.
fn others_of(ask: Ask<'_>, ids: &[&str]) -> Result<Vec<Told>, ReadError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = (0..ids.len()).map(|n| format!("e{n}")).collect();
    let listed: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    let params: Vec<(&str, Cell)> = names
        .iter()
        .zip(ids)
        .map(|(name, id)| (name.as_str(), Cell::Text(id.to_string())))
        .collect();
    let rows = ask.rows(&format!("{OTHERS}({})", listed.join(", ")), &params)?;
    Ok(rows.iter().filter_map(Told::of).collect())
}

impl Told {
    fn of(row: &Row) -> Option<Self> {
        let (earliest, latest) = (row.time("earliest"), row.time("latest"));
        let span_s = match (earliest, latest) {
            (Some(from), Some(until)) => until.seconds_since(from),
            (None, _) | (_, None) => 0.0,
        };
        let text = |name: &str| row.text(name).map(str::to_string);
        Some(Self {
            id: text("event_id")?,
            kind: EventKind::from_name(row.text("kind")?)?,
            at: row.time("happened_at")?,
            span_s,
            earliest,
            latest,
            worker: text("worker_id"),
            run: text("run_id"),
            basis: text("basis").unwrap_or_default(),
            source: text("source_type"),
            attributes: row
                .text("attributes")
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or(Json::Null),
        })
    }

    fn order(&self) -> (Micros, u8, &str) {
        (self.placed_at(), self.kind.rank(), &self.id)
    }

    /// The instant at which it stands in the story: where only bounds are known, the later one. By then it
    /// had happened.
    pub(super) fn placed_at(&self) -> Micros {
        match self.latest {
            Some(latest) if self.is_unsure() => latest,
            Some(_) | None => self.at,
        }
    }

    /// Whether its time is known by its bounds alone. A line's own time is off by its clock, which is told
    /// once for the whole task.
    pub(super) fn is_unsure(&self) -> bool {
        self.basis != "logged" && self.span_s > UNSURE_S
    }

    /// A text among its attributes.
    pub(super) fn said(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The error it tells of, where that is one: a failed row's text may be what an earlier reset left.
    pub(super) fn error(&self) -> Option<&str> {
        self.said("error").filter(|text| !is_leftover(text))
    }

    /// Who says so, or did it: a worker, else a run, else the sort of source.
    pub(super) fn by(&self) -> Option<&str> {
        match self.source.as_deref() {
            Some("worker") => self.worker.as_deref(),
            Some(_) | None => {
                let by = self.run.as_deref().or(self.source.as_deref());
                by.or(self.worker.as_deref())
            }
        }
    }
}

/// The beginning of an event's id: enough for `backstory explain`.
pub(super) fn cited(id: Option<&str>) -> Value {
    Value::id(id.map(|id| id.get(..8).unwrap_or(id)))
}
