//! Health at an instant: what is wrong now, the fleet, the queue, errors, who watches, where we are blind.

use std::collections::BTreeMap;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::pulse::{self, Class, Pulse};
use crate::answers::fleet::rates::{self, Rates};
use crate::answers::fleet::serving::{self, Member, fleet};
use crate::answers::fleet::blind;
use crate::answers::heartbeat::Heartbeat;
use crate::answers::page::{Page, Value};
use crate::findings::finding::Verdict;
use crate::findings::kept::Told;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub fn tables() -> Vec<&'static str> {
    let own = ["tasks", "task_states", "pods"];
    [&serving::TABLES[..], &rates::TABLES, &pulse::TABLES, &blind::TABLES, &own].concat()
}

/// Errors and ends of the last hour count (domain/orchestrator.md 6, `health`).
const HOUR_S: f64 = 3600.0;
/// Longer than this, a task in progress is stuck (domain/orchestrator.md 5.3, TASK_STUCK_TIMEOUT_SEC); one
/// that waits for its children is not (2.2, W16).
const STUCK_S: f64 = 1200.0;

/// What waits for a task that is not complete cannot be claimed (domain/worker-app.md 1.6).
const QUEUE: &str = "with waiting as (select distinct task_states.task_id from task_states \
        join tasks on tasks.id = task_states.task_id, \
        unnest(string_split(trim(tasks.dependant_on, '{}'), ',')) as needed(id) \
        join tasks as others on others.id = needed.id \
        where task_states.left_at is null and task_states.state = 'queued' and others.status <> 'Complete') \
    select states.state, count(*) as tasks, min(entered_at) as oldest_at, \
        arg_min(states.task_id, (entered_at, states.task_id)) as oldest, \
        count(*) filter (waiting.task_id is not null) as waiting, \
        count(*) filter (entered_at < $stuck and coalesce(task_type, '') not like '%_orchestrator') as stuck \
    from task_states as states left join tasks on tasks.id = states.task_id \
    left join waiting on waiting.task_id = states.task_id \
    where states.left_at is null and states.state in ('queued', 'in_progress') group by states.state";

const STUCK: &str = "select states.task_id, task_type, entered_at, worker_id from task_states as states \
    left join tasks on tasks.id = states.task_id where left_at is null and state = 'in_progress' \
    and entered_at < $stuck and coalesce(task_type, '') not like '%_orchestrator' \
    order by entered_at, states.task_id limit $limit";

const ERRORS: &str = "select \"timestamp\" as at, source_type, source_id, log_level, message, \
    count(*) over () as all_errors from system_logs where log_level in ('ERROR', 'CRITICAL') \
    and \"timestamp\" > $since and \"timestamp\" <= $at order by \"timestamp\" desc, id desc limit $limit";

const PODS: &str = "select pod_id from pods where ended_at is null";

/// What is wrong, gathered before it is told.
struct Now {
    queued: i64,
    claimable: i64,
    stuck: i64,
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
    let stuck = ("stuck", Cell::Time(ask.at.plus_seconds(-STUCK_S)));
    let queue = ask.rows(QUEUE, std::slice::from_ref(&stuck))?;
    let orphans = orphans(ask, told)?;
    let serving: Vec<&Member> = all.iter().filter(|one| one.is_in_service()).collect();
    let gpus = |wanted: &dyn Fn(&Member) -> bool| {
        serving.iter().filter(|one| !one.is_api() && wanted(one)).count()
    };
    let of = |state: &str, name: &str| {
        let row = queue.iter().find(|row| row.text("state") == Some(state));
        row.and_then(|row| row.int(name)).unwrap_or(0)
    };
    let now = Now {
        queued: of("queued", "tasks"),
        claimable: of("queued", "tasks") - of("queued", "waiting"),
        stuck: of("in_progress", "stuck"),
        active: gpus(&Member::is_active),
        spawning: gpus(&Member::is_spawning),
        orphans: orphans.len(),
    };
    let mut page = Page::new("health", None, ask.at, ask.is_as_of);
    page.lines("warnings", "Warnings", warnings(&now, &rates, &pulses));
    add_fleet(&mut page, &serving);
    add_queue(&mut page, &now, &queue);
    let params = [stuck, ("limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX)))];
    add_stuck(&mut page, ask, &ask.rows(STUCK, &params)?);
    pulse::add(&mut page, &pulses, ask.at);
    rates.add(&mut page, HOUR_S);
    add_errors(&mut page, ask, limit)?;
    add_orphans(&mut page, &orphans);
    blind::add(&mut page, ask, "Gaps now", ask.at, ask.at, limit)?;
    Ok(page)
}

fn warnings(now: &Now, rates: &Rates, pulses: &[Pulse]) -> Vec<String> {
    let mut said = Vec::new();
    if now.claimable > 0 && now.active == 0 {
        said.push(format!("{} tasks are queued and could be claimed, but no worker is active", now.claimable));
    }
    if now.active == 0 && now.spawning == 0 {
        said.push("no worker is active or spawning".to_string());
    }
    if now.stuck > 0 {
        said.push(format!("{} tasks have been in progress for more than {:.0} min", now.stuck, STUCK_S / 60.0));
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
                said.push(format!("whether {name} is alive is not known: its lines could not reach us"));
            }
        }
    }
    if said.is_empty() {
        said.push("none".to_string());
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
    ];
    page.table("fleet", "Fleet, in service", &columns, rows.collect(), "no worker is in service");
}

fn add_queue(page: &mut Page, now: &Now, queue: &[Row]) {
    let of = |state: &str| queue.iter().find(|row| row.text("state") == Some(state));
    let (queued, progress) = (of("queued"), of("in_progress"));
    let id = |row: Option<&Row>| row.map_or(Value::Missing, |row| row.id("oldest"));
    let time = |row: Option<&Row>| row.map_or(Value::Missing, |row| row.when("oldest_at"));
    page.fields(
        "queue",
        "Queue",
        vec![
            ("queued", Value::Count(now.queued)),
            ("queued_waiting_for_others", Value::Count(now.queued - now.claimable)),
            ("oldest_queued", id(queued)),
            ("oldest_queued_at", time(queued)),
            ("in_progress", progress.map_or(Value::Count(0), |row| row.count("tasks"))),
            ("oldest_in_progress", id(progress)),
            ("oldest_in_progress_at", time(progress)),
            ("stuck", Value::Count(now.stuck)),
        ],
    );
}

fn add_stuck(page: &mut Page, ask: Ask<'_>, stuck: &[Row]) {
    let rows = stuck.iter().map(|task| {
        vec![
            task.id("task_id"),
            task.say("task_type"),
            task.when("entered_at"),
            Value::between(task.time("entered_at"), Some(ask.at)),
            task.id("worker_id"),
        ]
    });
    let columns = ["task", "type", "in_progress_since", "for_s", "worker"];
    let title = "Stuck tasks (in progress for more than 20 min; orchestrator tasks wait for others)";
    page.table("stuck", title, &columns, rows.collect(), "none");
}

fn add_errors(page: &mut Page, ask: Ask<'_>, limit: usize) -> Result<(), ReadError> {
    let params = [
        ("since", Cell::Time(ask.at.plus_seconds(-HOUR_S))),
        ("at", Cell::Time(ask.at)),
        ("limit", Cell::Int(i64::try_from(limit).unwrap_or(i64::MAX))),
    ];
    let errors = ask.rows(ERRORS, &params)?;
    let all = errors.first().and_then(|row| row.int("all_errors")).unwrap_or(0);
    let rows = errors.iter().map(|row| {
        vec![row.when("at"), row.id("source_id"), row.say("log_level"), row.say("message")]
    });
    let title = format!("Errors of the last hour ({all}, newest first)");
    let columns = ["at", "source", "level", "message"];
    page.table("errors", &title, &columns, rows.collect(), "none");
    Ok(())
}

/// Pods that run for nobody, as the catalogue found them: by workers' rows and lines, never by the row's
/// pod id alone, which is written after the pod (domain/orchestrator.md 6, fault 14).
fn orphans<'a>(ask: Ask<'_>, told: &'a [Told]) -> Result<Vec<&'a Told>, ReadError> {
    let running = ask.rows(PODS, &[])?;
    let runs = |id: &str| running.iter().any(|pod| pod.text("pod_id") == Some(id));
    let is_orphan = |one: &&Told| {
        one.subject_kind == "pod"
            && matches!(one.verdict, Verdict::Confirmed | Verdict::Probable)
            && one.happened_at.is_none_or(|since| since <= ask.at)
            && runs(&one.subject_id)
    };
    Ok(told.iter().filter(is_orphan).collect())
}

fn add_orphans(page: &mut Page, orphans: &[&Told]) {
    let rows = orphans.iter().map(|one| {
        vec![
            Value::Id(one.subject_id.clone()),
            Value::time(one.happened_at),
            Value::Id(one.query.clone()),
            Value::Text(one.summary.clone()),
        ]
    });
    let columns = ["pod", "since", "query", "what"];
    page.table("orphans", "Pods that run for nobody", &columns, rows.collect(), "none found");
}
