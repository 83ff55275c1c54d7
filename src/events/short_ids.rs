//! Tasks by the first characters of their ids, as lists of the orchestrator cut them.

use rustc_hash::FxHashMap;

use crate::model::id::TaskId;
use crate::model::rows::{Facts, TaskRow};
use crate::model::time::{Micros, SECOND};

/// Characters of an id in a list (domain/orchestrator.md G51e).
const SHORT: usize = 8;

/// A list is read at once and logged within its cycle (domain/orchestrator.md section 4, Freq): a task
/// that ended this long before the line is not in it.
const CYCLE: i64 = 30 * SECOND;

/// The tasks that each short id may be.
pub(super) struct ShortIds(FxHashMap<Box<str>, Vec<Span>>);

/// When a task can have been listed as active.
struct Span {
    task: TaskId,
    created_at: Option<Micros>,
    ended_at: Option<Micros>,
}

impl ShortIds {
    pub(super) fn of(facts: &Facts) -> Self {
        let mut all: FxHashMap<Box<str>, Vec<Span>> = FxHashMap::default();
        for row in &facts.tasks {
            if let Some(short) = row.id.as_str().get(..SHORT) {
                let span = Span {
                    task: row.id.clone(),
                    created_at: row.created_at,
                    ended_at: ended_at(row),
                };
                all.entry(short.into()).or_default().push(span);
            }
        }
        Self(all)
    }

    /// The tasks that a short id in a line of that time may be, by id.
    pub(super) fn at(&self, short: &str, line: Micros) -> Vec<&TaskId> {
        let there = |span: &&Span| {
            span.created_at.is_none_or(|at| at.0 <= line.0 + SECOND)
                && span.ended_at.is_none_or(|at| line.0 <= at.0 + CYCLE)
        };
        self.0.get(short).into_iter().flatten().filter(there).map(|span| &span.task).collect()
    }
}

/// When it left the queue for good, where the row says so.
fn ended_at(row: &TaskRow) -> Option<Micros> {
    let is_over = ["Complete", "Failed", "Cancelled"].contains(&row.status.as_str());
    // without its time nothing is known
    let at = row.processed_at.max(row.updated_at);
    at.filter(|_| is_over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::params::Params;

    const AT: Micros = Micros(1_767_225_600_000_000);

    fn row(id: &str, created_s: i64, status: &str, ended_s: Option<i64>) -> TaskRow {
        let at = |s: i64| Micros(AT.0 + s * SECOND);
        TaskRow {
            id: id.into(),
            task_type: "travel_segment".into(),
            status: status.into(),
            created_at: Some(at(created_s)),
            worker: None,
            worker_before: None,
            is_edited: false,
            started_at: None,
            processed_at: ended_s.map(at),
            updated_at: None,
            attempts: 0,
            generation_created: false,
            output_location: None,
            output_class: None,
            error_message: None,
            params: Params::of(&serde_json::Value::Null),
        }
    }

    #[test]
    fn a_short_id_is_whoever_was_there_at_the_time() {
        let tasks = vec![
            row("1a2b3c4d-a", -100, "In Progress", None),
            row("1a2b3c4d-b", -500, "Complete", Some(-300)),
            row("1a2b3c4d-c", 100, "Queued", None),
            row("1a2b3c4d-d", -500, "Complete", Some(-20)),
            row("short", -500, "Queued", None),
        ];
        let ids = ShortIds::of(&Facts { tasks, ..Facts::default() });
        let at = |line: i64| {
            let found = ids.at("1a2b3c4d", Micros(AT.0 + line * SECOND));
            found.into_iter().map(TaskId::as_str).collect::<Vec<_>>()
        };
        assert_eq!(at(0), ["1a2b3c4d-a", "1a2b3c4d-d"]);
        assert_eq!(at(200), ["1a2b3c4d-a", "1a2b3c4d-c"]);
        assert_eq!(at(-400), ["1a2b3c4d-b", "1a2b3c4d-d"]);
        assert_eq!(at(50), ["1a2b3c4d-a"]);
        assert!(ids.at("ffffffff", AT).is_empty());
    }
}
