//! What the orchestrator noted of it before it ended it: `metadata.diagnostics`.

use serde_json::Value as Json;

use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::answers::worker::meta;

/// Adds what was noted (domain/orchestrator.md 1.3, diagnostics keys).
pub(super) fn add(page: &mut Page, life: &Life) {
    let noted = life.meta("diagnostics");
    const TITLE: &str = "Noted before its end (metadata.diagnostics)";
    // a row as of an instant may hold what was noted after a late heartbeat, at a second kill
    let is_later = noted.get("timestamp").and_then(meta::instant).is_some_and(|at| at > life.at);
    if !noted.is_object() || is_later {
        let said = match (&life.row, is_later) {
            (None, _) => "its row was not captured",
            (Some(_), true) => "none by this instant: what the row holds was noted later",
            (Some(_), false) => NONE,
        };
        page.lines("diagnostics", TITLE, vec![said.to_string()]);
        return;
    }
    let of = |key: &str| noted.get(key).unwrap_or(&Json::Null);
    let pod = |key: &str| of("pod_status").get(key).unwrap_or(&Json::Null);
    let mut fields = vec![
        ("noted_at", meta::when(of("timestamp"))),
        ("reason", meta::text(of("error_reason"))),
        ("collected", meta::text(of("collection_success"))),
        ("vram_total_mb", meta::number(of("vram_total_mb"))),
        ("vram_used_mb", meta::number(of("vram_used_mb"))),
        ("vram_used", meta::share(of("vram_used_mb"), of("vram_total_mb"))),
        ("vram_at", meta::when(of("vram_timestamp"))),
        ("last_heartbeat", meta::when(of("last_heartbeat"))),
        ("running_tasks", meta::number(of("running_tasks_count"))),
        ("pod_desired_status", meta::text(pod("desired_status"))),
        ("pod_actual_status", meta::text(pod("actual_status"))),
        ("pod_uptime_s", meta::seconds(pod("uptime_seconds"))),
        ("pod_cost_per_hour", meta::money(pod("cost_per_hr"))),
        ("pod_last_change", meta::text(pod("last_status_change"))),
    ];
    // what only some eras note, or only where something failed
    for (name, key) in [
        ("pod_status_error", "pod_status_error"),
        ("running_tasks_error", "running_tasks_error"),
        ("collection_error", "collection_error"),
        ("git_commit", "git_commit"),
        ("git_branch", "git_branch"),
        ("git_info_error", "git_info_error"),
        ("context", "context"),
        ("timeouts", "timeouts"),
        ("startup_log_tail", "startup_log_tail"),
        ("startup_log_stderr", "startup_log_stderr"),
    ] {
        if *of(key) != Json::Null {
            fields.push((name, listed(of(key))));
        }
    }
    page.fields("diagnostics", TITLE, fields);
    running(page, of("running_tasks"));
}

const NONE: &str = "none: an orchestrator notes them when it marks a worker as error, and its row had none by then";

/// An object as a list of its entries.
fn listed(json: &Json) -> Value {
    match json {
        Json::Object(_) => crate::answers::inputs::told(Some(&json.to_string())),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            meta::text(json)
        }
    }
}

/// The tasks that it held then, as noted: five at most are.
fn running(page: &mut Page, tasks: &Json) {
    let Some(tasks) = tasks.as_array().filter(|tasks| !tasks.is_empty()) else { return };
    let rows = tasks.iter().map(|task| {
        let of = |key: &str| task.get(key).unwrap_or(&Json::Null);
        vec![
            Value::id(of("id").as_str()),
            meta::text(of("task_type")),
            meta::when(of("started_at")),
            meta::seconds(of("age_seconds")),
        ]
    });
    let columns = ["task", "type", "started_at", "age_s"];
    page.table("tasks_at_end", "Tasks that it held then", &columns, rows.collect(), "none");
}
