--! id        = "task_orchestrator_never_completed"
--! title     = "An orchestrator task did not end when its children had"
--! severity  = "high"
--! question  = "Which orchestrator tasks went on although all their children had ended minutes before?"
--! reads     = ["tasks", "task_states", "coverage"]
--! grain     = ["subject_id"]
--! params    = { wait_s = 300 }
--! incidents = ["X10"]
--! cause     = ["how"]
--! innocent  = """
--!   It was still making children, slowly: then there are fewer `children` than `expected`, and new ones
--!   follow."""
--! remedy    = """
--!   Complete it by hand with the output of its last child. The last child's completion closes it, so look
--!   how that one was completed: a completion that bypasses complete-task closes nothing
--!   (domain/worker-app.md 3.3), and before 2026-02-26 a wrong number of children waits for ever."""
--! guide     = """
--!   `how`: waits (it still does when the evidence ends) or late (it ended after `waited_s`). A child that
--!   waits for something that failed or was cancelled counts as ended: it will never run."""
--! known_fix = "140f51f1a (2026-02-26)"

-- Rule and number: domain/worker-app.md X10: all children ended for more than five minutes.
with evidence as (
    select max(until_at) as until_at from coverage
),

ends as (
    select
        task_id, arg_max(state, seq) as state, arg_max(entered_at, seq) as entered_at,
        arg_max(entered_event_id, seq) as event_id
    from task_states
    group by task_id
),

dead as (
    -- tasks whose dependency will never be complete
    select related.task_id
    from (
        select id as task_id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id
        from tasks
        where length(dependant_on) > 0
    ) as related
    join ends as other on other.task_id = related.other_id
    where other.state in ('failed', 'cancelled')
    group by related.task_id
),

children as (
    -- the places where a child names its orchestrator: domain/worker-app.md 2.5
    select
        id as task_id,
        coalesce(
            json_extract_string(params, '$.orchestration_contract.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_task_id_ref'),
            json_extract_string(params, '$.orchestrator_task_id'),
            json_extract_string(params, '$.orchestrator_details.orchestrator_task_id'),
            json_extract_string(params, '$.originalParams.orchestrator_details.orchestrator_task_id')
        ) as orchestrator_id
    from tasks
    where task_type not like '%orchestrator%'
),

families as (
    select
        children.orchestrator_id, count(*) as children,
        count(*) filter (where ends.state in ('queued', 'in_progress') and dead.task_id is null) as pending,
        max(ends.entered_at) filter (where ends.state not in ('queued', 'in_progress')) as last_end_at,
        arg_max(ends.event_id, ends.entered_at) filter (where ends.state not in ('queued', 'in_progress'))
            as last_event_id
    from children
    join ends on ends.task_id = children.task_id
    left join dead on dead.task_id = children.task_id
    group by children.orchestrator_id
),

facts as (
    select
        families.*, own.state, own.event_id,
        case when own.state in ('queued', 'in_progress') then 'waits' else 'late' end as how,
        case when own.state in ('queued', 'in_progress') then evidence.until_at else own.entered_at end as until_at
    from families
    join ends as own on own.task_id = families.orchestrator_id
    cross join evidence
    where families.pending = 0
)

select
    'task' as subject_kind, tasks.id as subject_id, facts.last_end_at as happened_at,
    'confirmed' as verdict,
    format(
        '{} went on for {} s after the last of its {} children had ended', tasks.task_type,
        round(epoch(facts.until_at) - epoch(facts.last_end_at))::bigint, facts.children
    ) as summary,
    [facts.last_event_id, facts.event_id, 'tasks:' || tasks.id] as evidence,
    facts.how, facts.state, facts.children,
    try_cast(coalesce(
        json_extract_string(tasks.params, '$.orchestrator_details.num_new_segments_to_generate'),
        json_extract_string(tasks.params, '$.num_new_segments_to_generate')
    ) as bigint) as expected,
    round(epoch(facts.until_at) - epoch(facts.last_end_at)) as waited_s,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from facts
join tasks on tasks.id = facts.orchestrator_id
where facts.until_at - facts.last_end_at > to_seconds($wait_s)
order by happened_at, subject_id
