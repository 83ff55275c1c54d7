//! Liveness: a line of its own, independent of what the orchestrator believed.

use crate::model::time::Micros;
use crate::replay::worker::end::WorkerEnd;
use crate::replay::worker::signals::Signal;

/// Signs further apart than this leave the time between unknown: heartbeats come every 20 s, and only
/// the last one survives, so silence between two signs proves nothing (domain/worker-app.md 4.1).
const REACH_S: f64 = 60.0;

/// One stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Liveness {
    /// `alive`, `silent` or `unknown`.
    pub what: &'static str,
    /// From.
    pub entered_at: Micros,
}

/// Alive around signs, unknown between distant ones, silent from the last sign to the end.
pub fn of(signals: &[Signal], end: Option<&WorkerEnd>) -> Vec<Liveness> {
    let mut stretches: Vec<Liveness> = Vec::new();
    let mut enter = |what, entered_at| {
        if stretches.last().is_none_or(|last| last.what != what) {
            stretches.push(Liveness { what, entered_at });
        }
    };
    let mut last: Option<Micros> = None;
    for signal in signals {
        if let Some(before) = last
            && signal.at.seconds_since(before) > REACH_S
        {
            enter("unknown", before);
        }
        enter("alive", signal.at);
        last = Some(signal.at);
    }
    if let (Some(last), Some(end)) = (last, end)
        && end.ended_at.is_some_and(|at| at > last)
    {
        enter("silent", last);
    }
    stretches
}
