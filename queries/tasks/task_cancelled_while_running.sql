--! id        = "task_cancelled_while_running"
--! title     = "A task was cancelled while a worker was at it"
--! severity  = "low"
--! question  = "Which tasks were cancelled in progress, and how much work was thrown away?"
--! reads     = ["task_attempts", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X5"]
--! cause     = ["task_type"]
--! innocent  = """
--!   Users change their minds: a few such cancellations are normal."""
--! remedy    = """
--!   A worker does not look at the status while it works, so it finishes what nobody wants. Where that costs
--!   much, let it ask before each long step."""
--! guide     = """
--!   `worked_on_s` is how long after the cancellation its result still came, or where none came, until its
--!   worker said that it had done with it, well or not (null: neither is known, or not whose it was)."""

-- Orchestrator tasks only wait for their children (domain/orchestrator.md 3): nothing is thrown away.
with told as (
    -- the worker's own word that it had done with it since: a result that is refused leaves nothing else
    select
        task_attempts.task_id, task_attempts.worker_id, task_attempts.attempt,
        min(events.happened_at) as happened_at
    from task_attempts
    -- equivalent: join because only what was said is used
    join events
        on events.worker_id = task_attempts.worker_id
        and events.task_id = task_attempts.task_id
        and events.kind in ('task_handler_succeeded', 'task_handler_failed')
        and events.happened_at > task_attempts.ended_at
    group by task_attempts.task_id, task_attempts.worker_id, task_attempts.attempt
),

cancelled as (
    select
        task_attempts.*, coalesce(task_attempts.delivered_at, told.happened_at) as worked_until
    from task_attempts
    left join told using (task_id, worker_id, attempt)
    where task_attempts.outcome = 'cancelled'
)

select
    'task' as subject_kind, cancelled.task_id as subject_id, cancelled.ended_at as happened_at,
    'confirmed' as verdict,
    format('{} was cancelled {} s after {} had claimed it', tasks.task_type,
        round(epoch(cancelled.ended_at) - epoch(cancelled.claimed_at))::bigint,
        coalesce(cancelled.worker_id, 'a worker')
    ) as summary,
    [cancelled.claimed_event_id, cancelled.ended_event_id, 'tasks:' || tasks.id] as evidence,
    tasks.task_type, cancelled.worker_id,
    round(epoch(cancelled.worked_until) - epoch(cancelled.ended_at), 1) as worked_on_s,
    [cancelled.task_id] as affected_tasks,
    round(
        epoch(coalesce(cancelled.worked_until, cancelled.ended_at))
            - epoch(cancelled.claimed_at),
        1
    ) as lost_worker_s
from cancelled
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = cancelled.task_id
where tasks.task_type not like '%orchestrator%'
order by happened_at, subject_id
