--! id        = "task_dependency_missing"
--! title     = "A task waits for a task that does not exist"
--! severity  = "high"
--! question  = "Which queued tasks depend on a task whose row is not there?"
--! reads     = ["tasks", "snapshot_tables", "events", "coverage"]
--! grain     = ["subject_id", "dependency"]
--! params    = { visible_s = 60 }
--! incidents = ["X16"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The dependency was created so shortly before the end of the evidence that it was not yet visible: such
--!   tasks are not listed."""
--! remedy    = """
--!   Nobody will ever claim it, and the database's own cron job only looks at dependencies that exist: cancel
--!   it, or set dependant_on to the task that was meant."""
--! guide     = """
--!   Until 2026-03-31 the resolver of tasks gave workers' own ids away as new ones. `confirmed`: an earlier
--!   capture had the row, and it vanished. `insufficient_evidence`: not all tasks were captured."""
--! known_fix = "ce6077bf7 (2026-03-31)"

-- Rule: domain/worker-app.md X16. A claim wants every dependency Complete, and one that is not there never is
-- (domain/worker-app.md 1.6). 60 s: a new task may stay invisible for 26 s (domain/worker-app.md X23).
with evidence as (
    select max(until_at) as until_at from coverage
),

known as (
    -- without the whole table, absence proves nothing
    select bool_or(is_whole) as tasks
    from snapshot_tables
    -- equivalent: = and 'tasks' because every table of a case is whole
    where table_name = 'tasks'
),

waiting as (
    select
        id, task_type, created_at, status,
        unnest(string_split(trim(dependant_on, '{}'), ',')) as dependency
    from tasks
    where status = 'Queued'
),

vanished as (
    -- one that a capture found again had been hidden
    select task_id, list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, waiting.id as subject_id, waiting.created_at as happened_at,
    case
        -- equivalent: 'insufficient_evidence' because every table of a case is whole
        when not known.tasks then 'insufficient_evidence'
        when vanished.event_ids is not null then 'confirmed'
        else 'probable'
    end as verdict,
    format('{} waits for a task that is not there', waiting.task_type) as summary,
    list_concat(['tasks:' || waiting.id], coalesce(vanished.event_ids, [])) as evidence,
    waiting.dependency, waiting.task_type,
    [waiting.id] as affected_tasks, cast(null as double) as lost_worker_s
from waiting
cross join known
cross join evidence
left join tasks as depended on depended.id = waiting.dependency
left join vanished on vanished.task_id = waiting.dependency
left join vanished as gone on gone.task_id = waiting.id
where (depended.id is null or vanished.event_ids is not null)
    -- an array of nothing, or of NULL, names no task
    -- equivalent: '' and 'NULL' because no case can write an array of nothing or of NULL
    and waiting.dependency not in ('', 'NULL')
    and evidence.until_at - waiting.created_at > to_seconds($visible_s)
    -- what is gone itself, as with its project, waits for nothing
    and gone.task_id is null
order by happened_at, subject_id, waiting.dependency
