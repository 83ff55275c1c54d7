//! The worker at a glance: what its row says, what the timeline says, its pods.

use serde_json::Value as Json;

use crate::answers::heartbeat::Heartbeat;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::answers::worker::meta;
use crate::model::time::Micros;

/// What a row should say of a state (domain/orchestrator.md 2.1).
fn status_of(state: &str) -> Option<&'static str> {
    match state {
        "requested" => Some("inactive"),
        "condemned" => Some("error"),
        "ended" => Some("terminated"),
        state if state.starts_with("spawning") => Some("spawning"),
        state if state.starts_with("active") => Some("active"),
        // a word of a later build
        _ => None,
    }
}

/// Whether a row's status is what its state should show. `crashed` is the guardian's word (since 2026-03-31,
/// domain/worker-app.md 1.5), which no rule of the orchestrator sees.
pub(in crate::answers) fn agrees(state: &str, status: &str) -> Option<bool> {
    let expected = status_of(state)?;
    Some(status == expected || state == "condemned" && status == "crashed")
}

/// Adds the overview.
pub(super) fn add(page: &mut Page, life: &Life) {
    let row = life.row.as_ref();
    let status = row.and_then(|row| row.text("status"));
    let state = life.state().and_then(|state| state.text("state"));
    let differs = match (status, state) {
        (Some(status), Some(state)) if agrees(state, status) == Some(false) => {
            // one that gave itself up says `error`, and stays so where no orchestrator ends it
            let unwritten = if state == "ended" { ", or nobody wrote the end into it" } else { "" };
            Value::Text(format!(
                "the row says `{status}`, its timeline says `{state}`: the row is late, or was written over{unwritten}"
            ))
        }
        (Some(_) | None, Some(_) | None) => Value::Missing,
    };
    let last = row.and_then(|row| row.time("last_heartbeat"));
    let created = row.and_then(|row| row.time("created_at"));
    // what the row keeps of a moment after the instant is no answer
    let vram_is_later = meta::instant(life.meta("vram_timestamp")).is_some_and(|at| at > life.at);
    let vram = |value: Value| if vram_is_later { Value::Missing } else { value };
    let lasting = |value: Value| if life.is_as_of { Value::Missing } else { value };
    let mut fields = vec![
        ("state", Value::text(state)),
        ("state_since", Value::time(life.state().and_then(|state| state.time("entered_at")))),
        ("row_status", Value::text(status)),
    ];
    fields.extend(row_vanished(life));
    if differs != Value::Missing {
        fields.push(("row_differs", differs));
    }
    fields.extend(now(life));
    fields.extend([
        ("created_at", Value::time(life.began_at())),
        ("lived_s", Value::between(life.began_at(), Some(life.until()))),
        ("last_heartbeat", Value::time(last)),
        ("heartbeat_class", heartbeat(life, created, last)),
        ("instance_type", row.map_or(Value::Missing, |row| row.say("instance_type"))),
        ("current_model", lasting(row.map_or(Value::Missing, |row| row.say("current_model")))),
        ("ram_tier_gb", meta::number(life.meta("ram_tier"))),
        ("storage_volume", meta::text(life.meta("storage_volume"))),
        ("vram_total_mb", meta::number(life.meta("vram_total_mb"))),
        ("vram_used_mb", vram(meta::number(life.meta("vram_used_mb")))),
        ("vram_used", vram(meta::share(life.meta("vram_used_mb"), life.meta("vram_total_mb")))),
        ("vram_at", vram(meta::when(life.meta("vram_timestamp")))),
    ]);
    // keys of some eras only: a row without them says nothing by it
    for (name, key) in [
        ("promotion_reason", "promotion_reason"),
        ("startup_phase", "startup_phase"),
        ("terminated_by", "terminated_by"),
        ("worker_pool", "worker_pool"),
        ("worker_profile", "worker_profile"),
    ] {
        let is_later = key == "startup_phase" && life.is_as_of;
        if *life.meta(key) != Json::Null && !is_later {
            fields.push((name, meta::text(life.meta(key))));
        }
    }
    page.fields("overview", "Overview", fields);
    pods(page, life);
}

/// Of a row that is gone: what stands above is how the capture before found it.
fn row_vanished(life: &Life) -> Vec<(&'static str, Value)> {
    let Some((seen, missed)) = life.row_vanished() else { return Vec::new() };
    let said =
        "its row vanished between two captures: state and status are those of the first of them";
    vec![
        ("row_vanished", Value::Text(said.to_string())),
        ("row_seen_at", Value::time(Some(seen))),
        ("row_missed_at", Value::time(Some(missed))),
    ]
}

/// Of one that has not ended: whether it gives signs of life, and what it holds since when.
fn now(life: &Life) -> Vec<(&'static str, Value)> {
    if life.is_over() {
        return Vec::new();
    }
    let mut fields = Vec::new();
    if let Some(last) = life.sign_of_life() {
        fields.push(("liveness", last.say("liveness")));
        fields.push(("liveness_since", last.when("entered_at")));
    }
    let open = life.attempts.iter().rfind(|attempt| attempt.text("outcome") == Some("open"));
    if let Some(attempt) = open {
        fields.push(("holds", attempt.id("task_id")));
        fields.push(("holds_since", attempt.when("claimed_at")));
    }
    fields
}

/// The old tool's class, and what it means here.
fn heartbeat(life: &Life, created: Option<Micros>, last: Option<Micros>) -> Value {
    if life.row.is_none() {
        return Value::Missing;
    }
    let class = Heartbeat::as_of(life.at, created, last, life.kept_heartbeat);
    let said = match (class, life.is_over()) {
        (Heartbeat::Unknown, _) => "NOT KNOWN (the row keeps a later one alone)",
        (Heartbeat::None, _) if last.is_some() => "NONE (the row was made with this time)",
        (Heartbeat::None, _) => "NONE",
        (class @ (Heartbeat::Healthy | Heartbeat::Warning | Heartbeat::Stale), false) => {
            class.name()
        }
        (Heartbeat::Healthy | Heartbeat::Warning, true) => "it has ended since",
        (Heartbeat::Stale, true) => "STALE (it has ended)",
    };
    Value::Text(said.to_string())
}

/// What it ran on, and what that cost.
fn pods(page: &mut Page, life: &Life) {
    let rows = life.pods.iter().map(|pod| {
        // of a worker that ended, a pod without an end stopped too, nobody knows when; with no bound at all it
        // may run on, and costs (as `pods` counts it)
        let runs_on = life.ended_at().is_none();
        let until = pod.time("ended_at").or(runs_on.then_some(life.until()));
        let lived = pod.time("created_at").zip(until);
        let lived = lived.map(|(created, until)| until.seconds_since(created));
        let price = pod.float("cost_per_hour");
        let cost = price.zip(lived).map(|(price, lived)| price * lived / 3600.0);
        let money = |dollars: Option<f64>| dollars.map_or(Value::Missing, Value::Money);
        vec![
            pod.id("pod_id"),
            pod.when("created_at"),
            pod.when("ended_at"),
            lived.map_or(Value::Missing, Value::Seconds),
            money(price),
            money(cost),
        ]
    });
    let columns = ["pod", "created_at", "ended_at", "lived_s", "cost_per_hour", "cost"];
    page.table("pods", "Pod", &columns, rows.collect(), "none is known");
}
