//! Events that only repeat what a task's story has told already.

use super::event::Told;
use super::record::Record;
use crate::model::kind::EventKind;

/// An act and what repeats it is told within this time: two clocks, and a batch of lines (domain/orchestrator.md
/// 9, 4: a claim is two rows).
pub(super) const ECHO_S: f64 = 2.0;

/// What tells of an attempt's claim without being the claim's own words.
const ECHOES: [EventKind; 2] = [EventKind::TaskClaimRecorded, EventKind::TaskListedActive];

/// What puts a task back at a known time: what its row keeps of that adds nothing then.
const RESETS: [EventKind; 3] =
    [EventKind::TaskResetListed, EventKind::TasksReset, EventKind::TasksSwept];

/// What an event may be an echo of.
pub(super) struct Echoes<'a> {
    /// The claims in the words of who claimed.
    pub(super) claims: Vec<&'a Told>,
    is_reset_told: bool,
}

impl<'a> Echoes<'a> {
    /// Those of one task.
    pub(super) fn of(record: &'a Record) -> Self {
        let claims = record.events.iter().filter(|event| event.kind == EventKind::TaskClaimed);
        Self {
            claims: claims.collect(),
            is_reset_told: record.events.iter().any(|event| RESETS.contains(&event.kind)),
        }
    }

    /// Whether an event is one.
    pub(super) fn hold(&self, event: &Told) -> bool {
        is_second(event, &self.claims)
            || self.is_reset_told && event.kind == EventKind::TaskResetText
            || ECHOES.contains(&event.kind)
                && self.claims.iter().any(|claim| {
                    (event.worker.is_none() || claim.worker == event.worker)
                        && claim.at.seconds_since(event.at).abs() <= ECHO_S
                })
    }
}

/// Whether it is a claim that another source told before: the one who claims, and the function that he asks.
fn is_second(event: &Told, claims: &[&Told]) -> bool {
    event.kind == EventKind::TaskClaimed
        && claims.iter().any(|claim| {
            claim.source != event.source
                && claim.worker == event.worker
                && (claim.at, &claim.id) < (event.at, &event.id)
                && event.at.seconds_since(claim.at) <= ECHO_S
        })
}
