--! id        = "task_status_refused"
--! title     = "A status was refused by update-task-status"
--! severity  = "low"
--! question  = "Which tasks had a status that their worker or user wanted to write refused?"
--! reads     = ["events", "system_logs", "tasks"]
--! grain     = ["subject_id", "transition"]
--! incidents = ["X18", "X19"]
--! cause     = ["transition"]
--! innocent  = """
--!   In Progress to In Progress was refused from 2026-02-13 to 2026-03-31 whenever a worker set the start of
--!   the bill again: nothing was lost but the later start (listed as refuted)."""
--! remedy    = """
--!   Complete to Complete loses the second output, which for joins holds the metadata that the final stitch
--!   needs (fixed 2026-03-19, c43e3e154). A report on a cancelled task is late: the worker was still at
--!   it."""
--! guide     = """
--!   `transition` is what was asked for. `times` counts the refusals of one task."""
--! known_fix = "c43e3e154 (2026-03-19), caa3a50de (2026-03-31)"

-- Rules: domain/worker-app.md X18, X19 and 2.1. The statuses stand in the row's metadata alone.
with lines as (
    -- only the rows of this function are read, for the log is long
    select
        events.task_id, events.event_id, events.happened_at, try_cast(system_logs.metadata as json) as metadata
    from events
    -- equivalent: join because the event was made of this row
    join system_logs on system_logs.id = events.evidence_key
    where events.kind = 'task_status_refused'
        and system_logs.source_id = 'update-task-status'
),

refusals as (
    select
        task_id, event_id, happened_at,
        concat_ws(
            ' -> ',
            coalesce(json_extract_string(metadata, '$.current_status'), 'an ended status'),
            coalesce(json_extract_string(metadata, '$.requested_status'), 'another')
        ) as transition
    from lines
),

counted as (
    select
        task_id, transition, min(happened_at) as happened_at, count(*) as times,
        list(event_id order by happened_at, event_id) as event_ids
    from refusals
    group by task_id, transition
)

select
    'task' as subject_kind, counted.task_id as subject_id, counted.happened_at,
    case counted.transition when 'In Progress -> In Progress' then 'refuted' else 'confirmed' end as verdict,
    format('{}: {} was refused', tasks.task_type, counted.transition) as summary,
    list_concat(counted.event_ids, ['tasks:' || counted.task_id]) as evidence,
    counted.transition, counted.times, tasks.status, tasks.task_type,
    [counted.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from counted
join tasks on tasks.id = counted.task_id
order by counted.happened_at, subject_id, counted.transition
