//! Liveness: a line of its own, independent of what the orchestrator believed, and told apart by the two
//! processes that can live without each other: the one that works and the guardian that heartbeats
//! (domain/worker-app.md 4.1).
//!
//! `silent` is said only where a sign would have reached us: the row keeps the last heartbeat and an
//! orchestrator logs its age, so a heartbeat that did not come is known not to have come. Lines prove
//! nothing by their absence (X15), and neither do heartbeats once their sender is known to be dead.

use crate::model::time::Micros;
use crate::replay::worker::beats::{self, Age, Watch};
use crate::replay::worker::signals::{Sign, Signal};

/// Signs further apart than this leave the time between unknown: heartbeats come every 20 s, but the
/// row keeps only the last (domain/worker-app.md 4.1).
const REACH_S: f64 = 60.0;

/// What is known of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// A sign of it stands before and after, close by.
    Alive,
    /// A sign would have reached us, and none came.
    Silent,
    /// Nothing tells.
    Unknown,
}

impl Life {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
        }
    }
}

/// One stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Liveness {
    /// Of the worker as a whole.
    pub what: Life,
    /// Of the process that works.
    pub process: Life,
    /// Of the guardian.
    pub guardian: Life,
    /// From.
    pub entered_at: Micros,
}

/// When the life of one process changed, in order.
type Line = Vec<(Micros, Life)>;

/// The stretches of one worker, from its creation on.
pub fn of(watch: &Watch<'_>, ages: &[Age], signals: &[Signal]) -> Vec<Liveness> {
    // lines travel with a heartbeat: they are a sign of both (domain/worker-app.md 4.1)
    let by_guardian = |signal: &&Signal| signal.by_guardian || signal.what == Sign::LogLine;
    let beats: Vec<Micros> = signals.iter().filter(by_guardian).map(|one| one.at).collect();
    let acts: Vec<Micros> =
        signals.iter().filter(|one| !one.by_guardian).map(|one| one.at).collect();
    // who acts later lived all the time since
    let orphaned = beats::outlived(watch, signals).and_then(|_| watch.row.real_heartbeat());
    let guardian = line(watch, &beats, &beats::absences(watch, ages), watch.closed());
    let process = line(watch, &acts, &[], watch.crashed().or(watch.closed()));
    let mut times: Vec<Micros> = guardian.iter().chain(&process).map(|(at, _)| *at).collect();
    times.extend(orphaned);
    times.sort_unstable();
    times.dedup();
    let mut stretches: Vec<Liveness> = Vec::new();
    for at in times {
        let (process, guardian) = (life(&process, at), life(&guardian, at));
        let is_orphan = orphaned.is_some_and(|since| since <= at);
        let what = match (process, guardian) {
            (Life::Alive, _) | (Life::Unknown, Life::Alive) => Life::Alive,
            // of a process that is gone its guardian beats on until its pod ends
            (Life::Silent, Life::Alive) => Life::Silent,
            // without its guardian a process that works gives a sign only where it claims or completes
            (Life::Unknown, Life::Silent) if is_orphan => Life::Unknown,
            (Life::Silent | Life::Unknown, Life::Silent) => Life::Silent,
            (Life::Silent | Life::Unknown, Life::Unknown) => Life::Unknown,
        };
        let next = Liveness { what, process, guardian, entered_at: at };
        let same =
            |last: &Liveness| (last.what, last.process, last.guardian) == (what, process, guardian);
        if !stretches.last().is_some_and(same) {
            stretches.push(next);
        }
    }
    stretches
}

/// What a line says of an instant.
fn life(line: &Line, at: Micros) -> Life {
    let after = line.partition_point(|(from, _)| *from <= at);
    after.checked_sub(1).map_or(Life::Unknown, |before| line[before].1)
}

/// The line of one process: its signs, the intervals in which it certainly gave none, and when it was
/// certainly gone.
fn line(
    watch: &Watch<'_>,
    signs: &[Micros],
    absences: &[(Micros, Micros)],
    gone: Option<Micros>,
) -> Line {
    let mut line = Line::new();
    let mut enter = |at: Micros, life: Life| {
        if line.last().is_none_or(|(_, last)| *last != life) {
            line.push((at, life));
        }
    };
    if let Some(created) = watch.row.created_at.filter(|at| signs.first().is_none_or(|s| at < s)) {
        enter(created, Life::Unknown);
    }
    let until = |n: usize| signs.get(n + 1).copied();
    for (n, sign) in signs.iter().enumerate() {
        enter(*sign, Life::Alive);
        let next = until(n).or(gone.filter(|gone| sign < gone)).or(watch.horizon);
        if next.is_none_or(|next| next.seconds_since(*sign) <= REACH_S) {
            continue;
        }
        let absent = absences.iter().filter(|(from, _)| from.seconds_since(*sign).abs() < REACH_S);
        let absent = absent.map(|(_, until)| *until).max();
        let absent = absent.filter(|until| until.seconds_since(*sign) > REACH_S);
        enter(*sign, if absent.is_some() { Life::Silent } else { Life::Unknown });
        let told_until = |until: &Micros| next.is_some_and(|next| *until < next);
        if let Some(until) = absent.filter(told_until) {
            enter(until, Life::Unknown);
        }
    }
    if let Some(gone) = gone.filter(|gone| signs.last().is_none_or(|last| last <= gone)) {
        enter(gone, Life::Silent);
    } else if let Some(seen) =
        watch.vanished.filter(|seen| signs.last().is_some_and(|at| at < seen))
    {
        // of a row that is gone nobody could see more
        enter(seen, Life::Unknown);
    }
    line
}
