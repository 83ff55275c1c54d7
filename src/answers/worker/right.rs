//! Whether the end of a worker was right: what was weighed, and what was found for and against it.

use crate::answers::ask::Row;
use crate::answers::fleet::guilt;
use crate::answers::heartbeat::HEALTHY_S;
use crate::answers::inputs;
use crate::answers::page::{Page, Value};
use crate::answers::worker::ending::{SEEN, say};
use crate::answers::worker::life::Life;
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

/// The one of them that tells of a task in hand, and not of work on it.
const BUSY: &str = "worker_scaled_down_while_busy";

/// Whether an end was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    No,
    ProbablyNot,
    Undecidable,
    Yes,
    ProbablyYes,
    NothingAgainst,
    NotDecided,
    NotTheirs,
    NotEnded,
}

impl Right {
    fn told(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::ProbablyNot => "probably not",
            Self::Undecidable => "not known: the rows do not decide it",
            Self::Yes => "yes: it was at fault itself",
            Self::ProbablyYes => "probably: it seems to have been at fault itself",
            Self::NothingAgainst => "nothing found speaks against it",
            Self::NotDecided => "not known: no row tells why it was decided",
            Self::NotTheirs => "no orchestrator ended it, whatever one decided",
            Self::NotEnded => "it was not ended: no row tells of anybody who decided it",
        }
    }
}

/// What the rule comes to, applied to what was logged (docs/decisions.md, `decided` and `recomputed`).
fn again(main: &Row) -> Value {
    match (main.text("decided"), main.text("recomputed")) {
        (Some(done), Some(again)) if done == again => say("comes to the same"),
        (Some(done), Some(again)) => say(&format!("comes to `{again}`, and `{done}` was done")),
        (Some(_) | None, None) | (None, Some(_)) => Value::Missing,
    }
}

/// Whether its process had given no sign for a while when it was stopped: what it held it may have held without
/// working on it.
fn is_still(life: &Life) -> bool {
    let worked = life.end.as_ref().and_then(|end| end.time("last_work_at"));
    worked.zip(life.ended_at()).is_none_or(|(worked, end)| end.seconds_since(worked) > HEALTHY_S)
}

/// Adds whether its end was right, by the decision that led to it and by what was found.
pub(super) fn add(page: &mut Page, life: &Life, told: &[&Told], main: Option<&Row>) {
    let kind = life.end.as_ref().and_then(|end| end.text("end_kind"));
    let against: Vec<&Told> =
        told.iter().copied().filter(|one| AGAINST.contains(&one.query.as_str())).collect();
    // that it held a task is sure, that it worked on it is not
    let weight = |one: &Told| match one.query == BUSY && is_still(life) {
        true => Verdict::InsufficientEvidence,
        false => one.verdict,
    };
    let has = |verdict| against.iter().any(|one| weight(one) == verdict);
    let own = guilt::blames(told.iter().copied(), &life.id, life.ended_at());
    let right = if has(Verdict::Confirmed) {
        Right::No
    } else if has(Verdict::Probable) {
        Right::ProbablyNot
    } else if has(Verdict::InsufficientEvidence) {
        Right::Undecidable
    } else if !life.is_over() && main.is_none() {
        Right::NotEnded
    } else if kind.is_some_and(|kind| SEEN.contains(&kind)) {
        Right::NotTheirs
    } else if own.iter().any(|one| one.verdict == Verdict::Confirmed) {
        Right::Yes
    } else if !own.is_empty() {
        Right::ProbablyYes
    } else if main.is_some() {
        Right::NothingAgainst
    } else {
        Right::NotDecided
    };
    let is_its_own = matches!(right, Right::Yes | Right::ProbablyYes);
    let said = |told: &[&Told]| {
        let said = told.iter().map(|one| Value::Text(format!("{} ({})", one.summary, one.query)));
        Value::List(said.collect())
    };
    let mut fields = vec![
        ("answer", say(right.told())),
        ("because", said(if is_its_own { &own } else { &against })),
    ];
    if !is_its_own && !own.is_empty() {
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
