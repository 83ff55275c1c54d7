//! Every table as it was at an instant: what had happened by then, drawn from all evidence, later rows
//! included (DESIGN section 6).
//!
//! The fold of a prefix of events is the prefix of the fold, so a timeline is cut: what came later is
//! away, what lasted is open again. Rows of the source are undone as far as timelines tell.

use crate::model::time::Micros;
use crate::read::cell::plain_time;

/// How one table is cut. `{all}name` stands for the whole table, `{t}` for the instant.
struct Cut {
    table: &'static str,
    select: &'static str,
}

const CUTS: [Cut; 22] = [
    Cut { table: "events", select: "select * from {all}events where happened_at <= {t}" },
    Cut {
        table: "event_evidence",
        select: "select * from {all}event_evidence where event_id in (select event_id from {all}events where happened_at <= {t})",
    },
    Cut {
        table: "event_objects",
        select: "select * from {all}event_objects where event_id in (select event_id from {all}events where happened_at <= {t})",
    },
    Cut { table: "decisions", select: "select * from {all}decisions where happened_at <= {t}" },
    Cut { table: "anomalies", select: "select * from {all}anomalies where happened_at <= {t}" },
    Cut { table: "task_states", select: STATES_TASK },
    Cut { table: "worker_states", select: STATES_WORKER },
    Cut {
        table: "worker_liveness",
        select: "select * replace (case when left_at <= {t} then left_at end as left_at) \
                 from {all}worker_liveness where entered_at <= {t}",
    },
    Cut {
        table: "worker_signals",
        select: "select * from {all}worker_signals where happened_at <= {t}",
    },
    Cut { table: "worker_ends", select: ENDS },
    Cut { table: "task_attempts", select: ATTEMPTS },
    Cut {
        table: "task_generations",
        select: "select * from {all}task_generations where decided_at <= {t} or (decided_at is null \
                 and task_id in (select id from {all}tasks where created_at <= {t}))",
    },
    Cut {
        table: "pods",
        select: "select * replace (case when ended_at <= {t} then ended_at end as ended_at, \
                 case when ended_at <= {t} then end_kind end as end_kind, \
                 case when ended_at <= {t} then ended_event_id end as ended_event_id) \
                 from {all}pods where created_at <= {t}",
    },
    Cut { table: "runs", select: RUNS },
    Cut { table: "cycles", select: CYCLES },
    Cut {
        table: "gaps",
        select: "select * replace (least(ended_at, {t}) as ended_at) from {all}gaps where began_at <= {t}",
    },
    Cut {
        table: "coverage",
        select: "select * replace (least(until_at, {t}) as until_at) from {all}coverage where from_at <= {t}",
    },
    Cut {
        table: "system_logs",
        select: "select * from {all}system_logs where \"timestamp\" <= {t}",
    },
    Cut { table: "tasks", select: TASKS },
    Cut { table: "workers", select: WORKERS },
    Cut { table: "generations", select: "select * from {all}generations where created_at <= {t}" },
    Cut {
        table: "generation_variants",
        select: "select * from {all}generation_variants where created_at <= {t}",
    },
];

const STATES_TASK: &str = "select * replace (case when left_at <= {t} then left_at end as left_at, \
    case when left_at <= {t} then left_event_id end as left_event_id) \
    from {all}task_states where entered_at <= {t}";

const STATES_WORKER: &str = "select * replace (case when left_at <= {t} then left_at end as left_at, \
    case when left_at <= {t} then left_event_id end as left_event_id) \
    from {all}worker_states where entered_at <= {t}";

const ATTEMPTS: &str = "select * replace (case when started_at <= {t} then started_at end as started_at, \
    case when ended_at <= {t} then ended_at end as ended_at, \
    case when ended_at <= {t} then outcome else 'open' end as outcome, \
    case when ended_at <= {t} then reason end as reason, \
    case when ended_at <= {t} then ended_event_id end as ended_event_id, \
    case when delivered_at <= {t} then delivered_at end as delivered_at, \
    case when delivered_at <= {t} then delivered_event_id end as delivered_event_id) \
    from {all}task_attempts where claimed_at <= {t}";

/// Who saw or decided it later than it happened had not said so yet.
const ENDS: &str = "select * replace (case when decided_at <= {t} then decided_at end as decided_at, \
    case when decided_at > {t} then null else decided_by end as decided_by, \
    case when decided_at > {t} then null else reason end as reason, \
    case when decided_at > {t} then null else error_code end as error_code, \
    case when last_alive_at <= {t} then last_alive_at end as last_alive_at, \
    case when last_work_at <= {t} then last_work_at end as last_work_at) \
    from {all}worker_ends where coalesce(ended_at, ended_before) <= {t}";

/// A run that goes on has had its last cycle by then.
const RUNS: &str = "select runs.* replace (case when ended_at <= {t} then ended_at end as ended_at, \
    case when ended_at <= {t} or turned.goes_on is not true then last_cycle \
        else turned.cycle end as last_cycle) \
    from {all}runs as runs \
    left join (select run_id, max(cycle) filter (started_at <= {t}) as cycle, \
        bool_or(started_at > {t}) as goes_on from {all}cycles group by run_id) as turned \
        on turned.run_id = runs.run_id \
    where started_at <= {t}";

/// A cycle's counts are told at its end, but for what it saw.
const CYCLES: &str = "select cycles.* replace (\
    case when completed_at > {t} then null else completed_at end as completed_at, \
    case when completed_at > {t} then null else promoted end as promoted, \
    case when completed_at > {t} then null else failed end as failed, \
    case when completed_at > {t} then null else spawned end as spawned, \
    case when completed_at > {t} then null else terminated end as terminated, \
    case when completed_at > {t} then null else reset end as reset) \
    from {all}cycles as cycles \
    left join (select run_id, cycle, min(happened_at) as seen_at from {all}events \
        where cycle is not null group by run_id, cycle) as seen \
        on seen.run_id is not distinct from cycles.run_id and seen.cycle = cycles.cycle \
    where coalesce(started_at, seen_at, completed_at) <= {t}";

/// Where nothing came later the row itself; else the status by the timeline, and the rest of the row
/// where it had been written by then: not what a later claim and its end wrote. A later sweep for tasks without a worker says that `worker_id` was
/// cleared while it was in progress, and no row says when (domain/orchestrator.md 3): it is not told. What is
/// delivered after the task was cancelled or failed sets the flag then.
const TASKS: &str = "select tasks.* replace (\
    case when state.is_later is not true then status else case state.state when 'queued' then 'Queued' \
        when 'in_progress' then 'In Progress' when 'complete' then 'Complete' \
        when 'failed' then 'Failed' when 'cancelled' then 'Cancelled' else status end end as status, \
    case when state.is_later is not true then tasks.worker_id when state.state = 'queued' \
        or state.state = 'in_progress' and held.why = 'no worker stood on it' then null \
        else coalesce(held.worker_id, case when held.goes_on is not true then tasks.worker_id end) \
        end as worker_id, \
    case when generation_started_at <= {t} or state.is_later is not true then generation_started_at \
        when state.state <> 'queued' then held.claimed_at end as generation_started_at, \
    case when generation_processed_at <= {t} then generation_processed_at end as generation_processed_at, \
    case when updated_at <= {t} then updated_at end as updated_at, \
    case when state.is_later is not true then attempts end as attempts, \
    case when late.decided_at > {t} then false \
        when state.is_later is not true or state.state = 'complete' then generation_created \
        else false end as generation_created, \
    case when state.is_later is not true or state.state in ('complete', 'failed', 'cancelled') \
        and held.goes_on is not true then output_location end as output_location, \
    case when state.is_later is not true or state.state in ('complete', 'failed', 'cancelled') \
        and held.goes_on is not true then error_message end as error_message) \
    from {all}tasks as tasks \
    left join (select task_id, arg_max(state, seq) filter (entered_at <= {t}) as state, \
        bool_or(entered_at > {t}) as is_later from {all}task_states group by task_id) as state \
        on state.task_id = tasks.id \
    left join (select task_id, arg_max(worker_id, attempt) filter (claimed_at <= {t}) as worker_id, \
        max(claimed_at) filter (claimed_at <= {t}) as claimed_at, \
        arg_max(coalesce(reason, ''), attempt) filter (claimed_at <= {t}) as why, \
        bool_or(claimed_at > {t}) as goes_on \
        from {all}task_attempts where outcome <> 'duplicate' group by task_id) as held on held.task_id = tasks.id \
    left join (select task_id, decided_at from {all}task_generations \
        where verdict = 'late_completion') as late on late.task_id = tasks.id \
    where tasks.created_at <= {t}";

/// The same of workers; keys of the metadata that were written later are away. A pod that nobody had missed yet left
/// its row as it was, and a row in error stays so until its end is written, or the cleanup says that it writes it
/// (domain/orchestrator.md W18).
const WORKERS: &str = "select workers.* replace (\
    case when state.is_later is not true and told.error_time <= {t} \
            and greatest(told.terminated_at, cleaned.cleaned_at) > {t} then 'error' \
        when state.state = 'ended' \
            and (ends.decided_at > {t} or ends.end_kind = 'external' and told.error_time > {t}) \
            then case when state.before like 'active%' then 'active' \
                when state.before like 'spawning%' then 'spawning' \
                when state.before = 'requested' then 'inactive' else status end \
        when state.is_later is not true or state.state is null then status \
        when state.state = 'requested' then 'inactive' when state.state like 'spawning%' then 'spawning' \
        when state.state like 'active%' then 'active' when state.state = 'condemned' then 'error' \
        else 'terminated' end as status, \
    case when last_heartbeat <= {t} then last_heartbeat else beat.beat_at end as last_heartbeat, \
    case when not json_valid(metadata) then metadata \
        when state.is_later is not true and last_heartbeat <= {t} \
            and coalesce(told.terminated_at <= {t}, true) then metadata \
        else json_merge_patch(try_cast(metadata as json), \
        case when told.error_time > {t} \
            then '{\"error_time\":null,\"error_reason\":null,\"error_code\":null,\"diagnostics\":null,\"self_terminated\":null}' else '{}' end, \
        case when told.terminated_at > {t} \
            then '{\"terminated_at\":null,\"termination_reason\":null,\"terminated_by\":null}' else '{}' end, \
        case when told.promoted_at > {t} \
            then '{\"promoted_to_active_at\":null,\"promotion_reason\":null}' else '{}' end, \
        case when told.launched_at > {t} then '{\"startup_script_launched_at\":null}' else '{}' end, \
        case when told.vram_at > epoch_us({t}) \
            then '{\"vram_timestamp\":null,\"vram_total_mb\":null,\"vram_used_mb\":null}' else '{}' end \
        )::varchar end as metadata) \
    from {all}workers as workers \
    left join (select id, json_extract_string(try_cast(metadata as json), \
            ['$.error_time', '$.terminated_at', '$.promoted_to_active_at', '$.startup_script_launched_at', \
            '$.vram_timestamp']) as times, \
        try_cast(times[1] as timestamp) as error_time, try_cast(times[2] as timestamp) as terminated_at, \
        try_cast(times[3] as timestamp) as promoted_at, try_cast(times[4] as timestamp) as launched_at, \
        try_cast(try_cast(times[5] as double) * 1e6 as bigint) as vram_at \
        from {all}workers) as told on told.id = workers.id \
    left join {all}worker_ends as ends on ends.worker_id = workers.id \
    left join (select worker_id, arg_max(state, seq) filter (entered_at <= {t}) as state, \
        arg_max(state, seq) filter (entered_at <= {t} and state <> 'ended') as before, \
        bool_or(entered_at > {t}) as is_later from {all}worker_states group by worker_id) as state \
        on state.worker_id = workers.id \
    left join (select worker_id, max(happened_at) as beat_at from {all}worker_signals \
        where by_guardian and happened_at <= {t} group by worker_id) as beat on beat.worker_id = workers.id \
    left join (select worker_id, max(happened_at) as cleaned_at from {all}events \
        where kind = 'error_cleanup_forced' group by worker_id) as cleaned on cleaned.worker_id = workers.id \
    where workers.created_at <= {t}";

/// What the name of a whole table begins with where its own name means the table as of an instant.
const WHOLE: &str = "whole_";

impl Cut {
    /// The cut table; `instant` is an SQL expression.
    fn select(&self, instant: &str, whole: &str) -> String {
        self.select.replace("{all}", whole).replace("{t}", instant)
    }
}

/// The whole tables that the cuts of these ask.
pub(super) fn sources(tables: &[&str]) -> Vec<&'static str> {
    let asked = CUTS.iter().filter(|cut| tables.contains(&cut.table));
    let asked: Vec<&str> = asked
        .flat_map(|cut| cut.select.split("{all}").skip(1))
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next())
        .collect();
    CUTS.iter().map(|cut| cut.table).filter(|name| asked.contains(name)).collect()
}

/// What a whole table's name begins with in a database that is opened as of an instant: where there is a cut of
/// it, that has its own name.
pub(super) fn prefix(table: &str) -> &'static str {
    if CUTS.iter().any(|cut| cut.table == table) { WHOLE } else { "" }
}

/// What each of these tables is as of an instant, by its name. The whole ones must be there.
pub(super) fn cuts(
    instant: Micros,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Vec<(&'static str, String)> {
    let cuts = CUTS.iter().filter(|cut| is_wanted(cut.table));
    let literal = format!("timestamp '{}'", plain_time(instant));
    cuts.map(|cut| (cut.table, cut.select(&literal, WHOLE))).collect()
}

/// What makes `<table>_as_of(instant)` for each table that an instant cuts. The whole tables must be there: under
/// their own names, or where those mean the tables as of an instant.
pub(super) fn macros(is_as_of: bool) -> Vec<String> {
    let whole = if is_as_of { WHOLE } else { "" };
    let made = CUTS.iter().map(|cut| {
        let select = cut.select("instant", whole);
        format!("create macro {}_as_of(instant) as table {select}", cut.table)
    });
    made.collect()
}
