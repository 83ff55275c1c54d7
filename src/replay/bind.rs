//! Which worker a pod belongs to: lines that name only a pod are about its worker.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::model::event::Event;
use crate::model::id::{PodId, WorkerId};
use crate::model::kind::SubjectKind;
use crate::model::rows::Facts;
use crate::replay::seen::Seen;

/// Pods with their one worker; `None` where the evidence names two.
pub struct Bindings(FxHashMap<PodId, Option<WorkerId>>);

impl Bindings {
    /// What the rows of workers say.
    pub fn of(facts: &Facts) -> Self {
        let mut bindings = Self(FxHashMap::default());
        for row in &facts.workers {
            if let Some(pod) = row.pod() {
                bindings.add(&pod, &row.id);
            }
        }
        bindings
    }

    /// What an event says.
    pub fn see(&mut self, event: Seen<'_>) {
        if event.kind.subject() == SubjectKind::Worker
            && let (Some(pod), Some(worker)) = (&event.pod, &event.worker)
        {
            self.add(pod, worker);
        }
    }

    fn add(&mut self, pod: &PodId, worker: &WorkerId) {
        match self.0.get_mut(pod) {
            Some(bound) if bound.as_ref() == Some(worker) => {}
            Some(bound) => *bound = None,
            None => drop(self.0.insert(pod.clone(), Some(worker.clone()))),
        }
    }

    /// Names the worker in an event that names only its pod. A pod that two workers claim names nobody.
    pub fn bind(&self, event: &mut Event) {
        if event.worker.is_none()
            && let Some(pod) = &event.pod
            && let Some(Some(worker)) = self.0.get(&**pod)
        {
            event.worker = Some(worker.clone());
        }
    }

    /// All of them, by pod.
    pub fn into_sorted(self) -> BTreeMap<PodId, Option<WorkerId>> {
        self.0.into_iter().collect()
    }
}
