--! id        = "generation_parent_orphaned"
--! title     = "An orchestrator task is complete, but its parent generation holds no result"
--! severity  = "medium"
--! question  = "Which complete orchestrator tasks have a parent generation without a location?"
--! reads     = ["generations", "tasks"]
--! grain     = ["subject_id"]
--! incidents = ["X21"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The user deleted the last variant, which blanks the generation's location; or the segments of the run
--!   are independent and no joined video was asked for (then `has_output` is false)."""
--! remedy    = """
--!   Make the final stitch's output a variant of the parent and set its location; children are in
--!   `child_generations`."""
--! guide     = """
--!   `has_output` true: the orchestrator's row has a result that its parent lacks, so the last step did not
--!   carry it over. A run of several parents: see generation_duplicated."""
--! known_fix = "870e45dc9 (2025-11-21), 6248c96f4 (2026-02-06)"

-- Rule: domain/worker-app.md X21. A placeholder is made when the task begins (domain/worker-app.md 3.2,
-- F1), and stays empty while it runs. What an orchestrator's row holds as its output: domain/worker-app.md
-- 3.4.
with parents as (
    select distinct
        id as generation_id, created_at,
        unnest(from_json(try_cast(tasks as json), '["VARCHAR"]')) as task_id
    from generations
    where coalesce(location, '') = ''
),

children as (
    select parent_generation_id as generation_id, count(*) as child_generations
    from generations
    group by parent_generation_id
),

empties as (
    select
        tasks.id as task_id, tasks.task_type,
        coalesce(tasks.generation_processed_at, tasks.updated_at) as completed_at,
        -- a class of the export: a URL, or JSON that names one (domain/worker-app.md 2.4)
        coalesce(tasks._output_class in ('storage_url', 'external_url', 'json_with_url'), false)
            as has_output,
        list('generations:' || parents.generation_id order by parents.created_at, parents.generation_id)
            as keys,
        cast(coalesce(sum(children.child_generations), 0) as bigint) as child_generations
    from parents
    -- equivalent: join because the condition asks for the row's status
    join tasks on tasks.id = parents.task_id
    left join children on children.generation_id = parents.generation_id
    where tasks.status = 'Complete'
        and contains(lower(tasks.task_type), 'orchestrator')
    group by all
)

select
    'task' as subject_kind, task_id as subject_id, completed_at as happened_at,
    -- without a result in its row it may have had none to carry over (independent segments since
    -- 2026-01-03)
    case when has_output then 'probable' else 'insufficient_evidence' end as verdict,
    format(
        '{} is complete{}, but its parent generation has no location', task_type,
        case when has_output then ' with a result' else '' end
    ) as summary,
    list_prepend('tasks:' || task_id, keys) as evidence,
    task_type, has_output, child_generations,
    [task_id] as affected_tasks, cast(null as double) as lost_worker_s
from empties
order by happened_at, subject_id
