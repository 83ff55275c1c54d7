--! id        = "generation_creation_failed"
--! title     = "The generation of a finished task could not be made"
--! severity  = "high"
--! question  = "For which tasks did complete-task fail to create the generation?"
--! reads     = ["events", "tasks", "task_generations"]
--! grain     = ["subject_id"]
--! incidents = ["X22"]
--! cause     = ["task_type", "status"]
--! population = """
--!   select task_id as subject_id, min(happened_at) as first_asked_at
--!   from events where kind = 'completion_requested' group by 1"""
--! innocent  = """
--!   A later completion made it: then the finding is refuted. Replication lag makes complete-task answer
--!   404 within seconds of a task's creation (X23): that is no failure of the generation and is not
--!   listed."""
--! remedy    = """
--!   Read `said`: a foreign key names what is gone (`based_on` that held a task's id, a
--!   pair_shot_generation_id that was deleted). Mend the parameters and queue the task again; its output
--!   may still be in the storage under the task's folder."""
--! guide     = """
--!   `failures` is how often it failed in the log's time. Until 2026-03-02 the task stayed In Progress and
--!   its worker then marked it Failed with the text in output_location; since then complete-task marks it
--!   Failed itself. Members of one `task_type` share a route of complete-task."""
--! known_fix = "2f5ab8cef (2025-12-31, based_on), 81ae26c7a (2026-01-23, pair_shot_generation_id)"

-- Rule: domain/worker-app.md X22 and 2.2 T8: the line of complete-task, the answer as the worker tells it,
-- or its text in the row (output_location, where the worker puts errors; error_message, where complete-task
-- does). The row's texts stand in no event: the columns are asked, by the constant text.
with said_so as (
    select
        task_id, min(happened_at) as happened_at, count(*) as failures,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'generation_creation_failed'
        or (kind = 'completion_failed' and contains(attributes, 'Generation creation failed'))
    group by task_id
),

rows as (
    -- what the row still says of it
    select
        id as task_id, coalesce(generation_processed_at, updated_at) as ended_at,
        case
            when contains(error_message, 'Generation creation failed') then error_message
            else output_location
        end as said
    from tasks
    where contains(error_message, 'Generation creation failed')
        or contains(output_location, 'Generation creation failed')
),

failed as (
    select
        coalesce(said_so.task_id, rows.task_id) as task_id,
        coalesce(said_so.happened_at, rows.ended_at) as happened_at,
        coalesce(said_so.failures, 0) as failures, coalesce(said_so.event_ids, []) as event_ids, rows.said
    from said_so
    full join rows using (task_id)
)

select
    'task' as subject_kind, failed.task_id as subject_id, failed.happened_at,
    case
        when task_generations.linked > 0 then 'refuted'
        when failed.failures > 0 and tasks.status = 'Failed' then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'complete-task could not create the generation of {}, which is {}',
        coalesce(tasks.task_type, 'a task that is not here'),
        case when task_generations.linked > 0 then 'there now' else coalesce(tasks.status, 'unknown') end
    ) as summary,
    list_append(failed.event_ids, 'tasks:' || tasks.id) as evidence,
    failed.failures, failed.said, tasks.task_type, tasks.status,
    [failed.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from failed
left join tasks on tasks.id = failed.task_id
left join task_generations on task_generations.task_id = failed.task_id
order by happened_at, subject_id
