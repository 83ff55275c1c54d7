--! id        = "run_breaker_ignored"
--! title     = "The failure breaker said stop, and workers were spawned all the same"
--! severity  = "medium"
--! question  = "In which cycles did an orchestrator scale up although its failure rate was over the limit?"
--! reads     = ["events", "runs"]
--! grain     = ["subject_id", "cycle"]
--! incidents = ["O7"]
--! cause     = ["era"]
--! innocent  = """
--!   The rate itself was wrong, since normal ends count as failures: see run_blocked_by_failure_rate. Then
--!   spawning was right, by accident."""
--! remedy    = """
--!   Deploy the version in which the block is active again. Until then look at why young workers fail (SSH
--!   keys, image, volume): each new one costs its start-up and fails too."""
--! guide     = """
--!   `rate_percent` against `threshold_percent`, and how many it spawned in the very cycle. In E3c to E6
--!   the block is commented out and still logged."""
--! known_fix = "04f7bc0 (2026-01-21)"

-- Rule: domain/orchestrator.md O7 and 5.2: the line of the breaker, and a scale-up in the same cycle after
-- it.
with exceeded as (
    select
        run_id, cycle, min(happened_at) as happened_at,
        arg_min(event_id, (happened_at, event_id)) as event_id,
        max(try_cast(json_extract(attributes, '$.rate_percent') as double)) as rate_percent,
        max(try_cast(json_extract(attributes, '$.threshold_percent') as double)) as threshold_percent
    from events
    where kind = 'failure_rate_exceeded'
    group by run_id, cycle
),

spawned as (
    select
        run_id, cycle, max(happened_at) as happened_at,
        sum(try_cast(json_extract(attributes, '$.count') as bigint))::bigint as workers,
        list(event_id order by happened_at, event_id) as event_ids
    from events
    where kind = 'scale_up_started'
    group by run_id, cycle
)

select
    'run' as subject_kind, exceeded.run_id as subject_id, exceeded.happened_at, 'confirmed' as verdict,
    format(
        'the failure rate of {} % is over {} %, and {} worker(s) were spawned in the same cycle',
        exceeded.rate_percent, exceeded.threshold_percent, spawned.workers
    ) as summary,
    list_prepend(exceeded.event_id, spawned.event_ids) as evidence,
    exceeded.cycle, exceeded.rate_percent, exceeded.threshold_percent, spawned.workers, runs.era,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from exceeded
join spawned
    on spawned.run_id = exceeded.run_id
    and spawned.cycle = exceeded.cycle
    and spawned.happened_at >= exceeded.happened_at
-- equivalent: join because every run of an event has its row
join runs on runs.run_id = exceeded.run_id
order by happened_at, subject_id, exceeded.cycle
