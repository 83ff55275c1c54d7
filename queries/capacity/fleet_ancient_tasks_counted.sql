--! id        = "fleet_ancient_tasks_counted"
--! title     = "Tasks that nobody will ever run count as demand"
--! severity  = "medium"
--! question  = "Which queued tasks are older than a week, and keep workers running for them?"
--! reads     = ["task_states", "tasks", "cycles", "coverage", "events"]
--! grain     = ["subject_id"]
--! params    = { old_s = 604800, cycles = 20, slack_s = 5 }
--! incidents = ["O3"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The queue is truly a week long: then it is long, and its oldest tasks go on being claimed. A task that
--!   waits for another one is not counted, and not listed: see task_dependency_missing."""
--! remedy    = """
--!   Cancel them, or find out why nobody claims them although they are counted (another pool, a type that no
--!   worker takes). Until then every count contains them, and the fleet never shrinks to nothing."""
--! guide     = """
--!   `counted` is how many cycles counted at least as many queued tasks as there are ancient ones;
--!   `least_queued` the fewest that any of them counted. `insufficient_evidence`: some cycle counted too few
--!   to hold them beside the younger tasks that were queued then; where one counted none at all, only the
--!   later ones are told of."""

-- old_s: seven days (domain/orchestrator.md O3). cycles: twenty cycles of 30 s each are ten minutes, the
-- timeout that the orchestrators give to an idle worker (domain/orchestrator.md 3, W14). Only tasks whose
-- dependencies are complete may be claimed and are counted (domain/worker-app.md 1.6); a row and the count that
-- sees it are apart by less than slack_s (domain/evidence-rules.md facts 1 and 11).
with evidence as (
    select max(until_at) as until_at from coverage
),

blocked as (
    -- it waits for another one, or for one that is not there
    select distinct waits.task_id, true as is_blocked
    from (
        select id as task_id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id
        from tasks
    ) as waits
    left join tasks as others on others.id = waits.other_id
    -- equivalent: '' because no list of a case is empty
    where waits.other_id <> ''
        and coalesce(others.status <> 'Complete', true)
),

vanished as (
    -- rows that are gone, and since when at the latest; one that a capture found again had been hidden
    select task_id, max(happened_at) as missed_at, true as is_gone
    from events
    where kind in ('task_row_vanished', 'task_row_returned')
    group by task_id
    having arg_max(kind, (happened_at, event_id)) = 'task_row_vanished'
),

ancient as (
    -- queued to this day, and for more than a week
    select
        task_states.task_id, task_states.entered_event_id, tasks.task_type, tasks.created_at,
        evidence.until_at
    from task_states
    cross join evidence
    -- equivalent: join because a state is of a task that has its row
    join tasks on tasks.id = task_states.task_id
    left join blocked on blocked.task_id = task_states.task_id
    left join vanished on vanished.task_id = task_states.task_id
    where task_states.state = 'queued'
        and not coalesce(blocked.is_blocked, false)
        and task_states.left_at is null
        and not coalesce(vanished.is_gone, false)
        and evidence.until_at - tasks.created_at > to_seconds($old_s)
),

total as (
    select count(*) as tasks from ancient
),

moves as (
    -- the others, as they come into the queue and leave it: at the most that a count may have seen
    select unnest([
        {'moved_at': task_states.entered_at - to_seconds($slack_s), 'step': 1},
        {'moved_at': coalesce(task_states.left_at, vanished.missed_at) + to_seconds($slack_s), 'step': -1}
    ], recursive := true)
    from task_states
    left join ancient using (task_id)
    left join blocked using (task_id)
    left join vanished using (task_id)
    where task_states.state = 'queued'
        and ancient.created_at is null
        and not coalesce(blocked.is_blocked, false)
),

others as (
    select moved_at, sum(sum(step)) over (order by moved_at) as queued_rows
    from moves
    group by moved_at
),

compared as (
    -- what each count leaves for the ancient ones
    select
        cycles.started_at, cycles.queued, cycles.desired,
        cycles.queued - coalesce(others.queued_rows, 0) as left_over,
        max(cycles.started_at) filter (where cycles.queued = 0) over () as empty_at
    from cycles
    -- equivalent: left join because every task of a case comes before its cycles
    asof left join others on cycles.started_at >= others.moved_at
    where cycles.queued is not null
),

counted as (
    -- the orchestrators counted them: the queue was never shorter than that, or not any more
    select
        count(*) as cycles, min(queued) as least_queued, min(left_over) as least_left,
        -- equivalent: max because what is wanted does not change in a case
        max(desired) as desired,
        -- equivalent: any_value because it is the same in all rows
        any_value(empty_at) as empty_at
    from compared
    where coalesce(started_at > empty_at, true)
)

select
    'task' as subject_kind, ancient.task_id as subject_id, ancient.created_at as happened_at,
    case
        when counted.least_left >= total.tasks and counted.empty_at is null then 'probable'
        else 'insufficient_evidence'
    end as verdict,
    format(
        '{} queued for {} days; {} such task(s), and never fewer than {} were counted{}', ancient.task_type,
        -- 86400 s a day, as in domain/orchestrator.md O3
        floor((epoch(ancient.until_at - ancient.created_at)) / 86400)::bigint, total.tasks,
        counted.least_queued,
        case
            when counted.empty_at is not null then format(' since none was at {}', counted.empty_at)
            when counted.least_left >= total.tasks then ''
            else format(
                ', which once leaves room for {} beside the younger ones',
                greatest(counted.least_left, 0)::bigint
            )
        end
    ) as summary,
    list_filter(
        ['tasks:' || ancient.task_id, ancient.entered_event_id], lambda piece: piece is not null
    ) as evidence,
    ancient.task_type, counted.least_queued, counted.cycles as counted, counted.desired,
    [ancient.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from ancient
cross join total
cross join counted
where counted.cycles >= $cycles
order by happened_at, subject_id
