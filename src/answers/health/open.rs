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
    let tasks: BTreeSet<&str> = open.filter_map(|row| row.text("id")).collect();
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

/// Adds them, those of one query in one row: many of one kind would hide the others. The worst query first.
pub(super) fn add(page: &mut Page, found: &[&Told], limit: usize) {
    let mut queries: Vec<(&Told, Vec<&Told>)> = Vec::new();
    for one in found {
        match queries.iter_mut().find(|(first, _)| first.query == one.query) {
            Some((_, more)) => more.push(one),
            None => queries.push((one, vec![one])),
        }
    }
    let rows = queries.iter().take(limit).map(|(first, all)| {
        let mut subjects: Vec<Value> = Vec::new();
        for one in all {
            let id = Value::Id(one.subject_id.clone());
            if subjects.len() < limit && !subjects.contains(&id) {
                subjects.push(id);
            }
        }
        let what = match all.len() {
            1 => first.summary.clone(),
            n => format!(
                "{}; {} more: `backstory findings --only {}`",
                first.summary,
                n - 1,
                first.query
            ),
        };
        vec![
            Value::Text(first.severity.name().to_string()),
            Value::Text(first.verdict.name().to_string()),
            Value::Id(first.query.clone()),
            Value::Count(all.len() as i64),
            Value::time(all.iter().filter_map(|one| one.happened_at).min()),
            Value::Text(what),
            Value::List(subjects),
        ]
    });
    let title = match queries.len() {
        n if n > limit => {
            format!("Findings about what is still open, by query (the first {limit} of {n})")
        }
        _ => "Findings about what is still open, by query".to_string(),
    };
    let title = match page.is_as_of {
        true => format!("{title}, told with all that the evidence knows, also of later"),
        false => title,
    };
    let columns = ["severity", "verdict", "query", "findings", "since", "what", "subjects"];
    page.table("open_findings", &title, &columns, rows.collect(), "none");
}
