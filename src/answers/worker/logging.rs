//! Whether the worker itself logs: rows whose source it is. A row of an orchestrator that carries its id is
//! none of its own.

use crate::answers::ask::{Ask, Row};
use crate::answers::causes;
use crate::answers::page::{Page, Value};
use crate::answers::worker::is_api;
use crate::answers::worker::life::Life;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The guardian's heartbeat: between two of them no line can come (domain/worker-app.md 4.1).
const BEAT_S: f64 = 20.0;

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
/// Every row that mentions it and is none of its own: together they are those of `--logs-only`. One place after
/// another, each row where it is found first: of one that the column asked for does not have nothing else is read.
const OTHERS: &str = "with lines as not materialized \
        (select source_type, source_id, worker_id, message, metadata from system_logs), \
    found as (select source_type is distinct from 'worker' as is_counted from lines where source_id = $id \
    union all select source_id is distinct from $id and source_type is distinct from 'worker' \
        from lines where worker_id = $id \
    union all select source_id is distinct from $id and worker_id is distinct from $id \
        from lines where contains(message, $id) \
    union all select source_id is distinct from $id and worker_id is distinct from $id \
            and not coalesce(contains(message, $id), false) \
        from lines where contains(metadata, $id)) \
    select count(*) filter (is_counted) as lines from found";

/// Adds what it logged, and whether lines could have reached us.
pub(super) fn add(page: &mut Page, ask: Ask<'_>, life: &Life, id: &str) -> Result<(), ReadError> {
    let id = [("id", Cell::Text(id.to_string()))];
    let [own, others] = ask.beside([OWN, OTHERS], &id)?;
    let Some(own) = own.into_iter().next() else { return Ok(()) };
    let silence = Silence::longest(life, &own);
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
            (
                "longest_silence_s",
                silence.map_or(Value::Missing, |one| Value::Seconds(one.lasted_s())),
            ),
            ("silent_from", Value::time(silence.map(|one| one.from))),
            ("silent_until", Value::time(silence.map(|one| one.until))),
            (
                "others_lines_with_its_id",
                others.first().map_or(Value::Missing, |row| row.count("lines")),
            ),
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

/// A stretch without a line of its own.
#[derive(Clone, Copy)]
struct Silence {
    from: Micros,
    until: Micros,
}

impl Silence {
    /// The longest: between two lines, or after the last one as long as a line could have reached us.
    fn longest(life: &Life, own: &Row) -> Option<Self> {
        let between = own.time("silent_from").zip(own.time("silent_until"));
        let heard = stretches(life).filter(|stretch| stretch.flag("could_reach") == Some(true));
        let heard = heard.filter_map(|stretch| stretch.time("until_at")).max();
        let last = own.time("last_at").zip(heard.map(|until| until.min(life.until())));
        let all = [between, last].into_iter().flatten();
        let all = all.map(|(from, until)| Self { from, until });
        all.max_by(|a, b| a.lasted_s().total_cmp(&b.lasted_s())).filter(|one| one.lasted_s() > 0.0)
    }

    fn lasted_s(self) -> f64 {
        self.until.seconds_since(self.from)
    }
}

/// How long its lines could not have reached us between two instants, in seconds.
fn blind_s(life: &Life, from: Micros, until: Micros) -> f64 {
    let blind = stretches(life).filter(|stretch| stretch.flag("could_reach") == Some(false));
    let within = blind.filter_map(|stretch| {
        let (begins, ends) = (stretch.time("from_at")?.max(from), stretch.time("until_at")?);
        Some(ends.min(until).seconds_since(begins).max(0.0))
    });
    within.sum()
}

/// Why the last of them could not.
fn why_blind(life: &Life) -> String {
    let blind = stretches(life).filter(|stretch| stretch.flag("could_reach") == Some(false));
    let why = blind.last().and_then(|stretch| stretch.text("why_not"));
    causes::told(why.unwrap_or("unknown")).to_string()
}

/// The answer in a sentence: silence alone is no proof.
fn answer(life: &Life, own: &Row) -> String {
    let Some(last) = own.time("last_at") else {
        let could = stretches(life).any(|stretch| stretch.flag("could_reach") == Some(true));
        return match could {
            false if is_api(life) => {
                "it logs as the API orchestrator, and no line has its id: see \
                `backstory orchestrator`"
                    .to_string()
            }
            true => "no: it wrote not one line, and lines could have reached us".to_string(),
            false => {
                format!("not known: no line, and none could have reached us: {}", why_blind(life))
            }
        };
    };
    let quiet_s = life.until().seconds_since(last);
    let blind_s = blind_s(life, last, life.until());
    let (quiet, blind) = (quiet_s / 60.0, blind_s / 60.0);
    let (is_short, is_blind) = (quiet_s < QUIET_S, blind_s > BEAT_S);
    let could = stretches(life).last().and_then(|stretch| stretch.flag("could_reach"));
    match life.end.as_ref().filter(|_| life.is_over()) {
        Some(_) if is_short => "it did, up to its end".to_string(),
        Some(_) if is_blind && quiet_s - blind_s < QUIET_S => format!(
            "it did, as long as lines could reach us: for {blind:.1} of the last {quiet:.1} min before its end \
             none could: {}",
            why_blind(life)
        ),
        Some(_) if is_blind => format!(
            "it did, and was silent for the last {quiet:.1} min before its end; for {blind:.1} of them no line \
             could have reached us: {}",
            why_blind(life)
        ),
        Some(_) => format!("it did, and was silent for the last {quiet:.1} min before its end"),
        None if is_short => "yes".to_string(),
        None if could != Some(true) || quiet_s - blind_s < QUIET_S => {
            format!("it did; whether it still does is not known: {}", why_blind(life))
        }
        None if is_blind => format!(
            "it did; it has been silent for {quiet:.1} min, and for all but {blind:.1} of them lines could have \
             reached us"
        ),
        None => format!(
            "it did; it has been silent for {quiet:.1} min, and lines could have reached us"
        ),
    }
}
