--! id        = "task_orchestrator_never_completed"
--! title     = "An orchestrator task did not end when its children had"
--! severity  = "high"
--! question  = "Which orchestrator tasks went on although all their children had ended minutes before?"
--! reads     = ["tasks", "task_states", "coverage", "task_attempts", "pods", "events"]
--! grain     = ["subject_id"]
--! params    = { wait_s = 300 }
--! incidents = ["X10"]
--! cause     = ["how", "last_child_flag"]
--! population = """
--!   select tasks.id as subject_id, tasks.task_type, tasks.created_at, min(pods.created_at) as pod_created_at
--!   from tasks
--!   left join task_attempts on task_attempts.task_id = tasks.id
--!   left join pods on pods.worker_id = task_attempts.worker_id
--!   where tasks.task_type like '%orchestrator%'
--!   group by 1, 2, 3"""
--! innocent  = """
--!   It was still making children, slowly: then there are fewer `children` than `expected`, and new ones
--!   follow."""
--! remedy    = """
--!   Complete it by hand with the output of its last child. The last child's completion closes it, so look
--!   how that one was completed: a completion that bypasses complete-task closes nothing
--!   (domain/worker-app.md 3.3), and before 2026-02-26 a wrong number of children waits for ever."""
--! guide     = """
--!   `how`: waits (it still does when the evidence ends, or did when its row was seen last: it vanished since) or
--!   late (it ended after `waited_s`). A child that waits for something that failed or was cancelled, or for
--!   one that waits so, counts as ended: it will never run. `last_child_flag` false: its last child was
--!   completed by what makes no generation, and closes nothing."""
--! known_fix = "140f51f1a (2026-02-26)"

-- Rule and number: domain/worker-app.md X10: all children ended for more than five minutes.
with recursive evidence as (
    select max(until_at) as until_at from coverage
),

ends as (
    -- the state that it did not leave
    select
        task_id, state, entered_at, entered_event_id as event_id, state in ('queued', 'in_progress') as is_open
    from task_states
    where left_at is null
),

waits as (
    -- what the queued tasks wait for
    select related.task_id, related.other_id
    from (
        select id as task_id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id
        from tasks
    ) as related
    -- equivalent: join because the where asks for its state
    join ends on ends.task_id = related.task_id
    where ends.state = 'queued'
),

dead as (
    -- tasks that will never be complete: whatever waits for one of them is the next, each once
    select task_id from ends where state in ('failed', 'cancelled')
    union
    select waits.task_id
    from dead
    -- equivalent: join because what no task waits for adds no task
    join waits on waits.other_id = dead.task_id
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
    from (
        select id, try_cast(params as json) as params
        from tasks
        -- no text without it has any of these places
        where contains(params, 'orchestrator_task_id')
    ) as readable
),

families as (
    select
        children.orchestrator_id, count(*) as children,
        count(*) filter (where ends.is_open and dead.task_id is null) as pending,
        max(ends.entered_at) filter (where not ends.is_open) as last_end_at,
        arg_max(ends.event_id, (ends.entered_at, ends.task_id)) filter (where not ends.is_open)
            as last_event_id,
        arg_max(child_rows.generation_created, (ends.entered_at, ends.task_id))
            filter (where not ends.is_open) as last_child_flag
    from children
    -- equivalent: join because every task has a state
    join ends on ends.task_id = children.task_id
    -- equivalent: join because every child has a row
    join tasks as child_rows on child_rows.id = children.task_id
    left join dead on dead.task_id = children.task_id
    -- an orchestrator task may name itself there
    where children.task_id <> children.orchestrator_id
    group by children.orchestrator_id
),

vanished as (
    -- rows that are gone, and when they were seen last; one that a capture found again had been hidden
    select task_id, max(earliest) as seen_at
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

facts as (
    select
        families.*, own.state, own.event_id,
        case when own.is_open then 'waits' else 'late' end as how,
        case when own.is_open then least(evidence.until_at, vanished.seen_at) else own.entered_at end
            as until_at
    from families
    -- equivalent: join because the last where asks for its times
    join ends as own on own.task_id = families.orchestrator_id
    cross join evidence
    left join vanished on vanished.task_id = families.orchestrator_id
    where families.pending = 0
)

select
    'task' as subject_kind, tasks.id as subject_id, facts.last_end_at as happened_at,
    'confirmed' as verdict,
    format(
        '{} went on for {} s after the last end of a child: none of its {} can still run', tasks.task_type,
        round(epoch(facts.until_at) - epoch(facts.last_end_at))::bigint, facts.children
    ) as summary,
    [facts.last_event_id, facts.event_id, 'tasks:' || tasks.id] as evidence,
    facts.how, facts.state, facts.children, facts.last_child_flag,
    try_cast(coalesce(
        json_extract_string(
            try_cast(tasks.params as json), '$.orchestrator_details.num_new_segments_to_generate'
        ),
        json_extract_string(try_cast(tasks.params as json), '$.num_new_segments_to_generate')
    ) as bigint) as expected,
    round(epoch(facts.until_at) - epoch(facts.last_end_at)) as waited_s,
    [tasks.id] as affected_tasks, cast(null as double) as lost_worker_s
from facts
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = facts.orchestrator_id
where facts.until_at - facts.last_end_at > to_seconds($wait_s)
order by happened_at, subject_id
