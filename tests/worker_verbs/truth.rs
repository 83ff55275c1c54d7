//! Every statement of `worker` that the truth of an incident can judge, for workers drawn at random.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use serde_json::Value;

use super::{json, rows, text};
use crate::support::replayed::{Bench, INCIDENTS, incident};

/// Workers of each incident; BACKSTORY_DRAWN draws another number of them.
const DRAWN: usize = 10;

fn drawn() -> usize {
    let asked = std::env::var("BACKSTORY_DRAWN").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(DRAWN)
}
/// An end told this far from the true one counts as told (as the score has it), in seconds.
const NEAR_S: f64 = 30.0;
/// Clocks of workers are off by up to 3 s (the incidents' own description), and what is told by a line comes
/// a moment after the act.
const CLOCK_S: f64 = 5.0;

fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}

fn seconds(a: Timestamp, b: Timestamp) -> f64 {
    (a.as_microsecond() - b.as_microsecond()) as f64 / 1e6
}

/// What was held, and what did not hold.
#[derive(Default)]
struct Held {
    statements: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Held {
    fn check(&mut self, what: &'static str, holds: bool, said: impl FnOnce() -> String) {
        *self.statements.entry(what).or_default() += 1;
        if !holds {
            self.wrong.push(format!("{what}: {}", said()));
        }
    }
}

#[test]
fn statements_about_workers_drawn_at_random_are_true() {
    let mut held = Held::default();
    for (seed, name) in INCIDENTS.iter().enumerate() {
        let Some(folder) = incident(name, "statements about workers") else { continue };
        let bench = Bench::new();
        bench.replayed(&folder, "s");
        let truth = fs::read_to_string(folder.join("truth.json")).expect("a truth");
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        let claims = claims(&truth);
        let mut all: Vec<&Value> = truth["workers"].as_array().expect("workers").iter().collect();
        all.retain(|worker| worker["in_db"] == true && worker["pod"].is_object());
        fastrand::Rng::with_seed(seed as u64 + 1).shuffle(&mut all);
        for worker in all.into_iter().take(drawn()) {
            let id = text(worker, "worker_id");
            let page = json(&bench, "worker", &[id, "--limit", "100000"]);
            overview(&mut held, &page, worker);
            ending(&mut held, &page, worker);
            let none = BTreeSet::new();
            tasks(&mut held, &page, claims.get(id).unwrap_or(&none));
        }
    }
    // without the incidents there is nothing to hold
    let all: usize = held.statements.values().sum();
    assert!(all == 0 || all > 50, "only {:?} could be judged", held.statements);
    assert!(held.wrong.is_empty(), "{} false:\n{}", held.wrong.len(), held.wrong.join("\n"));
}

/// The tasks that each worker truly claimed.
fn claims(truth: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for task in truth["tasks"].as_array().expect("tasks") {
        for worker in task["claims"].as_array().into_iter().flatten() {
            let worker = worker.as_str().expect("an id");
            found.entry(worker).or_default().insert(text(task, "task_id"));
        }
    }
    found
}

fn overview(held: &mut Held, page: &Value, worker: &Value) {
    let said = || format!("{} {}", text(worker, "worker_id"), page["overview"]);
    let told = &page["overview"];
    held.check("status", told["row_status"] == worker["final_db_status"], said);
    let pod = &worker["pod"];
    for row in rows(page, "pods") {
        held.check("pod", row["pod"] == pod["runpod_id"], || format!("{row} {pod}"));
        if let (Some(told), Some(truth)) = (instant(&row["created_at"]), instant(&pod["created"])) {
            held.check("pod created", seconds(told, truth).abs() < NEAR_S, || {
                format!("{row} {pod}")
            });
        }
        let (from, until) = (instant(&pod["created"]), instant(&pod["dead"]));
        let ended = !row["ended_at"].is_null();
        if let (Some(from), Some(until), Some(cost), true) =
            (from, until, row["cost"].as_f64(), ended)
        {
            let price = row["cost_per_hour"].as_f64().expect("a price with a cost");
            let truth = seconds(until, from) / 3600.0 * price;
            let near = NEAR_S * 2.0 / 3600.0 * price;
            held.check("cost", (cost - truth).abs() < near, || format!("{row} truth {truth}"));
        }
    }
}

fn ending(held: &mut Held, page: &Value, worker: &Value) {
    let end = &page["end"];
    let said = || format!("{} {end} {}", text(worker, "worker_id"), worker["true_death"]);
    let death = instant(&worker["true_death"]);
    let dead = instant(&worker["pod"]["dead"]);
    if end["kind"].is_null() {
        // a frozen worker, or a pod that never ends, is not gone
        held.check("not ended", dead.is_none(), said);
        return;
    }
    held.check("ended", death.is_some() || dead.is_some(), said);
    if let (Some(told), Some(dead)) = (instant(&end["ended_at"]), dead) {
        held.check("ended at", seconds(told, dead).abs() <= NEAR_S, said);
    }
    let bounds = (instant(&end["ended_after"]), instant(&end["ended_before"]));
    if let ((Some(after), Some(before)), Some(dead)) = (bounds, dead) {
        let inside = seconds(dead, after) >= -CLOCK_S && seconds(before, dead) >= -CLOCK_S;
        held.check("bounds", inside, said);
    }
    if let (Some(told), Some(last)) =
        (instant(&end["last_heartbeat_at"]), instant(&worker["last_heartbeat_sent"]))
    {
        let gap = seconds(told, last);
        held.check("last alive", gap.abs() <= NEAR_S, || {
            format!("{} said {told}, sent {last}", text(worker, "worker_id"))
        });
    }
    right(held, page, worker);
}

/// Whether the end was right, as far as it is said.
fn right(held: &mut Held, page: &Value, worker: &Value) {
    let right = &page["was_it_right"];
    let because = right["because"].to_string();
    let said = || format!("{} {right} {}", text(worker, "worker_id"), worker["kills"]);
    let any = |key: &str| {
        let kills = worker["kills"].as_array();
        kills.is_some_and(|kills| kills.iter().any(|kill| kill[key] == true))
    };
    if text(right, "answer") == "no" {
        let healthy =
            because.contains("worker_killed_while_healthy") && worker["was_false_positive"] == true;
        let busy = because.contains("worker_scaled_down_while_busy") && any("killed_while_busy");
        let other = !because.contains("worker_killed_while_healthy")
            && !because.contains("worker_scaled_down_while_busy");
        held.check("wrongly ended", healthy || busy || other, said);
    }
    if text(right, "answer").starts_with("yes") {
        let faults = worker["injected_faults"].as_array().is_some_and(|faults| !faults.is_empty());
        let truly = faults || because.contains("worker_never_ready");
        held.check("at fault itself", truly && worker["was_false_positive"] == false, said);
    }
    let is_error = text(&page["end"], "kind") == "error";
    if is_error && text(right, "answer") == "nothing found speaks against it" {
        held.check("rightly ended", worker["was_false_positive"] == false, said);
    }
}

fn tasks(held: &mut Held, page: &Value, truth: &BTreeSet<&str>) {
    let Some(told) = page["tasks"].as_array() else { return };
    for row in told {
        held.check("claimed", truth.contains(text(row, "task")), || row.to_string());
    }
}
