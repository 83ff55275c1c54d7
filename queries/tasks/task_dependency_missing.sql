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
    where table_name = 'tasks'
),

waiting as (
    select
        id, task_type, created_at, status,
        unnest(string_split(trim(dependant_on, '{}'), ',')) as dependency
    from tasks
    where status = 'Queued'
        and length(dependant_on) > 0
),

vanished as (
    select task_id, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'task_row_vanished'
    group by task_id
)

select
    'task' as subject_kind, waiting.id as subject_id, waiting.created_at as happened_at,
    case
        when not known.tasks then 'insufficient_evidence'
        when len(vanished.event_id) > 0 then 'confirmed'
        else 'probable'
    end as verdict,
    format('{} waits for a task that is not there', waiting.task_type) as summary,
    list_filter(['tasks:' || waiting.id, vanished.event_id], lambda piece: piece is not null) as evidence,
    waiting.dependency, waiting.task_type,
    [waiting.id] as affected_tasks, cast(null as double) as lost_worker_s
from waiting
cross join known
cross join evidence
left join tasks as depended on depended.id = waiting.dependency
left join vanished on vanished.task_id = waiting.dependency
where (depended.id is null or len(vanished.event_id) > 0)
    and evidence.until_at - waiting.created_at > to_seconds($visible_s)
order by happened_at, subject_id, waiting.dependency
