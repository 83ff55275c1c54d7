//! Numbers of the rows of workers and tasks: events bear them, so that hardly anything looks a text up.

use crate::model::event::{Event, RowNumber, RowNumbers};
use crate::model::id::{TaskId, WorkerId};
use crate::model::rows::Facts;
use crate::replay::directory::Directory;
use crate::replay::task::attempt::Attempt;

/// The places of all rows, by their ids. What a clone of it adds is a memory of its own, so that each thread may
/// have one.
#[derive(Clone, Debug)]
pub struct Numbers {
    workers: Directory<WorkerId>,
    tasks: Directory<TaskId>,
}

impl Numbers {
    /// Of these rows.
    pub fn of(facts: &Facts) -> Self {
        let workers = facts.workers.iter().map(|row| row.id.clone());
        Self::of_ids(workers, facts.tasks.iter().map(|row| row.id.clone()))
    }

    fn of_ids(
        workers: impl Iterator<Item = WorkerId>,
        tasks: impl Iterator<Item = TaskId>,
    ) -> Self {
        Self { workers: Directory::of(workers), tasks: Directory::of(tasks) }
    }

    /// Numbers the rows that an event names, by its worker and its task.
    pub fn number(&mut self, event: &mut Event) {
        let worker = event.worker.as_ref().and_then(|id| self.workers.seen(id));
        let task = event.task.as_ref().and_then(|id| self.tasks.seen(id));
        let [worker, task] = [worker, task].map(|place| place.and_then(RowNumber::of));
        event.rows = RowNumbers { worker, task };
    }

    /// The place of a worker's row.
    pub(super) fn worker(&self, id: &WorkerId) -> Option<u32> {
        self.workers.find(id)
    }

    /// The place of the row of the worker of an attempt.
    pub(super) fn holder(&self, attempt: &Attempt) -> Option<usize> {
        let place = attempt.row.map(RowNumber::place);
        let place = place.or_else(|| self.worker(attempt.worker.as_ref()?));
        place.map(|place| place as usize)
    }

    /// The place of a task's row.
    pub(super) fn task(&self, id: &TaskId) -> Option<u32> {
        self.tasks.find(id)
    }

    /// How many rows of workers there are.
    pub(super) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// How many rows of tasks there are.
    pub(super) fn tasks(&self) -> usize {
        self.tasks.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::column::Column;
    use crate::model::event::{Basis, Evidence};
    use crate::model::kind::EventKind;
    use crate::model::table::Table;
    use crate::model::time::Micros;

    fn event(worker: Option<u8>, task: Option<u8>) -> Event {
        let evidence =
            Evidence { table: Table::SystemLogs, key: "1".into(), column: Column::Message };
        let of = (EventKind::TaskClaimed, Basis::Logged);
        Event {
            worker: worker.map(|n| WorkerId::from(n.to_string().as_str())),
            task: task.map(|n| TaskId::from(n.to_string().as_str())),
            ..Event::of_row(evidence, of, Micros(0), (Micros(0), Micros(0)), "")
        }
    }

    proptest! {
        /// A worker and a task may have the same id, and either may have no row.
        #[test]
        fn an_event_bears_the_places_of_the_rows_it_names(
            rows in prop::array::uniform2(prop::collection::btree_set(0u8..40, 0..20)),
            named in prop::collection::vec(prop::array::uniform2(prop::option::of(0u8..40)), 1..80),
        ) {
            let ids = |of: usize| rows[of].iter().map(|n| n.to_string());
            let (workers, tasks) = (ids(0), ids(1));
            let mut numbers = Numbers::of_ids(
                workers.map(|id| WorkerId::from(id.as_str())),
                tasks.map(|id| TaskId::from(id.as_str())),
            );
            for [worker, task] in named {
                let mut event = event(worker, task);
                numbers.number(&mut event);
                let place = |of: usize, id: Option<u8>| rows[of].iter().position(|n| Some(*n) == id);
                let held = |row: Option<RowNumber>| row.map(|row| row.place() as usize);
                prop_assert_eq!(held(event.rows.worker), place(0, worker));
                prop_assert_eq!(held(event.rows.task), place(1, task));
            }
        }
    }
}
