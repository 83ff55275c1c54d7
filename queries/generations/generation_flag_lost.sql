--! id        = "generation_flag_lost"
--! title     = "A finished task has its generation, but its flag says that it has none"
--! severity  = "low"
--! question  = "Which complete tasks have a generation while generation_created is false?"
--! reads     = ["task_generations", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["O12"]
--! cause     = ["task_type"]
--! innocent  = """
--!   Until 2025-12-02 inpainting, and until 2026-02-05 upscaling, never set the flag: then all tasks of the
--!   type are listed."""
--! remedy    = """
--!   Set generation_created of these tasks. Whoever counts missing generations by the flag alone counts
--!   them wrongly."""
--! guide     = """
--!   complete-task does not look whether its update of the flag went through (variants on children,
--!   standalone and parent's and child's generations). The result itself is there."""

-- Rule: domain/worker-app.md 3.5 D6; where the update is not checked: domain/worker-app.md 3.1.
with made as (
    select task_id, min(happened_at) as created_at, list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'generation_created'
        and task_id in (select task_id from task_generations where verdict = 'flag_lost')
    group by task_id
)

select
    'task' as subject_kind, task_generations.task_id as subject_id, made.created_at as happened_at,
    'confirmed' as verdict,
    format('{} has its generation, but generation_created is false', coalesce(tasks.task_type, tasks.id))
        as summary,
    list_prepend('tasks:' || task_generations.task_id, made.event_ids) as evidence,
    tasks.task_type, task_generations.linked as generations, task_generations.why,
    [task_generations.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from task_generations
-- equivalent: join because every decided task has its row
join tasks on tasks.id = task_generations.task_id
join made on made.task_id = task_generations.task_id
order by happened_at, subject_id
