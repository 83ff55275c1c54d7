//! Pods: which run, which nobody's row names, how long they lived, what they cost.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::vanished::with_vanished;
use crate::answers::page::{Page, Value};
use crate::findings::short::Told;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub const TABLES: [&str; 5] = ["pods", "workers", "worker_ends", "worker_liveness", "events"];

/// Hours in a day, and days in a month as the old tool counted them (domain/orchestrator.md 6, `runpod`).
const DAY_H: f64 = 24.0;
const MONTH_D: f64 = 30.0;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PodsAsked {
    /// What an hour costs where the row does not tell, in dollars.
    pub price: f64,
    /// Rows of a list, at most.
    pub limit: usize,
}

/// Each pod with its life up to the instant told of. One whose worker's row a capture no longer found lived until the
/// one before, as far as is known.
const PODS: &str = "with gone as ({vanished}) select pods.*, coalesce(cost_per_hour, $price) as price, \
    cost_per_hour is null as is_assumed, workers.status, gone.row_missed_at, \
    coalesce(pods.ended_at, ends.ended_at, ends.ended_before) as over_at, \
    over_at is null and gone.row_missed_at is not null as is_lost, \
    over_at is null and gone.row_missed_at is null as is_running, \
    epoch(coalesce(over_at, gone.row_seen_at, $at::timestamp) - pods.created_at) as lived_s \
    from pods left join workers on workers.id = pods.worker_id \
    left join worker_ends as ends on ends.worker_id = pods.worker_id \
    left join gone on gone.worker_id = pods.worker_id \
    where pods.ended_at is null or pods.ended_at >= pods.created_at or pods.created_at is null \
    order by pods.created_at, pod_id";

/// Tells of every pod.
///
/// # Errors
/// When the tables cannot be asked.
pub fn pods(ask: Ask<'_>, asked: PodsAsked, told: &[Told]) -> Result<Page, ReadError> {
    let params = [("price", Cell::Float(asked.price)), ("at", Cell::Time(ask.at))];
    let all = ask.rows(&with_vanished(PODS), &params)?;
    let mut page = Page::new("pods", None, ask.told_at(), ask.is_as_of);
    let running: Vec<&Row> =
        all.iter().filter(|pod| pod.flag("is_running") == Some(true)).collect();
    summary(&mut page, &all, &running, asked);
    let columns =
        ["pod", "worker", "worker_status", "created_at", "lived_s", "price_per_hour", "cost"];
    let rows = running.iter().rev().take(asked.limit).map(|pod| pod_row(pod));
    page.table("running", "Running (newest first)", &columns, rows.collect(), "none");
    lost(&mut page, &all, asked.limit);
    orphans(&mut page, told);
    lifetimes(&mut page, &all);
    Ok(page)
}

/// Those of workers whose row a later capture did not find, where there are such.
fn lost(page: &mut Page, all: &[Row], limit: usize) {
    let lost: Vec<&Row> = all.iter().filter(|pod| pod.flag("is_lost") == Some(true)).collect();
    if lost.is_empty() {
        return;
    }
    let rows = lost.iter().rev().take(limit).map(|pod| {
        let mut told = pod_row(pod);
        told.push(pod.when("row_missed_at"));
        told
    });
    let columns = [
        "pod",
        "worker",
        "worker_status_then",
        "created_at",
        "lived_at_least_s",
        "price_per_hour",
        "cost_at_least",
        "row_missed_at",
    ];
    let title = "Row of its worker vanished between two captures: whether it runs on is not known";
    page.table("row_vanished", title, &columns, rows.collect(), "none");
}

fn cost(pod: &Row) -> f64 {
    pod.float("lived_s").unwrap_or(0.0) / 3600.0 * pod.float("price").unwrap_or(0.0)
}

fn summary(page: &mut Page, all: &[Row], running: &[&Row], asked: PodsAsked) {
    let count = |pods: usize| Value::Count(i64::try_from(pods).unwrap_or(i64::MAX));
    let unbound = running.iter().filter(|pod| pod.text("worker_id").is_none()).count();
    let assumed = all.iter().filter(|pod| pod.flag("is_assumed") == Some(true)).count();
    let per_hour: f64 = running.iter().map(|pod| pod.float("price").unwrap_or(0.0)).sum();
    page.fields(
        "summary",
        "Pods",
        vec![
            ("pods", count(all.len())),
            ("running", count(running.len())),
            ("running_without_a_worker", count(unbound)),
            (
                "not_known_whether_running",
                count(all.iter().filter(|pod| pod.flag("is_lost") == Some(true)).count()),
            ),
            ("ended_at_no_known_time", count(all.iter().filter(|pod| is_vague(pod)).count())),
            ("cost_per_hour", Value::Money(per_hour)),
            ("cost_per_day", Value::Money(per_hour * DAY_H)),
            ("cost_per_month", Value::Money(per_hour * DAY_H * MONTH_D)),
            ("cost_so_far", Value::Money(all.iter().map(cost).sum())),
            ("price_assumed", Value::Money(asked.price)),
            ("pods_at_the_assumed_price", count(assumed)),
        ],
    );
}

/// Whether its worker ended within bounds, and no row tells when the pod did. It counts as long as it can have
/// lived. Of a worker that crashed with no bound at all the pod may run on, and runs here.
fn is_vague(pod: &Row) -> bool {
    pod.time("ended_at").is_none() && pod.time("over_at").is_some()
}

fn pod_row(pod: &Row) -> Vec<Value> {
    vec![
        pod.id("pod_id"),
        pod.id("worker_id"),
        pod.say("status"),
        pod.when("created_at"),
        pod.seconds("lived_s"),
        pod.float("price").map_or(Value::Missing, Value::Money),
        Value::Money(cost(pod)),
    ]
}

/// What costs money for nobody, as the catalogue found it.
fn orphans(page: &mut Page, told: &[Told]) {
    let wasted = told.iter().filter(|one| one.subject_kind == "pod");
    let rows = wasted.map(|one| {
        vec![
            Value::Id(one.subject_id.clone()),
            Value::Text(one.verdict.name().to_string()),
            Value::Id(one.query.clone()),
            Value::time(one.happened_at),
            Value::Text(one.summary.clone()),
        ]
    });
    let columns = ["pod", "verdict", "query", "since", "what"];
    let title = "Orphans and waste (at the end of the evidence)";
    page.table("orphans", title, &columns, rows.collect(), "none found");
}

/// Lifetimes by how pods ended.
fn lifetimes(page: &mut Page, all: &[Row]) {
    let mut kinds: std::collections::BTreeMap<&str, Vec<&Row>> = std::collections::BTreeMap::new();
    for pod in all.iter().filter(|pod| pod.time("over_at").is_some()) {
        kinds.entry(pod.text("end_kind").unwrap_or("not known when or how")).or_default().push(pod);
    }
    let rows = kinds.into_iter().map(|(kind, pods)| {
        let mut lives: Vec<f64> = pods.iter().filter_map(|pod| pod.float("lived_s")).collect();
        lives.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = lives.len().saturating_sub(1);
            lives.get((last as f64 * share).round() as usize).copied()
        };
        // of an even number the middle lies between two
        let middle = lives.len() / 2;
        let median = at(0.5).map(|upper| match lives.get(middle.saturating_sub(1)) {
            Some(lower) if lives.len().is_multiple_of(2) => lower.midpoint(upper),
            Some(_) | None => upper,
        });
        let quantile = |share: f64| at(share).map_or(Value::Missing, Value::Seconds);
        vec![
            Value::Text(kind.to_string()),
            Value::Count(pods.len() as i64),
            median.map_or(Value::Missing, Value::Seconds),
            quantile(0.9),
            quantile(1.0),
            Value::Money(pods.iter().map(|pod| cost(pod)).sum()),
        ]
    });
    let columns = ["end", "pods", "median_life_s", "p90_life_s", "longest_life_s", "cost"];
    page.table("lifetimes", "Ended, by how", &columns, rows.collect(), "none");
}
