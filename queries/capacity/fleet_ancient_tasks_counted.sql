--! id        = "fleet_ancient_tasks_counted"
--! title     = "Tasks that nobody will ever run count as demand"
--! severity  = "medium"
--! question  = "Which queued tasks are older than a week, and keep workers running for them?"
--! reads     = ["task_states", "tasks", "cycles", "coverage"]
--! grain     = ["subject_id"]
--! params    = { old_s = 604800, cycles = 20 }
--! incidents = ["O3", "X16"]
--! cause     = ["task_type"]
--! innocent  = """
--!   The queue is truly a week long: then it is long, and its oldest tasks go on being claimed."""
--! remedy    = """
--!   Cancel them, or mend what they wait for (a dependency that does not exist, a user without credits).
--!   Until then every count contains them, and the fleet never shrinks to nothing."""
--! guide     = """
--!   `counted` is how many cycles counted at least as many queued tasks as there are ancient ones;
--!   `least_queued` the fewest that any of them counted."""

-- old_s: seven days (domain/orchestrator.md O3). cycles: twenty cycles of 30 s each are ten minutes, the
-- timeout that the orchestrators give to an idle worker (domain/orchestrator.md 3, W14).
with evidence as (
    select max(until_at) as until_at from coverage
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
    where task_states.state = 'queued'
        and task_states.left_at is null
        and evidence.until_at - tasks.created_at > to_seconds($old_s)
),

total as (
    select count(*) as tasks from ancient
),

counted as (
    -- the orchestrators counted them: the queue was never shorter than that
    select
        -- equivalent: max because what is wanted does not change in a case
        count(*) as cycles, min(queued) as least_queued, max(desired) as desired
    from cycles
    where queued is not null
)

select
    'task' as subject_kind, ancient.task_id as subject_id, ancient.created_at as happened_at,
    case when counted.least_queued >= total.tasks then 'probable' else 'insufficient_evidence' end as verdict,
    format(
        '{} queued for {} days; {} such task(s), and never fewer than {} were counted', ancient.task_type,
        -- 86400 s a day, as in domain/orchestrator.md O3
        floor((epoch(ancient.until_at - ancient.created_at)) / 86400)::bigint, total.tasks,
        counted.least_queued
    ) as summary,
    list_filter(
        ['tasks:' || ancient.task_id, ancient.entered_event_id], lambda piece: piece is not null
    ) as evidence,
    ancient.task_type, counted.least_queued, counted.cycles as counted, counted.desired,
    [ancient.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from ancient
cross join total
cross join counted
where counted.least_queued > 0
    and counted.cycles >= $cycles
order by happened_at, subject_id
