//! How it ended, and whether that was right.

use crate::answers::ask::Row;
use crate::answers::fleet::guilt;
use crate::answers::inputs;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::answers::worker::meta;
use crate::findings::finding::Verdict;
use crate::findings::short::Told;

/// Findings that speak against an end.
const AGAINST: [&str; 6] = [
    "worker_killed_while_healthy",
    "worker_scaled_down_while_busy",
    "worker_falsely_externally_terminated",
    "worker_killed_during_startup",
    "worker_blamed_for_poison_task",
    "worker_self_terminated_but_alive",
];

/// How E7 begins the reason of an early termination.
const EARLY: &str = "Early termination";

/// Whether an end was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    No,
    ProbablyNot,
    Undecidable,
    Yes,
    NothingAgainst,
    NotDecided,
    NotTheirs,
}

impl Right {
    fn told(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::ProbablyNot => "probably not",
            Self::Undecidable => {
                "not known: the evidence that would decide it could not have reached us"
            }
            Self::Yes => "yes: it was at fault itself",
            Self::NothingAgainst => "nothing found speaks against it",
            Self::NotDecided => "not known: no row tells why it was decided",
            Self::NotTheirs => "no orchestrator decided it",
        }
    }
}

fn say(text: &str) -> Value {
    Value::Text(text.to_string())
}

/// Adds the end, where there is one, and what was held against the worker.
pub(super) fn add(page: &mut Page, life: &Life, told: &[&Told]) {
    let Some(end) = &life.end else {
        let condemned = life.state().and_then(|state| state.text("state")) == Some("condemned");
        let said = match condemned {
            true => "none yet: it is condemned, and its pod is still there",
            false => "none",
        };
        page.fields("end", "End", vec![("kind", Value::Missing), ("told", say(said))]);
        if condemned {
            was_it_right(page, life, told, deciding(life, "error"));
        }
        return;
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
        ("decided_at", end.when("decided_at")),
        ("decided_by", end.id("decided_by")),
        ("decided_in_cycle", main.map_or(Value::Missing, |main| main.count("cycle"))),
        ("last_alive_at", end.when("last_alive_at")),
        ("alive_after_its_end_s", alive_after(end)),
        ("last_work_at", end.when("last_work_at")),
        ("event_id", end.id("event_id")),
    ];
    if is_later {
        fields.push(("reason_of_a_later_kill", later(life)));
    }
    page.fields("end", "End", fields);
    was_it_right(page, life, told, main);
}

/// How long after the end a heartbeat still came in: it was under way when the pod stopped
/// (domain/evidence-rules.md fact 19).
fn alive_after(end: &Row) -> Value {
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
        "external" => &["external", "kill"],
        // nobody decided: it gave itself up, a person ended it, or it never had a pod
        _ => return None,
    };
    rules
        .iter()
        .find_map(|rule| life.decisions.iter().find(|decision| decision.text("rule") == Some(rule)))
}

/// What the rule comes to, applied to what was logged (docs/decisions.md, `decided` and `recomputed`).
fn again(main: &Row) -> Value {
    match (main.text("decided"), main.text("recomputed")) {
        (Some(done), Some(again)) if done == again => say("comes to the same"),
        (Some(done), Some(again)) => say(&format!("comes to `{again}`, and `{done}` was done")),
        (Some(_) | None, None) | (None, Some(_)) => Value::Missing,
    }
}

fn was_it_right(page: &mut Page, life: &Life, told: &[&Told], main: Option<&Row>) {
    let kind = life.end.as_ref().and_then(|end| end.text("end_kind"));
    let against: Vec<&Told> =
        told.iter().copied().filter(|one| AGAINST.contains(&one.query.as_str())).collect();
    let has = |verdict| against.iter().any(|one| one.verdict == verdict);
    let own = guilt::blames(told.iter().copied(), &life.id, life.ended_at());
    let right = if has(Verdict::Confirmed) {
        Right::No
    } else if has(Verdict::Probable) {
        Right::ProbablyNot
    } else if has(Verdict::InsufficientEvidence) {
        Right::Undecidable
    } else if matches!(kind, Some("self_terminated" | "manual" | "spawn_failed")) {
        Right::NotTheirs
    } else if !own.is_empty() {
        Right::Yes
    } else if main.is_some() {
        Right::NothingAgainst
    } else {
        Right::NotDecided
    };
    let said = |told: &[&Told]| {
        let said = told.iter().map(|one| Value::Text(format!("{} ({})", one.summary, one.query)));
        Value::List(said.collect())
    };
    let mut fields = vec![
        ("answer", say(right.told())),
        ("because", said(if right == Right::Yes { &own } else { &against })),
    ];
    if right != Right::Yes && !own.is_empty() {
        fields.push(("its_own_faults", said(&own)));
    }
    if let Some(main) = main {
        fields.extend([
            ("decided_at", main.when("happened_at")),
            ("rule", main.say("rule")),
            ("formula", main.say("formula")),
            ("said", Value::text(main.text("verdict").filter(|said| !said.is_empty()))),
            ("inputs", inputs::told(main.text("inputs"))),
            ("thresholds", inputs::told(main.text("thresholds"))),
            ("rule_applied_again", again(main)),
            (
                "rests_on_a_failed_read",
                main.flag("based_on_failed_read").map_or(Value::Missing, Value::Flag),
            ),
            ("failed_read_event", main.id("failed_read_event_id")),
            ("decision_event", main.id("event_id")),
        ]);
    }
    page.fields("was_it_right", "Was it right?", fields);
}
