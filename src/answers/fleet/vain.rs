//! Waits for what never comes.

use std::collections::BTreeMap;

use crate::answers::fleet::rings::rings;
use crate::answers::row::Row;

/// Why what is waited for never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::answers) enum Vain {
    Failed,
    Cancelled,
    Missing,
    /// The task waits for itself.
    Itself,
    /// The one waited for waits for this one, by way of others or not.
    Ring,
    /// The one waited for waits in vain in its turn.
    Chain,
}

impl Vain {
    /// What the one waited for is.
    pub(in crate::answers) fn said(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Missing => "not there",
            Self::Itself => "itself",
            Self::Ring => "queued, and waits for this one in turn",
            Self::Chain => "queued, and waits in vain itself",
        }
    }

    /// Whether tasks wait for each other.
    pub(in crate::answers) fn is_mutual(self) -> bool {
        matches!(self, Self::Itself | Self::Ring)
    }
}

/// Why each of these is in vain, where it is: rows of a task (`id`) that waits for another (`other_id`), whose state
/// is `other_state`; `is_missing` where it has no row.
pub(in crate::answers) fn of(waits: &[Row]) -> Vec<Option<Vain>> {
    let pairs = waits.iter().filter_map(|row| row.text("id").zip(row.text("other_id")));
    let rings = rings(pairs);
    let ring = |id: Option<&str>| id.and_then(|id| rings.get(id));
    let why = |row: &Row| match (row.text("id"), row.text("other_id")) {
        (task, other) if task == other => Some(Vain::Itself),
        (task, other) if ring(task).is_some() && ring(task) == ring(other) => Some(Vain::Ring),
        (_, _) if row.flag("is_missing") == Some(true) => Some(Vain::Missing),
        (_, _) => match row.text("other_state") {
            Some("failed") => Some(Vain::Failed),
            Some("cancelled") => Some(Vain::Cancelled),
            Some(_) | None => None,
        },
    };
    let mut vain: Vec<Option<Vain>> = waits.iter().map(why).collect();
    spread(waits, &mut vain);
    vain
}

/// Who waits for one that waits in vain does so too.
fn spread(waits: &[Row], vain: &mut [Option<Vain>]) {
    let mut behind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in waits.iter().enumerate() {
        behind.entry(row.text("other_id").unwrap_or_default()).or_default().push(at);
    }
    let mut lost: Vec<usize> = (0..vain.len()).filter(|at| vain[*at].is_some()).collect();
    while let Some(at) = lost.pop() {
        // taken away: several of what it waits for may never come, and it is lost once
        let next = behind.remove(waits[at].text("id").unwrap_or_default());
        for next in next.unwrap_or_default() {
            if vain[next].is_none() {
                vain[next] = Some(Vain::Chain);
                lost.push(next);
            }
        }
    }
}
