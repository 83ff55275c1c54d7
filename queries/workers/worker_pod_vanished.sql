--! id        = "worker_pod_vanished"
--! title     = "A worker's pod vanished, and no orchestrator had ended it"
--! severity  = "high"
--! question  = "Which workers lost their pod to something outside, and what did they hold?"
--! reads     = ["events", "worker_ends", "worker_signals", "task_attempts"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23 }
--! incidents = ["O9", "O28"]
--! cause     = ["seen_as"]
--! innocent  = """
--!   A person stopped the pod in the provider's console, or another tool did. A pod that the orchestrator had
--!   ended before is not listed: the late heartbeat that revived its row is worker_resurrected."""
--! remedy    = """
--!   Several at one time are the provider's: a host lost, an account without funds. Ask it for the pods'
--!   history (`pod_id`). The tasks it held came back with the next check; `noticed_s` says how long that took."""
--! guide     = """
--!   `last_heartbeat` bounds the loss from below: it happened within one heartbeat period after it.
--!   `seen_as` is what showed it: the census of pods (worker_externally_terminated), the answer to an attempt
--!   to end it (pod_gone), its state (pod_not_seen), or only the reason in the worker's row (row)."""

-- Rule: domain/evidence-rules.md class 14 (the end lies within 20 s of the last heartbeat) and section 2 (23 s:
-- one heartbeat period and jitter; a worker that beat later than that before the look may have been alive).
with told as (
    select worker_id, happened_at, event_id, kind as seen_as
    from events
    where kind in ('worker_externally_terminated', 'pod_gone', 'pod_not_seen')
    union all
    -- the line was lost with its batch; the row still names the reason
    select worker_id, decided_at as happened_at, event_id, 'row' as seen_as
    from worker_ends
    where end_kind = 'external'
),

looks as (
    -- the first time that somebody found the pod missing
    select
        worker_id, min(happened_at) as seen_at,
        arg_min(event_id, (happened_at, event_id)) as seen_event_id,
        arg_min(seen_as, (happened_at, event_id)) as seen_as
    from told
    group by worker_id
),

stops as (
    -- the first time that an orchestrator ended the pod itself: what follows is aftermath
    select worker_id, min(happened_at) as stopped_at
    from events
    where kind in (
        'worker_pod_terminated', 'pod_terminated', 'worker_early_terminated', 'worker_scaled_down',
        'worker_termination_recorded', 'failsafe_cleaned'
    )
    group by worker_id
),

beats as (
    select
        worker_id, max(happened_at) as beat_at,
        arg_max(event_id, (happened_at, event_id)) as beat_event_id
    from worker_signals
    where by_guardian
    group by worker_id
),

lost as (
    select
        looks.*, beats.beat_at, beats.beat_event_id, worker_ends.event_id as end_event_id,
        epoch(looks.seen_at - beats.beat_at) as noticed_s
    from looks
    join beats using (worker_id)
    join worker_ends using (worker_id)
    left join stops using (worker_id)
    where coalesce(stops.stopped_at >= looks.seen_at, true)
        -- the replay knows earlier ends than lines tell; one of those is no loss
        and coalesce(worker_ends.ended_at >= beats.beat_at, true)
        and looks.seen_at > beats.beat_at
),

held as (
    select
        lost.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        list_sort(list(distinct task_attempts.claimed_event_id)) as claim_event_ids,
        sum(epoch(coalesce(task_attempts.ended_at, lost.seen_at) - task_attempts.claimed_at)) as lost_s
    from lost
    join task_attempts
        on task_attempts.worker_id = lost.worker_id
        and task_attempts.claimed_at <= lost.seen_at
        and coalesce(task_attempts.ended_at > lost.beat_at, true)
        and task_attempts.outcome not in ('complete', 'failed')
    group by lost.worker_id
)

select
    'worker' as subject_kind, lost.worker_id as subject_id, lost.beat_at as happened_at,
    -- its heartbeats had ended before anyone looked: the row and the look agree
    case when lost.noticed_s > $beat_s then 'confirmed' else 'probable' end as verdict,
    format(
        'its pod vanished within a heartbeat of {} and was missed {} s later{}',
        strftime(lost.beat_at, '%H:%M:%S'), round(lost.noticed_s)::bigint,
        case when held.worker_id is null then ''
            else format(', with {} task(s) in hand', len(held.task_ids)) end
    ) as summary,
    list_distinct(list_concat(
        ['workers:' || lost.worker_id, lost.beat_event_id, lost.seen_event_id, lost.end_event_id],
        coalesce(held.claim_event_ids, [])
    )) as evidence,
    lost.seen_as, lost.beat_at as last_heartbeat, lost.seen_at as noticed_at, lost.noticed_s,
    coalesce(held.task_ids, []) as affected_tasks, held.lost_s as lost_worker_s
from lost
left join held using (worker_id)
order by happened_at, subject_id
