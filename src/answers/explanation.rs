//! Why we say so: from a state to the event that made it, to the rows, to the rule that read them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::answers::ask::{Row as Found, events, select};
use crate::answers::subject::Subject;
use crate::findings::citation::ReadFrom;
use crate::findings::evidence;
use crate::findings::finding::Piece;
use crate::grammar::matcher::Grammar;
use crate::model::time::Micros;
use crate::read::cell::{Cell, plain_time};
use crate::read::database::Database;
use crate::read::error::ReadError;
use crate::read::literal::{inlined, literal};

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
    let (states, event) = match subject.kind.as_str() {
        "event" => (Vec::new(), asked.event(&subject.id, None)?),
        kind => {
            let rows = asked.states(kind, &subject.id)?;
            let last = rows.last().and_then(|row| Some((row.text(MADE)?, row.time("entered_at"))));
            let (kinds, event) = database.join(
                |database| Asked { database, grammar, limit }.kinds(kind, &subject.id, &rows),
                |database| {
                    let asked = Asked { database, grammar, limit };
                    last.map(|(id, at)| asked.event(id, at)).transpose()
                },
            )?;
            (told(&rows, &kinds?), event?.flatten())
        }
    };
    Ok(Explanation { format: FORMAT, subject: subject.clone(), as_of, states, event })
}

/// The column of a state that names the event that made it.
const MADE: &str = "entered_event_id";

/// States, with the kinds of the events that made them.
fn told(states: &[Found], kinds: &BTreeMap<String, String>) -> Vec<State> {
    let state = |row: &Found| {
        let text = |column| row.text(column).unwrap_or_default().to_string();
        let event_id = row.text(MADE).map(str::to_string);
        State {
            state: text("state"),
            entered_at: row.time("entered_at").map(plain_time).unwrap_or_default(),
            basis: text("basis"),
            kind: event_id.as_ref().and_then(|id| kinds.get(id).cloned()),
            event_id,
        }
    };
    states.iter().map(state).collect()
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

    /// Its states.
    fn states(&self, kind: &str, id: &str) -> Result<Vec<Found>, ReadError> {
        let sql = format!(
            "select state, entered_at, basis, {MADE} from {kind}_states \
             where {kind}_id = $id order by seq"
        );
        let own = [("id", Cell::Text(id.to_string()))];
        select(self.database, &inlined(&sql, &own))
    }

    /// The kinds of the events that made these states: those that name the thing, and those that do not.
    fn kinds(
        &self,
        kind: &str,
        id: &str,
        states: &[Found],
    ) -> Result<BTreeMap<String, String>, ReadError> {
        const KINDS: &str = "select event_id, kind from events";
        let named =
            |row: &Found| Some((row.text("event_id")?.to_string(), row.text("kind")?.to_string()));
        let own = format!("{KINDS} where {kind}_id = {}", literal(&Cell::Text(id.to_string())));
        let own = select(self.database, &own)?;
        let mut kinds: BTreeMap<String, String> = own.iter().filter_map(named).collect();
        let made = states.iter().filter_map(|row| Some((row.text(MADE)?, row.time("entered_at"))));
        let others: BTreeMap<&str, Option<Micros>> =
            made.filter(|(id, _)| !kinds.contains_key(*id)).collect();
        let others: Vec<(&str, Option<Micros>)> = others.into_iter().collect();
        kinds.extend(events(self.database, KINDS, &others)?.iter().filter_map(named));
        Ok(kinds)
    }

    /// One event, which happened then as far as is known.
    fn row_of(
        &self,
        id: &str,
        at: Option<Micros>,
    ) -> Result<Option<Vec<Option<String>>>, ReadError> {
        if let Some(at) = at {
            let sql = format!("{EVENT} and happened_at = {}", literal(&Cell::Time(at)));
            if let Some(row) = self.rows(&sql, id)?.into_iter().next() {
                return Ok(Some(row));
            }
        }
        Ok(self.rows(EVENT, id)?.into_iter().next())
    }

    fn event(&self, id: &str, at: Option<Micros>) -> Result<Option<Event>, ReadError> {
        let Some(row) = self.row_of(id, at)? else { return Ok(None) };
        let text = |at: usize| row[at].clone().unwrap_or_default();
        let names = [("worker", 9), ("task", 10), ("pod", 11), ("run", 12), ("cycle", 13)];
        let names =
            names.into_iter().filter_map(|(name, at)| Some((name.to_string(), row[at].clone()?)));
        let cited = [vec![text(0)]];
        let pieces =
            evidence::resolve_ids(self.database, &cited, &ReadFrom::default(), self.limit)?
                .remove(0);
        let row_of = |piece: Piece| Row {
            role: match (piece.contradicts, piece.repeats) {
                (true, _) => "contradicts",
                (false, true) => "confirms",
                (false, false) => "primary",
            },
            time: piece.time.map(plain_time),
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
            "recorded" if event.earliest == event.latest => {
                said.push("nothing: a column of the database keeps this time".to_string());
            }
            "recorded" => said.push(format!(
                "a line that tells of it: its row says that it happened and keeps no time, or a later one; it lies \
                 between {} and {}",
                event.earliest, event.latest
            )),
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
