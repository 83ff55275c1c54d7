--! id        = "task_stuck_at_last_attempt"
--! title     = "A task without attempts left waits for a dead worker for ever"
--! severity  = "high"
--! question  = "Which tasks without an attempt left are in progress on a worker that is dead?"
--! reads     = ["task_attempts", "worker_ends", "tasks", "events"]
--! grain     = ["subject_id"]
--! params    = { max_attempts = 3 }
--! incidents = ["O9"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   The database's own cron job fails such a task after 24 hours (since 2026-02-13): it waits no longer."""
--! remedy    = """
--!   Decide by hand: Failed, or Queued with attempts 0. Every sweep of the orchestrators asks for attempts
--!   below three, so none will ever free it."""
--! guide     = """
--!   See task_stuck_on_dead_worker for those that still have attempts left. `probable`: the end of the worker
--!   is only bounded."""

-- Rule and number: domain/orchestrator.md O9 and 3: no sweep takes a task with three attempts.
with vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at, true as is_gone
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, tasks.id as subject_id,
    coalesce(worker_ends.ended_at, worker_ends.ended_before) as happened_at,
    case when worker_ends.ended_at is not null then 'confirmed' else 'probable' end
        as verdict,
    format(
        case
            when vanished.is_gone
                then '{} had {} attempts behind it when its row was seen last, held by {}, which had ended ({})'
            else '{} has {} attempts behind it and is held by {}, which had ended ({})'
        end,
        tasks.task_type, tasks.attempts, task_attempts.worker_id, worker_ends.end_kind
    ) as summary,
    [task_attempts.claimed_event_id, worker_ends.event_id, 'tasks:' || tasks.id] as evidence,
    worker_ends.end_kind, task_attempts.worker_id, tasks.attempts, tasks.task_type,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from task_attempts
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = task_attempts.task_id
join worker_ends on worker_ends.worker_id = task_attempts.worker_id
left join vanished on vanished.task_id = tasks.id
where task_attempts.outcome = 'open'
    and tasks.attempts >= $max_attempts
    -- what was gone by then waits for nobody
    and (
        not coalesce(vanished.is_gone, false)
        or vanished.seen_at > coalesce(worker_ends.ended_at, worker_ends.ended_before)
    )
order by happened_at, subject_id
