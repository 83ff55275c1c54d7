//! A claim that was found by elimination.

use crate::model::column::Column;
use crate::model::event::Event;
use crate::model::id::WorkerId;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::task::elimination::unseen::Unseen;

/// A claim that no row tells: by whom, and when it can have been.
pub struct Missing {
    pub(super) worker: WorkerId,
    /// Since when the task could be claimed.
    pub(super) queued: Micros,
    /// The reset that took it back.
    pub(super) reset: Micros,
    pub(super) unseen: Unseen,
}

impl Missing {
    /// The claim as an event, by the events of its task: what implies it is the task's row.
    pub fn claim(&self, row: &TaskRow, events: &[Seen<'_>]) -> Event {
        // an orchestrator task stays with its worker while that does others: an earlier line bounds it
        let when = match self.first_seen(row, events) {
            Some(seen) => Unseen { from: self.queued, at: seen, until: seen, gone: seen },
            None => self.unseen.clone(),
        };
        let (when, kind) = (when.after(self.queued), EventKind::TaskClaimInferred);
        let (of, bounds) = ((&row.id, Column::ErrorMessage), (when.from, when.until));
        let made = Event::implied_by_task(of, kind, when.at, bounds, &self.reset.to_string());
        Event { worker: Some(self.worker.clone()), ..made }
    }

    /// When the worker first said something about the task, between the queue and the reset.
    fn first_seen(&self, row: &TaskRow, events: &[Seen<'_>]) -> Option<Micros> {
        let about = |event: &&Seen<'_>| {
            event.task.as_ref() == Some(&row.id) && event.worker.as_ref() == Some(&self.worker)
        };
        let told = events.iter().filter(about).map(|event| event.at);
        told.filter(|at| self.queued < *at && *at < self.reset).min()
    }
}
