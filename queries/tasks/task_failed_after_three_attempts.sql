--! id        = "task_failed_after_three_attempts"
--! title     = "A task failed for good after its last attempt"
--! severity  = "high"
--! question  = "Which tasks failed because their attempts were used up?"
--! reads     = ["tasks", "task_states", "task_attempts", "events", "pods"]
--! grain     = ["subject_id"]
--! params    = { max_attempts = 3 }
--! incidents = []
--! cause     = ["error"]
--! population = """
--!   select tasks.id as subject_id, tasks.task_type, min(task_attempts.worker_id) as worker_id,
--!       min(task_attempts.claimed_at) as first_claimed_at, min(pods.created_at) as pod_created_at
--!   from tasks
--!   join task_attempts on task_attempts.task_id = tasks.id
--!   left join pods on pods.worker_id = task_attempts.worker_id
--!   group by 1, 2"""
--! innocent  = """
--!   The task itself cannot be done (its input is broken or too large): three tries were two too many."""
--! remedy    = """
--!   Read `error`. One text on many tasks is a broken model or a broken worker: mend it and queue the tasks
--!   again with attempts 0. A text of one task is that task's own."""
--! guide     = """
--!   `workers` are those that tried, as far as they are known: the same one three times speaks against the
--!   worker, three different ones against the task. `failed_attempts` may be fewer than `attempts` where
--!   their lines are gone."""

-- Three: domain/orchestrator.md 1.2, func_mark_task_failed: a failure counts, and the third is the last.
with ended as (
    -- where it came to rest
    select task_id, state, entered_at, entered_event_id from task_states where left_at is null
),

tries as (
    -- every attempt that did not come to a result
    select
        task_id, count(*) as failed_attempts,
        list_sort(list_distinct(list(worker_id))) as workers,
        round(sum(epoch(ended_at) - epoch(claimed_at)), 1) as lost_s,
        list(ended_event_id order by attempt) as event_ids
    from task_attempts
    where outcome in ('failed', 'requeued')
    group by task_id
),

errors as (
    -- what its worker said last
    select
        task_id,
        arg_max(json_extract_string(attributes, '$.error'), (happened_at, event_id)) as error
    from events
    where kind in ('generation_failed', 'completion_failed')
    group by task_id
)

select
    'task' as subject_kind, tasks.id as subject_id, ended.entered_at as happened_at, 'confirmed' as verdict,
    format(
        '{} failed for good after {} attempts: {}', tasks.task_type, tasks.attempts,
        coalesce(errors.error, tasks.error_message, tasks.output_location, 'no reason is told')
    ) as summary,
    list_filter(
        list_concat([ended.entered_event_id, 'tasks:' || tasks.id], tries.event_ids),
        lambda piece: piece is not null
    ) as evidence,
    coalesce(errors.error, tasks.error_message, tasks.output_location) as error,
    tasks.attempts, tries.failed_attempts, tries.workers, tasks.task_type,
    [tasks.id] as affected_tasks, tries.lost_s as lost_worker_s
from tasks
-- equivalent: join because every task has a state
join ended on ended.task_id = tasks.id
-- equivalent: join because one that failed has an attempt that did
join tries on tries.task_id = tasks.id
left join errors on errors.task_id = tasks.id
where ended.state = 'failed'
    and tasks.attempts >= $max_attempts
order by happened_at, subject_id
