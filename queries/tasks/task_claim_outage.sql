--! id        = "task_claim_outage"
--! title     = "Nobody could claim a task: every call failed"
--! severity  = "critical"
--! question  = "When did the claim function fail again and again without handing out a task in between?"
--! reads     = ["system_logs", "events"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { errors = 5, within_s = 600 }
--! incidents = ["X17"]
--! cause     = ["error"]
--! innocent  = """
--!   One broken client calls again and again with a bad token, while nothing is queued for the others."""
--! remedy    = """
--!   Read `error`: an ambiguous overload of the claim function (until 2026-02-12) fails every call of one
--!   path, a timeout is the database at that hour."""
--! guide     = """
--!   One finding is a row of errors between two successful claims. The subject is the claim function, which
--!   stands for all tasks that waited. `errors` counts them."""
--! known_fix = "0bb3ff83e (2026-02-12)"

-- Rule: domain/worker-app.md X17: a burst of errors and no claim between. No event tells of them, so the
-- rows of the function's errors are read themselves.
with calls as (
    select
        timestamp as happened_at, 'system_logs:' || id as piece, 1 as is_error,
        coalesce(json_extract_string(try_cast(metadata as json), '$.error'), message) as error
    from system_logs
    where source_type = 'edge_function'
        and source_id = 'claim-next-task'
        and log_level = 'ERROR'
    union all
    select happened_at, event_id as piece, 0 as is_error, cast(null as varchar) as error
    from events
    where kind = 'task_claimed'
),

numbered as (
    -- the errors since the same claim have one number
    select *, sum(1 - is_error) over (order by happened_at, piece rows unbounded preceding) as claims_before
    from calls
),

bursts as (
    select
        claims_before, min(happened_at) as happened_at, max(happened_at) as last_at, count(*) as errors,
        mode(error order by error) as error,
        list(piece order by happened_at, piece) as pieces
    from numbered
    where is_error = 1
    group by claims_before
    having count(*) >= $errors
)

select
    'run' as subject_kind, 'claim-next-task' as subject_id, happened_at, 'confirmed' as verdict,
    format('{} calls of the claim function failed in a row: {}', errors, error) as summary,
    pieces as evidence,
    error, errors, last_at, cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from bursts
-- as many as that in such a time, on the whole
where epoch(last_at) - epoch(happened_at) <= $within_s * errors / $errors
order by happened_at
