//! A way back into the queue of which the text that it left in the row is all that tells.

use crate::events::row_events::reset_text;
use crate::model::column::Column;
use crate::model::event::{Event, Evidence, Further};
use crate::model::id::RowKey;
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::model::table::Table;
use crate::replay::task::requeues::Requeue;

/// What each text says that put the task back (domain/orchestrator.md section 3, domain/worker-app.md 2.2).
const TEXTS: [(&str, &str); 6] = [
    ("Reset - orphaned from failed worker", "its row's text: reset as its worker had failed"),
    ("Reset - stuck in progress with no", "its row's text: reset as no worker stood on it"),
    ("Reset - orphaned from API worker", "its row's text: reset as its API worker took too long"),
    ("Reset - no activity for", "its row's text: reset as it showed no activity for long"),
    ("Reset on startup", "its row's text: reset as its worker started again"),
    ("Retry ", "its row's text: its worker failed on it"),
];

/// Gives the one way back that only a later claim implies the reason that the row keeps, where no other can have left
/// it (evidence-rules fact 7). When it was is as little known as before: it stays `lost`.
pub(crate) fn name(row: &TaskRow, requeues: &mut [Option<Requeue>]) {
    let text = reset_text(row).unwrap_or_default();
    let Some((start, why)) = TEXTS.iter().find(|(start, _)| text.starts_with(start)) else {
        return;
    };
    let leaves = if start.starts_with("Reset") { Outcome::Reset } else { Outcome::Requeued };
    if requeues.iter().flatten().any(|requeue| requeue.outcome == leaves) {
        return;
    }
    let Some(requeue) = only_implied(requeues).and_then(|place| requeues[place].as_mut()) else {
        return;
    };
    if requeue.outcome != Outcome::Lost {
        return;
    }
    requeue.reason = why;
    if let Some(made) = requeue.made.as_mut() {
        **made = beside_its_text(row, (**made).clone());
    }
}

/// The place of the only way back that something later implies: of several nothing says which one a text is of.
pub(super) fn only_implied(requeues: &[Option<Requeue>]) -> Option<usize> {
    let is_implied = |requeue: &Option<Requeue>| requeue.as_ref().is_some_and(|r| r.made.is_some());
    let mut implied = (0..requeues.len()).filter(|place| is_implied(&requeues[*place]));
    let only = implied.next()?;
    implied.next().is_none().then_some(only)
}

/// The same event, with the text beside it.
pub(super) fn beside_its_text(row: &TaskRow, made: Event) -> Event {
    let key = RowKey::from(row.id.as_str());
    let text = Evidence { table: Table::Tasks, key, column: Column::ErrorMessage };
    let further = Further { confirmed_by: vec![text], ..Further::default() };
    Event { further: Some(Box::new(further)), ..made }
}
