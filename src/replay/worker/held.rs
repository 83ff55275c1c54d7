//! Which tasks each worker held, and when.

use crate::model::id::EventId;
use crate::model::rows::Facts;
use crate::model::time::Micros;
use crate::replay::numbers::Numbers;
use crate::replay::task::TaskTimeline;
use crate::replay::task::afterwork::Afterwork;

/// One attempt, seen from its worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// From the claim.
    pub from: Micros,
    /// Until its end, or until its worker was done with it where somebody else had ended it; `None` = still
    /// held, or worked on.
    pub until: Option<Micros>,
    /// The claim's event.
    pub claimed_event: Option<EventId>,
    /// The end's event.
    pub ended_event: Option<EventId>,
    /// Whether its process works on it; an orchestrator task waits for its children without one.
    pub works: bool,
}

/// Attempts by the rows of their workers.
pub fn by_worker(facts: &Facts, tasks: &[TaskTimeline], numbers: &Numbers) -> Vec<Vec<Held>> {
    let mut held: Vec<Vec<(Held, bool)>> = vec![Vec::new(); numbers.workers()];
    let attempts = facts.tasks.iter().zip(tasks);
    let attempts = attempts.flat_map(|(row, task)| task.attempts.iter().map(move |one| (row, one)));
    for (row, attempt) in attempts {
        if let Some(place) = numbers.holder(attempt) {
            let (until, ended_event) = match attempt.afterwork {
                Afterwork::Nothing => (attempt.ended_at, attempt.ended_event),
                Afterwork::Until(at, event) => (Some(at), Some(event)),
                Afterwork::Unfinished => (None, None),
            };
            let one = Held {
                from: attempt.claimed_at,
                until,
                claimed_event: attempt.claimed_event,
                ended_event,
                works: !row.is_orchestrator(),
            };
            let goes_on = attempt.afterwork != Afterwork::Nothing;
            held[place].push((one, goes_on));
        }
    }
    held.into_iter().map(until_next).collect()
}

/// Who asks for a task is done with the one before: what a worker went on with is over by its next claim.
fn until_next(held: Vec<(Held, bool)>) -> Vec<Held> {
    let mut claims: Vec<_> = held.iter().map(|(one, _)| (one.from, one.claimed_event)).collect();
    claims.sort_unstable();
    let cut = held.into_iter().map(|(one, goes_on)| {
        let next = claims.get(claims.partition_point(|(from, _)| *from <= one.from));
        match next.filter(|_| goes_on) {
            Some((next, because)) if one.until.is_none_or(|until| *next < until) => {
                Held { until: Some(*next), ended_event: *because, ..one }
            }
            Some(_) | None => one,
        }
    });
    cut.collect()
}
