--! id        = "task_user_run_reset"
--! title     = "The orchestrator put back a task that a user's own machine was at"
--! severity  = "high"
--! question  = "Which tasks claimed by local runs were put back because no worker stood on them?"
--! reads     = ["task_attempts", "events", "tasks"]
--! grain     = ["subject_id", "attempt"]
--! incidents = ["X26"]
--! cause     = ["reason"]
--! innocent  = """
--!   The user had stopped the local run, so that nobody was at it any more: the reset was right."""
--! remedy    = """
--!   A claim with a user's token writes no worker_id, so the sweep of tasks without a worker takes it after
--!   15 minutes. Let the sweep leave alone what was claimed by a user, or let the claim write a name."""
--! guide     = """
--!   `confirmed`: a result of the local run came after the reset. `probable`: nothing more was heard of
--!   it."""

-- Rule: domain/worker-app.md X26.
with resets as materialized (
    select
        task_id, attempt, worker_id, claimed_at, claimed_event_id, ended_at, ended_event_id, outcome, reason,
        lead(claimed_at) over (partition by task_id order by attempt) as next_claim_at
    from task_attempts
    where task_id in (select task_id from task_attempts where outcome = 'reset')
),

results as (
    -- what came in after the reset and before anybody else's claim
    select
        resets.task_id, resets.attempt,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids
    from resets
    join events
        on events.task_id = resets.task_id
        and events.kind in ('completion_requested', 'completion_acknowledged', 'task_status_updated')
        and events.happened_at > resets.ended_at
        and not coalesce(events.happened_at >= resets.next_claim_at, false)
    where resets.outcome = 'reset'
    group by resets.task_id, resets.attempt
)

select
    'task' as subject_kind, resets.task_id as subject_id, resets.ended_at as happened_at,
    case when results.event_ids is not null then 'confirmed' else 'probable' end as verdict,
    format(
        '{} was claimed by a local run and put back {} s later: {}', tasks.task_type,
        round(epoch(resets.ended_at) - epoch(resets.claimed_at))::bigint, resets.reason
    ) as summary,
    list_concat(
        [resets.claimed_event_id, resets.ended_event_id], coalesce(results.event_ids, [])
    ) as evidence,
    resets.attempt, resets.reason, tasks.status,
    [resets.task_id] as affected_tasks, cast(null as double) as lost_worker_s
from resets
join events as claims
    on claims.event_id = resets.claimed_event_id
    and claims.kind = 'task_claimed'
-- equivalent: join because it was made of rows of tasks
join tasks on tasks.id = resets.task_id
left join results on results.task_id = resets.task_id and results.attempt = resets.attempt
where resets.outcome = 'reset'
    -- the claim with a user's token names no worker (domain/worker-app.md T2b)
    and coalesce(claims.worker_id, '') = ''
order by happened_at, subject_id, resets.attempt
