//! Control cycles: what each saw and what it did, as logged.

use rustc_hash::FxHashMap;

use crate::model::id::RunId;
use crate::model::kind::EventKind;
use crate::model::time::Micros;
use crate::replay::seen::Seen;

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
    /// What it counted.
    pub counts: Counts,
    /// Reads that failed in it.
    pub failed_reads: i64,
}

/// Columns of the table `cycles` that are counts.
const COLUMNS: [&str; 10] = [
    "queued",
    "active_tasks",
    "workers_active",
    "workers_spawning",
    "desired",
    "promoted",
    "failed",
    "spawned",
    "terminated",
    "reset",
];

/// Counts by column name of the table `cycles`: in one piece, as there are many cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    values: [i64; COLUMNS.len()],
    /// A bit for each that is known.
    known: u16,
}

impl Counts {
    /// One of them.
    pub fn get(&self, column: &str) -> Option<i64> {
        let place = COLUMNS.iter().position(|name| *name == column)?;
        (self.known & (1 << place) != 0).then(|| self.values[place])
    }

    fn set(&mut self, column: &str, value: i64) {
        if let Some(place) = COLUMNS.iter().position(|name| *name == column) {
            self.values[place] = value;
            self.known |= 1 << place;
        }
    }
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
pub struct Cycles {
    all: Vec<Cycle>,
    places: FxHashMap<(RunId, i64), u32>,
    /// That of the last event: the next is mostly of the same cycle.
    last: u32,
}

impl Cycles {
    /// The next event in the total order.
    pub fn see(&mut self, event: Seen<'_>) {
        let (Some(run), Some(cycle)) = (&event.run, event.cycle) else { return };
        let number = cycle.number();
        let last = self.all.get(self.last as usize);
        if !last.is_some_and(|last| last.cycle == number && last.run.as_ref() == Some(run)) {
            self.last = self.place(run, number);
        }
        let cycle = &mut self.all[self.last as usize];
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
                cycle.counts.set(column, value);
            }
        }
    }

    fn place(&mut self, run: &RunId, number: i64) -> u32 {
        *self.places.entry((run.clone(), number)).or_insert_with(|| {
            let cycle = Cycle { run: Some(run.clone()), cycle: number, ..Cycle::default() };
            self.all.push(cycle);
            self.all.len() as u32 - 1
        })
    }

    /// All of them, by run and number.
    pub fn into_sorted(self) -> Vec<Cycle> {
        drop(self.places);
        let mut all = self.all;
        all.sort_unstable_by(|a, b| (&a.run, a.cycle).cmp(&(&b.run, b.cycle)));
        all.shrink_to_fit();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_column() {
        for (_, _, column) in FIELDS {
            let mut counts = Counts::default();
            assert_eq!(counts.get(column), None);
            counts.set(column, 7);
            assert_eq!(counts.get(column), Some(7), "{column}");
            let known = COLUMNS.iter().filter(|name| counts.get(name).is_some());
            assert_eq!(known.count(), 1, "{column}");
        }
    }
}
