//! Timelines into rows of the derived tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::derived::by_kind::{ByKind, FEW_KINDS};
use crate::derived::rows::{Cell, Rows, int, text, time, word};
use crate::derived::table_file::TableFile;
use crate::derived::tables::{DERIVED, derived_table};
use crate::derived::{decisions, events};
use crate::model::event::tells_end;
use crate::model::id::WorkerId;
use crate::replay::Replayed;
use crate::replay::era;
use crate::replay::timeline::{Anomaly, Stay};
use crate::replay::worker::signals::Signal;
use crate::snapshot::error::SnapshotError;

/// Rows written, by table.
pub type Written = BTreeMap<&'static str, u64>;

/// Writes all tables into a folder, each in its own. Those of events, of decisions and of all others are
/// written beside each other.
///
/// # Errors
/// The first table that could not be written.
pub fn write(replayed: &Replayed, folder: &Path) -> Result<Written, SnapshotError> {
    let (events, (decisions, others)) = rayon::join(
        || events::write(replayed, folder),
        || rayon::join(|| decisions::write(replayed, folder), || others(replayed, folder)),
    );
    let mut written = events?;
    written.extend(decisions?);
    written.extend(others?);
    Ok(written)
}

/// Begins the file of a table.
pub(super) fn create(folder: &Path, name: &'static str) -> Result<TableFile, SnapshotError> {
    let table = derived_table(name).expect("every table written here is in the contract");
    let path = folder.join(name);
    fs::create_dir_all(&path).map_err(|err| SnapshotError::io("create", &path, err))?;
    TableFile::create(&folder.join(inside(name)), table)
}

fn others(replayed: &Replayed, folder: &Path) -> Result<Written, SnapshotError> {
    let mut tables = Tables::create(folder)?;
    tables.workers(replayed);
    tables.tasks(replayed);
    tables.runs(replayed);
    tables.coverage(replayed);
    tables.finish()
}

/// A sign of life, and whose.
type OfWorker = (WorkerId, Signal);

struct Tables {
    made: BTreeMap<&'static str, TableFile>,
    /// What the guardian said stands apart: it is a tenth, and many questions ask for it alone.
    signals: ByKind<OfWorker, fn(&mut Rows, &OfWorker)>,
}

/// The table of them.
const SIGNALS: &str = "worker_signals";

impl Tables {
    fn create(folder: &Path) -> Result<Self, SnapshotError> {
        // `captures` is read from the capture files themselves
        let elsewhere = |name| {
            ["captures", SIGNALS, decisions::TABLE].contains(&name)
                || events::TABLES.contains(&name)
        };
        let names = DERIVED.iter().map(|table| table.name).filter(|name| !elsewhere(*name));
        let made = names.map(|name| Ok((name, create(folder, name)?)));
        let made = made.collect::<Result<_, SnapshotError>>()?;
        let signals =
            ByKind::new(create(folder, SIGNALS)?, FEW_KINDS, push_signal as fn(&mut _, &_));
        Ok(Self { made, signals })
    }

    fn of(&mut self, name: &'static str) -> &mut TableFile {
        self.made.get_mut(name).expect("every table written here is in the contract")
    }

    fn finish(self) -> Result<Written, SnapshotError> {
        // each waits for the disk
        let (signals, made) = rayon::join(
            || self.signals.finish(),
            || {
                let made: Vec<(&'static str, TableFile)> = self.made.into_iter().collect();
                let made = made.into_par_iter().map(|(name, file)| Ok((name, file.finish()?)));
                let made: Vec<Result<_, SnapshotError>> = made.collect();
                // of several that failed the first is told, whichever was ready first
                made.into_iter().collect::<Result<Written, SnapshotError>>()
            },
        );
        let mut written = made?;
        written.insert(SIGNALS, signals?);
        Ok(written)
    }

    fn workers(&mut self, replayed: &Replayed) {
        replayed.each_worker(|worker| {
            let id = worker.id.as_str();
            self.states("worker_states", id, &worker.states, |state| state.name());
            for signal in &worker.signals {
                let by = if signal.by_guardian { "guardian" } else { "process" };
                self.signals.push(by, (worker.id.clone(), signal.clone()), id.len());
            }
            for (seq, stretch) in worker.liveness.iter().enumerate() {
                let next = worker.liveness.get(seq + 1).map(|next| next.entered_at);
                self.of("worker_liveness").push([
                    word(id),
                    Cell::Int(seq as i64),
                    word(stretch.what.name()),
                    Cell::Time(stretch.entered_at),
                    time(next),
                    word(stretch.process.name()),
                    word(stretch.guardian.name()),
                ]);
            }
            self.end(&worker);
            self.anomalies("worker", id, &worker.anomalies);
        });
    }

    fn end(&mut self, worker: &crate::replay::worker::WorkerTimeline) {
        let Some(end) = &worker.end else { return };
        self.of("worker_ends").push([
            word(&worker.id),
            time(end.ended_at),
            time(end.after),
            time(end.before),
            word(end.kind.name()),
            text(end.reason.as_ref()),
            text(end.error_code.as_ref()),
            time(end.decided_at),
            text(end.decided_by.as_ref()),
            time(end.last_alive),
            time(end.last_work),
            text(end.event.as_ref()),
            word(end.basis.name()),
        ]);
    }

    fn tasks(&mut self, replayed: &Replayed) {
        for task in &replayed.lives.tasks {
            let id = task.id.as_str();
            self.states("task_states", id, &task.states, |state| state.name());
            for (n, attempt) in task.attempts.iter().enumerate() {
                self.of("task_attempts").push([
                    word(id),
                    Cell::Int(n as i64 + 1),
                    text(attempt.worker.as_ref()),
                    Cell::Time(attempt.claimed_at),
                    time(attempt.started_at),
                    time(attempt.ended_at),
                    word(attempt.outcome.name()),
                    text(attempt.reason),
                    word(attempt.basis.name()),
                    text(attempt.claimed_event.as_ref()),
                    text(attempt.ended_event.as_ref()),
                    time(attempt.delivered_at),
                    text(attempt.delivered_event.as_ref()),
                ]);
            }
            self.anomalies("task", id, &task.anomalies);
        }
        for verdict in &replayed.generations {
            self.of("task_generations").push([
                word(&verdict.task),
                word(verdict.expected),
                word(verdict.verdict),
                Cell::Bool(verdict.flag),
                int(verdict.linked.map(|n| n as i64)),
                word(verdict.why),
                time(verdict.decided_at),
                word(verdict.basis.name()),
                text(verdict.completed.as_ref()),
            ]);
        }
    }

    fn states<S: Copy>(
        &mut self,
        table: &'static str,
        id: &str,
        stays: &[Stay<S>],
        name: impl Fn(S) -> &'static str,
    ) {
        for (seq, stay) in stays.iter().enumerate() {
            let next = stays.get(seq + 1);
            self.of(table).push([
                word(id),
                Cell::Int(seq as i64),
                word(name(stay.state)),
                Cell::Time(stay.entered_at),
                time(next.map(|next| next.entered_at)),
                word(stay.basis.name()),
                text(stay.because.as_ref()),
                text(next.and_then(|next| next.because.as_ref())),
            ]);
        }
    }

    fn anomalies(&mut self, kind: &str, id: &str, anomalies: &[Anomaly]) {
        for anomaly in anomalies {
            self.of("anomalies").push([
                word(kind),
                word(id),
                Cell::Time(anomaly.at),
                word(anomaly.kind.name()),
                word(anomaly.state),
                text(anomaly.event.as_ref()),
                word(&anomaly.detail),
            ]);
        }
    }

    fn runs(&mut self, replayed: &Replayed) {
        let right = replayed.history.beats.iter().filter(|(source, _)| tells_end(source));
        let last = right.filter_map(|(_, beats)| beats.last()).max();
        for run in &replayed.runs {
            let still = last.is_some_and(|last| last.0.seconds_since(run.last_row) < 60.0);
            self.of("runs").push([
                word(&run.id),
                word(&run.source.0),
                word(&run.source.1),
                Cell::Time(run.started_at),
                time((!still).then_some(run.last_row)),
                int(run.first_cycle),
                int(run.last_cycle),
                word(run.era),
            ]);
        }
        for cycle in &replayed.cycles {
            let count = |name: &str| int(cycle.counts.get(name));
            self.of("cycles").push([
                text(cycle.run.as_ref()),
                Cell::Int(cycle.cycle),
                time(cycle.started_at),
                time(cycle.completed_at),
                count("queued"),
                count("active_tasks"),
                count("workers_active"),
                count("workers_spawning"),
                count("desired"),
                count("promoted"),
                count("failed"),
                count("spawned"),
                count("terminated"),
                count("reset"),
                Cell::Int(cycle.failed_reads),
            ]);
        }
        for pod in &replayed.pods {
            self.of("pods").push([
                word(&pod.id),
                text(pod.worker.as_ref()),
                time(pod.created_at),
                time(pod.ended_at),
                text(pod.end_kind.map(crate::model::state::EndKind::name)),
                pod.cost_per_hour.map_or(Cell::Null, Cell::Double),
                text(pod.created_event.as_ref()),
                text(pod.ended_event.as_ref()),
            ]);
        }
    }

    fn coverage(&mut self, replayed: &Replayed) {
        for gap in &replayed.gaps {
            self.of("gaps").push([
                word(&gap.source.0),
                word(&gap.source.1),
                Cell::Time(gap.began_at),
                Cell::Time(gap.ended_at),
                word(gap.cause.name()),
                word(gap.basis.name()),
                text(gap.run.as_ref()),
                word(&gap.why),
            ]);
        }
        for stretch in &replayed.coverage {
            self.of("coverage").push([
                word(&stretch.source.0),
                word(&stretch.source.1),
                word(&stretch.entity),
                Cell::Time(stretch.from),
                Cell::Time(stretch.until),
                Cell::Bool(stretch.why_not.is_none()),
                text(stretch.why_not.map(crate::model::state::GapCause::name)),
            ]);
        }
        for clock in &replayed.clocks {
            self.of("clocks").push([
                word(&clock.clock),
                clock.offset_s.map_or(Cell::Null, Cell::Double),
                clock.uncertainty_s.map_or(Cell::Null, Cell::Double),
                Cell::Int(clock.pairs as i64),
            ]);
        }
        for unknown in &replayed.history.unknown {
            self.of("unknown_messages").push([
                word(&unknown.source_type),
                word(&unknown.template),
                Cell::Int(unknown.count as i64),
                Cell::Time(unknown.first_at),
                Cell::Time(unknown.last_at),
                word(&unknown.sample),
                Cell::Int(unknown.near_failures as i64),
            ]);
        }
        for (source, tally) in &replayed.history.tallies {
            let count = |count: u64| Cell::Int(count as i64);
            self.of("log_coverage").push([
                word(&source.0),
                word(&source.1),
                word(era::of_source(&replayed.history, &replayed.runs, source)),
                count(tally.read),
                count(tally.became_events),
                count(tally.confirmed),
                count(tally.said_nothing),
                count(tally.unknown),
                count(tally.unreadable),
            ]);
        }
    }
}

fn push_signal(rows: &mut Rows, (worker, signal): &OfWorker) {
    rows.push([
        word(worker),
        Cell::Time(signal.at),
        word(signal.what.name()),
        Cell::Bool(signal.by_guardian),
        word(signal.basis.name()),
        word(signal.event),
    ]);
}

/// The path of a table's file inside the folder.
pub fn inside(table: &str) -> String {
    format!("{table}/{table}.parquet")
}
