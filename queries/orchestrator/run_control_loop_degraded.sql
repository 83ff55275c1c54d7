--! id        = "run_control_loop_degraded"
--! title     = "The control loop went on with the same error in nearly every cycle"
--! severity  = "critical"
--! question  = "When did one error return in more than four fifths of the cycles for ten minutes or longer?"
--! reads     = ["events", "runs"]
--! grain     = ["subject_id", "happened_at", "what"]
--! params    = { share = 0.8, min_s = 600, gap_cycles = 2 }
--! incidents = ["O24"]
--! cause     = ["what"]
--! innocent  = """
--!   Errors of every tenth cycle (`No module named 'logging_config'`, storage) are a fault of their own and
--!   leave the loop as it is: they never reach the share."""
--! remedy    = """
--!   Read the first line in the evidence. A read that fails each time stands for an answer: no worker is
--!   busy, none ever claimed, nothing is queued. Stop scaling by hand until it is mended; the list of ids
--!   in the request is the first suspect."""
--! guide     = """
--!   `what` is the read that failed, the `reset of` tasks (orphaned, unassigned, api, stale) that put none back, or
--!   `cycle` where the cycle itself broke. What was decided on it: see run_decided_on_failed_read."""
--! known_fix = "edd4afc, 5a2383d (2026-03-29)"

-- Rule: domain/orchestrator.md O24 (the same error in more than 80 % of the cycles for more than 10 min).
with failed as (
    select
        run_id, cycle,
        coalesce(
            json_extract_string(attributes, '$.read'),
            'reset of ' || json_extract_string(attributes, '$.sweep') || ' tasks', 'cycle'
        ) as what,
        min(happened_at) as happened_at, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('read_failed', 'cycle_failed', 'tasks_reset_failed')
    group by all
),

parted as (
    -- a new stretch where the error was away for long
    select
        *,
        cycle - lag(cycle, 1, cycle) over (partition by run_id, what order by cycle) > $gap_cycles as begins
    from failed
),

numbered as (
    select *, sum(begins::int) over (partition by run_id, what order by cycle) as stretch
    from parted
),

stretches as (
    select
        run_id, what, stretch, min(happened_at) as began_at, max(happened_at) as ended_at,
        min(cycle) as first_cycle, max(cycle) as last_cycle, count(*) as failed_cycles,
        count(*) / (max(cycle) - min(cycle) + 1) as share,
        [arg_min(event_id, cycle), arg_max(event_id, cycle)] as evidence
    from numbered
    group by run_id, what, stretch
)

select
    'run' as subject_kind, run_id as subject_id, began_at as happened_at, 'confirmed' as verdict,
    format(
        '{} failed in {} of {} cycles, for {}',
        case
            when what = 'cycle' then 'the cycle itself'
            when starts_with(what, 'reset of ') then 'the ' || what
            else 'the read of ' || what
        end,
        failed_cycles,
        last_cycle - first_cycle + 1, cast(date_trunc('second', ended_at - began_at) as varchar)
    ) as summary,
    evidence, what, ended_at, first_cycle, last_cycle, failed_cycles,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from stretches
where share > $share
    and ended_at - began_at > to_seconds($min_s)
order by happened_at, subject_id, what
