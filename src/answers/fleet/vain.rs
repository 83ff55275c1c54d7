//! Waits for what never comes.

use std::collections::BTreeMap;

use crate::answers::fleet::rings::rings;
use crate::answers::row::Row;

/// Of a table `waits` (`id`, `other_id`) the rows that [`of`] judges, all but those that wait for nothing or for what is
/// complete; `states` are the last states of tasks, `{others}` the tasks that are there.
pub(in crate::answers) const UNMET: &str = "select waits.*, states.state as other_state, others.id is null as is_missing \
    from waits left join {others} as others on others.id = other_id \
    left join states on states.task_id = other_id \
    where other_id not in ('', 'NULL') and states.state is distinct from 'complete' \
    order by waits.id, other_id";

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

/// Why each of these is in vain, where it is: rows of [`UNMET`].
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
