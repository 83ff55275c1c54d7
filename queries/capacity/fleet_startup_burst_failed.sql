--! id        = "fleet_startup_burst_failed"
--! title     = "Startups failed in a burst"
--! severity  = "high"
--! question  = "Did most of the workers that were spawned within an hour fail to start?"
--! reads     = ["workers", "decisions", "events", "worker_signals", "task_attempts"]
--! grain     = ["subject_id", "formula"]
--! params    = { workers = 3, share = 0.5, window_s = 3600 }
--! incidents = ["O36", "O22"]
--! cause     = ["formula"]
--! innocent  = """
--!   The provider had a bad hour: then `formula` is spawning_timeout, and pods of one region only. A worker
--!   that said it polls, had a task or was marked ready for tasks did start: it is not counted."""
--! remedy    = """
--!   Go back to the worker image or revision before the first of them: a lock file that drifted, a
--!   submodule or a system package that is missing break every start alike. Stop spawning until one worker
--!   has come up."""
--! guide     = """
--!   `failed` of `spawned` workers of that hour were given up while they started, by the rule in
--!   `formula`. `insufficient_evidence`: they were killed for a startup phase that nobody cleared, after
--!   they had been promoted: whether they had started no row tells."""

-- Rule: domain/orchestrator.md O36 (many deaths of the same startup timeout after a deployment). workers and
-- share: three of at least that many, and half of all that were spawned meanwhile, as the orchestrator's own
-- failure-rate rule has it (domain/orchestrator.md 5.2). window_s: two of its slowest timeouts of 1800 s
-- (2.3). The startup phase was never cleared (O26): of one that got to work it says nothing, and of one that
-- was promoted, which is no more than a heartbeat (2.3), it leaves open how far it came.
with started as (
    -- it got as far as to ask for tasks
    select worker_id from worker_signals where signal = 'claim'
    union all
    -- its lines may be lost
    select worker_id from task_attempts
    union all
    select worker_id from events where kind = 'worker_ready'
    union all
    select id as worker_id from workers
    where json_extract_string(try_cast(metadata as json), '$.ready_for_tasks') = 'true'
),

progress as (
    select
        workers.id as worker_id, count(started.worker_id) > 0 as is_started,
        count(promotions.worker_id) > 0 as is_promoted
    from workers
    left join started on started.worker_id = workers.id
    left join events as promotions
        on promotions.worker_id = workers.id
        and promotions.kind = 'worker_promoted'
    group by workers.id
),

failures as (
    select
        decisions.subject_id as worker_id, decisions.formula, decisions.run_id,
        workers.created_at, decisions.formula <> 'startup_phase' or not progress.is_promoted as is_sure,
        any_value(decisions.happened_at order by decisions.happened_at, decisions.event_id) as failed_at,
        any_value(decisions.event_id order by decisions.happened_at, decisions.event_id) as event_id
    from decisions
    -- equivalent: join because a worker that is condemned has its row here
    join workers on workers.id = decisions.subject_id
    -- equivalent: join because of the same
    join progress on progress.worker_id = workers.id
    where decisions.rule = 'kill'
        and not progress.is_started
        and decisions.formula in (
            'spawning_timeout', 'script_running_timeout', 'startup_phase', 'never_initialised',
            'gpu_not_detected'
        )
    group by
        decisions.subject_id, decisions.formula, decisions.run_id, workers.created_at, progress.is_promoted
),

windows as (
    -- what was given up in the hour that ends with each failure
    select
        failures.worker_id, failures.formula, failures.run_id, failures.created_at as until_at,
        count(*) as failed, count_if(earlier.is_sure) as sure, min(earlier.created_at) as from_at,
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
        windows.failed, windows.sure, windows.event_ids, windows.lost_s, count(*) as spawned
    from windows
    -- equivalent: join because those that failed were spawned
    join workers
        on workers.created_at between windows.from_at and windows.until_at
        and workers.instance_type <> 'api'
    where windows.failed >= $workers
    group by all
),

worst as (
    -- of what is sure first
    select run_id, formula, arg_max(bursts, (is_sure, failed, until_at)) as burst
    from (
        select *, sure >= $workers and sure >= spawned * $share as is_sure
        from bursts
    ) as bursts
    where failed >= spawned * $share
    group by run_id, formula
)

select
    'run' as subject_kind, run_id as subject_id, burst.from_at as happened_at,
    case when burst.is_sure then 'confirmed' else 'insufficient_evidence' end as verdict,
    format(
        '{} of {} workers {} ({})', burst.failed, burst.spawned,
        case
            when burst.is_sure then 'failed to start'
            else 'were given up for a startup phase, and how far they came no row tells'
        end,
        formula
    ) as summary,
    burst.event_ids as evidence,
    formula, burst.failed, burst.spawned, burst.until_at,
    cast([] as varchar[]) as affected_tasks, burst.lost_s as lost_worker_s
from worst
where run_id is not null
order by happened_at, subject_id, formula
