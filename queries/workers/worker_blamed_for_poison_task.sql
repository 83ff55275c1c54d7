--! id        = "worker_blamed_for_poison_task"
--! title     = "A worker was killed for the failures of one poison task"
--! severity  = "high"
--! question  = """
--!   Which failure-streak kills hit a worker that had failed one task only, and which task was it?"""
--! reads     = ["events", "task_attempts", "worker_ends", "tasks"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["X14", "X30", "X6"]
--! cause     = ["poison_task", "error"]
--! innocent  = """
--!   The worker broke while it was at that task, and would have failed the next one too: `probable` where
--!   neither an earlier success of the worker nor a failure of the task elsewhere speaks for it, where no
--!   text of a failure was kept and nobody else failed, and where only the row of the task tells of a
--!   failure that was counted. `insufficient_evidence`: fewer failures are known than were counted, and the
--!   others may have been of another task."""
--! remedy    = """
--!   Quarantine `poison_task`: it goes on to the next worker with each retry, and kills that one too. Count
--!   distinct tasks, not failures, in the streak rule."""
--! guide     = """
--!   `elsewhere` counts other workers that the task failed on; `worked_before` says that the worker had
--!   completed something; `failures` are those that are known. The other side of it is
--!   worker_fails_every_task, the task's is task_bounced_between_workers."""

-- Rule: domain/evidence-rules.md section 2 (one distinct task since the last success: the task is the poison;
-- texts of a broken GPU speak against the worker).
with kills as (
    -- the orchestrator counts failures, not tasks (domain/orchestrator.md 2.3)
    select
        worker_id, min(happened_at) as killed_at,
        arg_min(event_id, (happened_at, event_id)) as kill_event_id,
        arg_min(
            try_cast(
                regexp_extract(json_extract_string(attributes, '$.reason'), '([0-9]+) consecutive', 1) as bigint
            ),
            (happened_at, event_id)
        ) as counted
    from events
    where kind in ('worker_marked_error', 'worker_error_recorded')
        and starts_with(json_extract_string(attributes, '$.reason'), 'Task failure loop')
    group by worker_id
),

endings as (
    -- how its tasks ended: by its own lines, which are what the orchestrator counts, and by the rows of the tasks
    select
        worker_id, task_id, happened_at, event_id, kind = 'task_handler_succeeded' as was_good, true as by_line
    from events
    where kind in ('task_handler_succeeded', 'task_handler_failed')
    union all
    select
        task_attempts.worker_id, task_attempts.task_id, task_attempts.ended_at, task_attempts.ended_event_id,
        task_attempts.outcome = 'complete', false
    from task_attempts
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = task_attempts.task_id
    where task_attempts.outcome in ('complete', 'requeued', 'failed')
        and task_attempts.reason is distinct from 'a related task failed'
        -- an orchestrator task ends by what other workers do (domain/evidence-rules.md section 2, traps)
        and not contains(lower(tasks.task_type), 'orchestrator')
),

outcomes as (
    select endings.*
    from kills
    -- equivalent: join because only endings are used
    join endings on endings.worker_id = kills.worker_id and endings.happened_at <= kills.killed_at
),

successes as (
    select worker_id, max(happened_at) as succeeded_at
    from outcomes
    where was_good
    group by worker_id
),

streaks as (
    -- what failed since its last success
    select
        outcomes.worker_id, count(distinct outcomes.task_id) as tasks,
        count(*) filter (where outcomes.by_line) as lines,
        -- a line and the end of an attempt may be the same failure
        greatest(
            count(*) filter (where outcomes.by_line), count(*) filter (where not outcomes.by_line)
        ) as failures,
        any_value(outcomes.task_id) as poison_task, min(outcomes.happened_at) as began_at,
        -- the line may be how we know that the attempt ended
        list_transform(
            -- equivalent: 'at' because it is only a name
            list_sort(list_distinct(list({'at': outcomes.happened_at, 'id': outcomes.event_id}))),
            lambda piece: piece.id
        ) as event_ids,
        any_value(successes.succeeded_at) is not null as worked_before
    from outcomes
    left join successes using (worker_id)
    where not outcomes.was_good
        and coalesce(outcomes.happened_at > successes.succeeded_at, true)
    group by outcomes.worker_id
),

texts as (
    -- what its failures were said to be: by the worker, and by the row of the task, which may know another's
    select
        said.worker_id,
        coalesce(
            min(said.error) filter (where said.by_worker),
            -- equivalent: min because a task has one row
            min(said.error)
        ) as error,
        bool_or(regexp_matches(said.error, 'device-side assert|illegal memory access')) as is_gpu_error
    from (
        select
            streaks.worker_id, json_extract_string(events.attributes, '$.error') as error,
            true as by_worker
        from streaks
        -- equivalent: join because a streak without a text has none either way
        join events
            on events.worker_id = streaks.worker_id
            and events.task_id = streaks.poison_task
            and events.kind = 'generation_failed'
        union all
        select streaks.worker_id, coalesce(tasks.error_message, tasks.output_location), false
        from streaks
        -- equivalent: join because of the same
        join tasks on tasks.id = streaks.poison_task
    ) as said
    where said.error is not null
    group by said.worker_id
),

elsewhere as (
    -- other workers that the same task failed on
    select
        streaks.worker_id, count(distinct events.worker_id) as workers,
        list_sort(list(events.event_id)) as event_ids
    from streaks
    -- equivalent: join because nobody else is none either way
    join events
        on events.task_id = streaks.poison_task
        and events.kind = 'task_handler_failed'
        and events.worker_id <> streaks.worker_id
    group by streaks.worker_id
)

select
    'worker' as subject_kind, kills.worker_id as subject_id, kills.killed_at as happened_at,
    case
        -- one that is not known may have been of another task, and then it is the worker
        when kills.counted > streaks.failures then 'insufficient_evidence'
        -- a line is missing: what the row tells of may not be the failure that it told of
        when kills.counted > streaks.lines then 'probable'
        when elsewhere.worker_id is not null then 'confirmed'
        -- without any text it may be a broken GPU all the same
        when streaks.worked_before and texts.worker_id is not null then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        case
            when kills.counted > streaks.failures
                then 'killed for {1} failures; those that are known ({0}) were all of task {2}: {3}'
            else 'killed for {0} failures, all of task {2}: {3}'
        end,
        streaks.failures, kills.counted, streaks.poison_task, coalesce(texts.error, 'no reason was kept')
    ) as summary,
    list_concat(
        [kills.kill_event_id, 'tasks:' || streaks.poison_task], streaks.event_ids,
        coalesce(elsewhere.event_ids, [])
    ) as evidence,
    streaks.poison_task, texts.error, streaks.failures, coalesce(elsewhere.workers, 0) as elsewhere,
    streaks.worked_before, worker_ends.ended_at as pod_ended_at,
    [streaks.poison_task] as affected_tasks,
    epoch(kills.killed_at - streaks.began_at) as lost_worker_s
from kills
-- equivalent: join because the number of its tasks is asked for
join streaks using (worker_id)
left join texts using (worker_id)
left join elsewhere using (worker_id)
-- equivalent: left join because a kill is an end
left join worker_ends using (worker_id)
where streaks.tasks = 1
    and coalesce(not texts.is_gpu_error, true)
order by happened_at, subject_id
