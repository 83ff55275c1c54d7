//! How a task came out: its output, whether a success is one, and the true error of a failure, wherever
//! it stands.

use serde_json::Value as Json;

use super::event::{Told, cited};
use super::record::Record;
use crate::answers::page::{Page, Value};
use crate::answers::row::Row;
use crate::model::output::OutputClass;

/// What a reset, a requeue or a retry leaves in `error_message`; a later end clears none of them
/// (domain/worker-app.md 2.2 T9, T10; 2.3).
const LEFTOVERS: [&str; 3] = ["Reset ", "Requeued:", "Retry "];

/// An error, and where it stands.
struct Found<'a> {
    text: &'a str,
    stands_in: &'static str,
    event: Option<&'a Told>,
}

/// Adds the result and the error.
pub(super) fn section(page: &mut Page, record: &Record) {
    let verdict = record.generation.as_ref();
    page.fields(
        "result",
        "Result",
        vec![
            ("output", Value::text(record.text("output_location"))),
            ("output_kind", Value::text(class(record).map(OutputClass::name))),
            ("generation_created", flag(record)),
            ("generation_verdict", verdict.map_or(Value::Missing, |row| row.say("verdict"))),
            ("is_success", is_success(record)),
            ("caveats", Value::List(caveats(record).into_iter().map(Value::Text).collect())),
        ],
    );
    let found = error(record);
    let leftover = leftover(record);
    if found.is_none() && leftover.is_none() && record.state() != Some("failed") {
        return;
    }
    let event = found.as_ref().and_then(|found| found.event);
    page.fields(
        "error",
        if found.is_some() { "Error" } else { "Error (none of its own is known)" },
        vec![
            ("error", Value::text(found.as_ref().map(|found| found.text))),
            ("stands_in", Value::text(found.as_ref().map(|found| found.stands_in))),
            ("said_by", Value::text(event.map(said_by))),
            ("said_at", Value::time(event.map(|event| event.at))),
            ("event", cited(event.map(|event| event.id.as_str()))),
            ("is_cut_short", cut_short(found.as_ref())),
            ("leftover", Value::text(leftover)),
            ("leftover_of", leftover.map_or(Value::Missing, |_| Value::text(Some(LEFTOVER_OF)))),
            ("loras", loras(record, found.as_ref())),
        ],
    );
}

fn said_by(event: &Told) -> &str {
    event.by().filter(|_| !event.is_by_others()).unwrap_or("the task's row")
}

const LEFTOVER_OF: &str = "an earlier reset or retry: no end clears error_message, so it is not why the \
    task ended as it did";

fn class(record: &Record) -> Option<OutputClass> {
    // as of an instant the row may have had no output yet
    record.text("output_location")?;
    // redaction may have hidden the form: what stood there was told before
    let told = record.text("_output_class").and_then(OutputClass::from_name);
    told.or_else(|| OutputClass::of(record.text("output_location")?))
}

fn flag(record: &Record) -> Value {
    let flag = record.row.as_ref().and_then(|row| row.flag("generation_created"));
    flag.map_or(Value::Missing, Value::Flag)
}

fn is_success(record: &Record) -> Value {
    match record.state() {
        Some("complete") => Value::Flag(caveats(record).is_empty()),
        Some("failed" | "cancelled") => Value::Flag(false),
        Some(_) | None => Value::Missing,
    }
}

/// Why a Complete task may have given its user nothing.
fn caveats(record: &Record) -> Vec<String> {
    let mut said = Vec::new();
    if record.state() != Some("complete") {
        return said;
    }
    let verdict = record.generation.as_ref();
    let expected = verdict.and_then(|row| row.text("expected"));
    let is_orchestrator = record.is_orchestrator();
    match class(record) {
        Some(OutputClass::StorageUrl | OutputClass::JsonWithUrl) => {}
        Some(OutputClass::ExternalUrl) => {
            said.push("its output is on another host than the project's storage".to_string());
        }
        // what an orchestrator task writes while it waits survives its end (domain/worker-app.md 2.4)
        Some(OutputClass::Progress) if is_orchestrator => {}
        Some(OutputClass::Json | OutputClass::Progress | OutputClass::Text) => {
            said.push("its output is a text, not a file".to_string());
        }
        None if is_orchestrator => {}
        None => said.push("it has no output".to_string()),
    }
    let linked = verdict.and_then(|row| row.int("linked"));
    // one that was made was a success, whatever became of it since (domain/worker-app.md D7)
    let was_deleted =
        verdict.and_then(|row| row.text("verdict")) == Some("generation_deleted_later");
    if expected == Some("yes") && linked == Some(0) && !was_deleted {
        said.push("no generation of it is known, and one was due".to_string());
    }
    said
}

/// The error of a failed task: in its row where the row has one that is its own, else its worker's last.
fn error(record: &Record) -> Option<Found<'_>> {
    if record.state() != Some("failed") {
        return None;
    }
    let own = record.text("error_message").filter(|text| !is_leftover(text));
    let in_output = || match class(record) {
        Some(OutputClass::Text | OutputClass::Json) => record.text("output_location"),
        Some(_) | None => None,
    };
    if let Some(text) = own {
        return Some(Found { text, stands_in: "tasks.error_message", event: last_said(record) });
    }
    // a failure that a worker reports puts its text there (domain/worker-app.md 2.2 T7)
    if let Some(text) = in_output() {
        return Some(Found { text, stands_in: "tasks.output_location", event: last_said(record) });
    }
    let event = last_said(record)?;
    let text = event.error()?;
    Some(Found { text, stands_in: "a log line", event: Some(event) })
}

/// The last line that names an error of it.
fn last_said(record: &Record) -> Option<&Told> {
    record.events.iter().rev().find(|event| event.error().is_some())
}

/// The error of a failed task as the text columns of its row tell it: `error_message`, else its output, where a
/// failure that a worker reports puts its text (domain/worker-app.md 2.2 T7).
pub(crate) fn of_row(row: &Row) -> Option<&str> {
    let own = row.text("error_message").filter(|text| !text.is_empty() && !is_leftover(text));
    own.or_else(|| row.text("output_text").filter(|text| !text.starts_with("http")))
}

/// Whether a text of `error_message` tells of a reset or a retry, not of an end.
pub(crate) fn is_leftover(text: &str) -> bool {
    LEFTOVERS.iter().any(|begin| text.starts_with(begin))
}

fn leftover(record: &Record) -> Option<&str> {
    let is_ended = record.ended_at().is_some();
    record.text("error_message").filter(|text| is_leftover(text) && is_ended)
}

/// As the old tool told it: a text that ends in a colon had more to say.
fn cut_short(found: Option<&Found<'_>>) -> Value {
    found.map_or(Value::Missing, |found| Value::Flag(found.text.trim_end().ends_with(':')))
}

/// LoRAs of the task, where the error speaks of one (domain/orchestrator.md 6, `task`).
fn loras(record: &Record, found: Option<&Found<'_>>) -> Value {
    let speaks = |text: &str| {
        let text = text.to_lowercase();
        text.contains("safetensors") || text.contains("lora")
    };
    let (Some(found), Some(params)) = (found, record.params()) else { return Value::Missing };
    if !speaks(found.text) {
        return Value::Missing;
    }
    let phases = params.pointer("/phase_config/phases").and_then(Json::as_array);
    let of_phase = |phase: &Json| phase.get("loras").and_then(Json::as_array).cloned();
    let of_phases = phases.into_iter().flatten().filter_map(of_phase).flatten();
    let urls =
        of_phases.filter_map(|lora| lora.get("url").and_then(Json::as_str).map(str::to_string));
    let more = params.get("additional_loras").and_then(Json::as_object);
    let more = more.into_iter().flat_map(|map| map.keys().cloned());
    Value::List(urls.chain(more).map(Value::Text).collect())
}
