--! id        = "worker_self_terminated"
--! title     = "A worker gave itself up after a fatal GPU error"
--! severity  = "high"
--! question  = """
--!   Which workers ended themselves over a fatal error, on which task, and how long did their pods stay?"""
--! reads     = ["events", "worker_ends", "pods", "task_attempts", "workers", "coverage"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["O9", "X12"]
--! cause     = ["error", "task_id"]
--! population = "select id as subject_id, created_at as happened_at from workers"
--! innocent  = """
--!   One worker with one error is a GPU that failed: it did right to give up. Several workers over one task
--!   are not."""
--! remedy    = """
--!   Where several workers gave up on one `task_id`, hold that task back: it fells every worker that takes
--!   it. Where one host's workers do, leave that host. The task is put back by the worker itself, but no
--!   count of attempts stops it."""
--! guide     = """
--!   `error` is the reason without what the orchestrator added. `pod_stayed_s` is how long its pod went on
--!   costing after the worker had given up: the error cleanup's grace period, or the failsafe."""

-- The fatal handler writes error_reason, error_time and self_terminated to the worker's row, and puts its
-- task back (domain/worker-app.md 1.3 and X12). Where a later kill overwrote the time, the requeue lies
-- before it, and says so itself (domain/evidence-rules.md class 9).
with given_up as (
    -- the row's own time where no later kill overwrote it, else the first line about it
    select
        worker_id, min(happened_at) as gave_up_at,
        list_sort(list(event_id)) as event_ids,
        arg_min(json_extract_string(attributes, '$.reason'), (happened_at, event_id)) as error
    from events
    where kind = 'worker_self_terminated'
    group by worker_id
),

held as (
    -- the task it gave up on: the last that it held, put back by itself or by the next sweep
    select
        given_up.worker_id,
        arg_max(task_attempts.task_id, (task_attempts.claimed_at, task_attempts.task_id)) as task_id,
        arg_max(task_attempts.claimed_event_id, (task_attempts.claimed_at, task_attempts.task_id)) as claimed_event_id,
        min(task_attempts.claimed_at) as claimed_at,
        list_sort(list(distinct task_attempts.task_id)) as task_ids,
        bool_or(task_attempts.reason = 'its worker gave itself up') as was_put_back
    from given_up
    join task_attempts
        on task_attempts.worker_id = given_up.worker_id
        and task_attempts.claimed_at <= given_up.gave_up_at
        and (
            -- equivalent: > because what ends at that very time was put back by itself
            coalesce(task_attempts.ended_at > given_up.gave_up_at, true)
            or task_attempts.reason = 'its worker gave itself up'
        )
        and task_attempts.outcome <> 'complete'
    group by given_up.worker_id
),

evidence as (
    -- equivalent: max because a case has one end
    select max(until_at) as until_at from coverage
)

select
    'worker' as subject_kind, given_up.worker_id as subject_id, given_up.gave_up_at as happened_at,
    case
        when held.was_put_back then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'gave itself up: {}{}', coalesce(given_up.error, 'no reason was kept'),
        coalesce(' (task ' || held.task_id || ')', '')
    ) as summary,
    list_filter(
        list_concat(
            given_up.event_ids,
            ['workers:' || given_up.worker_id, held.claimed_event_id, worker_ends.event_id]
        ),
        lambda piece: piece is not null
    ) as evidence,
    given_up.error, held.task_id, worker_ends.end_kind, pods.ended_at as pod_ended_at,
    epoch(coalesce(pods.ended_at, evidence.until_at) - given_up.gave_up_at) as pod_stayed_s,
    coalesce(held.task_ids, []) as affected_tasks,
    epoch(coalesce(pods.ended_at, evidence.until_at) - coalesce(held.claimed_at, given_up.gave_up_at))
        as lost_worker_s
from given_up
cross join evidence
left join held using (worker_id)
-- equivalent: left join because giving itself up is an end, and a worker of it has a pod
left join worker_ends using (worker_id)
-- equivalent: left join because giving itself up is an end, and a worker of it has a pod
left join pods using (worker_id)
order by happened_at, subject_id
