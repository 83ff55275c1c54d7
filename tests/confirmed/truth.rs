//! What truly happened, by task and by worker, as `truth.json` tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::confirmed::judges::seconds;

/// The truth of one incident or fleet.
pub(super) struct Truth {
    pub(super) all: Value,
    tasks: BTreeMap<String, usize>,
    workers: BTreeMap<String, usize>,
    faults: BTreeMap<String, BTreeSet<String>>,
}

impl Truth {
    pub(super) fn open(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("truth.json")).expect("the truth");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        let places = |list: &str, id: &str| {
            let items = items(&all[list]).enumerate();
            items.map(|(at, item)| (text_of(&item[id]).to_string(), at)).collect()
        };
        let (tasks, workers) = (places("tasks", "task_id"), places("workers", "worker_id"));
        let mut faults: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for fault in items(&all["worker_faults"]) {
            let of = faults.entry(text_of(&fault["worker_id"]).to_string()).or_default();
            of.insert(text_of(&fault["kind"]).to_string());
        }
        Self { all, tasks, workers, faults }
    }

    /// The task, or null.
    pub(super) fn task(&self, id: &str) -> &Value {
        self.tasks.get(id).map_or(&Value::Null, |at| &self.all["tasks"][*at])
    }

    /// The worker, or null.
    pub(super) fn worker(&self, id: &str) -> &Value {
        self.workers.get(id).map_or(&Value::Null, |at| &self.all["workers"][*at])
    }

    /// The worker of a pod.
    pub(super) fn of_pod(&self, pod: &str) -> &Value {
        let mut workers = items(&self.all["workers"]);
        workers.find(|worker| worker["pod"]["runpod_id"] == pod).unwrap_or(&Value::Null)
    }

    /// Whether any of these befell the worker.
    pub(super) fn befell(&self, worker: &Value, kinds: &[&str]) -> bool {
        let faults = self.faults.get(text_of(&worker["worker_id"]));
        faults.is_some_and(|faults| kinds.iter().any(|kind| faults.contains(*kind)))
    }

    /// Whether any of these was done to the fleet as a whole.
    pub(super) fn injected(&self, kinds: &[&str]) -> bool {
        let mut injected = items(&self.all["injected_faults"]);
        injected.any(|fault| kinds.contains(&text_of(&fault["kind"])))
    }

    /// The spans in which a worker was at this task, as many as there are.
    pub(super) fn runs_of(&self, task: &str) -> usize {
        let state = format!("busy:{task}");
        let states = items(&self.all["workers"]).flat_map(|worker| items(&worker["true_states"]));
        states.filter(|entry| entry["state"] == state.as_str()).count()
    }

    /// Whether a worker was at this task at that second, and went on with it.
    pub(super) fn was_at(&self, task: &str, at: f64) -> bool {
        let state = format!("busy:{task}");
        items(&self.all["workers"]).any(|worker| {
            let states: Vec<&Value> = items(&worker["true_states"]).collect();
            states.iter().enumerate().any(|(n, entry)| {
                let until = states.get(n + 1).map_or(f64::INFINITY, |next| seconds(&next["t"]));
                entry["state"] == state.as_str() && (seconds(&entry["t"])..until).contains(&at)
            })
        })
    }

    /// What the task's failures were said to be.
    pub(super) fn failures_of(&self, task: &Value) -> String {
        let said = items(&task["transitions"]).map(|step| text_of(&step["error_message"]));
        said.chain([text_of(&task["fate"]["fail"])]).collect::<Vec<_>>().join("\n")
    }
}

/// The items of a list; nothing for what is none.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text; empty for what is none.
pub(super) fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The steps of a task that are of these names.
pub(super) fn steps_of<'a>(task: &'a Value, names: &[&str]) -> impl Iterator<Item = &'a Value> {
    items(&task["transitions"]).filter(move |step| names.contains(&text_of(&step["event"])))
}

/// How many they are.
pub(super) fn steps(task: &Value, names: &[&str]) -> usize {
    steps_of(task, names).count()
}

/// Whether a step of one name, made in one status, is there.
pub(super) fn step_from(task: &Value, status: &str, event: &str) -> bool {
    let steps: Vec<&Value> = items(&task["transitions"]).collect();
    steps.windows(2).any(|pair| pair[0]["status"] == status && pair[1]["event"] == event)
}
