//! Which worker a pod belongs to: lines that name only a pod are about its worker.

use std::collections::BTreeMap;

use crate::events::History;
use crate::model::id::{PodId, WorkerId};
use crate::model::kind::SubjectKind;

/// Names the worker in every event that names only its pod. A pod that two workers claim names nobody.
pub fn pods_to_workers(history: &mut History) {
    let bindings = bindings(history);
    for event in history.events.iter_mut() {
        let Some(pod) = &event.pod else { continue };
        if event.worker.is_none()
            && let Some(Some(worker)) = bindings.get(pod)
        {
            event.worker = Some(worker.clone());
        }
    }
}

/// Pods with their one worker; `None` where the evidence names two.
pub fn bindings(history: &History) -> BTreeMap<PodId, Option<WorkerId>> {
    let rows = history.facts.workers.iter().filter_map(|row| Some((row.pod()?, row.id.clone())));
    let lines = history
        .events
        .iter()
        .filter(|event| event.kind.subject() == SubjectKind::Worker)
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
