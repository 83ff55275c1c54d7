//! One small fold three times: events that move a task into the stays of tasks, of repeats the first. It
//! knows no hidden claims, no attempts, no workers, no citations: what a query could do in place of a replay.

use std::hint::black_box;
use std::process::Command;

use backstory::events::History;
use backstory::model::event::Event;
use backstory::model::id::TaskId;
use backstory::model::kind::EventKind;
use backstory::model::state::TaskStateName;
use backstory::model::time::Micros;
use backstory::snapshot::open::Snapshot;
use rustc_hash::FxHashMap;

use crate::cost::Cost;
use crate::{Done, RUNS};

const WINDOWS: &str = "with moves as (\
    select task_id, happened_at, event_id, case \
        when kind in ('task_created', 'task_reset_listed') then 'queued' \
        when kind in ('task_claimed', 'task_claim_recorded') then 'in_progress' \
        when kind = 'task_completed' then 'complete' when kind = 'task_failed' then 'failed' \
        when kind = 'task_cancelled' then 'cancelled' end as state \
    from EVENTS where task_id is not null), \
    changed as (select *, lag(state) over (partition by task_id order by happened_at, event_id) as before \
        from moves where state is not null) \
    select count(*) from (select task_id, state, happened_at as entered_at, \
        lead(happened_at) over (partition by task_id order by happened_at, event_id) as left_at \
        from changed where before is distinct from state)";

/// All of them on one thread.
pub(crate) fn compare(snapshot: &Snapshot, history: &History) -> Done<()> {
    let events = history.events.len() as u64;
    let mut cost = Cost::NONE;
    let mut stays = 0;
    for _ in 0..RUNS {
        stays = cost.least(|| black_box(by_hand(history)).len());
    }
    println!("  the same small fold, 1 thread, {events} events, warm:");
    println!("    by hand, events in memory      {}, {stays} stays", cost.rate(events));
    duckdb(snapshot)?;
    polars(snapshot, events)
}

/// What a fold makes; nobody reads it here.
#[expect(dead_code, reason = "written, as the peers write theirs")]
struct Stay<'a> {
    task: &'a TaskId,
    state: TaskStateName,
    entered_at: Micros,
    left_at: Option<Micros>,
}

fn by_hand(history: &History) -> Vec<Stay<'_>> {
    let mut stays: Vec<Stay<'_>> = Vec::new();
    let mut last: FxHashMap<&TaskId, usize> = FxHashMap::default();
    for event in history.events.in_memory().unwrap_or_default() {
        let (Some(state), Some(task)) = (moves(event), &event.task) else { continue };
        let place = stays.len();
        match last.entry(task) {
            std::collections::hash_map::Entry::Vacant(first) => drop(first.insert(place)),
            std::collections::hash_map::Entry::Occupied(mut known) => {
                let before = &mut stays[*known.get()];
                if before.state == state {
                    continue;
                }
                before.left_at = Some(event.at);
                known.insert(place);
            }
        }
        stays.push(Stay { task, state, entered_at: event.at, left_at: None });
    }
    stays
}

fn moves(event: &Event) -> Option<TaskStateName> {
    const MOVES: [(EventKind, TaskStateName); 7] = [
        (EventKind::TaskCreated, TaskStateName::Queued),
        (EventKind::TaskResetListed, TaskStateName::Queued),
        (EventKind::TaskClaimed, TaskStateName::InProgress),
        (EventKind::TaskClaimRecorded, TaskStateName::InProgress),
        (EventKind::TaskCompleted, TaskStateName::Complete),
        (EventKind::TaskFailed, TaskStateName::Failed),
        (EventKind::TaskCancelled, TaskStateName::Cancelled),
    ];
    MOVES.iter().find(|(kind, _)| *kind == event.kind).map(|(_, state)| *state)
}

fn duckdb(snapshot: &Snapshot) -> Done<()> {
    let file = snapshot.dir().join("derived/events/events.parquet");
    let file = format!("read_parquet('{}')", file.display());
    let connection = duckdb::Connection::open_in_memory()?;
    let version: String = connection.query_row("select version()", [], |row| row.get(0))?;
    connection.execute_batch(&format!(
        "set threads = 1; create table held as select task_id, happened_at, event_id, kind from {file}"
    ))?;
    let events: i64 = connection.query_row("select count(*) from held", [], |row| row.get(0))?;
    for (from, name) in [("held", "events in memory"), (file.as_str(), "from Parquet")] {
        let (mut cost, mut stays) = (Cost::NONE, 0i64);
        let sql = WINDOWS.replace("EVENTS", from);
        for _ in 0..RUNS {
            stays = cost.least(|| connection.query_row(&sql, [], |row| row.get(0)))?;
        }
        let name = format!("DuckDB {version}, {name}");
        println!("    {name:<30} {}, {stays} stays", cost.rate(events as u64));
    }
    Ok(())
}

/// In a Python that has polars (`BENCH_PYTHON`), on one thread, by the clock.
fn polars(snapshot: &Snapshot, events: u64) -> Done<()> {
    let Some(python) = std::env::var_os("BENCH_PYTHON") else {
        println!("    polars: not measured (BENCH_PYTHON names a Python that has it)");
        return Ok(());
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/replay/fold.py");
    let file = snapshot.dir().join("derived/events/events.parquet");
    let mut command = Command::new(python);
    command.arg(script).arg(file).arg(RUNS.to_string()).env("POLARS_MAX_THREADS", "1");
    let said = String::from_utf8(command.output()?.stdout)?;
    let [version, stays, in_memory, from_file] = said.split_whitespace().collect::<Vec<_>>()[..]
    else {
        return Err("BENCH_PYTHON could not run the fold in polars".into());
    };
    for (seconds, name) in [(in_memory, "events in memory"), (from_file, "from Parquet")] {
        let rate = events as f64 / seconds.parse::<f64>()? / 1e3;
        println!("    {:<30} {rate:>7.0} k/s, {stays} stays", format!("polars {version}, {name}"));
    }
    Ok(())
}
