--! id        = "generation_regenerated"
--! title     = "complete-task ran again for a task and made a second result"
--! severity  = "low"
--! question  = "Which generations hold a variant that a repeated completion of their task made?"
--! reads     = ["generation_variants", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X5", "X4"]
--! cause     = ["task_type"]
--! innocent  = """
--!   A deliberate completion anew (an edit, a script of repair) leaves the same rows: look whether a person
--!   worked on the task at `happened_at`."""
--! remedy    = """
--!   The later variant is shown as the primary one: if the two differ, ask the user which to keep. Then see
--!   the attempts of the task: two workers, a reset of a living worker, or a request that was repeated
--!   after its answer was lost."""
--! guide     = """
--!   `confirmed`: complete-task also said that it found an existing generation. `attempts` more than zero,
--!   or a `Reset -` in the task's error_message, says that it had been put back."""

-- Rule: domain/worker-app.md X5 (b): variant_type 'regenerated' with the task as source (written since
-- 2025-12-01), or the line of complete-task (since 2026-01-08).
with variants as (
    select
        json_extract_string(try_cast(params as json), '$.source_task_id') as task_id,
        min(created_at) as created_at, count(*) as variants,
        list('generation_variants:' || id order by created_at, id) as keys
    from generation_variants
    where variant_type = 'regenerated'
    group by 1
),

said as (
    select
        task_id, min(happened_at) as said_at,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'completion_repeated'
    group by task_id
)

select
    'task' as subject_kind, coalesce(variants.task_id, said.task_id) as subject_id,
    coalesce(said.said_at, variants.created_at) as happened_at,
    case when variants.variants > 0 and len(said.event_ids) > 0 then 'confirmed' else 'probable' end
        as verdict,
    format('{} was completed again: its result became another variant', coalesce(tasks.task_type, 'a task'))
        as summary,
    list_concat(coalesce(said.event_ids, []), coalesce(variants.keys, [])) as evidence,
    tasks.task_type, tasks.status, tasks.attempts, coalesce(variants.variants, 0) as variants,
    [coalesce(variants.task_id, said.task_id)] as affected_tasks, cast(null as double) as lost_worker_s
from variants
full join said on said.task_id = variants.task_id
left join tasks on tasks.id = coalesce(variants.task_id, said.task_id)
where coalesce(variants.task_id, said.task_id) is not null
order by happened_at, subject_id
