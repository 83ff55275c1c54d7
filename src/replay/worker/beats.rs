//! Heartbeats: where they were sent from, where none came, and what they do not prove.

use std::sync::LazyLock;

use crate::events::History;
use crate::model::event::{Basis, tells_end};
use crate::model::id::EventId;
use crate::model::kind::EventKind;
use crate::model::rows::WorkerRow;
use crate::model::state::{AnomalyKind, WorkerStateName};
use crate::model::time::Micros;
use crate::replay::seen::Seen;
use crate::replay::timeline::Anomaly;
use crate::replay::worker::contradicted;
use crate::replay::worker::end::WorkerEnd;
use crate::replay::worker::held::Held;
use crate::replay::worker::signals::{Sign, Signal};

/// A heartbeat that long after the one before is missing: a period of 20 s and jitter (evidence-rules
/// section 2: an act 25 s after the last heartbeat shows that its sender is dead).
const MISSING_S: f64 = 25.0;
/// Heartbeats without a sign of the process for so long are its guardian's alone (domain/worker-app.md
/// X13: 15 minutes).
const ALONE_S: f64 = 900.0;
/// Rows reach the database up to this late (domain/orchestrator.md 9.3).
const DELAY_S: f64 = 30.0;

/// All that is watched of one worker.
pub struct Watch<'a> {
    /// Its row.
    pub row: &'a WorkerRow,
    /// Its events.
    pub events: &'a [Seen<'a>],
    /// What it held.
    pub held: &'a [Held],
    /// Its end, if it ended.
    pub end: Option<&'a WorkerEnd>,
    /// Up to when its row was seen.
    pub horizon: Option<Micros>,
    /// The same of a row that is gone.
    pub vanished: Option<Micros>,
}

impl Watch<'_> {
    /// When its pod had certainly stopped.
    pub(crate) fn closed(&self) -> Option<Micros> {
        let end = self.end?;
        end.ended_at.or(end.before)
    }

    /// When its guardian reported the process dead, which it then was.
    pub(crate) fn crashed(&self) -> Option<Micros> {
        contradicted::crash(self.row, self.events).map(|crash| crash.at)
    }
}

/// The latest time that stands in the evidence, and no later than it was seen: a source that nobody wrote
/// to any more says nothing of the time until it was captured. A worker's lines come with heartbeats, which its
/// row keeps, and its clock may be off.
pub(crate) fn horizon(history: &History) -> Option<Micros> {
    let facts = &history.facts;
    let others = history.beats.iter().filter(|(source, _)| tells_end(source));
    let lines = others.filter_map(|(_, beats)| beats.last()).map(|beat| beat.0);
    let workers = facts.workers.iter().filter_map(|row| row.last_heartbeat.max(row.created_at));
    let tasks = facts.tasks.iter().flat_map(|row| {
        [row.created_at, row.started_at, row.processed_at, row.updated_at].into_iter().flatten()
    });
    let until = |at: &Micros| facts.seen_at.is_none_or(|seen| *at <= seen);
    lines.chain(workers).chain(tasks).filter(until).max()
}

/// Whether a heartbeat may be the orchestrator's own work: until E3 it refreshed `last_heartbeat` of
/// workers with tasks (domain/orchestrator.md section 0, e309df4, and O16).
pub(crate) fn is_unproven(at: Micros) -> bool {
    static E3: LazyLock<Option<Micros>> = LazyLock::new(|| Micros::parse("2025-10-15T17:20:00Z"));
    E3.is_some_and(|since| at < since)
}

/// The heartbeat whose age a line tells: the line's time less the age. Other ages are those of the
/// worker or of its task.
fn logged(event: &Seen<'_>) -> Option<Micros> {
    const AGES: [EventKind; 3] =
        [EventKind::HeartbeatObserved, EventKind::HeartbeatStale, EventKind::WorkerPromoted];
    let age = if AGES.contains(&event.kind) {
        event.number("age_s")
    } else if event.kind == EventKind::WorkerMarkedError {
        // domain/orchestrator.md 2.2 W10, 2.3 STALE_HEARTBEAT_*
        let reason = event.text("reason").filter(|text| text.starts_with("Stale heartbeat"));
        let number = |text: &str| text.split_once("s old)")?.0.rsplit_once('(')?.1.parse().ok();
        reason.and_then(number)
    } else if event.kind == EventKind::FailsafeStale {
        let beat = event.text("heartbeat").and_then(Micros::parse);
        beat.map(|beat| event.at.seconds_since(beat))
    } else {
        None
    };
    age.filter(|age| age.is_finite() && *age >= 0.0).map(|age| event.at.plus_seconds(-age))
}

/// A heartbeat that a line tells of by its age.
#[derive(Clone, Copy, Debug)]
pub struct Age {
    /// When it came.
    pub(crate) beat: Micros,
    /// When the line was written.
    pub(crate) told_at: Micros,
    /// How the line is known.
    pub(crate) basis: Basis,
    /// The line's event.
    pub(crate) event: EventId,
}

/// All heartbeats of a worker that lines tell of, in the order of the lines.
pub(crate) fn ages(events: &[Seen<'_>]) -> Vec<Age> {
    let age = |event: &Seen<'_>| {
        let beat = logged(event)?;
        Some(Age { beat, told_at: event.at, basis: event.basis, event: event.id })
    };
    events.iter().filter_map(age).collect()
}

/// Intervals in which certainly no heartbeat came: from one whose age a line tells to that line, and from
/// the row's last to when the row was seen.
pub(crate) fn absences(watch: &Watch<'_>, ages: &[Age]) -> Vec<(Micros, Micros)> {
    let told = ages.iter().map(|age| (age.beat, age.told_at));
    let kept = watch.row.real_heartbeat().zip(watch.horizon);
    let kept = kept.map(|(beat, seen)| (beat, seen.plus_seconds(-DELAY_S)));
    told.chain(kept).filter(|(beat, until)| beat < until && !is_unproven(*beat)).collect()
}

/// The first act of the process after its heartbeats had ended: its guardian is dead. Lines are none, as
/// they travel with a heartbeat.
pub(crate) fn outlived<'a>(watch: &Watch<'_>, signals: &'a [Signal]) -> Option<&'a Signal> {
    let beat = watch.row.real_heartbeat()?;
    let seen = watch.horizon?.plus_seconds(-DELAY_S);
    let closed = watch.closed();
    signals.iter().find(|signal| {
        let act = !signal.by_guardian && signal.what != Sign::LogLine;
        let late = signal.at.seconds_since(beat) > MISSING_S && signal.at < seen;
        act && late && closed.is_none_or(|closed| signal.at <= closed)
    })
}

/// What the two processes contradict each other in, and heartbeats that prove nothing.
pub(crate) fn anomalies(watch: &Watch<'_>, signals: &[Signal]) -> Vec<Anomaly> {
    let anomaly = |kind, at, event, detail: &str| Anomaly {
        at,
        kind,
        state: WorkerStateName::ActiveBusy.name(),
        event,
        detail: detail.to_string(),
    };
    let mut found = Vec::new();
    if let Some(act) = outlived(watch, signals) {
        let detail = format!("a {} after the last heartbeat", act.what.name());
        found.push(anomaly(AnomalyKind::GuardianDead, act.at, Some(act.event), &detail));
    }
    if let Some(beat) = alone(watch, signals) {
        // nothing in use: what has its number may be another process (domain/worker-app.md X3)
        let used = watch.row.metadata.get("vram_used_mb").and_then(|mb| mb.as_i64());
        let detail = match used {
            Some(0) => "heartbeats without a sign of the process, and no memory in use",
            Some(_) | None => "heartbeats without a sign of the process",
        };
        found.push(anomaly(AnomalyKind::GuardianAlone, beat.at, Some(beat.event), detail));
    }
    let beat = watch
        .events
        .iter()
        .find(|event| event.kind == EventKind::HeartbeatRecorded && is_unproven(event.at));
    if let Some(beat) = beat {
        let detail = "the orchestrator wrote heartbeats itself before E3";
        let made = anomaly(AnomalyKind::UnprovenHeartbeat, beat.at, Some(beat.id), detail);
        found.push(Anomaly { state: "", ..made });
    }
    found
}

/// A heartbeat long after the last sign of the process, which held one task all that time.
fn alone<'a>(watch: &Watch<'_>, signals: &'a [Signal]) -> Option<&'a Signal> {
    let mut act: Option<Micros> = None;
    signals.iter().find(|signal| {
        if !signal.by_guardian {
            act = Some(signal.at);
            return false;
        }
        let quiet = act.is_some_and(|act| signal.at.seconds_since(act) > ALONE_S);
        let busy = |held: &&Held| {
            let since = act.is_some_and(|act| held.from.seconds_since(act) < MISSING_S);
            held.works && since && held.until.is_none_or(|until| signal.at < until)
        };
        quiet && watch.held.iter().any(|held| busy(&held))
    })
}
