//! Why tasks failed, how attempts ended, and which Complete tasks have no generation.

use std::collections::BTreeMap;

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::task::failure;
use crate::answers::tasks::rows::Rows;

/// Characters of a reason.
const REASON_MAX: usize = 120;

/// Adds the three.
pub(super) fn sections(page: &mut Page, found: &Rows) {
    let failed = found.bad.iter().filter(|row| row.text("state") == Some("failed"));
    let rows = counted(failed.map(|row| (reason(row), row)));
    let columns = ["reason", "tasks", "last_at", "last_task"];
    page.table("failures", "Failed tasks by reason (numbers masked)", &columns, rows, "none");

    let count = |row: &Row| row.int("n").unwrap_or(0);
    let total = found.ends.iter().map(count).sum();
    let rows = found
        .ends
        .iter()
        .map(|row| vec![row.say("said"), row.count("n"), Value::share(count(row), total)]);
    let columns = ["end", "attempts", "share"];
    page.table("attempts", "Attempts by how they ended", &columns, rows.collect(), "none");

    let missing = found.bad.iter().filter(|row| row.flag("lacks") == Some(true));
    let verdict = |row: &Row| row.text("verdict").unwrap_or("not known").to_string();
    let rows = counted(missing.map(|row| (verdict(row), row)));
    let columns = ["verdict", "tasks", "last_at", "last_task"];
    let title = "Complete, but the generation that was due is not known, by verdict";
    page.table("missing_generations", title, &columns, rows, "none");
}

/// Tasks by a word for each, the commonest first, with the newest as the example.
fn counted<'a>(tasks: impl Iterator<Item = (String, &'a Row)>) -> Vec<Vec<Value>> {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for (word, row) in tasks {
        groups.entry(word).or_default().push(row);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let rows = groups.into_iter().map(|(word, rows)| {
        let last = rows.iter().max_by_key(|row| (row.time("entered_at"), row.text("id")));
        vec![
            Value::Text(word),
            Value::Count(rows.len() as i64),
            last.map_or(Value::Missing, |row| row.when("entered_at")),
            last.map_or(Value::Missing, |row| row.id("id")),
        ]
    });
    rows.collect()
}

/// The error in the row of a failed task, with its numbers masked.
fn reason(row: &Row) -> String {
    failure::of_row(row).map_or_else(|| "(its row does not tell)".to_string(), masked)
}

/// The first line with every number and id as `#`, so that one cause is one reason.
fn masked(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut made = String::new();
    for word in line.split_inclusive(' ') {
        let bare = word.trim_end();
        // an id is masked whole: eight hexadecimal digits or more, with dashes
        let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
        let bare = bare.trim_end_matches(|c: char| c.is_ascii_punctuation());
        if bare.len() >= 8 && bare.chars().all(is_hex) {
            made.push('#');
            made.push_str(&word[bare.len()..]);
            continue;
        }
        for c in word.chars() {
            match c.is_ascii_digit() {
                true if made.ends_with('#') => {}
                true => made.push('#'),
                false => made.push(c),
            }
        }
    }
    match made.char_indices().nth(REASON_MAX) {
        Some((at, _)) => format!("{}...", &made[..at]),
        None => made,
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn one_cause_is_one_reason() {
        for (text, told) in [
            (
                "CUDA out of memory. Tried to allocate 2.50 GiB",
                "CUDA out of memory. Tried to allocate #.# GiB",
            ),
            (
                "Cascaded failed from related task 01ccd037-63ab-4efa-a883-f29640a7f488",
                "Cascaded failed from related task #",
            ),
            ("Timeout\nTraceback", "Timeout"),
            ("", ""),
        ] {
            assert_eq!(masked(text), told);
        }
    }
}
