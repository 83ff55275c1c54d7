--! id        = "task_orchestrator_completed_early"
--! title     = "An orchestrator task was complete before its children were"
--! severity  = "high"
--! question  = "Which orchestrator tasks were completed while children of theirs had not ended?"
--! reads     = ["tasks", "task_states", "events"]
--! grain     = ["subject_id"]
--! params    = { margin_s = 5 }
--! incidents = ["X10"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The last stitch of a travel ends after the orchestrator task by design: it is not looked at."""
--! remedy    = """
--!   The user saw a finished run with parts missing: when the children have ended, complete it again with the
--!   right output. Until 2025-11-28 the worker of the segment with the highest number closed it, whichever
--!   segment ended last (ba8bf22)."""
--! guide     = """
--!   `children` are those that ended later, or had not ended when the evidence did; `early_s` is how much
--!   too early it was for the last one that ended. A child whose row was gone by then does not count.
--!   `insufficient_evidence`: the rows of all vanished between two captures, and they may have ended or been
--!   deleted before it was complete."""
--! known_fix = "ba8bf22 (2025-11-28)"

-- Rule: domain/worker-app.md X10: the orchestrator's end lies before a child's. 5 s: the last child's
-- completion writes both within one call of complete-task (domain/worker-app.md 3.1).
with orchestrators as (
    -- whose last state is that they are complete
    select task_id, entered_at as completed_at, entered_event_id as event_id
    from task_states
    where left_at is null and state = 'complete'
),

first_ends as (
    -- a child's first end: a later one is a retry
    select
        task_id, min(entered_at) filter (where state not in ('queued', 'in_progress')) as ended_at,
        arg_max(entered_event_id, seq) as event_id
    from task_states
    group by task_id
),

children as (
    -- the places where a child names its orchestrator: domain/worker-app.md 2.5
    select
        id as task_id, created_at,
        coalesce(
            json_extract_string(params, '$.orchestration_contract.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_task_id_ref'),
            json_extract_string(params, '$.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_details.orchestrator_task_id'),
            json_extract_string(params, '$.originalParams.orchestrator_details.orchestrator_task_id')
        ) as orchestrator_id
    from (
        select id, task_type, created_at, try_cast(params as json) as params
        from tasks
        -- no text without it has any of these places
        where contains(params, 'orchestrator_task_id')
    ) as readable
    where task_type not in ('travel_stitch', 'individual_travel_segment')
),

vanished as (
    -- rows that are gone, and between which captures; one that a capture found again had been hidden
    select
        task_id, max(earliest) as seen_at, max(happened_at) as missed_at,
        arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

unended as (
    select
        children.orchestrator_id, orchestrators.completed_at, orchestrators.event_id as completed_event_id,
        children.task_id, first_ends.ended_at, first_ends.event_id, vanished.event_id as vanished_event_id,
        -- its row was there when the orchestrator task was complete, or is to this day
        coalesce(vanished.seen_at > orchestrators.completed_at + to_seconds($margin_s), true) as was_there
    from children
    -- equivalent: join because nothing lies before a time that is not there
    join orchestrators on orchestrators.task_id = children.orchestrator_id
    -- equivalent: join because every task has a state
    join first_ends on first_ends.task_id = children.task_id
    left join vanished on vanished.task_id = children.task_id
    where children.task_id <> children.orchestrator_id
        and children.created_at < orchestrators.completed_at
        -- a duplicate is deleted: a row that was gone by then is nothing to wait for (domain/worker-app.md X20)
        and coalesce(
            first_ends.ended_at > orchestrators.completed_at + to_seconds($margin_s),
            vanished.missed_at > orchestrators.completed_at, true
        )
    -- those that may have been gone count where there is no other
    qualify was_there = bool_or(was_there) over (partition by children.orchestrator_id)
),

early as (
    select
        orchestrator_id, completed_at, completed_event_id, was_there,
        list(task_id order by task_id) as children,
        list(event_id order by task_id) as event_ids,
        list(vanished_event_id order by task_id) filter (where vanished_event_id is not null)
            as vanished_event_ids,
        max(ended_at) as last_end_at
    from unended
    group by orchestrator_id, completed_at, completed_event_id, was_there
)

select
    'task' as subject_kind, early.orchestrator_id as subject_id, early.completed_at as happened_at,
    case when early.was_there then 'confirmed' else 'insufficient_evidence' end as verdict,
    case
        when early.was_there then format(
            '{} was complete while {} of its children had not ended', tasks.task_type, len(early.children)
        )
        else format(
            '{} was complete, and {} of its children had not ended when their rows were seen last',
            tasks.task_type, len(early.children)
        )
    end as summary,
    list_concat(
        [early.completed_event_id, 'tasks:' || tasks.id], early.event_ids, early.vanished_event_ids
    ) as evidence,
    tasks.task_type, early.children,
    round(epoch(early.last_end_at) - epoch(early.completed_at)) as early_s,
    list_concat([tasks.id], early.children) as affected_tasks, cast(null as double) as lost_worker_s
from early
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = early.orchestrator_id
order by happened_at, subject_id
