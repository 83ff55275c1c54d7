--! id        = "run_down"
--! title     = "No orchestrator ran while tasks were queued"
--! severity  = "high"
--! question  = "When was an orchestrator down although tasks of its kind were queued?"
--! reads     = ["gaps", "events", "runs", "task_states", "task_attempts", "tasks"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { sure_s = 300 }
--! incidents = ["O2", "O15"]
--! cause     = ["source_type"]
--! innocent  = """
--!   The orchestrator was idle and could not write to its log either: then it acted on nothing in that
--!   time, and the rows cannot tell. Workers that were up went on claiming tasks of their own."""
--! remedy    = """
--!   Look at the host's own record of the process (deployments, restarts, out of memory). API tasks that it
--!   held when it stopped wait for its next start or for a sweep: see the attempts in `held_tasks`."""
--! guide     = """
--!   `confirmed`: it said that it stops. `probable`: it fell silent, the next process said that it starts,
--!   and no row shows an act between (`insufficient_evidence`: for too short a time). `affected_tasks` were
--!   queued for at least a part of it: one that a worker took after some ten seconds, as often as it asks
--!   (domain/worker-app.md 4.3), did not wait for it. `held_tasks` are those that it worked on when it
--!   ended."""

-- Rule: domain/orchestrator.md O2 (no act between the last line and the next process) and O15.
with api_types as (
    -- types that an API worker ever took (domain/orchestrator.md 1.3: its ids); all others wait for GPU
    -- workers
    select distinct tasks.task_type
    from task_attempts
    -- equivalent: join because every attempt's task has its row
    join tasks on tasks.id = task_attempts.task_id
    where starts_with(task_attempts.worker_id, 'api-')
),

downs as (
    select source_type, run_id, began_at, ended_at, basis, source_type = 'orchestrator_api' as is_api
    from gaps
    where cause = 'process_down'
        and starts_with(source_type, 'orchestrator')
),

ends as (
    -- of the stops that end no earlier, when the first began: a state that ended before fell into none
    -- equivalent: min because in the cases no stop falls into another
    select ended_at, min(began_at) over (order by ended_at desc) as first_began_at from downs
),

stays as materialized (
    select task_states.task_id, task_states.state, task_states.entered_at, task_states.until_at
    from (
        select task_id, state, entered_at, coalesce(left_at, 'infinity'::timestamp) as until_at
        from task_states
        where state in ('queued', 'in_progress')
    ) as task_states
    asof join ends on task_states.entered_at < ends.ended_at
    where task_states.until_at > ends.first_began_at
),

held as materialized (
    -- the states that some stop fell into
    select downs.run_id, downs.began_at, downs.is_api, stays.task_id, stays.state,
        least(stays.until_at, downs.ended_at) - greatest(stays.entered_at, downs.began_at) as stayed
    from downs
    -- equivalent: join because a stop without a wait is dropped below
    join stays
        on stays.entered_at < downs.ended_at
        -- equivalent: and because a case has one stop for which tasks waited
        and stays.until_at > downs.began_at
),

waits as (
    -- tasks in the queue at some time of it, and those in hand when it ended
    select
        held.run_id, held.began_at,
        list_sort(list(distinct held.task_id) filter (where held.state = 'queued')) as queued_tasks,
        list_sort(list(distinct held.task_id) filter (where held.state = 'in_progress')) as busy_tasks,
        max(held.stayed) filter (where held.state = 'queued') as longest
    from held
    -- equivalent: join because every state's task has its row
    join tasks on tasks.id = held.task_id
    where held.is_api = (tasks.task_type in (select task_type from api_types))
    group by held.run_id, held.began_at
),

last_lines as (
    select run_id, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('process_stopped', 'cycle_completed', 'loop_ticked')
    group by run_id
),

first_lines as (
    select run_id, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'process_started'
    group by run_id
),

next_runs as (
    -- where the last line before a stop is there, any run is enough; else only one whose first line is there
    -- proves the stop
    select runs.run_id, runs.source_type, runs.started_at, first_lines.event_id, others.are_enough
    from runs
    left join first_lines using (run_id)
    cross join (values (true), (false)) as others(are_enough)
    where others.are_enough or first_lines.event_id is not null
)

select
    'run' as subject_kind, downs.run_id as subject_id, downs.began_at as happened_at,
    case
        when downs.basis = 'logged' then 'confirmed'
        -- the API orchestrator would have claimed what waits in its next turn; a GPU one may have nothing
        -- to do for some cycles, and then its rows tell no more than its lost lines: ten cycles
        -- (domain/orchestrator.md 5.3)
        when downs.is_api or downs.ended_at - downs.began_at > to_seconds($sure_s) then 'probable'
        else 'insufficient_evidence'
    end as verdict,
    format(
        'no {} ran for {}; {} task(s) were queued meanwhile, the longest for {}', downs.source_type,
        cast(date_trunc('second', downs.ended_at - downs.began_at) as varchar), len(waits.queued_tasks),
        cast(date_trunc('second', waits.longest) as varchar)
    ) as summary,
    [last_lines.event_id, next_runs.event_id] as evidence,
    downs.source_type, downs.ended_at, next_runs.run_id as next_run,
    case when downs.is_api then coalesce(waits.busy_tasks, []) else [] end as held_tasks,
    waits.queued_tasks as affected_tasks, cast(null as double) as lost_worker_s
from downs
-- equivalent: join because a stop without a wait is dropped below
join waits using (run_id, began_at)
left join last_lines on last_lines.run_id = downs.run_id
asof left join next_runs
    on next_runs.source_type = downs.source_type
    and next_runs.are_enough = (last_lines.event_id is not null)
    and next_runs.started_at >= downs.ended_at
where len(waits.queued_tasks) > 0
    and coalesce(last_lines.event_id, next_runs.event_id) is not null
order by happened_at, subject_id
