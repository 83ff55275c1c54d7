//! The course of a task, a worker or the fleet, as lanes.

use std::collections::BTreeMap;

use crate::answers::ask::{Ask, Row};
use crate::answers::lanes::{Lane, Lanes, Span};
use crate::answers::page::Page;
use crate::answers::subject::Subject;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub const TABLES: [&str; 10] = [
    "events",
    "tasks",
    "workers",
    "task_states",
    "task_attempts",
    "worker_states",
    "worker_liveness",
    "worker_ends",
    "gaps",
    "runs",
];

/// Whose course is drawn, and of when.
#[derive(Clone, Debug)]
pub struct TimelineAsked {
    /// A task or a worker; `None`: the fleet.
    pub subject: Option<Subject>,
    /// Not before.
    pub since: Option<Micros>,
    /// Not after.
    pub until: Option<Micros>,
    /// Lanes at most.
    pub limit: usize,
}

/// Room around what is drawn, as a part of its length.
const MARGIN: f64 = 0.02;

const TASK: &str = "select 'state' as lane, 0 as n, entered_at as from_at, left_at as until_at, state \
      from task_states where task_id = $id \
    union all select coalesce(worker_id, 'worker not known'), attempt, claimed_at, ended_at, outcome \
      from task_attempts where task_id = $id \
    order by n, lane, from_at";

const WORKER: &str = "select 'state' as lane, 0 as n, entered_at as from_at, left_at as until_at, state \
      from worker_states where worker_id = $id \
    union all select 'life signs', 1, entered_at, left_at, liveness from worker_liveness where worker_id = $id \
    union all select 'task ' || task_id[:8], 1 + row_number() over (order by claimed_at, task_id), claimed_at, \
      ended_at, outcome from task_attempts where worker_id = $id \
    order by n, lane, from_at";

/// Of the first workers, and how many there are.
const FLEET: &str = "with stays as materialized (select worker_id, entered_at, left_at, state from worker_states \
      where entered_at < $until and coalesce(left_at, $until) > $from and state <> 'ended'), \
    began as materialized (select worker_id, min(entered_at) as n from stays group by worker_id), \
    shown as (select * from began order by n, worker_id limit $limit) \
    select worker_id as lane, n, entered_at as from_at, left_at as until_at, state, \
      (select count(*) from began) as workers from stays join shown using (worker_id) \
    order by n, lane, from_at";

/// Of orchestrators: when lines of theirs could not have reached us.
const GAPS: &str = "select source_type as lane, began_at as from_at, ended_at as until_at, cause as state \
    from gaps where source_type like 'orchestrator%' and cause not in ('not_started', 'no_such_source', 'unsent') \
      and began_at < $until and ended_at > $from order by lane, from_at, state";

/// Tells the course.
///
/// # Errors
/// When the tables cannot be asked.
pub fn timeline(ask: Ask<'_>, asked: &TimelineAsked) -> Result<Page, ReadError> {
    let mut page = Page::new("timeline", asked.subject.clone(), ask.told_at(), ask.is_as_of);
    let (mut lanes, all) = match &asked.subject {
        Some(subject) => {
            let sql = if subject.kind == "task" { TASK } else { WORKER };
            let lanes = of_one(&ask.of(sql, &subject.id)?, ask.at, asked);
            let all = lanes.lanes.len();
            (lanes, all)
        }
        None => fleet(ask, asked)?,
    };
    let left_out = all.saturating_sub(asked.limit);
    lanes.lanes.truncate(asked.limit);
    page.lanes("lanes", "Course", lanes);
    if left_out > 0 {
        let said = format!("{left_out} lanes more: --limit, or a shorter --since and --until");
        page.lines("left_out", "Left out", vec![said]);
    }
    Ok(page)
}

/// Rows as lanes, in the order in which they come.
fn lanes_of(rows: &[Row]) -> Vec<Lane> {
    let mut order: Vec<Lane> = Vec::new();
    let mut known: BTreeMap<(String, Option<i64>), usize> = BTreeMap::new();
    for row in rows {
        let label = row.text("lane").unwrap_or_default().to_string();
        let Some(from) = row.time("from_at") else { continue };
        let span = Span {
            from,
            until: row.time("until_at"),
            state: row.text("state").unwrap_or_default().to_string(),
        };
        let at = *known.entry((label.clone(), row.int("n"))).or_insert_with(|| {
            order.push(Lane { label, spans: Vec::new() });
            order.len() - 1
        });
        order[at].spans.push(span);
    }
    order
}

/// From the first thing that happened to the last, with some room around it.
fn of_one(rows: &[Row], now: Micros, asked: &TimelineAsked) -> Lanes {
    let mut lanes = lanes_of(rows);
    // after the end of a worker its silence says nothing
    let ended = lanes.iter().flat_map(|lane| &lane.spans).filter(|span| span.state == "ended");
    let ended = ended.map(|span| span.from).min();
    if let Some(ended) = ended {
        for lane in
            lanes.iter_mut().filter(|lane| lane.spans.iter().all(|span| span.state != "ended"))
        {
            lane.spans.retain(|span| span.from < ended);
            for span in &mut lane.spans {
                span.until = Some(span.until.map_or(ended, |until| until.min(ended)));
            }
        }
    }
    let spans = || lanes.iter().flat_map(|lane| &lane.spans);
    let first = spans().map(|span| span.from).min().unwrap_or(now);
    let last = spans().map(|span| span.until.unwrap_or(span.from)).max().unwrap_or(now);
    // what is at its end stays so: the drawing need not go on to the end of the evidence
    let lasts = spans().any(|span| span.until.is_none() && !is_end(&span.state));
    let last = if lasts { now.max(last) } else { last };
    let room = (last.seconds_since(first) * MARGIN).max(1.0);
    let from = asked.since.unwrap_or(first.plus_seconds(-room));
    let until = asked.until.unwrap_or(last.plus_seconds(room)).max(from.plus_seconds(1.0));
    Lanes { from, until, lanes }
}

/// States that a thing stays in (domain/orchestrator.md 2.2, domain/worker-app.md 2.2).
fn is_end(state: &str) -> bool {
    ["complete", "failed", "cancelled", "ended"].contains(&state)
}

/// The first lanes, and how many there are.
fn fleet(ask: Ask<'_>, asked: &TimelineAsked) -> Result<(Lanes, usize), ReadError> {
    let begin = ask.first("select min(from_at) as begins from coverage", &[])?;
    let begin = begin.and_then(|row| row.time("begins")).unwrap_or(ask.at);
    let from = asked.since.unwrap_or(begin);
    let until = asked.until.unwrap_or(ask.at).max(from.plus_seconds(1.0));
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let params =
        [("from", Cell::Time(from)), ("until", Cell::Time(until)), ("limit", Cell::Int(limit))];
    let mut gaps = lanes_of(&ask.rows(GAPS, &params)?);
    for lane in &mut gaps {
        lane.label = format!("not heard: {}", lane.label);
    }
    let stays = ask.rows(FLEET, &params)?;
    let workers = stays.first().and_then(|row| row.int("workers")).unwrap_or(0);
    let all = gaps.len() + usize::try_from(workers).unwrap_or(0);
    gaps.extend(lanes_of(&stays));
    Ok((Lanes { from, until, lanes: gaps }, all))
}
