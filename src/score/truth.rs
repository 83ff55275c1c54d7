//! What truly happened, as far as a score needs it: the part of `truth.json` that is read.
//!
//! Unknown fields are passed over and missing ones are taken for absent; a truth is read as a stream
//! into compact rows, so that one of a hundred thousand tasks fits.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::score::error::ScoreError;

/// What truly happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Truth {
    /// When the recording ended.
    #[serde(deserialize_with = "instant")]
    pub sim_end: Micros,
    /// Workers that were killed although they could still complete work.
    #[serde(default, deserialize_with = "or_default")]
    pub false_positive_workers: Vec<String>,
    /// When no orchestrator log could reach the database.
    #[serde(default, deserialize_with = "or_default")]
    pub outage_windows: Vec<OutageWindow>,
    /// Every orchestrator process.
    #[serde(default, deserialize_with = "or_default")]
    pub instances: Vec<Instance>,
    /// Every worker.
    #[serde(default, deserialize_with = "or_default")]
    pub workers: Vec<TrueWorker>,
    /// Every task.
    #[serde(default, deserialize_with = "or_default")]
    pub tasks: Vec<TrueTask>,
}

/// An interval without orchestrator logs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "WindowText")]
pub struct OutageWindow {
    /// Its begin.
    pub began_at: Option<Micros>,
    /// Its end.
    pub ended_at: Option<Micros>,
}

/// As it is spelled: one way or the other.
#[derive(Deserialize)]
struct WindowText {
    #[serde(default, deserialize_with = "maybe_instant")]
    t0: Option<Micros>,
    #[serde(default, deserialize_with = "maybe_instant")]
    start: Option<Micros>,
    #[serde(default, deserialize_with = "maybe_instant")]
    t1: Option<Micros>,
    #[serde(default, deserialize_with = "maybe_instant")]
    end: Option<Micros>,
}

impl From<WindowText> for OutageWindow {
    fn from(text: WindowText) -> Self {
        Self { began_at: text.t0.or(text.start), ended_at: text.t1.or(text.end) }
    }
}

/// One orchestrator process.
#[derive(Clone, Debug, Deserialize)]
pub struct Instance {
    /// Its name in `system_logs`; none where its database logging never started.
    #[serde(default)]
    pub source_id: Option<String>,
    /// Whether it logged to the database.
    #[serde(default, deserialize_with = "or_default")]
    pub db_logging: bool,
    /// When it started.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub started: Option<Micros>,
}

/// One worker.
#[derive(Clone, Debug, Deserialize)]
pub struct TrueWorker {
    /// Its id.
    pub worker_id: String,
    /// Whether it has a row.
    #[serde(default, deserialize_with = "or_default")]
    pub in_db: bool,
    /// `workers.status` at the end.
    #[serde(default)]
    pub final_db_status: Option<String>,
    /// When its process stopped working for good.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub true_death: Option<Micros>,
    /// Why.
    #[serde(default)]
    pub true_death_cause: Option<String>,
    /// Its last heartbeat, whether it reached the database or not.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub last_heartbeat_sent: Option<Micros>,
    /// Its pod.
    #[serde(default, deserialize_with = "or_default")]
    pub pod: Pod,
    /// Each time an orchestrator moved it to error or terminated.
    #[serde(default, deserialize_with = "or_default")]
    pub kills: Vec<Kill>,
}

/// The pod of a worker.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Pod {
    /// When it was gone.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub dead: Option<Micros>,
}

/// One kill.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Kill {
    /// When.
    #[serde(default, deserialize_with = "maybe_instant")]
    pub t: Option<Micros>,
    /// Whether the worker could still work.
    #[serde(default, deserialize_with = "or_default")]
    pub was_false_positive: bool,
}

/// One task.
#[derive(Clone, Debug, Deserialize)]
pub struct TrueTask {
    /// Its id.
    pub task_id: String,
    /// Its audit trail, in order.
    #[serde(default, deserialize_with = "or_default")]
    pub transitions: Vec<Transition>,
    /// Workers that claimed it, in order.
    #[serde(default, deserialize_with = "or_default")]
    pub claims: Vec<String>,
    /// Whether a generation was due and never made.
    #[serde(default, deserialize_with = "or_default")]
    pub missing_generation: bool,
    /// Completions that changed nothing, because the task was finished.
    #[serde(default, deserialize_with = "length")]
    pub ineffective_completions: usize,
    /// Generations that it has.
    #[serde(default, deserialize_with = "length")]
    pub generation_ids: usize,
}

/// One line of a task's audit trail.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "TransitionText")]
pub struct Transition {
    /// When.
    pub at: Option<Micros>,
    /// Whether it is a completion.
    pub completed: bool,
    /// The status after it; none where it says none that is known.
    pub status: Option<TaskStateName>,
}

/// As it is spelled; only short-lived.
#[derive(Deserialize)]
struct TransitionText {
    #[serde(default, deserialize_with = "maybe_instant")]
    t: Option<Micros>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

impl From<TransitionText> for Transition {
    fn from(text: TransitionText) -> Self {
        Self {
            at: text.t,
            completed: text.event.as_deref() == Some("completed"),
            status: text.status.as_deref().and_then(TaskStateName::of_status),
        }
    }
}

/// An instant at which something is true of a subject.
pub(super) type Moment<'a> = (&'a str, Micros);

impl Truth {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, ScoreError> {
        let read = |source| ScoreError::Read { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(read)?;
        Self::parse(BufReader::with_capacity(256 << 10, file)).map_err(|err| {
            let path = path.to_path_buf();
            if err.is_io() {
                ScoreError::Read { path, source: err.into() }
            } else {
                ScoreError::Format { path, source: err }
            }
        })
    }

    /// Reads JSON.
    pub fn parse(from: impl Read) -> Result<Self, serde_json::Error> {
        serde_json::from_reader(from)
    }

    /// Every kill of a worker that could still work.
    pub(super) fn false_kills(&self) -> Vec<Moment<'_>> {
        let of_worker = |worker: &'_ TrueWorker| {
            let false_ones = worker.kills.iter().filter(|kill| kill.was_false_positive);
            false_ones.filter_map(|kill| kill.t).collect::<Vec<Micros>>()
        };
        let named =
            self.workers.iter().map(|worker| (worker.worker_id.as_str(), of_worker(worker)));
        named.flat_map(|(id, times)| times.into_iter().map(move |at| (id, at))).collect()
    }

    /// Every completion of a task.
    pub(super) fn completions(&self) -> Vec<Moment<'_>> {
        let of_task = |task: &'_ TrueTask| {
            let completed = task.transitions.iter().filter(|moved| moved.completed);
            completed.filter_map(|moved| moved.at).collect::<Vec<Micros>>()
        };
        let named = self.tasks.iter().map(|task| (task.task_id.as_str(), of_task(task)));
        named.flat_map(|(id, times)| times.into_iter().map(move |at| (id, at))).collect()
    }

    /// Tasks that were due a generation and never got one.
    pub(super) fn missing_generations(&self) -> Vec<String> {
        self.ids(|task| task.missing_generation)
    }

    /// Tasks that have a generation and were completed once more.
    pub(super) fn late_completions(&self) -> BTreeSet<String> {
        let late = |task: &TrueTask| 0 < task.ineffective_completions && 0 < task.generation_ids;
        self.ids(late).into_iter().collect()
    }

    fn ids(&self, wanted: impl Fn(&TrueTask) -> bool) -> Vec<String> {
        self.tasks.iter().filter(|task| wanted(task)).map(|task| task.task_id.clone()).collect()
    }
}

/// A field that is null means the same as one that is not there.
fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The number of items of a list, whatever they are.
fn length<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let items: Option<Vec<IgnoredAny>> = Option::deserialize(from)?;
    Ok(items.map_or(0, |items| items.len()))
}

fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
    maybe_instant(from)?.ok_or_else(|| D::Error::custom("a time is missing"))
}

/// An instant in ISO's spelling; null, the empty text and `NULL` are none.
fn maybe_instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Micros>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    match text.as_deref() {
        None | Some("" | "NULL") => Ok(None),
        Some(text) => match Micros::parse(text) {
            Some(at) => Ok(Some(at)),
            None => Err(D::Error::custom("not a time")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_passed_over_and_missing_ones_are_absent() {
        let text = r#"{"sim_end": "2026-01-05T12:00:00+00:00", "facts": {"a": [1, {}]},
            "workers": [{"worker_id": "w1", "pod": null, "kills": null, "cycles": []}],
            "tasks": [{"task_id": "t1", "claims": null, "ineffective_completions": [{"x": 1}],
                       "transitions": [{"t": "2026-01-05 10:00:00", "event": "completed",
                                        "status": "Complete"},
                                       {"t": null, "event": "else", "status": "Unheard of"}]}],
            "outage_windows": [{"start": "2026-01-05T10:00:00Z", "t1": ""}]}"#;
        let truth = Truth::parse(text.as_bytes()).expect("a truth");
        assert_eq!(truth.sim_end, Micros::parse("2026-01-05 12:00:00").expect("a time"));
        assert!(!truth.workers[0].in_db && truth.workers[0].kills.is_empty());
        let task = &truth.tasks[0];
        assert_eq!((task.ineffective_completions, task.generation_ids), (1, 0));
        assert_eq!(task.transitions[0].status, Some(TaskStateName::Complete));
        assert!(task.transitions[0].completed && !task.transitions[1].completed);
        assert_eq!((task.transitions[1].at, task.transitions[1].status), (None, None));
        assert_eq!(truth.completions().len(), 1);
        let window = truth.outage_windows[0];
        assert!(window.began_at.is_some() && window.ended_at.is_none());
        assert!(truth.instances.is_empty() && truth.false_positive_workers.is_empty());
    }

    #[test]
    fn what_is_no_truth_is_refused() {
        for text in [
            "{}",
            "[]",
            r#"{"sim_end": "tomorrow"}"#,
            r#"{"sim_end": null}"#,
            r#"{"sim_end": "2026-01-05T12:00:00Z", "tasks": [{"claims": []}]}"#,
            r#"{"sim_end": "2026-01-05T12:00:00Z", "tasks": [{"task_id": 7}]}"#,
        ] {
            assert!(Truth::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
