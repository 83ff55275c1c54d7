//! How tasks spread over states and types, and how long they waited and worked.

use std::collections::BTreeMap;

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};

/// Rows by a text of theirs.
fn grouped<'a>(all: &'a [Row], column: &str) -> Vec<(String, Vec<&'a Row>)> {
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in all {
        groups.entry(row.text(column).unwrap_or("not known")).or_default().push(row);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
    groups.into_iter().map(|(word, rows)| (word.to_string(), rows)).collect()
}

/// Adds the states, the commonest first.
pub(super) fn by_state(page: &mut Page, all: &[Row]) {
    let rows = grouped(all, "state").into_iter().map(|(state, tasks)| {
        let n = tasks.len() as i64;
        vec![Value::Text(state), Value::Count(n), Value::share(n, all.len() as i64)]
    });
    page.table("by_state", "By state", &["state", "tasks", "share"], rows.collect(), "no task");
}

/// Adds the types, the commonest first.
pub(super) fn by_type(page: &mut Page, all: &[Row]) {
    let rows = grouped(all, "task_type").into_iter().map(|(name, tasks)| {
        let n = tasks.len() as i64;
        let of = |state: &str| tasks.iter().filter(|row| row.text("state") == Some(state)).count();
        let (complete, failed) = (of("complete") as i64, of("failed") as i64);
        vec![
            Value::Text(name),
            Value::Count(n),
            Value::share(n, all.len() as i64),
            Value::Count(complete),
            Value::Count(failed),
            Value::share(failed, failed + complete),
            Value::Count(tasks.iter().filter_map(|row| row.int("attempts")).sum()),
        ]
    });
    let columns = ["type", "tasks", "share", "complete", "failed", "failure_rate", "attempts"];
    page.table("by_type", "By type", &columns, rows.collect(), "no task");
}

/// Adds the waits until the first claim, and the work of the attempts that brought an end.
pub(super) fn times(page: &mut Page, all: &[Row]) {
    let columns = ["type", "tasks", "median_s", "p90_s", "max_s"];
    let parts = [
        ("queue", "queue_s", "In the queue until the first claim, by type"),
        ("processing", "processing_s", "From the last claim to Complete, by type"),
    ];
    for (key, column, title) in parts {
        let rows = grouped(all, "task_type").into_iter().filter_map(|(name, tasks)| {
            let mut known: Vec<f64> = tasks.iter().filter_map(|row| row.float(column)).collect();
            known.sort_by(f64::total_cmp);
            (!known.is_empty()).then(|| {
                let at = |share| Value::Seconds(quantile(&known, share));
                vec![Value::Text(name), Value::Count(known.len() as i64), at(0.5), at(0.9), at(1.0)]
            })
        });
        page.table(key, title, &columns, rows.collect(), "not known of any");
    }
}

/// The nearest of sorted values, of which there is one at least.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
