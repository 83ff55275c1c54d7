//! What most likely set a window off: what stood out in it and shortly before, with the rows that say so.
//!
//! That one thing came before another proves no cause, and the page says so. Which kinds of thing are looked
//! for, and in which order they are named, is that of the incidents of domain/orchestrator.md 7: a logging
//! outage, a new process, failed reads, a jump of demand, a burst of tasks.

use crate::answers::ask::Row;
use crate::answers::page::{Page, Value};
use crate::answers::window::Asked;

/// Adds what stood out, the likeliest first.
pub(super) fn section(asked: &Asked, page: &mut Page) {
    let signs: Vec<Vec<Value>> = asked.signs.iter().map(sign).collect();
    let likely = signs.first();
    let mut lines = Vec::new();
    if let Some(row) = likely {
        let text = |at: usize| plain_text(&row[at]);
        lines.push(format!(
            "{} ({}). What came first is no proof of cause: look at its evidence.",
            capitalised(&text(0)),
            text(2)
        ));
    } else {
        lines.push(
            "Nothing stood out in it or in the 10 minutes before: no outage, new process, failed read, jump of \
             demand or burst of tasks."
                .to_string(),
        );
    }
    page.lines("likely_trigger", "Likely trigger", lines);
    let columns = ["what", "at", "how_much", "evidence"];
    let (rows, title) = asked.listed(signs, "What stood out, in it and up to 10 minutes before");
    page.table("signs", &title, &columns, rows, "nothing");
}

fn plain_text(value: &Value) -> String {
    if let Value::Text(text) = value { text.clone() } else { String::new() }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// What is looked for, as one question: to plan seven takes longer than to answer them.
pub(super) fn all_signs() -> String {
    let each = SIGNS.iter().enumerate().map(|(rank, (what, sql))| {
        format!("select {rank} as rank, '{}' as what, * from ({sql})", what.replace('\'', "''"))
    });
    let all: Vec<String> = each.collect();
    format!("{} order by rank, moment, how_much", all.join(" union all "))
}

fn sign(row: &Row) -> Vec<Value> {
    vec![
        row.say("what"),
        row.when("moment"),
        row.say("how_much"),
        Value::List(row.texts("evidence").into_iter().map(Value::Id).collect()),
    ]
}

/// What is looked for: `moment`, `how_much` and `evidence` of each.
const SIGNS: [(&str, &str); 7] = [
    (
        "no line of an orchestrator arrived, and one may have acted",
        "select began_at as moment, source_id || ' ' || cause || ' for ' \
            || round(epoch(ended_at - began_at))::bigint || ' s' as how_much, \
            ['gaps:' || source_id || ' ' || began_at] as evidence \
         from gaps where source_type like 'orchestrator%' and cause in ('logging_outage', 'dropped', 'unknown') \
            and began_at < $until and ended_at > $before order by moment, source_id",
    ),
    (
        "no orchestrator process ran",
        "select began_at as moment, source_id || ' down for ' || round(epoch(ended_at - began_at))::bigint \
            || ' s' as how_much, ['gaps:' || source_id || ' ' || began_at] as evidence \
         from gaps where source_type = 'orchestrator_gpu' and cause = 'process_down' \
            and began_at < $until and ended_at > $before and began_at >= $before order by moment, source_id",
    ),
    (
        "a new orchestrator process",
        "select started_at as moment, run_id || ' (' || coalesce(era, 'era not known') || ')' as how_much, \
            ['runs:' || run_id] as evidence from runs \
         where started_at >= $before and started_at < $until \
            and started_at > (select min(from_at) from coverage) order by moment, run_id",
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
        "demand jumped between two cycles",
        "select moment, 'queued ' || was || ' -> ' || queued || ' (' || run_id || ', cycle ' || cycle || ')' \
            as how_much, ['cycles:' || run_id || ' ' || cycle] as evidence from ( \
            select run_id, cycle, coalesce(started_at, completed_at) as moment, queued, \
                lag(queued) over (partition by run_id order by cycle) as was from cycles) \
         where moment >= $before and moment < $until and (queued >= 10 * was and was > 0 or was = 0 and queued > 10) \
         order by moment, run_id",
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
