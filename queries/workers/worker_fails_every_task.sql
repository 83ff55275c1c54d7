--! id        = "worker_fails_every_task"
--! title     = "A broken worker fails whatever it is given"
--! severity  = "critical"
--! question  = "Which workers failed several different tasks in a row, where the tasks are not to blame?"
--! reads     = ["events", "task_attempts", "tasks", "worker_ends"]
--! grain     = ["subject_id"]
--! params    = { failures = 3, tasks = 2, gpu_failures = 2 }
--! incidents = ["X12", "X29"]
--! cause     = ["error"]
--! innocent  = """
--!   The tasks are poison, and nobody else ever tried them: then the texts are of a broken GPU, and there
--!   is one task only (`probable`). A task that fails on others too, and nobody could do, is not counted."""
--! remedy    = """
--!   Stop the worker and leave its host: a GPU in that state (device-side assert, illegal memory access)
--!   does not mend itself. Give `affected_tasks` their attempts back: it used them up."""
--! guide     = """
--!   `proof` is why the worker is to blame: gpu_error (a text that only a broken GPU writes) or
--!   done_elsewhere (another worker completed a task that failed here). `until_ended` says how the streak
--!   ended."""

-- failures: the orchestrator's own MAX_CONSECUTIVE_TASK_FAILURES (domain/orchestrator.md 2.3,
-- task_failure_loop); tasks: two distinct ones mean the worker, one means the task (domain/evidence-rules.md
-- section 2). gpu_failures: the fatal handler's own threshold for such errors (domain/worker-app.md 4.3,
-- cuda_driver(2)).
with endings as (
    -- how each of its tasks ended by its own word; a completion in its row counts as well as the line that it may
    -- have lost
    select worker_id, task_id, event_id, happened_at, kind = 'task_handler_succeeded' as was_good
    from events
    where kind in ('task_handler_succeeded', 'task_handler_failed')
        -- lines without a name may be of several workers
        -- equivalent: and, '' because a case knows such a name as NULL only
        and worker_id <> ''
    union all
    select task_attempts.worker_id, task_attempts.task_id, task_attempts.ended_event_id, task_attempts.ended_at, true
    from task_attempts
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = task_attempts.task_id
    where task_attempts.outcome = 'complete'
        -- those complete with another worker's last child (domain/evidence-rules.md section 2, traps)
        and not contains(lower(tasks.task_type), 'orchestrator')
),

outcomes as (
    -- each with the number of successes before it
    select
        *,
        count(*) filter (where was_good) over (partition by worker_id order by happened_at, event_id) as successes
    from endings
),

others as (
    -- what became of the task elsewhere
    select
        mine.task_id, mine.worker_id,
        bool_or(theirs.outcome = 'complete') as was_done,
        bool_or(theirs.outcome = 'requeued') as failed_too
    from (select distinct task_id, worker_id from outcomes where not was_good) as mine
    -- equivalent: join because nobody else is none either way
    join task_attempts as theirs on theirs.task_id = mine.task_id and theirs.worker_id <> mine.worker_id
    group by mine.task_id, mine.worker_id
),

texts as (
    -- what a failure was said to be
    select
        worker_id, task_id,
        any_value(json_extract_string(attributes, '$.error') order by happened_at, event_id) as error,
        bool_or(regexp_matches(
            json_extract_string(attributes, '$.error'), 'device-side assert|illegal memory access'
        )) as is_gpu_error
    from events
    where kind = 'generation_failed'
    group by worker_id, task_id
),

streaks as (
    -- failures without a success between
    select
        outcomes.worker_id, outcomes.successes, count(*) as failures,
        count(distinct outcomes.task_id) as tasks,
        count(*) filter (where texts.is_gpu_error) as gpu_failures,
        count(distinct outcomes.task_id) filter (where others.was_done) as done_tasks,
        min(outcomes.happened_at) as began_at, max(outcomes.happened_at) as last_at,
        list_sort(list(distinct outcomes.task_id)) as task_ids,
        list(outcomes.event_id order by outcomes.happened_at, outcomes.event_id) as event_ids,
        any_value(texts.error order by outcomes.happened_at, outcomes.event_id) as error
    from outcomes
    left join others using (task_id, worker_id)
    left join texts using (task_id, worker_id)
    where not outcomes.was_good
        -- a task that fails everywhere says nothing of the worker
        -- equivalent: or because what was done elsewhere and failed there too counts by the first alone
        and coalesce(others.was_done or not others.failed_too, true)
    group by outcomes.worker_id, outcomes.successes
),

worst as (
    select
        worker_id, arg_max(streaks, (failures, began_at)) as streak
    from streaks
    where gpu_failures >= $gpu_failures
        or (failures >= $failures and tasks >= $tasks and done_tasks > 0)
    group by worker_id
)

select
    'worker' as subject_kind, worst.worker_id as subject_id, worst.streak.began_at as happened_at,
    -- one task alone may be the poison, unless another worker could do it
    case
        when worst.streak.done_tasks >= $tasks then 'confirmed'
        when worst.streak.gpu_failures >= $gpu_failures
            and (worst.streak.done_tasks > 0 or worst.streak.tasks >= $tasks) then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'failed {} times in a row on {} tasks: {}', worst.streak.failures, worst.streak.tasks,
        coalesce(worst.streak.error, 'no reason was kept')
    ) as summary,
    list_concat(
        worst.streak.event_ids, list_transform(worst.streak.task_ids, lambda task: 'tasks:' || task)
    ) as evidence,
    worst.streak.error,
    case when worst.streak.gpu_failures >= $gpu_failures then 'gpu_error' else 'done_elsewhere' end as proof,
    worst.streak.done_tasks, worst.streak.failures, worst.streak.tasks, worst.streak.last_at,
    worker_ends.end_kind as until_ended,
    worst.streak.task_ids as affected_tasks,
    epoch(worst.streak.last_at - worst.streak.began_at) as lost_worker_s
from worst
left join worker_ends using (worker_id)
order by happened_at, subject_id
