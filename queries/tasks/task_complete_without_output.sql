--! id        = "task_complete_without_output"
--! title     = "A task is complete, but has no output"
--! severity  = "high"
--! question  = "Which complete tasks that should yield a file have none?"
--! reads     = ["task_generations", "tasks", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X30"]
--! cause     = ["completion_path"]
--! innocent  = """
--!   A type of task that yields nothing by design (a maintenance task of a person): its output stays
--!   empty."""
--! remedy    = """
--!   Queue the task again: there is nothing to save. Then see `completion_path`: update-task-status takes
--!   Complete without asking for an output."""
--! guide     = """
--!   `output_class` is what stands in output_location instead of a URL. `completion_path` is the function
--!   that took the completion (domain/worker-app.md 3.3 P2: a worker without an output says Complete to
--!   update-task-status). Without its line the row alone tells it: `probable`."""

-- Rule: domain/worker-app.md 3.5 D2. Orchestrator tasks may be complete with a text.
with empty as (
    select task_generations.task_id, task_generations.decided_at, task_generations.completed_event_id
    from task_generations
    where task_generations.verdict = 'no_output'
),

takers as (
    -- which function took the completion
    select
        task_id,
        string_agg(
            distinct json_extract_string(attributes, '$.function'), ', '
            order by json_extract_string(attributes, '$.function')
        ) as completion_path,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where task_id in (select task_id from empty)
        and (
            kind = 'completion_acknowledged'
            or (
                kind = 'task_status_updated'
                and coalesce(
                    json_extract_string(attributes, '$.new_status'),
                    json_extract_string(attributes, '$.status')
                ) = 'Complete'
            )
        )
    group by task_id
),

vanished as (
    -- rows that are gone; one that a capture found again had been hidden
    select task_id, true as is_gone
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
)

select
    'task' as subject_kind, tasks.id as subject_id, empty.decided_at as happened_at,
    'confirmed' as verdict,
    format(
        case
            when vanished.is_gone then '{} was complete when its row was seen last, but had {}'
            else '{} is complete, but has {}'
        end,
        tasks.task_type,
        coalesce(tasks._output_class || ' where the URL of its output belongs', 'no output')
    ) as summary,
    list_concat(
        [empty.completed_event_id, 'tasks:' || tasks.id], coalesce(takers.event_ids, [])
    ) as evidence,
    coalesce(tasks._output_class, 'nothing') as output_class, takers.completion_path, tasks.task_type,
    tasks.worker_id, [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from empty
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = empty.task_id
left join takers on takers.task_id = tasks.id
left join vanished on vanished.task_id = tasks.id
where tasks.task_type not like '%orchestrator%'
order by happened_at, subject_id
