--! id        = "task_generation_flag_lost"
--! title     = "A task's flag and its generations disagree"
--! severity  = "low"
--! question  = "Which complete tasks have a generation but generation_created is false, or the reverse?"
--! reads     = ["task_generations", "tasks", "events"]
--! grain     = ["subject_id"]
--! params    = { upscale_until = "2026-02-05", inpaint_until = "2025-12-02" }
--! incidents = ["O12"]
--! cause     = ["kind"]
--! innocent  = """
--!   Some completion functions never set the flag: upscales until 2026-02-05, inpaint until 2025-12-02
--!   (listed as refuted). A flag without a generation mostly means that a user deleted the generation."""
--! remedy    = """
--!   Set generation_created where a generation names the task: what counts unfinished tasks by the flag is
--!   wrong until then. Where the flag is set and nothing is there, ask the user before making one again."""
--! guide     = """
--!   `kind` says which of the two is missing. The update of the flag is unchecked in complete-task
--!   (standalone, child and parent variants), so a failed update loses it silently
--!   (domain/worker-app.md 3.1). `insufficient_evidence`: deleted later and never made look the same."""

-- Rules: domain/worker-app.md 3.5, D6 and D7.
with disagreeing as (
    select
        task_generations.task_id, task_generations.verdict as kind, task_generations.decided_at,
        task_generations.completed_event_id, task_generations.linked, tasks.task_type,
        -- the eras in which complete-task did not set it for these types (domain/worker-app.md 3.2)
        (tasks.task_type like '%upscale%' and task_generations.decided_at < cast($upscale_until as timestamp))
            or (
                tasks.task_type like '%inpaint%'
                and task_generations.decided_at < cast($inpaint_until as timestamp)
            ) as is_known_gap
    from task_generations
    -- equivalent: join because it was made of rows of tasks
    join tasks on tasks.id = task_generations.task_id
    where task_generations.verdict in ('flag_lost', 'generation_deleted_later')
),

made as (
    -- the generations that name the task
    select task_id, list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'generation_created'
        and task_id in (select task_id from disagreeing)
    group by task_id
)

select
    'task' as subject_kind, disagreeing.task_id as subject_id, disagreeing.decided_at as happened_at,
    case
        when disagreeing.kind = 'generation_deleted_later' then 'insufficient_evidence'
        when disagreeing.is_known_gap then 'refuted'
        else 'confirmed'
    end as verdict,
    case disagreeing.kind
        when 'flag_lost'
            then format(
                '{} has {} generation(s), but its flag is false', disagreeing.task_type, disagreeing.linked
            )
        else format('{} says that it has a generation, but none names it', disagreeing.task_type)
    end as summary,
    list_concat(
        [disagreeing.completed_event_id, 'tasks:' || disagreeing.task_id],
        coalesce(made.event_ids, [])
    ) as evidence,
    disagreeing.kind, disagreeing.task_type, disagreeing.linked,
    [disagreeing.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from disagreeing
left join made using (task_id)
order by happened_at, subject_id
