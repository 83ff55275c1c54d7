--! id        = "fleet_kill_spawn_loop"
--! title     = "Idle workers were stopped, none could be had again, and the breaker shut"
--! severity  = "high"
--! question  = "Did scale-downs, failing spawns and the failure-rate breaker follow each other?"
--! reads     = ["events", "runs"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { window_s = 1800, failures = 3 }
--! incidents = ["O27", "O6"]
--! cause     = ["breaker"]
--! known_fix = "6ccfa22 (2026-03-30)"
--! innocent  = """
--!   The breaker was right: workers truly failed (`failed_spawns` of it are only those that no pod could be
--!   had for). In E3c to E6 nothing heeds its line: see run_breaker_ignored."""
--! remedy    = """
--!   Keep one idle worker rather than stop it for thirty seconds of idleness: the provider may have none
--!   left when it is wanted again. A spawn that the provider refuses is no failure of a worker: do not
--!   count it."""
--! guide     = """
--!   The order is the story: `stopped` workers in the half hour before the first refused spawn, then
--!   `failed_spawns` of them up to the breaker at `happened_at`."""

-- Rule: domain/orchestrator.md O27 (an idle kill, a burst of refused spawns, the breaker); window_s: the
-- window of the breaker in its first form, 30 minutes (domain/orchestrator.md 0, E3c); failures: G57, three
-- in a row.
with spawned as (
    -- who spawns in the cycle of the line was not held back (see run_breaker_ignored)
    select distinct run_id, cycle, true as is_spawning from events where kind = 'scale_up_started'
),

breakers as (
    -- the breaker shut; it samples each cycle, so the first of a stretch is the one
    select run_id, happened_at, event_id, kind
    from (
        select
            events.run_id, events.happened_at, events.event_id, events.kind,
            lag(events.happened_at) over (partition by events.run_id order by events.happened_at) as before
        from events
        -- equivalent: join because every run of an event has its row
        join runs on runs.run_id = events.run_id
        left join spawned on spawned.run_id = events.run_id and spawned.cycle = events.cycle
        where events.kind = 'scale_up_blocked'
            or (
                -- until E3b a line says that it blocks; since E7 it does without a word, and between them
                -- nothing heeds it (domain/orchestrator.md 5.2)
                events.kind = 'failure_rate_exceeded'
                and not coalesce(spawned.is_spawning, false)
                and try_cast(regexp_extract(runs.era, '[0-9]+') as bigint) >= 7
            )
    )
    where coalesce(happened_at - before > to_seconds($window_s), true)
),

refusals as (
    -- spawns that came to nothing, before it
    select
        breakers.event_id, count(distinct events.worker_id) as failed_spawns,
        min(events.happened_at) as first_at,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids
    from breakers
    -- equivalent: join because refusals are counted
    join events
        on events.kind = 'worker_spawn_failed'
        and events.happened_at between breakers.happened_at - to_seconds($window_s) and breakers.happened_at
    group by breakers.event_id
),

stops as (
    -- idle workers that were given away just before that
    select
        refusals.event_id, count(distinct events.worker_id) as stopped,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids
    from refusals
    join events
        on events.kind = 'worker_scaled_down'
        and events.happened_at between refusals.first_at - to_seconds($window_s) and refusals.first_at
    group by refusals.event_id
)

select
    'run' as subject_kind, breakers.run_id as subject_id, breakers.happened_at, 'confirmed' as verdict,
    format(
        '{} idle worker(s) stopped, then {} spawns refused, then the breaker',
        stops.stopped, refusals.failed_spawns
    ) as summary,
    list_concat(stops.event_ids, refusals.event_ids, [breakers.event_id]) as evidence,
    breakers.kind as breaker, stops.stopped, refusals.failed_spawns, refusals.first_at as first_refused_at,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from breakers
-- equivalent: join because refusals are counted
join refusals using (event_id)
join stops using (event_id)
where refusals.failed_spawns >= $failures
order by happened_at, subject_id
