--! id        = "fleet_double_spawn"
--! title     = "More workers were spawned than were missing"
--! severity  = "medium"
--! question  = "Did two scale-ups within a minute spawn for the same missing workers?"
--! reads     = ["events"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { window_s = 60 }
--! incidents = ["O23", "O37"]
--! cause     = ["kind"]
--! known_fix = "ed2c7e1 (2026-01-21)"
--! innocent  = """
--!   A worker ended between the two scale-ups, so that one more was missing: such pairs are left out."""
--! remedy    = """
--!   Two processes (`kind` = two_runs): stop one of them. One process: its formula spawns for the floor and
--!   for the tasks, or a read of the workers failed and it saw none."""
--! guide     = """
--!   `current` and `desired` are what the second scale-up went by; with the first's workers counted in, it
--!   had `surplus` too many."""

-- Rule: domain/orchestrator.md O23 (two workers 26 s apart; spawned more than was missing) and O37 (two
-- processes at once); window_s: two cycles of 30 s (domain/orchestrator.md 3).
with scale_ups as (
    select
        event_id, run_id, happened_at,
        try_cast(json_extract(attributes, '$.count') as bigint) as n,
        try_cast(json_extract(attributes, '$.current') as bigint) as current_workers,
        try_cast(json_extract(attributes, '$.desired') as bigint) as desired
    from events
    where kind = 'scale_up_started'
),

ordered as (
    -- each beside the one before it, by whichever process
    select
        *,
        lag(event_id) over (order by happened_at, event_id) as first_event_id,
        lag(run_id) over (order by happened_at, event_id) as first_run_id,
        lag(happened_at) over (order by happened_at, event_id) as first_at,
        lag(n) over (order by happened_at, event_id) as first_n,
        lag(current_workers) over (order by happened_at, event_id) as first_current
    from scale_ups
),

pairs as (
    select
        *, first_current + first_n + n - desired as surplus,
        case when run_id = first_run_id then 'one_run' else 'two_runs' end as kind
    from ordered
    where happened_at - first_at <= to_seconds($window_s)
        and first_current + first_n + n > desired
),

leavers as (
    -- whoever stopped counting meanwhile was missing truly
    select pairs.event_id, count(distinct events.worker_id) as workers
    from pairs
    -- equivalent: join because nobody left is none either way
    join events
        on events.happened_at between pairs.first_at - to_seconds($window_s) and pairs.happened_at
        and events.kind in (
            'worker_marked_error', 'worker_error_recorded', 'worker_terminating', 'worker_early_terminated',
            'worker_termination_recorded', 'worker_externally_terminated', 'worker_crashed',
            'worker_self_terminated', 'worker_spawn_failed', 'failsafe_stale'
        )
    group by pairs.event_id
)

select
    'run' as subject_kind, pairs.run_id as subject_id, pairs.happened_at, 'confirmed' as verdict,
    format(
        '{} spawned, and {} more {} s later: {} more than were wanted ({})', pairs.first_n, pairs.n,
        round(epoch(pairs.happened_at - pairs.first_at))::bigint,
        pairs.surplus - coalesce(leavers.workers, 0), pairs.desired
    ) as summary,
    [pairs.first_event_id, pairs.event_id] as evidence,
    pairs.kind, pairs.current_workers as current, pairs.desired,
    pairs.surplus - coalesce(leavers.workers, 0) as surplus,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from pairs
left join leavers using (event_id)
where pairs.surplus > coalesce(leavers.workers, 0)
order by happened_at, subject_id
