//! Ends that did not last: what undid them.

use crate::model::event::Event;
use crate::model::kind::EventKind;
use crate::model::rows::TaskRow;
use crate::replay::task::claims::{Claim, EARLY_S};
use crate::replay::task::ends::{Final, Revival, Then};
use crate::replay::task::hidden;

/// What undid an end; `None` where nothing did: it is the last one, told early.
pub(super) fn then(
    row: &TaskRow,
    events: &[&Event],
    claims: &[Claim],
    end: &Final,
    last: Option<&Final>,
) -> Option<Then> {
    let after = |event: &&&Event| end.at < event.at && last.is_none_or(|last| event.at < last.at);
    let claim = claims.iter().find(|claim| {
        claim.at.seconds_since(end.at) > if claim.is_exact() { 0.0 } else { EARLY_S }
    });
    let before_claim = |event: &&&Event| claim.is_none_or(|claim| event.at <= claim.at);
    let told = events.iter().filter(after).filter(before_claim).find_map(|event| {
        let undone = match (event.kind, event.text("new_status")?) {
            (EventKind::TaskStatusUpdated | EventKind::TaskRowChanged, "Queued") => true,
            (EventKind::TaskStatusUpdated, "In Progress") => false,
            (_, _) => return None,
        };
        let (at, basis, event) = (event.at, event.basis, event.id);
        Some((undone, Revival { at, basis, event, made: None }))
    });
    match (told, claim) {
        (Some((true, revival)), _) => Some(Then::Queued(revival)),
        (Some((false, revival)), None) => Some(Then::Overwritten(Some(revival))),
        (Some((false, _)) | None, Some(claim)) => {
            let made = hidden::revival(row, end.at, claim.at);
            let (at, basis, event) = (made.at, made.basis, made.id);
            Some(Then::Queued(Revival { at, basis, event, made: Some(made) }))
        }
        (None, None) => last.filter(|last| last.what != end.what).map(|_| Then::Overwritten(None)),
    }
}
