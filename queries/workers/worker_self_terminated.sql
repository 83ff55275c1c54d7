--! id        = "worker_self_terminated"
--! title     = "A worker gave itself up after a fatal GPU error"
--! severity  = "high"
--! question  = """
--!   Which workers ended themselves over a fatal error, on which task, and how long did their pods stay?"""
--! reads     = ["events", "system_logs", "worker_ends", "pods", "task_attempts", "workers", "coverage"]
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
--!   `error` is what its own line says, or else the reason in its row, unless an orchestrator wrote that.
--!   `pod_stayed_s` is how long its pod went on costing after the worker had given up: the error cleanup's
--!   grace period, or the failsafe."""

-- The fatal handler writes error_reason, error_time and self_terminated to the worker's row, and puts its
-- task back (domain/worker-app.md 1.3 and X12). Where a later kill overwrote the time, the requeue lies
-- before it, and says so itself (domain/evidence-rules.md class 9).
with own as (
    -- its own word; the reason in its row an orchestrator may have overwritten
    select
        source_id as worker_id, arg_min('system_logs:' || id, ("timestamp", id)) as piece,
        arg_min('FATAL ' || regexp_extract(message, 'Category: *([a-z_]+)', 1), ("timestamp", id)) as error
    from system_logs
    where source_type = 'worker'
        and regexp_matches(message, 'FATAL ERROR DETECTED[\s\S]*Category: *[a-z_]+')
    group by source_id
),

marked as (
    select distinct worker_id, json_extract_string(attributes, '$.reason') as reason, true as is_marked
    from events
    where kind = 'worker_marked_error'
),

given_up as (
    -- the row's own time where no later kill overwrote it, else the first line about it
    select
        events.worker_id, min(events.happened_at) as gave_up_at,
        list_sort(list(events.event_id)) as event_ids,
        arg_min(json_extract_string(events.attributes, '$.reason'), (events.happened_at, events.event_id))
            filter (where not coalesce(marked.is_marked, false)) as kept
    from events
    left join marked
        on marked.worker_id = events.worker_id
        and marked.reason = json_extract_string(events.attributes, '$.reason')
    where events.kind = 'worker_self_terminated'
    group by events.worker_id
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
        'gave itself up: {}{}', coalesce(own.error, given_up.kept, 'no reason was kept'),
        coalesce(' (task ' || held.task_id || ')', '')
    ) as summary,
    list_filter(
        list_concat(
            given_up.event_ids,
            [own.piece, 'workers:' || given_up.worker_id, held.claimed_event_id, worker_ends.event_id]
        ),
        lambda piece: piece is not null
    ) as evidence,
    coalesce(own.error, given_up.kept) as error, held.task_id, worker_ends.end_kind, pods.ended_at as pod_ended_at,
    epoch(coalesce(pods.ended_at, evidence.until_at) - given_up.gave_up_at) as pod_stayed_s,
    coalesce(held.task_ids, []) as affected_tasks,
    epoch(coalesce(pods.ended_at, evidence.until_at) - coalesce(held.claimed_at, given_up.gave_up_at))
        as lost_worker_s
from given_up
cross join evidence
left join held using (worker_id)
left join own using (worker_id)
-- equivalent: left join because giving itself up is an end, and a worker of it has a pod
left join worker_ends using (worker_id)
-- equivalent: left join because giving itself up is an end, and a worker of it has a pod
left join pods using (worker_id)
order by happened_at, subject_id
