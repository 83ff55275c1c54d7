//! Which worker a pod belongs to: lines that name only a pod are about its worker.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::event::Subject;
use crate::model::id::{PodId, WorkerId};

/// Names the worker in every event that names only its pod. A pod that two workers claim names nobody.
pub fn pods_to_workers(history: &mut History) {
    let bindings = bindings(history);
    for event in &mut history.events {
        let Some(pod) = &event.pod else { continue };
        if event.worker.is_none()
            && let Some(Some(worker)) = bindings.get(pod)
        {
            event.worker = Some(worker.clone());
            event.touches.push(Subject::Worker(worker.clone()));
        }
    }
}

/// Pods with their one worker; `None` where the evidence names two.
pub fn bindings(history: &History) -> BTreeMap<PodId, Option<WorkerId>> {
    let rows = history.facts.workers.iter().filter_map(|row| Some((row.pod()?, row.id.clone())));
    let lines = history
        .events
        .iter()
        .filter(|event| matches!(event.subject, Subject::Worker(_)))
        .filter_map(|event| Some((event.pod.clone()?, event.worker.clone()?)));
    let mut bindings: BTreeMap<PodId, Option<WorkerId>> = BTreeMap::new();
    for (pod, worker) in rows.chain(lines) {
        let bound = bindings.entry(pod).or_insert_with(|| Some(worker.clone()));
        if bound.as_ref() != Some(&worker) {
            *bound = None;
        }
    }
    bindings
}
