//! How it ended, and whether that was right.

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::answers::worker::{meta, right};
use crate::findings::short::Told;

/// How E7 begins the reason of an early termination.
const EARLY: &str = "Early termination";

/// A text of ours.
pub(super) fn say(text: &str) -> Value {
    Value::Text(text.to_string())
}

/// Adds the end, where there is one, and what was held against the worker.
pub(super) fn add(page: &mut Page, life: &Life, told: &[&Told]) {
    let Some(end) = life.end.as_ref().filter(|_| life.is_over()) else {
        return open(page, life, told);
    };
    let is_later = is_of_a_later_kill(life, end);
    let is_theirs = is_later && end.text("reason") == life.meta("error_reason").as_str();
    let main = deciding(life, end.text("end_kind").unwrap_or_default());
    let mut fields = vec![
        ("kind", end.say("end_kind")),
        ("reason", if is_theirs { Value::Missing } else { end.say("reason") }),
        ("error_code", if is_later { Value::Missing } else { end.say("error_code") }),
        ("ended_at", end.when("ended_at")),
        ("ended_after", end.when("ended_after")),
        ("ended_before", end.when("ended_before")),
        ("basis", end.say("basis")),
    ];
    fields.extend(decided(life, end));
    fields.extend(last_signs(end));
    fields.push(("event_id", end.id("event_id")));
    if is_later {
        fields.push(("reason_of_a_later_kill", later(life)));
    }
    page.fields("end", "End", fields);
    right::add(page, life, told, main);
}

/// Of one that has not ended: what was held against it all the same.
fn open(page: &mut Page, life: &Life, told: &[&Told]) {
    let is_condemned = life.state().and_then(|state| state.text("state")) == Some("condemned");
    let said = match (is_condemned, life.has_crashed()) {
        (true, true) => "none: its process crashed, and no row tells that its pod stopped",
        (true, false) => "none yet: it is condemned, and its pod is still there",
        (false, _) => "none",
    };
    let mut fields = vec![("kind", Value::Missing), ("told", say(said))];
    fields.extend(life.end.iter().flat_map(last_signs));
    page.fields("end", "End", fields);
    if is_condemned {
        right::add(page, life, told, deciding(life, "error"));
    }
}

/// Ends that no orchestrator decides: it sees them afterwards.
pub(super) const SEEN: [&str; 4] = ["self_terminated", "manual", "spawn_failed", "external"];

/// When an orchestrator decided the end, or saw it; the cycle where a decision of that moment tells it.
fn decided(life: &Life, end: &Row) -> Vec<(&'static str, Value)> {
    let at = end.time("decided_at");
    let told = life.decisions.iter().find(|one| at.is_some() && one.time("happened_at") == at);
    let cycle = told.map_or(Value::Missing, |one| one.count("cycle"));
    let (when, by) = (end.when("decided_at"), end.id("decided_by"));
    match end.text("end_kind") {
        Some(kind) if SEEN.contains(&kind) => {
            vec![("seen_at", when), ("seen_by", by), ("seen_in_cycle", cycle)]
        }
        Some(_) | None => {
            vec![("decided_at", when), ("decided_by", by), ("decided_in_cycle", cycle)]
        }
    }
}

/// The last signs of its guardian and of its work, and the later of both.
fn last_signs(end: &Row) -> Vec<(&'static str, Value)> {
    let (beat, work) = (end.time("last_alive_at"), end.time("last_work_at"));
    vec![
        ("last_alive_at", Value::time(beat.max(work))),
        ("last_heartbeat_at", Value::time(beat)),
        ("last_work_at", Value::time(work)),
        ("heartbeat_after_its_end_s", beat_after(end)),
    ]
}

/// How long after the end a heartbeat still came in: it was under way when the pod stopped
/// (domain/evidence-rules.md fact 19).
fn beat_after(end: &Row) -> Value {
    let ended = end.time("ended_at").or_else(|| end.time("ended_after"));
    let last = end.time("last_alive_at");
    if last > ended { Value::between(ended, last) } else { Value::Missing }
}

/// Whether what the row tells of an error is of another kill, after the pod was gone: a late heartbeat set the
/// row back to active, and the orchestrator ended it anew (domain/evidence-rules.md fact 19).
fn is_of_a_later_kill(life: &Life, end: &Row) -> bool {
    let recorded = meta::instant(life.meta("error_time"));
    // E7 writes an early termination as an error (domain/orchestrator.md 2.2, W9): that is its own
    let is_own = life.meta("error_reason").as_str().is_some_and(|said| said.starts_with(EARLY));
    matches!(end.text("end_kind"), Some("scale_down" | "early_termination"))
        && recorded > life.ended_at()
        && !is_own
}

/// Its reason, where that kill had happened by the instant told of.
fn later(life: &Life) -> Value {
    match meta::instant(life.meta("error_time")) {
        Some(at) if at > life.at => Value::Missing,
        Some(_) | None => meta::text(life.meta("error_reason")),
    }
}

/// The decision that led to an end of this kind: the first, for what follows is aftermath
/// (domain/evidence-rules.md fact 19).
fn deciding<'a>(life: &'a Life, kind: &str) -> Option<&'a Row> {
    let rules: &[&str] = match kind {
        "error" | "idle_timeout" => &["kill"],
        "scale_down" => &["scale_down"],
        "early_termination" => &["early_termination"],
        "failsafe" => &["failsafe", "kill"],
        "external" => &["external"],
        // nobody decided: it gave itself up, a person ended it, or it never had a pod
        _ => return None,
    };
    rules
        .iter()
        .find_map(|rule| life.decisions.iter().find(|decision| decision.text("rule") == Some(rule)))
}
