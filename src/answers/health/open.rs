//! What was found about workers that are still in service, and tasks that are still open.

use std::collections::BTreeSet;

use crate::answers::ask::Ask;
use crate::answers::fleet::queue::Queue;
use crate::answers::fleet::serving::Member;
use crate::answers::page::{Page, Value};
use crate::findings::finding::Verdict;
use crate::findings::short::Told;

/// The findings, in the order of `findings`: the worst first.
pub(super) fn of<'a>(
    ask: Ask<'_>,
    serving: &[&Member],
    queue: &Queue,
    told: &'a [Told],
) -> Vec<&'a Told> {
    let workers: BTreeSet<&str> = serving.iter().map(|one| one.id()).collect();
    let open = ["queued", "in_progress"].into_iter().flat_map(|state| queue.of(state));
    let tasks: BTreeSet<&str> = open.filter_map(|row| row.text("task_id")).collect();
    let is_open = |one: &&Told| {
        let id = one.subject_id.as_str();
        let is_there = match one.subject_kind.as_str() {
            "worker" => workers.contains(id),
            "task" => tasks.contains(id),
            // pods have a list of their own; a run, a fleet or a generation is not open
            _ => false,
        };
        is_there
            && matches!(one.verdict, Verdict::Confirmed | Verdict::Probable)
            // of an instant, what has no time may be of later
            && one.happened_at.map_or(!ask.is_as_of, |since| since <= ask.at)
    };
    told.iter().filter(is_open).collect()
}

/// Adds them.
pub(super) fn add(page: &mut Page, found: &[&Told], limit: usize) {
    let rows = found.iter().take(limit).map(|one| {
        vec![
            Value::Text(one.severity.name().to_string()),
            Value::Text(one.verdict.name().to_string()),
            Value::Id(one.subject_id.clone()),
            Value::time(one.happened_at),
            Value::Id(one.query.clone()),
            Value::Text(one.summary.clone()),
        ]
    });
    let title = match found.len() {
        n if n > limit => format!("Findings about what is still open (the first {limit} of {n})"),
        _ => "Findings about what is still open".to_string(),
    };
    let title = match page.is_as_of {
        true => format!("{title}, told with all that the evidence knows, also of later"),
        false => title,
    };
    let columns = ["severity", "verdict", "subject", "since", "query", "what"];
    page.table("open_findings", &title, &columns, rows.collect(), "none");
}
