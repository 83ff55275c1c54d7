//! Its start: the phases, how long each took, and where it stopped.

use crate::answers::ask::{Ask, Row};
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::answers::worker::reached::Reached;
use crate::answers::worker::{is_api, meta};
use crate::read::error::ReadError;

/// The phases of a start, in order (docs/vocabulary.md, worker states).
const PHASES: [&str; 5] = [
    "requested",
    "spawning_pod_pending",
    "spawning_script_pending",
    "spawning_script_running",
    "active_initialising",
];

/// Adds the phases and what happened in them.
pub(super) fn add(
    page: &mut Page,
    ask: Ask<'_>,
    life: &Life,
    limit: usize,
) -> Result<(), ReadError> {
    let is_phase = |name: Option<&str>| name.is_some_and(|name| PHASES.contains(&name));
    let phases: Vec<_> =
        life.states.iter().take_while(|state| is_phase(state.text("state"))).collect();
    let next = life.states.get(phases.len());
    let (reached, events) = Reached::read(ask, life)?;
    let last_phase = phases.last().and_then(|state| state.text("state"));
    let answer = reached.answer(last_phase, next.and_then(|next| next.text("state")));
    let lasted = Value::between(life.began_at(), next.and_then(|next| next.time("entered_at")));
    page.fields(
        "startup",
        "Start",
        vec![
            ("answer", Value::Text(answer)),
            ("lasted_s", if is_api(life) { Value::Missing } else { lasted }),
            ("script_launched_at", by_then(life, "startup_script_launched_at")),
            ("promoted_at", meta::when(life.meta("promoted_to_active_at"))),
            ("promotion_reason", meta::text(life.meta("promotion_reason"))),
            // the row keeps their last values alone
            ("startup_phase", last(life, "startup_phase")),
            ("ready_for_tasks", last(life, "ready_for_tasks")),
            ("first_asked_at", Value::time(reached.asked_at)),
            ("own_last_line_at", reached.own("line_at", Row::when)),
            ("own_last_line", reached.own("message", Row::say)),
        ],
    );
    let rows = phases.iter().map(|state| {
        let left = state.time("left_at").unwrap_or(life.at);
        vec![
            state.say("state"),
            state.when("entered_at"),
            Value::between(state.time("entered_at"), Some(left)),
            state.say("basis"),
            Value::text(life.kind_of(state.text("entered_event_id"))),
        ]
    });
    let columns = ["phase", "entered_at", "lasted_s", "basis", "because_of"];
    page.table("phases", "Phases", &columns, rows.collect(), "none is known");
    // each cycle tells anew that a pod runs: the first time counts
    let mut seen = std::collections::BTreeSet::new();
    let firsts = events.iter().filter(|event| seen.insert(event.text("kind")));
    let rows = firsts.take(limit).map(|event| {
        vec![
            event.when("happened_at"),
            event.say("kind"),
            event.say("basis"),
            crate::answers::inputs::told(event.text("attributes")),
        ]
    });
    let columns = ["first_at", "event", "basis", "said"];
    page.table(
        "events",
        "What happened (the first of each kind)",
        &columns,
        rows.collect(),
        "none",
    );
    Ok(())
}

/// An instant that the row tells, unless it lies after the one told of.
fn by_then(life: &Life, key: &str) -> Value {
    let is_later = meta::instant(life.meta(key)).is_some_and(|at| at > life.at);
    if is_later { Value::Missing } else { meta::when(life.meta(key)) }
}

fn last(life: &Life, key: &str) -> Value {
    if life.is_as_of { Value::Missing } else { meta::text(life.meta(key)) }
}
