--! id        = "generation_duplicated"
--! title     = "One task has more than one generation"
--! severity  = "medium"
--! question  = "Which tasks are named by more than one generation?"
--! reads     = ["generations", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X21", "X5"]
--! cause     = ["task_type"]
--! innocent  = """
--!   A generation that was copied from a share, or that a person made of another one, may keep the list of
--!   tasks of its model: compare `copied_from_share` and `based_on` of the rows in `generation_ids`. Where
--!   complete-task is not seen to have run twice, the verdict is only `probable`."""
--! remedy    = """
--!   The user sees the result twice: keep the generation that carries the shots and variants, and delete
--!   the other. For an orchestrator task the parent was made twice: move the children to one of them
--!   first."""
--! guide     = """
--!   `requests` is how often complete-task was asked for the task; two requests and two generations are a
--!   late or repeated completion (see the attempts of the task). Since 2026-01-08 the second completion
--!   makes a variant instead: see generation_regenerated."""

-- Rule: domain/worker-app.md X21 (more than one generation whose tasks hold the orchestrator's id) and X5
-- (complete-task makes a generation each time it runs); no constraint forbids it (domain/worker-app.md
-- 1.8).
with links as (
    select distinct
        id as generation_id, created_at,
        unnest(from_json(try_cast(tasks as json), '["VARCHAR"]')) as task_id
    from generations
),

counted as (
    select task_id, count(*) as generations, max(created_at) as last_created_at
    from links
    group by task_id
    having count(*) > 1
),

twice as (
    select
        counted.task_id, counted.generations, counted.last_created_at,
        list(links.generation_id order by links.created_at, links.generation_id) as generation_ids
    from counted
    -- equivalent: join because it was counted there
    join links using (task_id)
    group by counted.task_id, counted.generations, counted.last_created_at
),

requests as (
    -- complete-task, each time it was asked
    select task_id, list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'completion_requested'
        and task_id in (select task_id from twice)
    group by task_id
)

select
    'task' as subject_kind, twice.task_id as subject_id, twice.last_created_at as happened_at,
    case when len(requests.event_ids) > 1 then 'confirmed' else 'probable' end as verdict,
    format('{} has {} generations', coalesce(tasks.task_type, 'a task that is not here'), twice.generations)
        as summary,
    list_concat(
        list_transform(twice.generation_ids, lambda id: 'generations:' || id),
        coalesce(requests.event_ids, [])
    ) as evidence,
    tasks.task_type, tasks.status, coalesce(len(requests.event_ids), 0) as requests, twice.generation_ids,
    [twice.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from twice
left join requests using (task_id)
left join tasks on tasks.id = twice.task_id
order by happened_at, subject_id
