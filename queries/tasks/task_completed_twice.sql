--! id        = "task_completed_twice"
--! title     = "A task was completed more than once"
--! severity  = "medium"
--! question  = "Which tasks got more than one result?"
--! reads     = ["events", "anomalies", "tasks"]
--! grain     = ["subject_id"]
--! incidents = ["O17", "X5"]
--! cause     = ["how"]
--! innocent  = """
--!   Somebody completed the task again on purpose, to replace its result: that looks the same."""
--! remedy    = """
--!   The user sees two variants of one task: delete one. A worker that sends its result again after a lost
--!   answer needs an idempotency key; a task that two workers did was claimed or reset too early."""
--! guide     = """
--!   `how` is who said so: `answer` (complete-task answered again while the task was Complete), `variant` (it
--!   found a generation of the task and made a second variant; said since 2026-01-08). A lone `variant` line
--!   is `probable`."""

-- Rule: domain/worker-app.md X5 (b) and (c).
with results as (
    -- every result after the first
    select subject_id as task_id, happened_at, event_id, 'answer' as how
    from anomalies
    where kind = 'completed_again'
    union all
    select task_id, happened_at, event_id, 'variant' as how
    from events
    where kind = 'completion_repeated'
),

repeated as (
    select
        task_id, min(happened_at) as happened_at, min(how) as how, count(*) as results,
        list(event_id order by happened_at, event_id) as event_ids
    from results
    group by task_id
)

select
    'task' as subject_kind, repeated.task_id as subject_id, repeated.happened_at,
    case repeated.how when 'answer' then 'confirmed' else 'probable' end as verdict,
    format(
        case repeated.how
            when 'answer' then '{} was completed again after it was complete'
            else '{} got another result: a second variant was made' end,
        tasks.task_type
    ) as summary,
    list_concat(repeated.event_ids, ['tasks:' || repeated.task_id]) as evidence,
    repeated.how, repeated.results, tasks.task_type,
    [repeated.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from repeated
join tasks on tasks.id = repeated.task_id
order by repeated.happened_at, subject_id
