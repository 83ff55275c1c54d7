--! id        = "task_upload_failed"
--! title     = "A finished result could not be uploaded or saved"
--! severity  = "medium"
--! question  = "For which tasks did the upload or the completion call fail after the work was done?"
--! reads     = ["events", "tasks", "task_attempts", "pods"]
--! grain     = ["subject_id"]
--! incidents = ["O13", "O14", "X8", "X22"]
--! cause     = ["error"]
--! population = """
--!   select tasks.id as subject_id, tasks.task_type, min(task_attempts.worker_id) as worker_id,
--!       min(task_attempts.claimed_at) as first_claimed_at, min(pods.created_at) as pod_created_at
--!   from tasks
--!   join task_attempts on task_attempts.task_id = tasks.id
--!   left join pods on pods.worker_id = task_attempts.worker_id
--!   group by 1, 2"""
--! innocent  = """
--!   A later try brought the result home: then `status` is Complete and the output is in our storage."""
--! remedy    = """
--!   Read `error`: a statement timeout or a 5xx is the edge function or its database at that hour, a 400 is
--!   a completion without a file (2025-12-31 to 2026-03-01), a foreign key names a row that a user deleted.
--!   Queue the failed tasks again."""
--! guide     = """
--!   `what` is the first step that failed: upload_failed, upload_fell_back (the provider's URL stands in for
--!   the file: see task_output_outside_storage),
--!   completion_failed or generation_creation_failed. `status` is how the task stands now, or stood
--!   when its row was seen last: it vanished since. `probable`: one line or the row alone says it."""
--! known_fix = "f4ad64d (2025-12-31), 94617a8 (2026-03-01)"

-- Rule: domain/orchestrator.md O13 (A25, A27, A28), O14 (A31), domain/worker-app.md 4.3 (88, 89).
with said as (
    -- the lines of whoever tried
    select
        task_id, happened_at, event_id as piece, kind as what, worker_id,
        json_extract_string(attributes, '$.error') as error
    from events
    where kind in ('upload_failed', 'upload_fell_back', 'completion_failed', 'generation_creation_failed')
    union all
    -- what the row of a failed task keeps of it (domain/worker-app.md 2.4)
    select
        id as task_id, updated_at as happened_at, 'tasks:' || id as piece, 'upload_failed' as what, worker_id,
        output_location as error
    from tasks
    where regexp_matches(
        output_location,
        'EDGE_FAIL:(complete_task|storage-upload-file|generate-upload-url)|failed to save completion status'
    )
),

failures as (
    select
        task_id, min(happened_at) as happened_at, count(*) as lines,
        arg_min(what, (happened_at, piece)) as what,
        list_sort(list_distinct(list(worker_id))) as workers,
        arg_min(error, (happened_at, piece)) as error,
        list(piece order by happened_at, piece) as pieces
    from said
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
    'task' as subject_kind, failures.task_id as subject_id, failures.happened_at, 'confirmed' as verdict,
    format(
        case
            when vanished.is_gone then '{}: {} after its work was done; it was {} when its row was seen last'
            else '{}: {} after its work was done; it is {} now'
        end,
        tasks.task_type, replace(failures.what, '_', ' '), tasks.status
    ) as summary,
    failures.pieces as evidence,
    failures.what, failures.error, failures.lines, tasks.status, tasks.task_type,
    failures.workers,
    [failures.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from failures
join tasks on tasks.id = failures.task_id
left join vanished using (task_id)
order by failures.happened_at, subject_id
