//! Ids of workers and tasks, each kept once however many rows name it.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::model::attribute::Attributes;
use crate::model::id::{TaskId, WorkerId};

/// All ids that were named.
#[derive(Default)]
pub(super) struct Names {
    workers: FxHashSet<WorkerId>,
    tasks: FxHashSet<TaskId>,
    /// The fields of what has none.
    pub(super) no_fields: Arc<Attributes>,
}

impl Names {
    pub(super) fn worker(&mut self, id: &str) -> WorkerId {
        if let Some(known) = self.workers.get(id) {
            return known.clone();
        }
        let new = WorkerId::from(id);
        self.workers.insert(new.clone());
        new
    }

    pub(super) fn task(&mut self, id: &str) -> TaskId {
        if let Some(known) = self.tasks.get(id) {
            return known.clone();
        }
        let new = TaskId::from(id);
        self.tasks.insert(new.clone());
        new
    }
}
