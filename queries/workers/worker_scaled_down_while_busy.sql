--! id        = "worker_scaled_down_while_busy"
--! title     = "A worker was stopped as idle while it held a task"
--! severity  = "low"
--! question  = "Which workers were scaled down with a task in hand?"
--! reads     = ["worker_ends", "task_attempts", "tasks", "events"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["X14"]
--! cause     = ["task_type"]
--! innocent  = """
--!   It claimed the task within the second in which it was stopped (`held_s`): the race is there by design,
--!   and costs one requeue."""
--! remedy    = """
--!   Let the orchestrator mark the row before it ends the pod, and the claim function refuse a marked
--!   worker. Where `held_s` is more than a minute it did not see the task at all: look at the reads of that
--!   cycle."""
--! guide     = """
--!   `held_s` is how long it had held the task when its pod ended. `insufficient_evidence`: no row says when
--!   it claimed, or when the task went back: the claim may have come after the pod's end (then it is the
--!   answer that was lost), or its own failure, untold, before the decision."""

-- What scale-down may stop: idle workers only (domain/orchestrator.md W20). The race: a claim between the
-- decision and the end of the pod (domain/evidence-rules.md section 3), and its task comes back after the
-- decision.
with attempts as materialized (
    -- what may have been in hand
    select
        worker_ends.worker_id, worker_ends.ended_at, worker_ends.decided_at,
        worker_ends.event_id as end_event_id, task_attempts.task_id, task_attempts.claimed_at,
        task_attempts.claimed_event_id, task_attempts.ended_event_id
    from worker_ends
    -- equivalent: join because the next one drops what it would keep
    join task_attempts
        on task_attempts.worker_id = worker_ends.worker_id
        and task_attempts.claimed_at <= worker_ends.ended_at
        and task_attempts.ended_at >= worker_ends.decided_at
        and task_attempts.outcome in ('reset', 'lost')
    where worker_ends.end_kind = 'scale_down'
),

bounds as materialized (
    select event_id, earliest, latest
    from events
    where event_id in (
        select claimed_event_id from attempts union all select ended_event_id from attempts
    )
),

held as (
    select
        attempts.worker_id, attempts.ended_at, attempts.end_event_id,
        -- an inferred claim or return lies between two bounds: held only where the one is surely before the
        -- end and the other surely not before the decision
        min(attempts.claimed_at) filter (
            where claims.latest <= attempts.ended_at and returns.earliest >= attempts.decided_at
        ) as claimed_at,
        list_sort(list(distinct attempts.task_id)) as task_ids,
        list_sort(list(distinct attempts.claimed_event_id)) as claim_event_ids,
        min(tasks.task_type) as task_type
    from attempts
    -- equivalent: join because every claim is an event
    join bounds as claims on claims.event_id = attempts.claimed_event_id
    -- equivalent: join because every return is an event
    join bounds as returns on returns.event_id = attempts.ended_event_id
    -- equivalent: join and = because an attempt is of a task that has its row, and one task has one type here
    join tasks on tasks.id = attempts.task_id
    group by attempts.worker_id, attempts.ended_at, attempts.end_event_id
)

select
    'worker' as subject_kind, worker_id as subject_id, ended_at as happened_at,
    case when claimed_at is null then 'insufficient_evidence' else 'confirmed' end as verdict,
    case
        when claimed_at is null then format(
            'stopped as one too many about when it claimed or gave back {} task(s): which came first, no row says',
            len(task_ids)
        )
        else format(
            'stopped as one too many with {} task(s) in hand, the first for {} s', len(task_ids),
            epoch(ended_at - claimed_at)
        )
    end as summary,
    list_concat(
        [end_event_id], claim_event_ids, list_transform(task_ids, lambda task: 'tasks:' || task)
    ) as evidence,
    task_type, epoch(ended_at - claimed_at) as held_s,
    task_ids as affected_tasks, epoch(ended_at - claimed_at) as lost_worker_s
from held
order by happened_at, subject_id
