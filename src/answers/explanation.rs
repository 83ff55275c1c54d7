//! Why we say so: from a state to the event that made it, to the rows, to the rule that read them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::answers::subject::Subject;
use crate::findings::evidence;
use crate::findings::finding::Piece;
use crate::grammar::matcher::Grammar;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::{inlined, of_ids};

/// The chain of one thing.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The version of this document.
    pub format: u32,
    /// What is explained.
    pub subject: Subject,
    /// As of when; null: at the end of the evidence.
    pub as_of: Option<String>,
    /// The states up to then, the last one last; none for an event.
    pub states: Vec<State>,
    /// What made the last state, or the event asked for.
    pub event: Option<Event>,
}

/// One state of a task or worker.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Its name.
    pub state: String,
    /// Since when.
    pub entered_at: String,
    /// How it is known.
    pub basis: String,
    /// The event that made it.
    pub event_id: Option<String>,
    /// That event's kind.
    pub kind: Option<String>,
}

/// An event, with all that says so.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its id.
    pub event_id: String,
    /// Its kind.
    pub kind: String,
    /// When.
    pub happened_at: String,
    /// No earlier than.
    pub earliest: String,
    /// No later than.
    pub latest: String,
    /// How it is known.
    pub basis: String,
    /// By whose clock.
    pub clock: String,
    /// About what.
    pub subject: Subject,
    /// Whom it names: worker, task, pod, run, cycle; those that it does not are absent.
    pub names: Vec<(String, String)>,
    /// Captured fields.
    pub attributes: Value,
    /// `module:function:line`, where a row says it.
    pub call_site: Option<String>,
    /// What read the primary row.
    pub rule: Rule,
    /// The rows, the primary one first.
    pub rows: Vec<Row>,
    /// What would make us surer.
    pub surer: Vec<String>,
}

/// What makes an event of a row.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Rule {
    /// A grammar entry.
    Grammar {
        /// Its id.
        entry: String,
        /// Its eras.
        eras: String,
        /// Where it stands.
        place: String,
        /// Its template.
        template: String,
    },
    /// A column of a row, or a key of its JSON.
    Column {
        /// `table.column`.
        column: String,
    },
    /// The grammar in use does not know the line: it was replayed with another.
    Unknown,
}

/// One row that says so.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// When it was written, or captured.
    pub time: Option<String>,
    /// `primary`, `confirms` or `contradicts`.
    pub role: &'static str,
    /// What it says.
    pub text: String,
}

/// The version of the JSON above.
pub const FORMAT: u32 = 1;

/// The derived tables it asks, beside those of evidence.
pub const TABLES: [&str; 5] = ["events", "event_evidence", "task_states", "worker_states", "gaps"];

const EVENT: &str = "select event_id, kind, happened_at, earliest, latest, basis, clock, subject_kind, \
    subject_id, worker_id, task_id, pod_id, run_id, cycle, attributes, call_site, evidence_table, \
    evidence_key, evidence_column from events where event_id = $id";

/// Of orchestrators and of the event's own worker: where lines were made and did not come.
const GAPS: &str = "select source_id, began_at, ended_at, cause from gaps \
    where began_at <= $latest::timestamp and $earliest::timestamp <= ended_at \
    and (source_type like 'orchestrator%' or source_id = $worker) \
    and cause not in ('not_started', 'process_down') order by began_at, source_id, cause";

const LINE: &str = "select source_type, message from system_logs where id = $id";

/// Explains a thing as of the instant that the database was opened for.
///
/// # Errors
/// When the tables cannot be asked.
pub fn explain(
    database: &Database,
    grammar: &Grammar,
    subject: &Subject,
    as_of: Option<String>,
    limit: Duration,
) -> Result<Explanation, ReadError> {
    let asked = Asked { database, grammar, limit };
    let states = match subject.kind.as_str() {
        "event" => Vec::new(),
        kind => asked.states(kind, &subject.id)?,
    };
    let event = match subject.kind.as_str() {
        "event" => Some(subject.id.clone()),
        _ => states.last().and_then(|state| state.event_id.clone()),
    };
    let event = event.map(|id| asked.event(&id)).transpose()?.flatten();
    Ok(Explanation { format: FORMAT, subject: subject.clone(), as_of, states, event })
}

struct Asked<'a> {
    database: &'a Database,
    grammar: &'a Grammar,
    limit: Duration,
}

impl Asked<'_> {
    fn rows(&self, sql: &str, id: &str) -> Result<Vec<Vec<Option<String>>>, ReadError> {
        self.asked(sql, &[("id", Cell::Text(id.to_string()))])
    }

    fn asked(
        &self,
        sql: &str,
        params: &[(&str, Cell)],
    ) -> Result<Vec<Vec<Option<String>>>, ReadError> {
        let rows = self.database.query_ours(&inlined(sql, params), &[], self.limit)?.rows;
        Ok(rows.iter().map(|row| row.iter().map(Cell::to_plain).collect()).collect())
    }

    fn states(&self, kind: &str, id: &str) -> Result<Vec<State>, ReadError> {
        let sql = format!(
            "select state, entered_at, basis, entered_event_id from {kind}_states \
             where {kind}_id = $id order by seq"
        );
        let state = |row: Vec<Option<String>>| {
            let [state, entered_at, basis, event_id] = row.try_into().ok()?;
            let text = Option::unwrap_or_default;
            let (state, entered_at, basis) = (text(state), text(entered_at), text(basis));
            Some(State { state, entered_at, basis, event_id, kind: None })
        };
        let mut states: Vec<State> = self.rows(&sql, id)?.into_iter().filter_map(state).collect();
        let kinds = self.kinds(kind, id, &states)?;
        for state in &mut states {
            state.kind = state.event_id.as_ref().and_then(|id| kinds.get(id).cloned());
        }
        Ok(states)
    }

    /// The kinds of the events that made these states: its own, and those that name it not.
    fn kinds(
        &self,
        kind: &str,
        id: &str,
        states: &[State],
    ) -> Result<BTreeMap<String, String>, ReadError> {
        const KINDS: &str = "select event_id, kind from events";
        let named = |row: Vec<Option<String>>| {
            let [id, kind] = row.try_into().ok()?;
            Some((id?, kind?))
        };
        let own = self.rows(&format!("{KINDS} where {kind}_id = $id"), id)?;
        let mut kinds: BTreeMap<String, String> = own.into_iter().filter_map(named).collect();
        let ids = states.iter().filter_map(|state| state.event_id.as_deref());
        let others: BTreeSet<&str> = ids.filter(|id| !kinds.contains_key(*id)).collect();
        if !others.is_empty() {
            let others: Vec<&str> = others.into_iter().collect();
            let others = self.rows(&of_ids(KINDS, "event_id", &others), id)?;
            kinds.extend(others.into_iter().filter_map(named));
        }
        Ok(kinds)
    }

    fn event(&self, id: &str) -> Result<Option<Event>, ReadError> {
        let Some(row) = self.rows(EVENT, id)?.into_iter().next() else { return Ok(None) };
        let text = |at: usize| row[at].clone().unwrap_or_default();
        let names = [("worker", 9), ("task", 10), ("pod", 11), ("run", 12), ("cycle", 13)];
        let names =
            names.into_iter().filter_map(|(name, at)| Some((name.to_string(), row[at].clone()?)));
        let cited = [vec![text(0)]];
        let pieces = evidence::resolve_ids(self.database, &cited, self.limit)?.remove(0);
        let row_of = |piece: Piece| Row {
            role: match (piece.contradicts, piece.repeats) {
                (true, _) => "contradicts",
                (false, true) => "confirms",
                (false, false) => "primary",
            },
            time: piece.time.map(crate::read::cell::plain_time),
            table: piece.table,
            key: piece.key,
            text: piece.text,
        };
        let rows: Vec<Row> = pieces.into_iter().map(row_of).collect();
        let mut event = Event {
            event_id: text(0),
            kind: text(1),
            happened_at: text(2),
            earliest: text(3),
            latest: text(4),
            basis: text(5),
            clock: text(6),
            subject: Subject { kind: text(7), id: text(8) },
            names: names.collect(),
            attributes: serde_json::from_str(&text(14)).unwrap_or_default(),
            call_site: row[15].clone(),
            rule: self.rule(&text(16), &text(17), &text(18))?,
            rows,
            surer: Vec::new(),
        };
        event.surer = self.surer(&event)?;
        Ok(Some(event))
    }

    fn rule(&self, table: &str, key: &str, column: &str) -> Result<Rule, ReadError> {
        if table != "system_logs" {
            return Ok(Rule::Column { column: format!("{table}.{column}") });
        }
        let line = self.rows(LINE, key)?.into_iter().next();
        let Some([Some(source), Some(message)]) = line.as_deref() else { return Ok(Rule::Unknown) };
        Ok(self.grammar.classify(source, message).map_or(Rule::Unknown, |found| Rule::Grammar {
            entry: found.entry.id.to_string(),
            eras: found.entry.eras.to_string(),
            place: format!("{}:{}", found.entry.file, found.entry.line),
            template: found.entry.template.clone(),
        }))
    }

    /// What evidence would settle what this leaves open.
    fn surer(&self, event: &Event) -> Result<Vec<String>, ReadError> {
        let mut said = Vec::new();
        match event.basis.as_str() {
            "recorded" => {
                said.push("nothing: a column of the database keeps this time".to_string())
            }
            "logged" if event.rows.iter().any(|row| row.role == "confirms") => {
                said.push("little: further rows of the same event say so too".to_string());
            }
            "logged" => said
                .push("a second row that tells of it: one line says so, and no other".to_string()),
            "observed" => said.push(format!(
                "a capture between {} and {}: somewhere between them it happened",
                event.earliest, event.latest
            )),
            _ => said.push(format!(
                "any row that tells of it: a later row implies it, and it lies between {} and {}",
                event.earliest, event.latest
            )),
        }
        if event.rows.iter().any(|row| row.role == "contradicts") {
            said.push("an explanation of the row that should show it and does not".to_string());
        }
        if event.clock.starts_with("worker:") && event.earliest != event.latest {
            said.push("more claims of this worker: they show how far its clock is off".to_string());
        }
        let worker = event.names.iter().find(|(what, _)| what == "worker");
        let worker = worker.map_or(Cell::Null, |(_, id)| Cell::Text(id.clone()));
        let bounds = [
            ("earliest", Cell::Text(event.earliest.clone())),
            ("latest", Cell::Text(event.latest.clone())),
            ("worker", worker),
        ];
        for gap in self.asked(GAPS, &bounds)? {
            let text = |at: usize| gap[at].clone().unwrap_or_default();
            said.push(format!(
                "lines of {} from {} to {}, which could not reach us ({})",
                text(0),
                text(1),
                text(2),
                text(3)
            ));
        }
        Ok(said)
    }
}
