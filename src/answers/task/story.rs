//! What happened to a task, told as a story: echoes of one act are one line, repetitions are folded, and
//! of a long one the begin and the end are told.

use std::cmp::Ordering;

use super::TaskAsked;
use super::echo::{ECHO_S, Echoes};
use super::event::{Told, cited};
use super::record::Record;
use super::sentence::sentence;
use super::timing::loaded_at;
use crate::answers::page::{Page, Value};
use crate::model::kind::EventKind;
use crate::model::time::Micros;

/// Entries of a story that are told without `--all`: of the begin, and of the end, where failures stand.
const BEGIN_MAX: usize = 15;
const END_MAX: usize = 25;

/// One line of the story.
struct Entry<'a> {
    event: &'a Told,
    what: String,
    /// Whether it tells when the model was loaded.
    is_load: bool,
    times: i64,
    until: Option<Micros>,
}

/// Adds it.
pub(super) fn section(page: &mut Page, record: &Record, asked: TaskAsked) {
    let told = entries(record, asked);
    let is_cut = !asked.is_all && told.len() > BEGIN_MAX + END_MAX;
    let left_out = if is_cut { told.len() - BEGIN_MAX - END_MAX } else { 0 };
    let title = if is_cut {
        format!("Timeline ({left_out} of {} left out of its middle; `--all` tells all)", told.len())
    } else {
        "Timeline".to_string()
    };
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (n, entry) in told.iter().enumerate() {
        if is_cut && n == BEGIN_MAX {
            let gap = Value::Text(format!("... {left_out} left out ..."));
            rows.push(vec![Value::Missing, gap, Value::Missing, Value::Missing, Value::Missing]);
        }
        if !is_cut || n < BEGIN_MAX || n >= told.len() - END_MAX {
            rows.push(entry.row());
        }
    }
    let columns = ["at", "what", "source", "basis", "event"];
    page.table("timeline", &title, &columns, rows, "nothing is known");
}

fn entries(record: &Record, asked: TaskAsked) -> Vec<Entry<'_>> {
    let echoes = Echoes::of(record);
    let mut told: Vec<Entry<'_>> = Vec::new();
    let mut holder: Option<&str> = None;
    let loaded = record.attempts.last().and_then(|last| loaded_at(record, last));
    for event in in_order(&record.events, &echoes.claims) {
        let at = event.placed_at();
        let is_asked = asked.since.is_none_or(|since| at >= since)
            && asked.until.is_none_or(|until| at < until);
        if !is_asked || echoes.hold(event) {
            continue;
        }
        // since 2026-01-15 the column is written anew then (domain/worker-app.md 2.3)
        let is_load = event.kind == EventKind::TaskClaimRecorded && Some(event.at) == loaded;
        let what = if is_load {
            "the model was loaded, by its row".to_string()
        } else {
            named(event, &mut holder)
        };
        match told.last_mut() {
            Some(last) if last.is_same(event, &what) => {
                last.times += 1;
                last.until = Some(at);
            }
            Some(_) | None => {
                told.push(Entry { event, what, is_load, times: 1, until: None });
            }
        }
    }
    told
}

/// The events in the order in which they are told. A worker begins after its claim, whatever its clock says.
fn in_order<'a>(events: &'a [Told], claims: &[&Told]) -> Vec<&'a Told> {
    let place = |event: &Told| {
        let at = event.placed_at();
        let own = claims.iter().filter(|claim| {
            let ahead_s = claim.at.seconds_since(at);
            claim.worker == event.worker && (0.0..=ECHO_S).contains(&ahead_s)
        });
        let is_begin = event.kind == EventKind::TaskStarted;
        own.map(|claim| claim.at).next().filter(|_| is_begin).unwrap_or(at)
    };
    let mut told: Vec<&Told> = events.iter().collect();
    // stable: what has one place keeps the order of its kinds
    told.sort_by_key(|event| (place(event), event.kind.rank()));
    told
}

/// The same with the worker, where it is not the one that the story named last.
fn named<'a>(event: &'a Told, holder: &mut Option<&'a str>) -> String {
    let said = sentence(event);
    let worker = event.worker.as_deref();
    if worker.is_none() || worker == *holder {
        return said;
    }
    *holder = worker;
    format!("{said}, by {}", worker.unwrap_or_default())
}

impl Entry<'_> {
    fn is_same(&self, event: &Told, what: &str) -> bool {
        self.what == what && self.event.source == event.source && self.event.basis == event.basis
    }

    fn row(&self) -> Vec<Value> {
        vec![
            Value::Time(self.event.placed_at()),
            Value::Text(self.told()),
            Value::text(self.event.source.as_deref().or(Some("its row"))),
            Value::Text(self.event.basis.clone()),
            cited(Some(&self.event.id)),
        ]
    }

    /// With how often, and how sure its time is.
    fn told(&self) -> String {
        let mut told = self.what.clone();
        if let (2.., Some(until)) = (self.times, self.until) {
            told = match until.cmp(&self.event.placed_at()) {
                Ordering::Equal | Ordering::Less => format!("{told}, x {}", self.times),
                Ordering::Greater => format!("{told}, x {}, until {}", self.times, clock(until)),
            };
        }
        // of when the model was loaded the row is sure
        if self.event.is_unsure() && !self.is_load {
            let since = self.event.earliest.map(clock);
            told = match since {
                Some(since) => format!("{told} (at some time since {since})"),
                None => format!("{told} (at some time before)"),
            };
        }
        told
    }
}

/// The time of day, in UTC.
fn clock(at: Micros) -> String {
    let text = at.to_string();
    let time = text.split('T').nth(1).unwrap_or(&text);
    format!("{} UTC", time.split('.').next().unwrap_or(time).trim_end_matches('Z'))
}
