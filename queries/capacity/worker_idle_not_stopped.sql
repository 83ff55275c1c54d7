--! id        = "worker_idle_not_stopped"
--! title     = "A worker idled as one too many, and was not stopped"
--! severity  = "medium"
--! question  = "Which workers idled for longer than the timeout while more ran than were wanted?"
--! reads     = ["worker_states", "worker_ends", "workers", "cycles", "runs", "pods", "coverage"]
--! grain     = ["subject_id"]
--! params    = { idle_s = 600, cycles = 15, price_per_hour = 0.69 }
--! incidents = ["O11"]
--! cause     = ["end_kind"]
--! known_fix = "c06917c, a796554 (2025-10-05)"
--! innocent  = """
--!   It was kept on purpose: MIN_ACTIVE_GPUS or the idle buffer. Those count as wanted (`desired`), so a
--!   worker that they keep is not listed."""
--! remedy    = """
--!   Look at what the scale-down measures idleness by: from the heartbeat it never ends. Stop the workers
--!   listed if they still run."""
--! guide     = """
--!   `idle_s` is the stretch of idleness, `least_surplus` how many workers more than wanted there were in
--!   each of the cycles of its last ten minutes, `idlers` how many workers idled through these. Where more idled
--!   than were too many, only the newest are listed: those are stopped first. Until E4 it was who had the oldest
--!   heartbeat, which no row tells: then all are listed, as `insufficient_evidence`. Since E10 no line tells what
--!   is wanted: nothing is found there."""

-- idle_s: GPU_IDLE_TIMEOUT_SEC (domain/orchestrator.md W14); cycles: of the twenty cycles of that time
-- (30 s each, domain/orchestrator.md 3) most must be known. How many are stopped, and who first:
-- domain/orchestrator.md 5.1. price_per_hour: domain/orchestrator.md section 7.
with evidence as (
    select max(until_at) as until_at from coverage
),

idle as (
    select
        worker_states.worker_id, worker_states.entered_at, worker_states.entered_event_id,
        worker_states.left_event_id, coalesce(worker_states.left_at, evidence.until_at) as left_at
    from worker_states
    cross join evidence
    where worker_states.state = 'active_idle'
        and coalesce(worker_states.left_at, evidence.until_at) - worker_states.entered_at
            > to_seconds($idle_s)
),

surplus as (
    -- in every cycle of its last ten minutes there was one too many
    select
        idle.worker_id, idle.entered_at, count(*) as cycles,
        min(cycles.started_at) as first_cycle_at, max(cycles.started_at) as last_cycle_at,
        min(cycles.workers_active + cycles.workers_spawning - cycles.desired) as least_surplus,
        any_value(cycles.desired order by cycles.started_at) as desired,
        bool_and(regexp_matches(runs.era, '^E[5-9]')) as is_newest_first
    from idle
    -- equivalent: join because nothing known is none either way
    join cycles
        on cycles.started_at between idle.left_at - to_seconds($idle_s) and idle.left_at
        and cycles.desired is not null
    -- equivalent: join because every cycle is of a run
    join runs using (run_id)
    group by idle.worker_id, idle.entered_at
),

places as (
    -- of those that idled through the same cycles, itself among them, the newest is stopped first; one whose row
    -- is not known is before none
    select
        surplus.worker_id, surplus.entered_at, count(*) as idlers,
        count(*) filter (where (others.created_at, others.id) >= (workers.created_at, workers.id)) as place
    from surplus
    -- equivalent: left join because every worker has its row in the cases
    left join workers on workers.id = surplus.worker_id
    -- equivalent: join because it is among them itself
    join idle
        on idle.entered_at <= surplus.first_cycle_at
        and idle.left_at >= surplus.last_cycle_at
    -- equivalent: left join because every worker has its row in the cases
    left join workers as others on others.id = idle.worker_id
    group by surplus.worker_id, surplus.entered_at
),

longest as (
    select
        idle.worker_id, epoch(idle.left_at - idle.entered_at) as idle_s, idle.entered_at as since,
        idle.entered_event_id, idle.left_event_id, surplus.least_surplus, surplus.desired, places.idlers,
        case
            when places.idlers <= surplus.least_surplus or surplus.is_newest_first then 'probable'
            else 'insufficient_evidence'
        end as verdict
    from idle
    -- equivalent: join because the surplus is asked for
    join surplus using (worker_id, entered_at)
    -- equivalent: join because it is one of those that idled
    join places using (worker_id, entered_at)
    where surplus.least_surplus > 0
        and surplus.cycles >= $cycles
        and (places.place <= surplus.least_surplus or not surplus.is_newest_first)
    qualify row_number() over (
        partition by idle.worker_id order by idle.left_at - idle.entered_at desc, idle.entered_at desc
    ) = 1
)

select
    'worker' as subject_kind, longest.worker_id as subject_id, longest.since as happened_at,
    longest.verdict,
    format(
        'idle for {} s with {} worker(s) too many{}, and not stopped', round(longest.idle_s)::bigint,
        longest.least_surplus,
        case longest.verdict
            when 'insufficient_evidence' then format(' of {} that idled', longest.idlers) else ''
        end
    ) as summary,
    list_filter(
        ['workers:' || longest.worker_id, longest.entered_event_id, longest.left_event_id],
        lambda piece: piece is not null
    ) as evidence,
    worker_ends.end_kind, longest.idle_s, longest.least_surplus, longest.desired, longest.idlers,
    -- 3600 s an hour: pods are priced by the hour, to the cent: 2 (domain/orchestrator.md O11)
    -- equivalent: 3600 because one second of it makes no cent here
    round(longest.idle_s / 3600 * coalesce(pods.cost_per_hour, $price_per_hour), 2) as cost,
    cast([] as varchar[]) as affected_tasks, longest.idle_s - $idle_s as lost_worker_s
from longest
-- equivalent: join because a worker that idles has a pod
join pods on pods.worker_id = longest.worker_id
left join worker_ends on worker_ends.worker_id = longest.worker_id
order by happened_at, subject_id
