//! How tasks spread over states and types, and how long they waited and worked.

use std::collections::BTreeMap;

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::tasks::{in_state, sum};

/// Counts by a text of theirs, of the most tasks first.
fn grouped<'a>(counts: &'a [Row], column: &str) -> Vec<(&'a str, i64, Vec<&'a Row>)> {
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in counts {
        groups.entry(row.text(column).unwrap_or("not known")).or_default().push(row);
    }
    let counted =
        |(word, rows): (_, Vec<&'a Row>)| (word, sum(rows.iter().copied(), "tasks"), rows);
    let mut groups: Vec<_> = groups.into_iter().map(counted).collect();
    groups.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    groups
}

/// Adds the states, the commonest first.
pub(super) fn by_state(page: &mut Page, counts: &[Row]) {
    let all = sum(counts.iter(), "tasks");
    let rows = grouped(counts, "state").into_iter().map(|(state, n, _)| {
        vec![Value::Text(state.to_string()), Value::Count(n), Value::share(n, all)]
    });
    page.table("by_state", "By state", &["state", "tasks", "share"], rows.collect(), "no task");
}

/// Adds the types, the commonest first.
pub(super) fn by_type(page: &mut Page, counts: &[Row]) {
    let all = sum(counts.iter(), "tasks");
    let rows = grouped(counts, "task_type").into_iter().map(|(name, n, rows)| {
        let of = |state: &str| in_state(rows.iter().copied(), state);
        let (complete, failed) = (of("complete"), of("failed"));
        vec![
            Value::Text(name.to_string()),
            Value::Count(n),
            Value::share(n, all),
            Value::Count(complete),
            Value::Count(failed),
            Value::share(failed, failed + complete),
            Value::Count(sum(rows.iter().copied(), "attempts")),
        ]
    });
    let columns = ["type", "tasks", "share", "complete", "failed", "failure_rate", "attempts"];
    page.table("by_type", "By type", &columns, rows.collect(), "no task");
}

/// Adds the waits until the first claim, and the work of the attempts that brought an end: types in the order of
/// the table before.
pub(super) fn times(page: &mut Page, counts: &[Row], times: &[Row]) {
    let columns = ["type", "tasks", "median_s", "p90_s", "max_s"];
    let parts = [
        ("queue", "In the queue until the first claim, by type"),
        ("processing", "From the last claim to Complete, by type"),
    ];
    for (key, title) in parts {
        let rows = grouped(counts, "task_type").into_iter().filter_map(|(name, _, _)| {
            let of = |row: &&Row| row.text("task_type").unwrap_or("not known") == name;
            let row = times.iter().find(of)?;
            let known = row.int(&format!("{key}_n")).filter(|n| *n > 0)?;
            let at = |what: &str| {
                let seconds = row.float(&format!("{key}_{what}"));
                seconds.map_or(Value::Missing, Value::Seconds)
            };
            let [median, p90, max] = ["median", "p90", "max"].map(at);
            Some(vec![Value::Text(name.to_string()), Value::Count(known), median, p90, max])
        });
        page.table(key, title, &columns, rows.collect(), "not known of any");
    }
}
