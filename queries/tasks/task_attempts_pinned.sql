--! id        = "task_attempts_pinned"
--! title     = "A task is tried again for ever as if for the first time"
--! severity  = "high"
--! question  = "Which tasks were put back for another try more than once under the number of the first?"
--! reads     = ["events", "tasks"]
--! grain     = ["subject_id"]
--! params    = { times = 2 }
--! incidents = ["X11"]
--! cause     = ["category"]
--! innocent  = """
--!   A person set the attempts back to 0 between the two, to give the task a fresh start."""
--! remedy    = """
--!   claim-next-task does not hand out `attempts`, so the worker always counts from 0 and never runs out of
--!   tries: cancel the task, and let the function return the number."""
--! guide     = """
--!   `times` is how often it was the first try. `category` is the sort of error that the worker takes for
--!   passing."""

-- Rule: domain/worker-app.md X11: two lines of a retry as attempt 1.
with retries as (
    select
        task_id, max(happened_at) as happened_at, count(*) as times,
        arg_max(json_extract_string(attributes, '$.category'), (happened_at, event_id)) as category,
        list_sort(list_distinct(list(worker_id))) as workers,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'task_retry_scheduled'
        and json_extract_string(attributes, '$.attempt') = '1'
    group by task_id
    having count(*) >= $times
)

select
    'task' as subject_kind, retries.task_id as subject_id, retries.happened_at, 'confirmed' as verdict,
    format('{} was put back {} times as its first attempt', tasks.task_type, retries.times) as summary,
    retries.event_ids as evidence,
    retries.category, retries.times, retries.workers, tasks.attempts, tasks.status,
    [retries.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from retries
join tasks on tasks.id = retries.task_id
order by retries.happened_at, subject_id
