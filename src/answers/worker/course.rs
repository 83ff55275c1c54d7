//! The course of its life: states, and the tasks that it held.

use std::collections::BTreeMap;

use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;

/// Adds its states. Of a long life the middle is idle and busy by turns: the first and the last are told.
pub(super) fn states(page: &mut Page, life: &Life, limit: usize) {
    let last = life.states.len().saturating_sub(1);
    let skipped = life.states.len().saturating_sub(limit);
    let rows = life.states.iter().enumerate().skip(skipped).map(|(n, state)| {
        let left = state.time("left_at").or((n == last).then_some(life.at));
        let is_ended = state.text("state") == Some("ended");
        vec![
            state.say("state"),
            state.when("entered_at"),
            if is_ended { Value::Missing } else { Value::between(state.time("entered_at"), left) },
            state.say("basis"),
            Value::text(life.kind_of(state.text("entered_event_id"))),
        ]
    });
    let title = match skipped {
        0 => "States".to_string(),
        n => format!("States (the last {} of {})", life.states.len() - n, life.states.len()),
    };
    let columns = ["state", "entered_at", "lasted_s", "basis", "because_of"];
    page.table("states", &title, &columns, rows.collect(), "none");
}

/// Adds its attempts at tasks, the last ones where there are more than asked for.
pub(super) fn tasks(page: &mut Page, life: &Life, limit: usize) {
    let mut outcomes: BTreeMap<&str, i64> = BTreeMap::new();
    for attempt in &life.attempts {
        *outcomes.entry(attempt.text("outcome").unwrap_or("not known")).or_default() += 1;
    }
    let counted = outcomes
        .iter()
        .map(|(outcome, n)| vec![Value::Text((*outcome).to_string()), Value::Count(*n)]);
    let rows = counted.collect();
    let none = "it claimed none, as far as rows tell";
    page.table("outcomes", "Tasks by outcome", &["outcome", "attempts"], rows, none);
    if life.attempts.is_empty() {
        return;
    }
    let skipped = life.attempts.len().saturating_sub(limit);
    let rows = life.attempts.iter().skip(skipped).map(|attempt| {
        let until = attempt.time("ended_at").unwrap_or(life.at);
        vec![
            attempt.id("task_id"),
            attempt.say("task_type"),
            attempt.when("claimed_at"),
            Value::between(attempt.time("claimed_at"), Some(until)),
            attempt.say("outcome"),
            attempt.say("reason"),
        ]
    });
    let title = match skipped {
        0 => "Tasks that it held".to_string(),
        n => {
            format!(
                "Tasks that it held (the last {} of {})",
                life.attempts.len() - n,
                life.attempts.len()
            )
        }
    };
    let columns = ["task", "type", "claimed_at", "held_s", "outcome", "reason"];
    page.table("tasks", &title, &columns, rows.collect(), "none");
}
