--! id        = "task_cascade_not_applied"
--! title     = "A task goes on waiting although what it belongs to has failed"
--! severity  = "high"
--! question  = "Which tasks wait or run although what they belong to or depend on failed or was cancelled?"
--! reads     = ["tasks", "task_states", "coverage", "events"]
--! grain     = ["subject_id"]
--! params    = { grace_s = 300 }
--! incidents = ["X28"]
--! cause     = ["relation", "end_state"]
--! innocent  = """
--!   A person is about to try the failed task again: then the one that waits for it is right to wait."""
--! remedy    = """
--!   Cancel it, or try again what it waits for. A cascade follows only a failure that update-task-status or
--!   a crash reports, and until 2026-03-12 none followed a cancellation by the browser
--!   (domain/worker-app.md 2.1, 2.5)."""
--! guide     = """
--!   `relation` says whether it waits for a dependency that will never be complete, or belongs to an
--!   orchestrator task that has ended. `waited_s` runs from that end to the end of the evidence, or until its row
--!   was seen last: it vanished since."""

-- Rule: domain/worker-app.md X28 and 2.5. 300 s: the cron job that mends it runs every five minutes
-- (domain/worker-app.md 1.2).
with evidence as (
    select max(until_at) as until_at from coverage
),

ends as (
    -- where each task came to rest
    select task_id, state, entered_at, entered_event_id as event_id from task_states where left_at is null
),

related as (
    select id as task_id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id,
        'dependency' as relation
    from tasks
    union all
    -- the places where a child names its orchestrator: domain/worker-app.md 2.5
    select
        id as task_id,
        coalesce(
            json_extract_string(params, '$.orchestration_contract.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_task_id_ref'),
            json_extract_string(params, '$.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_details.orchestrator_task_id'),
            json_extract_string(params, '$.originalParams.orchestrator_details.orchestrator_task_id')
        ) as other_id,
        'orchestrator' as relation
    from (
        select id, try_cast(params as json) as params
        from tasks
        -- no text without it has any of these places
        where contains(params, 'orchestrator_task_id')
    ) as readable
),

vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

left_over as (
    select
        related.task_id, mine.state, mine.event_id,
        arg_min(related.relation, (other.entered_at, other.event_id)) as relation,
        arg_min(other.task_id, (other.entered_at, other.event_id)) as other_id,
        arg_min(other.state, (other.entered_at, other.event_id)) as end_state,
        arg_min(other.event_id, (other.entered_at, other.event_id)) as other_event_id,
        min(other.entered_at) as ended_at
    from related
    -- equivalent: join because the where asks for its state
    join ends as mine on mine.task_id = related.task_id
    -- equivalent: join because the where asks for its state
    join ends as other on other.task_id = related.other_id
    -- equivalent: join because what is related has a row
    join tasks on tasks.id = related.task_id
    where mine.state in ('queued', 'in_progress')
        and other.state in ('failed', 'cancelled')
        -- what a user made out of a failed run afterwards is another story
        and tasks.created_at < other.entered_at
    group by related.task_id, mine.state, mine.event_id
)

select
    'task' as subject_kind, left_over.task_id as subject_id, left_over.ended_at as happened_at,
    'confirmed' as verdict,
    format(
        case
            when vanished.seen_at is null then '{} is still {}, though its {} is {}'
            else '{} was still {} when its row was seen last, though its {} was {}'
        end,
        tasks.task_type, replace(left_over.state, '_', ' '), left_over.relation, left_over.end_state
    ) as summary,
    [left_over.event_id, left_over.other_event_id, 'tasks:' || left_over.task_id] as evidence,
    left_over.relation, left_over.end_state, left_over.other_id, left_over.state,
    round(epoch(least(evidence.until_at, vanished.seen_at)) - epoch(left_over.ended_at)) as waited_s,
    [left_over.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from left_over
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = left_over.task_id
cross join evidence
left join vanished on vanished.task_id = left_over.task_id
where least(evidence.until_at, vanished.seen_at) - left_over.ended_at > to_seconds($grace_s)
order by happened_at, subject_id
