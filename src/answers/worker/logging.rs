//! Whether the worker itself logs: rows whose source it is. A row of an orchestrator that carries its id is
//! none of its own.

use crate::answers::ask::{Ask, Row};
use crate::answers::causes;
use crate::answers::page::{Page, Value};
use crate::answers::worker::life::Life;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// Three heartbeats and their jitter: a worker's lines travel with them (domain/worker-app.md 4.1,
/// domain/evidence-rules.md section 2).
const QUIET_S: f64 = 75.0;

const OWN: &str = "with own as (select \"timestamp\" as line_at, id, log_level, message, \
        lag(\"timestamp\") over (order by \"timestamp\", id) as before_at \
        from (select * from system_logs where source_type = 'worker' and source_id = $id union all \
            select * from system_logs where source_type = 'worker' and worker_id = $id \
                and source_id is distinct from $id)) \
    select count(*) as lines, min(line_at) as first_at, max(line_at) as last_at, \
        count(*) filter (log_level in ('ERROR', 'CRITICAL')) as errors, \
        arg_max(message, (line_at, id)) as last_line, \
        max(epoch(line_at - before_at)) as silence_s, \
        arg_max(before_at, (line_at - before_at, line_at)) filter (before_at is not null) as silent_from, \
        arg_max(line_at, (line_at - before_at, line_at)) filter (before_at is not null) as silent_until \
    from own";
const OTHERS: &str = "select count(*) as lines from system_logs \
    where not coalesce(source_type = 'worker' and (source_id = $id or worker_id = $id), false) \
        and (source_id = $id or worker_id = $id or contains(message, $id) or contains(metadata, $id))";

/// Adds what it logged, and whether lines could have reached us.
pub(super) fn add(page: &mut Page, ask: Ask<'_>, life: &Life, id: &str) -> Result<(), ReadError> {
    let id = [("id", Cell::Text(id.to_string()))];
    let Some(own) = ask.first(OWN, &id)? else { return Ok(()) };
    let others = ask.first(OTHERS, &id)?;
    page.fields(
        "logging",
        "Is the worker itself logging?",
        vec![
            ("answer", Value::Text(answer(life, &own))),
            ("own_lines", own.count("lines")),
            ("own_errors", own.count("errors")),
            ("first_at", own.when("first_at")),
            ("last_at", own.when("last_at")),
            ("last_line", own.say("last_line")),
            ("longest_silence_s", own.seconds("silence_s")),
            ("silent_from", own.when("silent_from")),
            ("silent_until", own.when("silent_until")),
            ("others_lines_with_its_id", others.map_or(Value::Missing, |row| row.count("lines"))),
        ],
    );
    let rows = stretches(life).map(|stretch| {
        vec![
            stretch.when("from_at"),
            stretch.when("until_at"),
            stretch.flag("could_reach").map_or(Value::Missing, Value::Flag),
            Value::text(stretch.text("why_not").map(causes::told)),
        ]
    });
    let columns = ["from", "until", "could_reach_us", "why_not"];
    let title = "Could its lines have reached us?";
    page.table("reach", title, &columns, rows.collect(), "no coverage is known of it");
    Ok(())
}

/// Its own coverage while it lived: afterwards it had nothing to say.
fn stretches(life: &Life) -> impl Iterator<Item = &Row> {
    life.coverage.iter().filter(|stretch| {
        stretch.text("source_type") == Some("worker")
            && stretch.time("from_at") < Some(life.until())
    })
}

/// The answer in a sentence: silence alone is no proof.
fn answer(life: &Life, own: &Row) -> String {
    let reached = || stretches(life).find(|stretch| stretch.flag("could_reach") == Some(true));
    let why = || {
        let blind = stretches(life).filter(|stretch| stretch.flag("could_reach") == Some(false));
        let why = blind.last().and_then(|stretch| stretch.text("why_not"));
        causes::told(why.unwrap_or("unknown")).to_string()
    };
    let Some(last) = own.time("last_at") else {
        return match reached() {
            Some(_) => "no: it wrote not one line, and lines could have reached us".to_string(),
            None => format!("not known: no line, and none could have reached us: {}", why()),
        };
    };
    let quiet = life.until().seconds_since(last);
    let minutes = quiet / 60.0;
    match (&life.end, quiet < QUIET_S) {
        (Some(_), true) => "it did, up to its end".to_string(),
        (Some(_), false) => {
            format!("it did, and was silent for the last {minutes:.1} min before its end")
        }
        (None, true) => "yes".to_string(),
        (None, false) => {
            match stretches(life).last().and_then(|stretch| stretch.flag("could_reach")) {
                Some(true) => format!(
                    "it did; it has been silent for {minutes:.1} min, and lines could have reached us"
                ),
                Some(false) | None => {
                    format!("it did; whether it still does is not known: {}", why())
                }
            }
        }
    }
}
