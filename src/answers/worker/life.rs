//! What the tables hold of one worker, read once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::answers::ask::{Ask, Row, events};
use crate::answers::fleet::serving::DELAY_S;
use crate::answers::fleet::vanished::with_vanished;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// One worker's rows.
pub(super) struct Life {
    /// Its id.
    pub(super) id: String,
    /// Its row of `workers`; none where it was not captured, or not written yet.
    pub(super) row: Option<Row>,
    /// `metadata`, empty where it is NULL or no JSON.
    pub(super) meta: Json,
    /// `worker_states`, in order.
    pub(super) states: Vec<Row>,
    /// `worker_liveness`, in order.
    pub(super) liveness: Vec<Row>,
    /// Its row of `worker_ends`.
    pub(super) end: Option<Row>,
    /// Between which captures its row vanished, where it did and nothing has told of it since.
    pub(super) vanished: Option<Row>,
    /// Its pods, the oldest first.
    pub(super) pods: Vec<Row>,
    /// What was decided about it, in order.
    pub(super) decisions: Vec<Row>,
    /// Its attempts at tasks, in order.
    pub(super) attempts: Vec<Row>,
    /// Which lines could have reached us while it lived: its own, and the orchestrators'.
    pub(super) coverage: Vec<Row>,
    /// The kinds of its events, and of those that made its states, by their ids.
    pub(super) kinds: BTreeMap<String, String>,
    /// The parts of its life, of [`PARTS`], in which lines of its own stand.
    pub(super) heard: BTreeSet<i64>,
    /// `last_heartbeat` as the row keeps it: it may have come after the instant.
    pub(super) kept_heartbeat: Option<Micros>,
    /// The instant told of.
    pub(super) at: Micros,
    /// Whether it was asked for: then what the row holds may be of later.
    pub(super) is_as_of: bool,
}

const ROW: &str = "select * from workers where id = $id";
const STATES: &str = "select * from worker_states where worker_id = $id order by seq";
const LIVENESS: &str = "select * from worker_liveness where worker_id = $id order by seq";
const END: &str = "select * from worker_ends where worker_id = $id";
const VANISHED: &str = "select * from ({vanished}) where worker_id = $id";
const PODS: &str = "select * from pods where worker_id = $id order by created_at, pod_id";
/// Checks that passed say nothing of its end; there is one a cycle.
const DECISIONS: &str = "select * from decisions where subject_kind = 'worker' and subject_id = $id \
    and rule not in ('health_check', 'spawn') order by happened_at, event_id, rule";
const ATTEMPTS: &str = "select task_attempts.*, tasks.task_type from task_attempts \
    left join tasks on tasks.id = task_attempts.task_id where task_attempts.worker_id = $id \
    order by claimed_at, task_id, attempt";
const KINDS: &str = "select event_id, kind from events where worker_id = $id";
const KEPT: &str = "select last_heartbeat from whole_workers where id = $id";
const COVERAGE: &str = "select source_type, source_id, from_at, until_at, could_reach, why_not from coverage \
    where (source_type = 'worker' and source_id = $id or source_type = 'orchestrator_gpu' \
    and entity = source_id) and from_at < $until and until_at > $since \
    order by source_type, from_at, source_id, until_at";

/// Equal parts of a life that its bar shows.
pub(super) const PARTS: usize = 60;
/// A life that is too short to be cut is one part.
const PART_MIN_S: f64 = 0.001;

/// Each line of its own shows that its process lived then, also one that makes no event.
const HEARD: &str = "select floor(epoch(\"timestamp\" - $since::timestamp) / $part)::bigint as part \
    from system_logs where source_type = 'worker' and source_id = $id \
        and \"timestamp\" >= $since and \"timestamp\" < $until group by part";

impl Life {
    /// Reads it.
    pub(super) fn read(ask: Ask<'_>, id: &str) -> Result<Self, ReadError> {
        let own = [("id", Cell::Text(id.to_string()))];
        let vanished = with_vanished(VANISHED);
        let selects = [KINDS, ATTEMPTS, DECISIONS, STATES, LIVENESS, PODS, ROW, END, &vanished];
        let [kinds, attempts, decisions, states, liveness, pods, row, end, vanished] =
            ask.beside(selects, &own)?;
        let row = row.into_iter().next();
        let meta = row.as_ref().and_then(|row| row.text("metadata"));
        let meta = meta.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null);
        let kept = match ask.is_as_of {
            true => ask.of(KEPT, id)?.into_iter().next(),
            false => row.clone(),
        };
        let mut life = Self {
            id: id.to_string(),
            kept_heartbeat: kept.and_then(|row| row.time("last_heartbeat")),
            is_as_of: ask.is_as_of,
            row,
            meta,
            states,
            liveness,
            end: end.into_iter().next(),
            vanished: vanished.into_iter().next(),
            pods,
            decisions,
            attempts,
            coverage: Vec::new(),
            heard: BTreeSet::new(),
            kinds: BTreeMap::new(),
            at: ask.at,
        };
        let since = life.began_at().unwrap_or(ask.at);
        let part_s = (life.until().seconds_since(since) / PARTS as f64).max(PART_MIN_S);
        let params = [
            ("id", Cell::Text(id.to_string())),
            ("since", Cell::Time(since)),
            ("until", Cell::Time(life.until())),
            ("part", Cell::Float(part_s)),
        ];
        let [coverage, heard] = ask.beside([COVERAGE, HEARD], &params)?;
        life.coverage = coverage;
        life.heard = heard.iter().filter_map(|row| row.int("part")).collect();
        for row in kinds {
            if let (Some(event), Some(kind)) = (row.text("event_id"), row.text("kind")) {
                life.kinds.insert(event.to_string(), kind.to_string());
            }
        }
        life.name_the_unnamed(ask)?;
        Ok(life)
    }

    /// What made a state need not name the worker: a task of its was reset, or failed by its row.
    fn name_the_unnamed(&mut self, ask: Ask<'_>) -> Result<(), ReadError> {
        let of_state = |state: &'_ Row| {
            let event = state.text("entered_event_id")?.to_string();
            (!self.kinds.contains_key(&event)).then(|| (event, state.time("entered_at")))
        };
        let unnamed: Vec<(String, Option<Micros>)> =
            self.states.iter().filter_map(of_state).collect();
        if unnamed.is_empty() {
            return Ok(());
        }
        let wanted: Vec<_> = unnamed.iter().map(|(event, at)| (event.as_str(), *at)).collect();
        for row in events(ask.database, "select event_id, kind from events", &wanted)? {
            if let (Some(event), Some(kind)) = (row.text("event_id"), row.text("kind")) {
                self.kinds.insert(event.to_string(), kind.to_string());
            }
        }
        Ok(())
    }

    /// Whether nothing is known of it by then.
    pub(super) fn is_unborn(&self) -> bool {
        self.row.is_none() && self.states.is_empty() && self.kinds.is_empty()
    }

    /// When its row was made, as the row says, else by its first state.
    pub(super) fn began_at(&self) -> Option<Micros> {
        let row = self.row.as_ref().and_then(|row| row.time("created_at"));
        row.or_else(|| self.states.first()?.time("entered_at"))
    }

    /// Whether it has ended, at a known time or not. Of one that crashed or was marked nothing but that may be
    /// known: then its pod may run on.
    pub(super) fn is_over(&self) -> bool {
        self.ended_at().is_some()
            || self.end.is_some()
                && self.state().and_then(|row| row.text("state")) != Some("condemned")
    }

    /// Whether its process crashed, as its guardian told.
    pub(super) fn has_crashed(&self) -> bool {
        let status = self.row.as_ref().and_then(|row| row.text("status"));
        status == Some("crashed") || self.kinds.values().any(|kind| kind == "worker_crashed")
    }

    /// When it ended, where that is known; else the latest that it can have.
    pub(super) fn ended_at(&self) -> Option<Micros> {
        let end = self.end.as_ref()?;
        end.time("ended_at").or_else(|| end.time("ended_before"))
    }

    /// Until when its row was seen, and by when a capture no longer found it, of one that is not known to have ended.
    pub(super) fn row_vanished(&self) -> Option<(Micros, Micros)> {
        let row = self.vanished.as_ref().filter(|_| !self.is_over())?;
        Some((row.time("row_seen_at")?, row.time("row_missed_at")?))
    }

    /// Until when its last state is known to have lasted.
    pub(super) fn told_until(&self) -> Micros {
        let since = self.state().and_then(|state| state.time("entered_at"));
        self.row_vanished().map_or(self.at, |(seen, _)| since.map_or(seen, |since| seen.max(since)))
    }

    /// The end of what is told of: its own, what was seen of a row that vanished, or the instant.
    pub(super) fn until(&self) -> Micros {
        let seen = self.row_vanished().map(|(seen, _)| seen);
        self.ended_at().or(seen).unwrap_or(self.at).min(self.at)
    }

    /// Its last stretch of life, as the fleet's verbs tell it: a sign of the last moments may be under way, so who was
    /// silent up to them still is.
    pub(super) fn sign_of_life(&self) -> Option<&Row> {
        let last = self.liveness.last()?;
        let is = |row: &Row, what: &str| row.text("liveness") == Some(what);
        let before = self.liveness.iter().rev().nth(1).filter(|before| is(before, "silent"));
        let is_late = last.time("entered_at") >= Some(self.at.plus_seconds(-DELAY_S));
        Some(before.filter(|_| is_late && is(last, "unknown")).unwrap_or(last))
    }

    /// Its last state.
    pub(super) fn state(&self) -> Option<&Row> {
        self.states.last()
    }

    /// A key of its metadata.
    pub(super) fn meta(&self, key: &str) -> &Json {
        self.meta.get(key).unwrap_or(&Json::Null)
    }

    /// The kind of an event that made a state.
    pub(super) fn kind_of(&self, event: Option<&str>) -> Option<&str> {
        self.kinds.get(event?).map(String::as_str)
    }
}
