--! id        = "task_claim_outage"
--! title     = "Every call of one path of the claim function failed"
--! severity  = "critical"
--! question  = """
--!   When did the claim function fail again and again for the fleet, or for users' own machines, without an
--!   answer to them in between?"""
--! reads     = ["system_logs", "events", "task_attempts", "workers", "coverage"]
--! grain     = ["subject_id", "happened_at", "path"]
--! params    = { errors = 5, within_s = 600 }
--! incidents = ["X17"]
--! cause     = ["error"]
--! innocent  = """
--!   One broken client calls again and again with a bad token, or from a host without a network, while nothing is
--!   queued for the others: then `callers` is 0 or 1, and where only its own lines tell, it is `probable`.
--!   `insufficient_evidence`: more calls were made between the errors than failed, so some were answered, and
--!   which is not known; or what the function said between could not have reached us."""
--! remedy    = """
--!   Read `error`: an ambiguous overload of the claim function (until 2026-02-12) fails every call of one
--!   path, a timeout is the database at that hour. Where only the callers tell (`told_by`), the function was killed
--!   before it could log, or never reached: look at the edge runtime."""
--! guide     = """
--!   `path` is who could not claim: service_role (the workers of the fleet and the API orchestrator) or user
--!   (people's own machines). The other path is another finding, or worked. One finding is a row of errors
--!   between two answers: a claim, or word that nothing is queued. The subject is the claim function, which
--!   stands for all tasks that waited. `errors` is the least number of calls that failed: one call may be told of
--!   by the function and by its caller. `callers` are those that tell of it: workers and API orchestrators."""
--! known_fix = "0bb3ff83e (2026-02-12)"

-- Rule: domain/worker-app.md X17: a burst of errors of one path and no claim of it between; the other path is
-- unaffected. Messages: section 5 there, and what the function says to a user for whom nothing is queued. No event
-- tells of errors and of empty answers, so their rows are read. The callers' own lines: domain/worker-app.md 4.3 #38
-- and domain/orchestrator.md A11, A12. A function that is killed leaves no row (domain/worker-app.md 5).
with replies as (
    select
        timestamp as happened_at, 'system_logs:' || id as piece, cast(null as varchar) as caller,
        log_level = 'ERROR' as is_error,
        coalesce(json_extract_string(try_cast(metadata as json), '$.error'), message) as error,
        case
            when message in ('Claim RPC error (user path)', 'No eligible tasks for user') then 'user'
            when log_level = 'ERROR' or json_extract_string(try_cast(metadata as json), '$.worker_id') is not null
                then 'service_role'
        end as path
    from system_logs
    where source_type = 'edge_function'
        and source_id = 'claim-next-task'
        and (
            (log_level = 'ERROR' and regexp_matches(message, '^(Claim RPC error|Exception during RPC call)'))
            or message like 'No eligible tasks%'
        )
    union all
    select
        system_logs.timestamp, 'system_logs:' || system_logs.id, system_logs.source_id,
        system_logs.log_level = 'ERROR',
        -- without the words that say whose line it is
        regexp_replace(system_logs.message, '^.*?\] (Worker \S+: )?', ''), 'service_role'
    from system_logs
    left join workers on workers.id = system_logs.source_id
    where (
            system_logs.source_type = 'worker'
            and starts_with(system_logs.message, 'HEADLESS: [CLAIM] Edge Function ')
            -- a machine that no orchestrator made may be a user's: which path it takes is not known
            and coalesce(workers.instance_type <> 'external', true)
        )
        or (
            system_logs.source_type = 'orchestrator_api'
            and regexp_matches(
                system_logs.message, '^\[TASK_CLAIM\] Worker \S+: (Claim failed|No tasks available to claim)'
            )
        )
    union all
    -- a claim with a user's token names no worker (domain/worker-app.md X26)
    select happened_at, event_id, null, false, null, case when worker_id is not null then 'service_role' else 'user' end
    from events
    where kind = 'task_claimed'
    union all
    -- the function's row of a claim may be lost: the row of the task and the worker tell of it too
    select
        claimed_at, claimed_event_id, null, false, null,
        case when worker_id is not null then 'service_role' else 'user' end
    from task_attempts
    where basis <> 'inferred'
),

numbered as (
    -- the errors since the same answer have one number; an answer to nobody knows whom may be of either path
    select
        replies.happened_at, replies.piece, replies.caller, replies.is_error, replies.error, paths.path,
        count(*) filter (where not replies.is_error) over (
            partition by paths.path order by replies.happened_at, replies.piece rows unbounded preceding
        ) as answers_before
    from replies
    -- equivalent: join because every row is of a path
    join (values ('user'), ('service_role')) as paths (path) on coalesce(replies.path = paths.path, true)
),

bursts as (
    select
        path, answers_before, min(happened_at) as happened_at, max(happened_at) as last_at,
        -- a call is told of once by the function, and once by its caller
        greatest(count(*) filter (where caller is null), count(caller)) as errors,
        count(distinct caller) as callers,
        bool_or(caller is null) as is_told_by_function,
        -- the function knows why
        coalesce(mode(error order by error) filter (where caller is null), mode(error order by error)) as error,
        list(piece order by happened_at, piece) as pieces
    from numbered
    where is_error
    group by path, answers_before
    having errors >= $errors
),

made as (
    -- the calls that began between the first error and the last one: each of those failed, or was answered
    select bursts.path, bursts.happened_at, count(*) as calls
    from bursts
    -- equivalent: join because no call is none either way
    join system_logs
        on system_logs.source_type = 'edge_function'
        and system_logs.source_id = 'claim-next-task'
        and starts_with(
            system_logs.message,
            case bursts.path when 'user' then 'Claiming task (user' else 'Claiming task (service-role' end
        )
        and system_logs.timestamp > bursts.happened_at
        and system_logs.timestamp < bursts.last_at
    group by bursts.path, bursts.happened_at
),

untold as (
    -- what the function said between could not have reached us, and a caller writes no line of an empty answer
    select distinct bursts.path, bursts.happened_at
    from bursts
    join coverage
        on coverage.source_id = 'claim-next-task'
        and not coverage.could_reach
        and coverage.from_at < bursts.last_at
        and coverage.until_at > bursts.happened_at
)

select
    'run' as subject_kind, 'claim-next-task' as subject_id, bursts.happened_at,
    case
        when made.calls >= bursts.errors or untold.path is not null then 'insufficient_evidence'
        when bursts.is_told_by_function or bursts.callers > 1 then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        '{} calls of the claim function with {} failed{}: {}', bursts.errors,
        case bursts.path when 'user' then 'users'' own tokens' else 'the service-role key' end,
        case
            when made.calls >= bursts.errors then ', and others were answered between'
            when untold.path is not null then ', and whether others were answered between is not known'
            else ' in a row'
        end,
        bursts.error
    ) as summary,
    bursts.pieces as evidence,
    bursts.path, bursts.error, bursts.errors, bursts.callers,
    case when bursts.is_told_by_function then 'function' else 'callers' end as told_by, bursts.last_at,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from bursts
left join made using (path, happened_at)
left join untold using (path, happened_at)
-- as many as that in such a time, on the whole
where epoch(bursts.last_at) - epoch(bursts.happened_at) <= $within_s * bursts.errors / $errors
order by bursts.happened_at, bursts.path
