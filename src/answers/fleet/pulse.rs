//! Whether the orchestrators are alive: how old their last line is, where lines could reach us at all.

use crate::answers::ask::{Ask, Row};
use crate::answers::causes;
use crate::answers::page::{Page, Value};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 4] = ["runs", "gaps", "coverage", "system_logs"];

/// Younger than this, the last activity is healthy; then a warning; then stale (domain/orchestrator.md 6,
/// `orchestrator`).
const HEALTHY_S: f64 = 300.0;
const WARNING_S: f64 = 900.0;

/// How an orchestrator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::answers) enum Class {
    Healthy,
    Warning,
    Stale,
    /// It said that it stops, or did not run.
    Down,
    /// Lines could not have reached us: its silence says nothing.
    NotJudged,
    /// Not one line is there.
    NoLogs,
}

impl Class {
    pub(in crate::answers) fn name(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Warning => "WARNING",
            Self::Stale => "STALE",
            Self::Down => "DOWN",
            Self::NotJudged => "NOT JUDGED",
            Self::NoLogs => "NO LOGS",
        }
    }
}

/// One orchestrator's last sign.
#[derive(Clone, Debug)]
pub(in crate::answers) struct Pulse {
    /// `orchestrator_gpu` or `orchestrator_api`.
    pub(in crate::answers) source_type: &'static str,
    /// How it is.
    pub(in crate::answers) class: Class,
    last_at: Option<Micros>,
    run_id: Option<String>,
    why: Option<String>,
}

/// The lines of the last day first: of a long snapshot they are found at once.
const LAST: &str = "select source_type, max(\"timestamp\") as last_at from system_logs \
    where source_type in ('orchestrator_gpu', 'orchestrator_api') \
    and \"timestamp\" > $since and \"timestamp\" <= $at group by source_type";
const RUNS: &str = "select source_type, run_id, ended_at from runs where started_at <= $at \
    order by started_at desc, run_id desc";
/// What lasts, or is the last that is known: sources are accounted for up to instants of their own.
const GAPS: &str = "select source_type, cause, began_at, why from gaps \
    where source_type in ('orchestrator_gpu', 'orchestrator_api') and began_at <= $at \
    and (coalesce(ended_at, $at) >= $at or not exists (select 1 from coverage \
    where coverage.source_type = gaps.source_type and coverage.until_at > gaps.ended_at)) and cause not in ('no_such_source', 'unsent') \
    order by cause = 'process_down' desc, began_at desc, cause";
/// The beginning of time, for who asks of all of it.
const EVER: Micros = Micros(i64::MIN / 4);
const DAY_S: f64 = 86_400.0;
/// Who is asked after.
const SOURCES: [&str; 2] = ["orchestrator_gpu", "orchestrator_api"];

/// The signs of both orchestrators.
pub(in crate::answers) fn pulses(ask: Ask<'_>) -> Result<Vec<Pulse>, ReadError> {
    let at = ("at", Cell::Time(ask.at));
    let since = |since: Micros| [at.clone(), ("since", Cell::Time(since))];
    let mut lines = ask.rows(LAST, &since(ask.at.plus_seconds(-DAY_S)))?;
    if lines.len() < SOURCES.len() {
        lines = ask.rows(LAST, &since(EVER))?;
    }
    let runs = ask.rows(RUNS, std::slice::from_ref(&at))?;
    let gaps = ask.rows(GAPS, std::slice::from_ref(&at))?;
    let of = |rows: &[Row], source: &str| {
        rows.iter().find(|row| row.text("source_type") == Some(source)).cloned()
    };
    let pulse = |source| {
        let last_at = of(&lines, source).and_then(|row| row.time("last_at"));
        pulse(ask.at, source, last_at, of(&runs, source), of(&gaps, source))
    };
    Ok(SOURCES.into_iter().map(pulse).collect())
}

fn pulse(
    now: Micros,
    source_type: &'static str,
    last_at: Option<Micros>,
    run: Option<Row>,
    gap: Option<Row>,
) -> Pulse {
    let (class, why) = match (&gap, last_at) {
        (Some(gap), last) => {
            let cause = gap.text("cause").unwrap_or("unknown");
            let told = format!(
                "{}: {}",
                causes::told(cause),
                gap.text("why").unwrap_or("no row tells why")
            );
            let class = match (cause, last) {
                ("process_down", _) => Class::Down,
                (_, _) => Class::NotJudged,
            };
            (class, Some(told))
        }
        (None, None) => (Class::NoLogs, None),
        (None, Some(_)) if run.as_ref().is_some_and(|run| run.time("ended_at").is_some()) => {
            (Class::Down, Some("its last process ended, and none began since".to_string()))
        }
        (None, Some(last)) => match now.seconds_since(last) {
            age if age < HEALTHY_S => (Class::Healthy, None),
            age if age < WARNING_S => (Class::Warning, None),
            _ => (Class::Stale, None),
        },
    };
    let run_id = run.and_then(|run| run.text("run_id").map(str::to_string));
    Pulse { source_type, class, last_at, run_id, why }
}

/// Adds them.
pub(in crate::answers) fn add(page: &mut Page, pulses: &[Pulse], now: Micros) {
    let rows = pulses.iter().map(|pulse| {
        vec![
            Value::Id(pulse.source_type.to_string()),
            Value::Id(pulse.class.name().to_string()),
            Value::time(pulse.last_at),
            Value::between(pulse.last_at, Some(now)),
            Value::id(pulse.run_id.clone()),
            Value::text(pulse.why.clone()),
        ]
    });
    let columns = ["orchestrator", "class", "last_activity", "age_s", "run", "why"];
    page.table("alive", "Is the orchestrator alive?", &columns, rows.collect(), "none");
}
