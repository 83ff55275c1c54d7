--! id        = "task_orchestrator_completed_early"
--! title     = "An orchestrator task was complete before its children were"
--! severity  = "high"
--! question  = "Which orchestrator tasks were completed while children of theirs had not ended?"
--! reads     = ["tasks", "task_states"]
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
--!   too early it was for the last one that ended."""
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

early as (
    select
        children.orchestrator_id, orchestrators.completed_at, orchestrators.event_id,
        list(children.task_id order by children.task_id) as children,
        list(first_ends.event_id order by children.task_id) as event_ids,
        max(first_ends.ended_at) as last_end_at
    from children
    -- equivalent: join because nothing lies before a time that is not there
    join orchestrators on orchestrators.task_id = children.orchestrator_id
    -- equivalent: join because every task has a state
    join first_ends on first_ends.task_id = children.task_id
    where children.task_id <> children.orchestrator_id
        and children.created_at < orchestrators.completed_at
        and coalesce(first_ends.ended_at > orchestrators.completed_at + to_seconds($margin_s), true)
    group by children.orchestrator_id, orchestrators.completed_at, orchestrators.event_id
)

select
    'task' as subject_kind, early.orchestrator_id as subject_id, early.completed_at as happened_at,
    'confirmed' as verdict,
    format('{} was complete while {} of its children had not ended', tasks.task_type, len(early.children))
        as summary,
    list_concat([early.event_id, 'tasks:' || tasks.id], early.event_ids) as evidence,
    tasks.task_type, early.children,
    round(epoch(early.last_end_at) - epoch(early.completed_at)) as early_s,
    list_concat([tasks.id], early.children) as affected_tasks, cast(null as double) as lost_worker_s
from early
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = early.orchestrator_id
order by happened_at, subject_id
