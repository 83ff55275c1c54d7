--! id        = "worker_out_of_memory"
--! title     = "A worker ran out of GPU memory"
--! severity  = "medium"
--! question  = """
--!   Which workers failed tasks for want of GPU memory, and are the tasks or the machines to blame?"""
--! reads     = ["events", "tasks"]
--! grain     = ["subject_id"]
--! params    = { repeat_s = 5 }
--! incidents = ["X29"]
--! cause     = ["model"]
--! innocent  = """
--!   One task asked for more than any machine has: then `tasks` is one, and the same task fails elsewhere
--!   too (worker_blamed_for_poison_task)."""
--! remedy    = """
--!   One task: reduce its size, and do not retry it. Several tasks on one worker: it leaks; stop it.
--!   Several workers with one `model`: it does not fit beside what stays loaded."""
--! guide     = """
--!   `failures` counts its failed generations of that kind, `tasks` the distinct tasks among them."""

-- The words: domain/worker-app.md X29, in the error that the event keeps. repeat_s: the queue and the handler of the
-- task each tell of one failure, at the same instant (domain/worker-app.md 4.3, 64 and 68); a retry loads the task
-- anew first.
with failures as (
    select worker_id, task_id, happened_at, event_id, json_extract_string(attributes, '$.error') as error
    from events
    where kind = 'generation_failed'
        and regexp_matches(json_extract_string(attributes, '$.error'), '(?i)out of memory|OutOfMemoryError')
    qualify coalesce(
        happened_at - lag(happened_at) over (partition by worker_id, task_id order by happened_at, event_id)
        > to_seconds($repeat_s), true
    )
),

counted as (
    select
        failures.worker_id, min(failures.happened_at) as first_at, count(*) as failures,
        count(distinct failures.task_id) as tasks, list_sort(list(distinct failures.task_id)) as task_ids,
        list(failures.event_id order by failures.happened_at, failures.event_id) as event_ids,
        min(failures.error) as error, min(tasks.task_type) as task_type,
        min(json_extract_string(try_cast(tasks.params as json), '$.model_name')) as model
    from failures
    -- equivalent: left join because a task that is named has its row here
    left join tasks on tasks.id = failures.task_id
    -- lines without a name may be of several workers
    -- equivalent: '' because a case knows such a name as NULL only
    where failures.worker_id <> ''
    group by failures.worker_id
)

select
    'worker' as subject_kind, worker_id as subject_id, first_at as happened_at,
    -- each failure is a line of its own
    case when failures > 1 then 'confirmed' else 'probable' end as verdict,
    format('out of GPU memory {} time(s) on {} task(s): {}', failures, tasks, error) as summary,
    event_ids as evidence,
    model, task_type, failures, tasks, task_ids as affected_tasks, cast(null as double) as lost_worker_s
from counted
order by happened_at, subject_id
