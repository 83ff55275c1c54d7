--! id        = "run_cycle_overran"
--! title     = "Cycles of an orchestrator took longer than their period"
--! severity  = "low"
--! question  = "Which orchestrators often took longer for a cycle than the time until the next?"
--! reads     = ["events"]
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
--!   `worst_s` is the longest cycle, `overran` how many were too long, of `cycles_seen`. A cycle during
--!   which another one began or ended is not counted: two processes of one name wrote (run_two_at_once)."""

-- Rule: domain/orchestrator.md G6; the period is 30 s (domain/orchestrator.md 5.3, ORCHESTRATOR_POLL_SEC).
with turns as (
    -- each line of a cycle, and the next: a process ends a cycle before it begins another
    select
        run_id, cycle, kind, happened_at, event_id,
        lead(cycle) over following as next_cycle, lead(kind) over following as next_kind,
        lead(happened_at) over following as next_at, lead(event_id) over following as next_event_id
    from events
    where kind in ('cycle_started', 'cycle_completed')
    window following as (partition by run_id order by happened_at, cycle, kind desc)
),

lasted as (
    select
        run_id, cycle, happened_at as started_at, epoch(next_at) - epoch(happened_at) as lasted_s,
        [event_id, next_event_id] as evidence
    from turns
    where kind = 'cycle_started' and next_kind = 'cycle_completed' and next_cycle = cycle
),

overrun as (
    select
        run_id, count(*) filter (where lasted_s > $period_s) as overran, count(*) as cycles_seen,
        max(lasted_s) as worst_s, arg_max(cycle, (lasted_s, started_at)) as worst_cycle,
        arg_max(started_at, (lasted_s, started_at)) as worst_at,
        arg_max(evidence, (lasted_s, started_at)) as evidence
    from lasted
    group by run_id
    having count(*) filter (where lasted_s > $period_s) >= $cycles
)

select
    'run' as subject_kind, run_id as subject_id, worst_at as happened_at,
    'confirmed' as verdict,
    format(
        '{} of {} cycles took longer than {} s, the longest {} s', overran, cycles_seen, $period_s,
        round(worst_s)
    ) as summary,
    evidence,
    overran, cycles_seen, worst_cycle, round(worst_s) as worst_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from overrun
order by happened_at, subject_id
