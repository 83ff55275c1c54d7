//! A task's parameters, as redacted: those that are asked for first, first.

use serde_json::Value as Json;

use super::record::Record;
use crate::answers::page::{Page, Value};

/// Parameters that are shown without `--all`.
const SHOWN_MAX: usize = 16;
/// Characters of a value that are shown without `--all` (as the old tool: domain/orchestrator.md 6, `task`).
const VALUE_MAX: usize = 100;

/// What is looked for first.
const FIRST: [&str; 14] = [
    "model_name",
    "model",
    "resolution",
    "parsed_resolution_wh",
    "prompt",
    "base_prompt",
    "seed",
    "num_inference_steps",
    "segment_index",
    "segment_frames_target",
    "orchestrator_task_id_ref",
    "orchestrator_run_id",
    "skip_generation",
    "generation_id",
];

/// Adds them.
pub(super) fn section(page: &mut Page, record: &Record, is_all: bool) {
    let (mut all, none) = match (&record.row, record.text("params")) {
        (None, _) => (Vec::new(), "its row is not there"),
        (Some(_), None) => (Vec::new(), "the column is NULL"),
        (Some(_), Some(text)) => (of(text), "none"),
    };
    all.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    let shown = if is_all { all.len() } else { all.len().min(SHOWN_MAX) };
    let title = if shown < all.len() {
        format!("Parameters (the first {shown} of {}; `--all` shows all)", all.len())
    } else {
        "Parameters".to_string()
    };
    let rows = all.into_iter().take(shown).map(|(key, value)| {
        let value = if is_all { value } else { cut(&value, VALUE_MAX) };
        vec![Value::Text(key), Value::Text(value)]
    });
    page.table("params", &title, &["key", "value"], rows.collect(), none);
}

/// Keys and values of an object, in its order; of anything else, itself.
fn of(text: &str) -> Vec<(String, String)> {
    let plain = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            value.to_string()
        }
    };
    match serde_json::from_str::<Json>(text) {
        Ok(Json::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()
        }
        Ok(other) => vec![("(not an object)".to_string(), plain(&other))],
        Err(_) => vec![("(not JSON)".to_string(), text.to_string())],
    }
}

/// As many characters, the last of them telling that there were more.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_string(),
    }
}
