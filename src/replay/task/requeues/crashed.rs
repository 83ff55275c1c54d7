//! A way back into the queue that a crash report took, where its text in the row is all that tells.

use crate::model::event::{Clock, Event};
use crate::model::rows::TaskRow;
use crate::model::state::Outcome;
use crate::replay::seen::Seen;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::requeues::{Requeue, told};

/// How the crash report of a guardian names itself (domain/worker-app.md 1.5).
pub(super) const TEXT: &str = "Requeued: worker crashed";
/// Why.
pub(super) const WHY: &str = "its worker crashed";
/// A guardian reports a dead process with its next heartbeat, and what that had not sent yet is lost
/// (domain/worker-app.md 4.1; evidence-rules class 8).
const REPORT_S: f64 = 20.0;

/// Names the crash where only a later claim implies that the task went back. Its worker's row says `crashed` until its
/// next heartbeat, so that one which was started again tells of it no more; the text stays (evidence-rules class 8 and
/// fact 7). Of several such ways nothing says which one it was.
pub(super) fn name(
    row: &TaskRow,
    claims: &[Claim],
    events: &[Seen<'_>],
    requeues: &mut [Option<Requeue>],
) {
    let text = row.error_message.as_deref().unwrap_or("");
    if !text.starts_with(TEXT) || requeues.iter().flatten().any(|requeue| requeue.reason == WHY) {
        return;
    }
    let Some(place) = told::only_implied(requeues) else { return };
    let (claim, next) = (&claims[place], claims[place + 1..].iter().find(|c| !c.is_duplicate));
    let Some(requeue) = requeues[place].as_mut() else { return };
    // its process lived until its last line about the task, at the least; one at the next claim is of that
    let until = next.map_or(requeue.at, |next| next.at.plus_seconds(-EARLY_S));
    let own = events.iter().filter(|event| event.clock == Clock::Worker && claim.is_by(event));
    let last = own.map(|event| event.at).filter(|at| claim.at < *at && *at < until).max();
    let reported = last.map(|at| at.plus_seconds(REPORT_S).min(requeue.at).max(at));
    (requeue.outcome, requeue.reason) = (Outcome::Requeued, WHY);
    let Some(made) = requeue.made.as_mut() else { return };
    let earliest = made.earliest.max(last.unwrap_or(made.earliest));
    requeue.at = reported.unwrap_or(requeue.at);
    **made = told::beside_its_text(row, Event { at: requeue.at, earliest, ..(**made).clone() });
}
