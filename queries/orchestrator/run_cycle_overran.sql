--! id        = "run_cycle_overran"
--! title     = "Cycles of an orchestrator took longer than their period"
--! severity  = "low"
--! question  = "Which orchestrators often took longer for a cycle than the time until the next?"
--! reads     = ["cycles", "events", "runs"]
--! grain     = ["subject_id"]
--! params    = { period_s = 30, cycles = 3 }
--! incidents = ["O24"]
--! innocent  = """
--!   A cycle that creates pods or collects diagnostics waits for the cloud and for SSH: a few such cycles
--!   of a day are normal."""
--! remedy    = """
--!   Look at what the longest cycle did (its lines from `worst_at` on): calls to the cloud in a row,
--!   timeouts of SSH, a database that answers late. All timeouts of workers are checked once a cycle, so
--!   they grow with it."""
--! guide     = """
--!   `worst_s` is the longest cycle, `overran` how many were too long, of `cycles_seen`."""

-- Rule: domain/orchestrator.md G6; the period is 30 s (domain/orchestrator.md 5.3, ORCHESTRATOR_POLL_SEC).
with lasted as (
    select run_id, cycle, started_at, epoch(completed_at) - epoch(started_at) as lasted_s
    from cycles
),

overrun as (
    select
        run_id, count(*) filter (where lasted_s > $period_s) as overran, count(lasted_s) as cycles_seen,
        max(lasted_s) as worst_s,
        first(cycle order by lasted_s desc nulls last, cycle) as worst_cycle,
        first(started_at order by lasted_s desc nulls last, cycle) as worst_at
    from lasted
    group by run_id
    having count(*) filter (where lasted_s > $period_s) >= $cycles
)

select
    'run' as subject_kind, overrun.run_id as subject_id, overrun.worst_at as happened_at,
    'confirmed' as verdict,
    format(
        '{} of {} cycles took longer than {} s, the longest {} s', overrun.overran, overrun.cycles_seen,
        $period_s, round(overrun.worst_s)
    ) as summary,
    list(events.event_id order by events.happened_at, events.event_id) as evidence,
    overrun.overran, overrun.cycles_seen, overrun.worst_cycle, round(overrun.worst_s) as worst_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from overrun
-- the two lines of the longest cycle
-- equivalent: join because a cycle that lasted has both
join events
    on events.run_id = overrun.run_id
    and events.cycle = overrun.worst_cycle
    and events.kind in ('cycle_started', 'cycle_completed')
group by all
order by happened_at, subject_id
