--! id        = "generation_without_task"
--! title     = "A generation names a task that is gone"
--! severity  = "low"
--! question  = "Which generations name a task that no row holds?"
--! reads     = ["generations", "tasks", "snapshot_tables"]
--! grain     = ["subject_id"]
--! incidents = ["X20"]
--! innocent  = """
--!   The task was deleted after its generation was made: with its project, as a duplicate child of a
--!   worker's clean-up, or by hand. Nothing else in the product needs it."""
--! remedy    = """
--!   None is needed for the generation itself. Where many vanished at once, ask who deletes tasks: their
--!   logs, costs and resets can no longer be told."""
--! guide     = """
--!   Asked only where the table of tasks was captured whole. `generation_ids` of one `created_at` were made
--!   for one run; children that a clean-up deleted (X20) leave theirs behind."""

-- Rows of tasks are deleted by clean-ups of duplicate children and with projects (domain/worker-app.md 2.2
-- T15, X20); generations stay (domain/worker-app.md 1.8).
with links as (
    select distinct
        id as generation_id, created_at,
        unnest(from_json(try_cast(tasks as json), '["VARCHAR"]')) as task_id
    from generations
),

whole as (
    -- where some tasks were left behind, one that is not here says nothing
    -- equivalent: = because a case captures every table whole
    select bool_or(is_whole) as is_whole from snapshot_tables where table_name = 'tasks'
),

missing as (
    select links.task_id, min(links.created_at) as created_at
    from links
    left join tasks on tasks.id = links.task_id
    group by links.task_id
    having count(tasks.id) = 0
),

named as (
    select
        missing.task_id, missing.created_at,
        list(links.generation_id order by links.created_at, links.generation_id) as generation_ids
    from missing
    -- equivalent: join because it was named there
    join links using (task_id)
    group by missing.task_id, missing.created_at
)

select
    'task' as subject_kind, named.task_id as subject_id, named.created_at as happened_at,
    'probable' as verdict,
    format('{} generation(s) name a task that no row holds', len(named.generation_ids)) as summary,
    list_transform(named.generation_ids, lambda id: 'generations:' || id) as evidence,
    named.created_at, named.generation_ids,
    [named.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from named
where (select is_whole from whole)
order by happened_at, subject_id
