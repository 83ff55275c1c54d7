//! What most likely set a window off: what stood out in it and shortly before, with the rows that say so.
//!
//! That one thing came before another proves no cause, and the page says so. Which kinds of thing are looked
//! for, and in which order they are named, is that of the incidents of domain/orchestrator.md 7: a logging
//! outage, a downtime, a new process, failed reads, what broke, a jump of demand. What the orchestrator did
//! then is an answer to something: it is listed, and is no trigger.

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::window::{Asked, found};
use crate::findings::short::Told;
use crate::model::time::Micros;

/// How long before its begin a cause is looked for: a deployment, an outage or a burst shows in the cycles
/// after it, and a new worker needs its start (domain/orchestrator.md 5.3, STARTUP_GRACE_PERIOD_SEC).
pub(super) const BEFORE_S: f64 = 600.0;

/// One thing that stood out.
pub(super) struct Sign {
    /// What, as the begin of a sentence.
    pub(super) what: String,
    /// Since when.
    pub(super) at: Option<Micros>,
    /// Which, and how much of it.
    pub(super) how_much: String,
    /// The rows, events or findings that say so.
    pub(super) evidence: Vec<Value>,
    /// Whether it follows from something else.
    pub(super) is_answer: bool,
}

/// Adds what stood out, the likeliest first.
pub(super) fn section(asked: &Asked, page: &mut Page, told: &[Told]) {
    let (mut signs, answers): (Vec<Sign>, Vec<Sign>) =
        asked.signs.iter().map(sign).partition(|sign| !sign.is_answer);
    let broken = found::signs(asked.window, told);
    // demand that jumps may follow from what broke
    let jumps = signs.iter().position(|sign| sign.what == DEMAND).unwrap_or(signs.len());
    signs.splice(jumps..jumps, broken);
    let line = match (signs.first(), answers.first()) {
        (Some(sign), _) => format!(
            "{} ({}). What came first is no proof of cause: look at its evidence.",
            capitalised(&sign.what),
            sign.how_much
        ),
        (None, Some(answer)) => format!(
            "No cause stood out in it or in the 10 minutes before. What was done: {} ({}).",
            answer.what, answer.how_much
        ),
        (None, None) => "Nothing stood out in it or in the 10 minutes before: no outage, downtime, new process, \
                         failed read, crash or jump of demand."
            .to_string(),
    };
    page.lines("likely_trigger", "Likely trigger", vec![line]);
    signs.extend(answers);
    let columns = ["what", "at", "how_much", "evidence"];
    let rows = signs.into_iter().map(|sign| {
        vec![
            Value::Text(sign.what),
            Value::time(sign.at),
            Value::Text(sign.how_much),
            Value::List(sign.evidence),
        ]
    });
    let title = "What stood out, in it and up to 10 minutes before";
    let (rows, title) = asked.listed(rows.collect(), title);
    page.table("signs", &title, &columns, rows, "nothing");
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// What is looked for, as one question: to plan each takes longer than to answer it.
pub(super) fn all_signs() -> String {
    let each = SIGNS.iter().enumerate().map(|(rank, (what, sql))| {
        format!("select {rank} as rank, '{}' as what, * from ({sql})", what.replace('\'', "''"))
            .replace("{back}", ENDS_A_DOWNTIME)
    });
    let all: Vec<String> = each.collect();
    format!("{} order by rank, moment, how_much", all.join(" union all "))
}

fn sign(row: &Row) -> Sign {
    let text = |name: &str| row.text(name).unwrap_or_default().to_string();
    let what = text("what");
    Sign {
        at: row.time("moment"),
        how_much: text("how_much"),
        evidence: row.texts("evidence").into_iter().map(Value::Id).collect(),
        is_answer: ANSWERS.contains(&what.as_str()),
        what,
    }
}

/// A sign of its own after all that broke.
const DEMAND: &str = "demand jumped between two cycles";
/// What follows from something else.
const ANSWERS: [&str; 3] = [BACK, "the fleet was asked to grow", "workers were condemned"];
/// A process that ends a downtime: what went wrong is the downtime.
const BACK: &str = "an orchestrator came back";

/// A downtime that is none of a deployment: a source that was silent for less is healthy
/// (domain/orchestrator.md 6, `orchestrator`).
const ENDS_A_DOWNTIME: &str = "exists (select 1 from gaps where gaps.source_type = runs.source_type \
    and cause = 'process_down' and abs(epoch(gaps.ended_at - runs.started_at)) < 1 \
    and epoch(gaps.ended_at - began_at) > 300)";

/// What is looked for: `moment`, `how_much` and `evidence` of each.
const SIGNS: [(&str, &str); 8] = [
    (
        "no line of an orchestrator arrived, and one may have acted",
        "select began_at as moment, source_id || ' ' || cause || ' for ' \
            || round(epoch(ended_at - began_at))::bigint || ' s' as how_much, \
            ['gaps:' || source_id || ' ' || began_at] as evidence \
         from gaps where source_type like 'orchestrator%' and cause in ('logging_outage', 'dropped', 'unknown') \
            and began_at < $until and ended_at > $before order by moment, source_id",
    ),
    (
        "an orchestrator was down",
        "select began_at as moment, source_id || ' for ' || round(epoch(ended_at - began_at))::bigint \
            || ' s' as how_much, ['gaps:' || source_id || ' ' || began_at] as evidence \
         from gaps where source_type like 'orchestrator%' and cause = 'process_down' \
            and began_at < $until and ended_at > $before and began_at >= $before order by moment, source_id",
    ),
    (
        "a new orchestrator process",
        "select started_at as moment, run_id || ' (' || coalesce(era, 'era not known') || ')' as how_much, \
            ['runs:' || run_id] as evidence from runs \
         where started_at >= $before and started_at < $until \
            and started_at > (select min(from_at) from coverage) and not {back} order by moment, run_id",
    ),
    (
        "a decision rested on a read that had failed",
        "select min(happened_at) as moment, count(*) || ' decisions, the first: ' \
            || arg_min(rule, (happened_at, event_id)) as how_much, \
            [arg_min(event_id, (happened_at, event_id))] as evidence from decisions \
         where based_on_failed_read and happened_at >= $before and happened_at < $until having count(*) > 0",
    ),
    // domain/orchestrator.md 5.3, constants: an anomaly is ten times as many, or more than 10 after none
    (
        DEMAND,
        "select moment, 'queued ' || was || ' -> ' || queued || ' (' || run_id || ', cycle ' || cycle || ')' \
            as how_much, ['cycles:' || run_id || ' ' || cycle] as evidence from ( \
            select run_id, cycle, coalesce(started_at, completed_at) as moment, queued, \
                lag(queued) over (partition by run_id order by cycle) as was from cycles) \
         where moment >= $before and moment < $until and (queued >= 10 * was and was > 0 or was = 0 and queued > 10) \
         order by moment, run_id",
    ),
    (
        BACK,
        "select started_at as moment, run_id || ' (' || coalesce(era, 'era not known') || ')' as how_much, \
            ['runs:' || run_id] as evidence from runs \
         where started_at >= $before and started_at < $until and {back} order by moment, run_id",
    ),
    (
        "the fleet was asked to grow",
        "select happened_at as moment, 'cycle ' || cycle || ': ' || coalesce(verdict, '?') || ' more, desired ' \
            || coalesce(json_extract_string(inputs, '$.workers_desired'), '?') || ', queued ' \
            || coalesce(json_extract_string(inputs, '$.queued_tasks'), '?') as how_much, [event_id] as evidence \
         from decisions where rule = 'scale_up' and happened_at >= $from and happened_at < $until \
         order by happened_at, event_id limit 3",
    ),
    (
        "workers were condemned",
        "select min(happened_at) as moment, count(*) || ' x ' || verdict as how_much, \
            list(event_id order by happened_at, event_id)[:3] as evidence from decisions \
         where rule = 'kill' and happened_at >= $before and happened_at < $until \
         group by verdict order by moment, verdict",
    ),
];
