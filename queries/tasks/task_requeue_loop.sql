--! id        = "task_requeue_loop"
--! title     = "A task is put back again and again without counting"
--! severity  = "high"
--! question  = "Which tasks were reset three times or more while their attempts stayed below the limit?"
--! reads     = ["task_attempts", "tasks"]
--! grain     = ["subject_id"]
--! params    = { resets = 3, max_attempts = 3 }
--! incidents = ["X6"]
--! cause     = ["why"]
--! innocent  = """
--!   An outage killed several workers in a row and the task was on each of them."""
--! remedy    = """
--!   An orchestrator's reset does not count as an attempt, so nothing ends this loop: set attempts by hand,
--!   or cancel the task."""
--! guide     = """
--!   `why` is the reason of the most resets. See task_bounced_between_workers for who had it and
--!   task_reset_while_owner_alive for resets that were wrong."""

-- Rule and numbers: domain/worker-app.md X6 (three resets, attempts unchanged) and domain/orchestrator.md 3
-- (no sweep takes a task with three attempts).
with resets as (
    select
        task_id, count(*) as resets, min(ended_at) as first_at, max(ended_at) as last_at,
        mode(reason order by reason) as why,
        round(sum(epoch(ended_at) - epoch(claimed_at)), 1) as lost_s,
        list(ended_event_id order by attempt) as event_ids
    from task_attempts
    where outcome = 'reset'
    group by task_id
    having count(*) >= $resets
)

select
    'task' as subject_kind, resets.task_id as subject_id, resets.last_at as happened_at,
    'confirmed' as verdict,
    format(
        '{} was reset {} times, yet its attempts say {}', tasks.task_type, resets.resets, tasks.attempts
    ) as summary,
    list_concat(
        list_filter(resets.event_ids, lambda piece: piece is not null), ['tasks:' || resets.task_id]
    ) as evidence,
    resets.why, resets.resets, tasks.attempts, tasks.status, resets.first_at,
    [resets.task_id] as affected_tasks, resets.lost_s as lost_worker_s
from resets
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = resets.task_id
where tasks.attempts < $max_attempts
order by happened_at, subject_id
