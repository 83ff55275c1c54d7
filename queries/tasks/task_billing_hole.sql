--! id        = "task_billing_hole"
--! title     = "A finished task cannot be billed"
--! severity  = "medium"
--! question  = "Which tasks were done, but lack a time that their bill needs?"
--! reads     = ["tasks", "system_logs", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X27"]
--! cause     = ["lacks"]
--! innocent  = """
--!   Tasks that are free (their type costs nothing) lose nothing by it."""
--! remedy    = """
--!   Set the missing time by hand from the claim or the completion and call calculate-task-cost again: it
--!   skips what it has billed."""
--! guide     = """
--!   `lacks` is the time that is missing now; nothing, where it was set since. `confirmed`: the billing
--!   function complained of it, or the row lacks it and the function's line is there too."""
--! known_fix = "267758cd1 (2025-12-10)"

-- Rule: domain/worker-app.md X27 and 1.9. No event tells of a bill, so the errors of its function are read
-- themselves.
with complaints as (
    select task_id, min(timestamp) as happened_at, list('system_logs:' || id order by timestamp, id) as pieces
    from system_logs
    where source_type = 'edge_function'
        and source_id = 'calculate-task-cost'
        and log_level = 'ERROR'
        and message = 'Missing timestamps'
    group by task_id
),

holes as (
    select
        id as task_id, task_type, status, coalesce(generation_processed_at, updated_at) as ended_at,
        case
            when status <> 'Complete' then 'nothing'
            when coalesce(epoch(generation_started_at), 0) = 0 then 'generation_started_at'
            when coalesce(epoch(generation_processed_at), 0) = 0 then 'generation_processed_at'
            else 'nothing'
        end as lacks
    from tasks
),

vanished as (
    -- rows that are gone; one that a capture found again had been hidden
    select task_id, true as is_gone
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, holes.task_id as subject_id,
    coalesce(complaints.happened_at, holes.ended_at) as happened_at,
    'confirmed' as verdict,
    format(
        case
            when vanished.is_gone then '{} was {} when its row was seen last, and could not be billed: it lacked {}'
            else '{} is {} and cannot be billed: it lacks {}'
        end,
        holes.task_type, holes.status,
        case holes.lacks when 'nothing' then 'a time, the billing function says' else holes.lacks end
    ) as summary,
    list_concat(['tasks:' || holes.task_id], coalesce(complaints.pieces, [])) as evidence,
    holes.lacks, holes.task_type, holes.status,
    [holes.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from holes
left join complaints on complaints.task_id = holes.task_id
left join vanished on vanished.task_id = holes.task_id
where len(complaints.pieces) > 0
    or holes.lacks <> 'nothing'
order by happened_at, subject_id
