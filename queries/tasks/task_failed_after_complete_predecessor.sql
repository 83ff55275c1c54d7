--! id        = "task_failed_after_complete_predecessor"
--! title     = "A task failed at once although what it builds on is complete"
--! severity  = "medium"
--! question  = "Which tasks failed within seconds of their start, their dependencies all being complete?"
--! reads     = ["task_attempts", "tasks"]
--! grain     = ["subject_id"]
--! params    = { fast_s = 5 }
--! incidents = []
--! cause     = ["error"]
--! innocent  = """
--!   Its own parameters are broken: then it fails as fast after any predecessor."""
--! remedy    = """
--!   Open the output of the predecessors (`dependencies`): a row that says Complete does not prove that the
--!   file is there. Make the missing one again, then this one."""
--! guide     = """
--!   `without_output` names the predecessors whose row holds no URL: with one of them the verdict is
--!   `confirmed`, else `probable`, for the file itself is not in the evidence."""

-- Rule and number: domain/orchestrator.md 7 (stitches that failed in 3 to 4 s after segments that were
-- Complete).
with failed as (
    select
        task_attempts.task_id, task_attempts.worker_id, task_attempts.ended_at, task_attempts.claimed_at,
        task_attempts.claimed_event_id, task_attempts.ended_event_id, tasks.task_type,
        coalesce(tasks.output_location, tasks.error_message) as error,
        unnest(string_split(trim(tasks.dependant_on, '{}'), ',')) as dependency
    from task_attempts
    -- equivalent: join because it was made of rows of tasks
    join tasks on tasks.id = task_attempts.task_id
    where task_attempts.outcome = 'failed'
        and task_attempts.ended_at - coalesce(task_attempts.started_at, task_attempts.claimed_at)
            <= to_seconds($fast_s)
),

predecessors as (
    select
        failed.task_id, failed.worker_id, failed.ended_at, failed.claimed_at, failed.claimed_event_id,
        failed.ended_event_id, failed.task_type, failed.error,
        list(failed.dependency order by failed.dependency) as dependencies,
        list(failed.dependency order by failed.dependency) filter (
            where coalesce(tasks._output_class, 'text') = 'text'
        ) as without_output
    from failed
    -- equivalent: join because the having asks for its status
    join tasks on tasks.id = failed.dependency
    group by all
    having bool_and(tasks.status = 'Complete')
)

select
    'task' as subject_kind, task_id as subject_id, ended_at as happened_at,
    case when without_output is not null then 'confirmed' else 'probable' end as verdict,
    format('{} failed {} s after its claim: {}', task_type,
        round(epoch(ended_at) - epoch(claimed_at), 1), coalesce(error, 'no reason is told')
    ) as summary,
    list_concat(
        [claimed_event_id, ended_event_id],
        list_transform(dependencies, lambda dependency: 'tasks:' || dependency)
    ) as evidence,
    error, task_type, dependencies, coalesce(without_output, cast([] as varchar[])) as without_output,
    worker_id,
    [task_id] as affected_tasks, round(epoch(ended_at) - epoch(claimed_at), 1) as lost_worker_s
from predecessors
order by happened_at, subject_id
