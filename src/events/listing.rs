//! A task in a list of an orchestrator, by the first characters of its id: whose they are, the rows of
//! tasks tell, and those may change after the line was read.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::events::log_event::{LogRow, make};
use crate::events::short_ids::ShortIds;
use crate::events::understood::Understood;
use crate::model::event::{Event, Subject, event_id};
use crate::model::id::TaskId;
use crate::model::kind::EventKind;
use crate::model::time::{Micros, SECOND};

/// `   1. 1a2b3c4d... | type | worker: W | started: 12:34:56`: the task by its first characters, the time
/// within the day before the line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Listing {
    /// The event, as if the short id were a task's.
    pub(super) event: Box<Event>,
    /// When the line was written.
    pub(super) line: Micros,
}

impl Listing {
    /// What a line of a list says, if it says it.
    pub(super) fn of(row: &LogRow<'_>, text: &Understood<'_>) -> Option<Self> {
        let field = |name: &str| text.attributes.get(name)?.text();
        let (short, clock) = (field("task8")?, field("clock")?);
        let started = last_time_of_day(row.at, clock)?;
        let short = TaskId::from(short);
        let line = LogRow { task: Some(&short), ..*row };
        let mut event = make(&line, text, EventKind::TaskListedActive)?;
        // the list cuts the second, so the claim lies within it
        event.earliest = started;
        event.latest = Micros(started.0 + SECOND - 1);
        event.at = started;
        Some(Self { event, line: row.at })
    }

    /// The event: about the one task that is meant. Where several can be meant, all of them are named and
    /// none is said to be the one; where none can, nothing was said. Also who said it.
    pub(super) fn resolve(self, short_ids: &ShortIds) -> (Box<Event>, bool) {
        let Self { mut event, line } = self;
        let short = event.task.take();
        let meant = short.as_ref().map(|short| short_ids.at(short.as_str(), line));
        let is_said = match meant.as_deref() {
            None | Some([]) => false,
            Some([task]) => {
                event.task = Some((*task).clone());
                true
            }
            Some([..]) => event.worker.is_some(),
        };
        if is_said && event.task.is_none() {
            event.kind = EventKind::TaskListedAmbiguous;
            event.id = event_id(&event.evidence, event.kind.name(), 0, "");
            let tasks = meant.unwrap_or_default().into_iter().cloned();
            Arc::make_mut(&mut event.attributes).listed = tasks.map(Subject::Task).collect();
            event.lists = true;
        }
        (event, is_said)
    }
}

/// The last `12:34:56` that is no later than a second after a time.
fn last_time_of_day(before: Micros, clock: &str) -> Option<Micros> {
    let mut parts = clock.split(':');
    let mut part = |end| parts.next()?.parse().ok().filter(|n| (0..end).contains(n));
    let (h, m, s): (i64, i64, i64) = (part(24)?, part(60)?, part(60)?);
    let day = 86_400 * SECOND;
    let of_day = (h * 3_600 + m * 60 + s) * SECOND;
    let today = before.0.div_euclid(day) * day + of_day;
    Some(Micros(if today > before.0 + SECOND { today - day } else { today }))
}
