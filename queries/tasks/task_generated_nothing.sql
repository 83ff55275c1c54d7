--! id        = "task_generated_nothing"
--! title     = "A generation ended without a file"
--! severity  = "medium"
--! question  = "On which tasks did the engine end without an error and without an output?"
--! reads     = ["events", "tasks", "task_attempts", "pods"]
--! grain     = ["subject_id"]
--! incidents = ["X30"]
--! cause     = ["task_type"]
--! population = """
--!   select tasks.id as subject_id, tasks.task_type, min(task_attempts.worker_id) as worker_id,
--!       min(task_attempts.claimed_at) as first_claimed_at, min(pods.created_at) as pod_created_at
--!   from tasks
--!   join task_attempts on task_attempts.task_id = tasks.id
--!   left join pods on pods.worker_id = task_attempts.worker_id
--!   group by 1, 2"""
--! innocent  = """
--!   A second try made the file: then `status` is Complete."""
--! remedy    = """
--!   The engine swallowed the cause: look for its captured stderr among the worker's lines just before (said
--!   since 2025-12-13), then at the model and its inputs."""
--! guide     = """
--!   Silent failures of many tasks of one `task_type` are a broken model or a full disk; of one worker, that
--!   worker. It is tried again twice since 2026-01-21. `probable`: one line or the row alone says it."""

-- Texts: domain/worker-app.md X30 and 4.3 (67).
with texts as (
    -- what its workers said
    select
        task_id, happened_at, event_id as piece, worker_id,
        case json_extract_string(attributes, '$.category')
            when 'generation_no_output' then 'No output generated'
            else json_extract_string(attributes, '$.error')
        end as text
    from events
    where kind in ('generation_failed', 'task_retry_scheduled')
    union all
    -- what its row keeps of that; the text of a failure stands in output_location (domain/worker-app.md T7)
    select
        id as task_id, updated_at as happened_at, 'tasks:' || id as piece, cast(null as varchar) as worker_id,
        -- equivalent: ' ' because any sign may part the two
        concat_ws(' ', error_message, output_location) as text
    from tasks
),

said as (
    select
        task_id, min(happened_at) as happened_at, count(*) as lines,
        list_sort(list_distinct(list(worker_id))) as workers,
        list(piece order by happened_at, piece) as pieces
    from texts
    where regexp_matches(text, 'No output generated')
    group by task_id
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
    'task' as subject_kind, said.task_id as subject_id, said.happened_at, 'confirmed' as verdict,
    format(
        case
            when vanished.is_gone then '{} generated nothing; it was {} when its row was seen last'
            else '{} generated nothing; it is {} now'
        end,
        tasks.task_type, tasks.status
    ) as summary,
    said.pieces as evidence,
    tasks.task_type, said.lines, said.workers, tasks.attempts, tasks.status,
    [said.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from said
join tasks on tasks.id = said.task_id
left join vanished using (task_id)
order by said.happened_at, subject_id
