--! id        = "task_orchestrator_looped"
--! title     = "An orchestrator task was run over and over"
--! severity  = "high"
--! question  = "Which orchestrator tasks were begun five times within ten minutes?"
--! reads     = ["events", "tasks"]
--! grain     = ["subject_id"]
--! params    = { starts = 5, within_s = 600 }
--! incidents = ["X9"]
--! cause     = ["worker_id"]
--! innocent  = """
--!   None is known: an orchestrator task is begun once, and once more after a reset."""
--! remedy    = """
--!   The worker takes up its own orchestrator task at every poll instead of the children: they starve.
--!   Restart the worker with newer code, or put the orchestrator task back in the queue."""
--! guide     = """
--!   `starts` counts all of them. The children wait meanwhile: see how long they stay queued."""
--! known_fix = "e17d89f (2025-12-21), 06b2e05 (2026-01-12)"

-- Rule and numbers: domain/worker-app.md X9.
with starts as (
    select
        events.task_id, events.worker_id, events.happened_at, events.event_id,
        row_number() over (partition by events.task_id order by events.happened_at, events.event_id) as number
    from events
    -- equivalent: join because the where asks for its type
    join tasks on tasks.id = events.task_id
    where events.kind = 'task_started'
        and tasks.task_type like '%orchestrator%'
),

bursts as (
    -- tasks of which some start was the last of so many in so short a time
    select last_one.task_id, min(first_one.happened_at) as happened_at
    from starts as last_one
    -- equivalent: join because the where asks for its time
    join starts as first_one
        on first_one.task_id = last_one.task_id
        and first_one.number = last_one.number - ($starts - 1)
    where last_one.happened_at - first_one.happened_at <= to_seconds($within_s)
    group by last_one.task_id
),

counted as (
    select
        task_id, count(*) as starts, mode(worker_id order by worker_id) as worker_id,
        list(event_id order by happened_at, event_id) as event_ids,
        max(happened_at) as last_at
    from starts
    group by task_id
)

select
    'task' as subject_kind, bursts.task_id as subject_id, bursts.happened_at, 'confirmed' as verdict,
    format('{} was begun {} times', tasks.task_type, counted.starts) as summary,
    counted.event_ids as evidence,
    counted.worker_id, counted.starts, counted.last_at, tasks.status,
    [bursts.task_id] as affected_tasks,
    round(epoch(counted.last_at) - epoch(bursts.happened_at)) as lost_worker_s
from bursts
-- equivalent: join because a burst is made of starts
join counted using (task_id)
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = bursts.task_id
order by bursts.happened_at, subject_id
