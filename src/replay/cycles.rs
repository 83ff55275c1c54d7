//! Control cycles: what each saw and what it did, as logged.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::model::event::Event;
use crate::model::id::RunId;
use crate::model::kind::EventKind;
use crate::model::time::Micros;

/// One control cycle; `None` = not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cycle {
    /// Its process.
    pub run: Option<RunId>,
    /// Its number.
    pub cycle: i64,
    /// When it began.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub completed_at: Option<Micros>,
    /// Counts by column name of the table `cycles`.
    pub counts: BTreeMap<&'static str, i64>,
    /// Reads that failed in it.
    pub failed_reads: i64,
}

/// Which field of which line fills which column.
const FIELDS: &[(EventKind, &str, &str)] = &[
    (EventKind::DemandObserved, "queued_only", "queued"),
    (EventKind::DemandObserved, "active_only", "active_tasks"),
    (EventKind::TaskCountDecided, "queued", "queued"),
    (EventKind::TaskCountDecided, "active_tasks", "active_tasks"),
    (EventKind::CycleStarted, "queued", "queued"),
    (EventKind::CycleStarted, "active_tasks", "active_tasks"),
    (EventKind::FleetObserved, "active", "workers_active"),
    (EventKind::FleetObserved, "spawning", "workers_spawning"),
    (EventKind::ScalingDecided, "active", "workers_active"),
    (EventKind::ScalingDecided, "spawning", "workers_spawning"),
    (EventKind::ScalingDecided, "desired", "desired"),
    (EventKind::CycleCompleted, "workers_promoted", "promoted"),
    (EventKind::CycleCompleted, "workers_failed", "failed"),
    (EventKind::CycleCompleted, "workers_spawned", "spawned"),
    (EventKind::CycleCompleted, "workers_terminated", "terminated"),
    (EventKind::CycleCompleted, "tasks_reset", "reset"),
];

/// Cycles as events tell them.
#[derive(Default)]
pub struct Cycles(FxHashMap<(RunId, i64), Cycle>);

impl Cycles {
    /// The next event in the total order.
    pub fn see(&mut self, event: &Event) {
        let (Some(run), Some(number)) = (&event.run, event.cycle) else { return };
        let fresh = || Cycle { run: Some(run.clone()), cycle: number, ..Cycle::default() };
        let cycle = self.0.entry((run.clone(), number)).or_insert_with(fresh);
        if event.kind == EventKind::CycleStarted {
            cycle.started_at.get_or_insert(event.at);
        }
        if event.kind == EventKind::CycleCompleted {
            cycle.completed_at = Some(event.at);
        }
        if event.kind == EventKind::ReadFailed {
            cycle.failed_reads += 1;
        }
        for (kind, field, column) in FIELDS {
            if *kind == event.kind
                && let Some(value) = event.int(field)
            {
                cycle.counts.insert(column, value);
            }
        }
    }

    /// All of them, by run and number.
    pub fn into_sorted(self) -> Vec<Cycle> {
        let in_order: BTreeMap<(RunId, i64), Cycle> = self.0.into_iter().collect();
        in_order.into_values().collect()
    }
}
