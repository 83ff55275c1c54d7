--! id        = "task_cancelled_while_running"
--! title     = "A task was cancelled while a worker was at it"
--! severity  = "low"
--! question  = "Which tasks were cancelled in progress, and how much work was thrown away?"
--! reads     = ["task_attempts", "tasks"]
--! grain     = ["subject_id"]
--! incidents = ["X5"]
--! cause     = ["task_type"]
--! innocent  = """
--!   Users change their minds: a few such cancellations are normal."""
--! remedy    = """
--!   A worker does not look at the status while it works, so it finishes what nobody wants. Where that costs
--!   much, let it ask before each long step."""
--! guide     = """
--!   `worked_on_s` is how long after the cancellation its result still came (null: none came, or nothing
--!   tells whose it was)."""

-- Orchestrator tasks only wait for their children (domain/orchestrator.md 3): nothing is thrown away.
select
    'task' as subject_kind, task_attempts.task_id as subject_id, task_attempts.ended_at as happened_at,
    'confirmed' as verdict,
    format('{} was cancelled {} s after {} had claimed it', tasks.task_type,
        round(epoch(task_attempts.ended_at) - epoch(task_attempts.claimed_at))::bigint,
        coalesce(task_attempts.worker_id, 'a worker')
    ) as summary,
    [task_attempts.claimed_event_id, task_attempts.ended_event_id, 'tasks:' || tasks.id] as evidence,
    tasks.task_type, task_attempts.worker_id,
    round(epoch(task_attempts.delivered_at) - epoch(task_attempts.ended_at), 1) as worked_on_s,
    [task_attempts.task_id] as affected_tasks,
    round(
        epoch(coalesce(task_attempts.delivered_at, task_attempts.ended_at))
            - epoch(task_attempts.claimed_at),
        1
    ) as lost_worker_s
from task_attempts
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = task_attempts.task_id
where task_attempts.outcome = 'cancelled'
    and tasks.task_type not like '%orchestrator%'
order by happened_at, subject_id
