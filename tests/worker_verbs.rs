//! The verbs about workers and the orchestrator: the faults of the tool before us, the truth of recorded
//! incidents, and what a stranger reads.

mod api;
mod faults;
mod golden;
mod health;
mod held;
mod instant;
mod logging;
mod odd;
mod open;
mod pods;
mod rings;
mod signs;
mod startup;
mod strange;
mod tasks;
mod truth;
mod vanished;

use serde_json::Value;

use crate::support::replayed::Bench;

/// The JSON of a verb.
fn json(bench: &Bench, verb: &str, more: &[&str]) -> Value {
    let said = bench.run(verb, "s", &[more, &["--format", "json"]].concat()).ok();
    serde_json::from_str(&said).unwrap_or_else(|err| panic!("{verb} {more:?}: {err}"))
}

/// The rows of a section.
#[track_caller]
fn rows<'a>(page: &'a Value, section: &str) -> &'a [Value] {
    page[section].as_array().unwrap_or_else(|| panic!("no rows `{section}` in {page}"))
}

/// A text of a row.
fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}
