//! Health at an instant: what is wrong now, the fleet, the queue, errors, who watches, where we are blind.

mod errors;
mod orphans;

use std::collections::BTreeMap;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::blind;
use crate::answers::fleet::pulse::{self, Class, Pulse};
use crate::answers::fleet::queue::{self, Queue, STUCK_S};
use crate::answers::fleet::rates::{self, Rates};
use crate::answers::fleet::serving::{self, Member, fleet};
use crate::answers::heartbeat::Heartbeat;
use crate::answers::page::{Page, Value};
use crate::findings::short::Told;
use crate::read::error::ReadError;

/// The tables it asks.
pub fn tables() -> Vec<&'static str> {
    let fleet = [&serving::TABLES[..], &rates::TABLES, &queue::TABLES];
    [&fleet.concat()[..], &pulse::TABLES, &blind::TABLES, &["pods"]].concat()
}

/// Errors and ends of the last hour count (domain/orchestrator.md 6, `health`).
const HOUR_S: f64 = 3600.0;
/// What is wrong, gathered before it is told.
struct Now {
    claimable: i64,
    stuck: usize,
    active: usize,
    spawning: usize,
    orphans: usize,
}

/// Tells how all is at the instant.
///
/// # Errors
/// When the tables cannot be asked.
pub fn health(ask: Ask<'_>, limit: usize, told: &[Told]) -> Result<Page, ReadError> {
    let since = ask.at.plus_seconds(-HOUR_S);
    let until = crate::model::time::Micros(ask.at.0.saturating_add(1));
    let all = fleet(ask, since)?;
    let rates = Rates::of(ask, &all, told, since, until)?;
    let pulses = pulse::pulses(ask)?;
    let queue = Queue::read(ask)?;
    let stuck = queue.stuck(ask.at);
    let orphans = orphans::of(ask, told)?;
    let serving: Vec<&Member> = all.iter().filter(|one| one.is_in_service()).collect();
    let gpus = |wanted: &dyn Fn(&Member) -> bool| {
        serving.iter().filter(|one| !one.is_api() && wanted(one)).count()
    };
    let queued = queue.of("queued").count();
    let now = Now {
        claimable: i64::try_from(queued).unwrap_or(i64::MAX) - queue.waiting,
        stuck: stuck.len(),
        active: gpus(&Member::is_active),
        spawning: gpus(&Member::is_spawning),
        orphans: orphans.len(),
    };
    let mut page = Page::new("health", None, ask.at, ask.is_as_of);
    let warnings = warnings(&now, &rates, &pulses);
    let rows = warnings.into_iter().map(|said| vec![Value::Text(said)]).collect();
    page.table("warnings", "Warnings", &["warning"], rows, "none");
    add_fleet(&mut page, &serving);
    add_queue(&mut page, &queue, now.stuck);
    add_stuck(&mut page, ask, &stuck, limit);
    pulse::add(&mut page, &pulses, ask.at);
    rates.add(&mut page, HOUR_S);
    errors::add(&mut page, ask, limit)?;
    orphans::add(&mut page, &orphans);
    blind::add(&mut page, ask, "Gaps now", ask.at, ask.at, limit)?;
    Ok(page)
}

fn warnings(now: &Now, rates: &Rates, pulses: &[Pulse]) -> Vec<String> {
    let mut said = Vec::new();
    if now.claimable > 0 && now.active == 0 {
        said.push(format!(
            "{} tasks are queued and could be claimed, but no worker is active",
            now.claimable
        ));
    }
    if now.active == 0 && now.spawning == 0 {
        said.push("no worker is active or spawning".to_string());
    }
    if now.stuck > 0 {
        said.push(format!(
            "{} tasks have been in progress for more than {:.0} min",
            now.stuck,
            STUCK_S / 60.0
        ));
    }
    if now.orphans > 0 {
        said.push(format!("{} pods run for nobody", now.orphans));
    }
    if rates.is_over() == Some(true) {
        said.push("the orchestrator's failure rate is over 80 %".to_string());
    }
    for pulse in pulses {
        let name = pulse.source_type;
        match pulse.class {
            Class::Healthy | Class::NoLogs => {}
            Class::Warning => said.push(format!("{name} has not logged for more than 5 min")),
            Class::Stale => said.push(format!("{name} has not logged for more than 15 min")),
            Class::Down => said.push(format!("{name} is down")),
            Class::NotJudged => {
                said.push(format!(
                    "whether {name} is alive is not known: its lines could not reach us"
                ));
            }
        }
    }
    said
}

fn count(n: usize) -> Value {
    Value::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

fn add_fleet(page: &mut Page, serving: &[&Member]) {
    let mut states: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in serving {
        states.entry(member.state()).or_default().push(member);
    }
    let rows = states.iter().map(|(state, members)| {
        let beats = |class| count(members.iter().filter(|one| one.heartbeat() == class).count());
        let lives = |word| {
            count(members.iter().filter(|one| one.row().text("liveness") == Some(word)).count())
        };
        vec![
            Value::Text((*state).to_string()),
            count(members.len()),
            lives("alive"),
            lives("silent"),
            lives("unknown"),
            beats(Heartbeat::Healthy),
            beats(Heartbeat::Warning),
            beats(Heartbeat::Stale),
            beats(Heartbeat::None),
            beats(Heartbeat::Unknown),
        ]
    });
    let columns = [
        "true_state",
        "workers",
        "alive",
        "silent",
        "not_known",
        "beat_under_60",
        "beat_under_300",
        "beat_older",
        "no_beat",
        "beat_not_known",
    ];
    page.table("fleet", "Fleet, in service", &columns, rows.collect(), "no worker is in service");
}

fn add_queue(page: &mut Page, queue: &Queue, stuck: usize) {
    let queued: Vec<&Row> = queue.of("queued").collect();
    let progress: Vec<&Row> = queue.of("in_progress").collect();
    let id = |rows: &[&Row]| rows.first().map_or(Value::Missing, |row| row.id("task_id"));
    let time = |rows: &[&Row]| rows.first().map_or(Value::Missing, |row| row.when("entered_at"));
    page.fields(
        "queue",
        "Queue",
        vec![
            ("queued", count(queued.len())),
            ("queued_waiting_for_others", Value::Count(queue.waiting)),
            ("oldest_queued", id(&queued)),
            ("oldest_queued_at", time(&queued)),
            ("in_progress", count(progress.len())),
            ("oldest_in_progress", id(&progress)),
            ("oldest_in_progress_at", time(&progress)),
            ("stuck", count(stuck)),
        ],
    );
}

fn add_stuck(page: &mut Page, ask: Ask<'_>, stuck: &[&Row], limit: usize) {
    let rows = stuck.iter().take(limit).map(|task| {
        vec![
            task.id("task_id"),
            task.say("task_type"),
            task.when("entered_at"),
            Value::between(task.time("entered_at"), Some(ask.at)),
            task.id("worker_id"),
        ]
    });
    let columns = ["task", "type", "in_progress_since", "for_s", "worker"];
    let title =
        "Stuck tasks (in progress for more than 20 min; orchestrator tasks wait for others)";
    page.table("stuck", title, &columns, rows.collect(), "none");
}
