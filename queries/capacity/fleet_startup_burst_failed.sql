--! id        = "fleet_startup_burst_failed"
--! title     = "Startups failed in a burst"
--! severity  = "high"
--! question  = "Did most of the workers that were spawned within an hour fail to start?"
--! reads     = ["workers", "decisions"]
--! grain     = ["subject_id", "formula"]
--! params    = { workers = 3, share = 0.5, window_s = 3600 }
--! incidents = ["O36", "O22"]
--! cause     = ["formula"]
--! innocent  = """
--!   The provider had a bad hour: then `formula` is spawning_timeout, and pods of one region only."""
--! remedy    = """
--!   Go back to the worker image or revision before the first of them: a lock file that drifted, a
--!   submodule or a system package that is missing break every start alike. Stop spawning until one worker
--!   has come up."""
--! guide     = """
--!   `failed` of `spawned` workers of that hour were given up while they started, by the rule in
--!   `formula`."""

-- Rule: domain/orchestrator.md O36 (many deaths of the same startup timeout after a deployment). workers and
-- share: three of at least that many, and half of all that were spawned meanwhile, as the orchestrator's own
-- failure-rate rule has it (domain/orchestrator.md 5.2). window_s: two of its slowest timeouts of 1800 s
-- (2.3).
with failures as (
    select
        decisions.subject_id as worker_id, decisions.formula, decisions.run_id,
        workers.created_at,
        any_value(decisions.happened_at order by decisions.happened_at, decisions.event_id) as failed_at,
        any_value(decisions.event_id order by decisions.happened_at, decisions.event_id) as event_id
    from decisions
    -- equivalent: join because a worker that is condemned has its row here
    join workers on workers.id = decisions.subject_id
    where decisions.rule = 'kill'
        and decisions.formula in (
            'spawning_timeout', 'script_running_timeout', 'startup_phase', 'never_initialised',
            'gpu_not_detected'
        )
    group by decisions.subject_id, decisions.formula, decisions.run_id, workers.created_at
),

windows as (
    -- what was given up in the hour that ends with each failure
    select
        failures.worker_id, failures.formula, failures.run_id, failures.created_at as until_at,
        count(*) as failed, min(earlier.created_at) as from_at,
        list(earlier.event_id order by earlier.failed_at, earlier.event_id) as event_ids,
        sum(epoch(earlier.failed_at - earlier.created_at)) as lost_s
    from failures
    -- equivalent: join because each is one of its own window
    join failures as earlier
        on earlier.formula = failures.formula
        and earlier.created_at between failures.created_at - to_seconds($window_s) and failures.created_at
    group by failures.worker_id, failures.formula, failures.run_id, failures.created_at
),

bursts as (
    select
        windows.worker_id, windows.formula, windows.run_id, windows.from_at, windows.until_at,
        windows.failed, windows.event_ids, windows.lost_s, count(*) as spawned
    from windows
    -- equivalent: join because those that failed were spawned
    join workers
        on workers.created_at between windows.from_at and windows.until_at
        and workers.instance_type <> 'api'
    where windows.failed >= $workers
    group by all
),

worst as (
    select run_id, formula, arg_max(bursts, (failed, until_at)) as burst
    from bursts
    where failed >= spawned * $share
    group by run_id, formula
)

select
    'run' as subject_kind, run_id as subject_id, burst.from_at as happened_at, 'confirmed' as verdict,
    format('{} of {} workers failed to start ({})', burst.failed, burst.spawned, formula) as summary,
    burst.event_ids as evidence,
    formula, burst.failed, burst.spawned, burst.until_at,
    cast([] as varchar[]) as affected_tasks, burst.lost_s as lost_worker_s
from worst
where run_id is not null
order by happened_at, subject_id, formula
