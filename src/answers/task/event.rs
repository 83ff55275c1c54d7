//! One event that touches a task.

use serde_json::Value as Json;

use super::failure::is_leftover;
use crate::answers::ask::Row;
use crate::answers::page::Value;
use crate::model::kind::EventKind;
use crate::model::time::Micros;

/// Seconds between its bounds from which on a time is told as these.
const UNSURE_S: f64 = 1.0;

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

impl Told {
    /// The event of a row, as an instant knows it, which is no later than that; none of a kind that this build
    /// does not know.
    pub(super) fn of(row: &Row, asked: Option<Micros>) -> Option<Self> {
        let earliest = row.time("earliest");
        let latest = row.time("latest").map(|latest| asked.map_or(latest, |at| at.min(latest)));
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

    /// Where it stands among the others.
    pub(super) fn order(&self) -> (Micros, u8, &str) {
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

    /// Whether its row says that a related task or the cron job ended it, whoever held it (domain/worker-app.md T12, T13).
    pub(super) fn is_by_others(&self) -> bool {
        const OTHERS: [&str; 2] = ["Cascaded ", "Auto-failed"];
        self.error().is_some_and(|text| OTHERS.iter().any(|start| text.starts_with(start)))
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
