--! id        = "worker_pod_vanished"
--! title     = "A worker's pod vanished, and no orchestrator had ended it"
--! severity  = "high"
--! question  = "Which workers lost their pod to something outside, and what did they hold?"
--! reads     = ["events", "worker_ends", "worker_signals", "task_attempts", "coverage"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23 }
--! incidents = ["O9", "O28"]
--! cause     = ["seen_as"]
--! innocent  = """
--!   A person stopped the pod in the provider's console, or another tool did. A pod that the orchestrator
--!   had ended before is not listed: the late heartbeat that revived its row is worker_resurrected."""
--! remedy    = """
--!   Several at one time are the provider's: a host lost, an account without funds. Ask it for the pods'
--!   history (`pod_id`). The tasks it held came back with the next check; `noticed_s` says how long that
--!   took."""
--! guide     = """
--!   `last_heartbeat` bounds the loss from below: it happened within one heartbeat period after it.
--!   `seen_as` is what showed it: the census of pods (worker_externally_terminated), the answer to an
--!   attempt to end it (pod_gone, and stop where that is told as done all the same), its state (pod_not_seen), or only
--!   the reason in the worker's row (row).
--!   `insufficient_evidence`: an orchestrator may have ended it without a line that could have reached us, or
--!   in a step that names more stops than stopped workers are known."""

-- Rule: domain/evidence-rules.md class 14 (the end lies within 20 s of the last heartbeat) and section 2 (23
-- s: one heartbeat period and jitter; a worker that beat later than that before the look may have been
-- alive). A late heartbeat revives the row of a worker that the orchestrator itself stopped, and the next look
-- misses its pod (section 3, fact 19): so a step beside the last heartbeat must name all whom it stopped.
with told as (
    select worker_id, happened_at, event_id, kind as seen_as
    from events
    where kind in ('worker_externally_terminated', 'pod_gone', 'pod_not_seen')
    union all
    -- a stop that found none, though it is told as done; or the line was lost with its batch, and the row still names
    -- the reason
    select
        worker_ends.worker_id, worker_ends.decided_at as happened_at, worker_ends.event_id,
        case events.kind when 'pod_terminated' then 'stop' else 'row' end as seen_as
    from worker_ends
    -- equivalent: left join because in each case some event tells of the end
    left join events on events.event_id = worker_ends.event_id
    where worker_ends.end_kind = 'external'
),

looks as (
    -- the first time that somebody found the pod missing
    select
        worker_id, min(happened_at) as seen_at,
        -- a line before the row, where both have one time
        -- equivalent: = and 'row' because the ids of the cases order them so already
        arg_min(event_id, (happened_at, seen_as = 'row', event_id)) as seen_event_id,
        -- equivalent: = and 'row' because the ids of the cases order them so already
        arg_min(seen_as, (happened_at, seen_as = 'row', event_id)) as seen_as
    from told
    group by worker_id
),

beats as (
    select
        -- equivalent: max and arg_max because the row holds one heartbeat, its last
        worker_id, max(happened_at) as beat_at, arg_max(event_id, (happened_at, event_id)) as beat_event_id
    from worker_signals
    where by_guardian
    group by worker_id
),

stops as (
    -- the row remembers that an orchestrator had ended it, where the line is lost: the rest is aftermath
    -- equivalent: min because the row keeps one such time
    select worker_id, min(happened_at) as stopped_at
    from events
    where kind = 'worker_termination_recorded'
    group by worker_id
),

lost as (
    select
        looks.*, worker_ends.ended_at, beats.beat_at, beats.beat_event_id,
        epoch(looks.seen_at - beats.beat_at) as noticed_s
    from looks
    -- equivalent: join because its heartbeat is compared with
    join beats using (worker_id)
    -- equivalent: join because the end's basis is asked for
    join worker_ends using (worker_id)
    -- no line tells that an orchestrator had ended the pod before: its end is implied by the look
    left join stops using (worker_id)
    where worker_ends.basis = 'inferred'
        and coalesce(stops.stopped_at >= looks.seen_at, true)
        and looks.seen_at > beats.beat_at
),

reached as (
    -- whether an orchestrator that had ended it then could have told us
    select distinct lost.worker_id
    from lost
    join coverage
        on coverage.source_type = 'orchestrator_gpu'
        and coverage.could_reach
        and coverage.from_at <= lost.beat_at
        and coverage.until_at >= lost.beat_at + to_seconds($beat_s)
),

steps as (
    -- spawning or idle workers were stopped, and not all of them are known
    select started.event_id, started.happened_at
    from events as started
    left join events as stopped
        on stopped.run_id = started.run_id
        and stopped.happened_at between started.happened_at and started.happened_at + to_seconds($beat_s)
        and stopped.kind in (
            'worker_early_terminated', 'worker_scaled_down', 'worker_terminating', 'pod_terminate_failed'
        )
    where started.kind in ('early_termination_started', 'scale_down_started')
    group by started.event_id, started.happened_at, started.attributes
    having count(distinct stopped.worker_id)
        < try_cast(json_extract(started.attributes, '$.count') as bigint)
),

doubts as (
    select lost.worker_id, arg_min(steps.event_id, (steps.happened_at, steps.event_id)) as step_event_id
    from lost
    -- equivalent: join because no step is none either way
    join steps
        on steps.happened_at between lost.beat_at - to_seconds($beat_s)
            and lost.beat_at + to_seconds($beat_s)
        and steps.happened_at < lost.seen_at
    group by lost.worker_id
),

held as (
    select
        lost.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        list_sort(list(distinct task_attempts.claimed_event_id)) as claim_event_ids,
        -- it held them side by side, and only while its pod lived
        epoch(lost.ended_at - min(task_attempts.claimed_at)) as lost_s
    from lost
    join task_attempts
        on task_attempts.worker_id = lost.worker_id
        and task_attempts.claimed_at <= lost.seen_at
        and coalesce(task_attempts.ended_at > lost.beat_at, true)
        and task_attempts.outcome <> 'complete'
    group by lost.worker_id, lost.ended_at
)

select
    'worker' as subject_kind, lost.worker_id as subject_id, lost.beat_at as happened_at,
    -- its heartbeats had ended before anyone looked: the row and the look agree
    case
        when reached.worker_id is null or doubts.step_event_id is not null then 'insufficient_evidence'
        when lost.noticed_s > $beat_s then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'its pod vanished within a heartbeat of {} and was missed {} s later{}{}',
        strftime(lost.beat_at, '%H:%M:%S UTC'), round(lost.noticed_s)::bigint,
        coalesce(', with ' || len(held.task_ids) || ' task(s) in hand', ''),
        case
            when doubts.step_event_id is null then ''
            else '; beside it workers were stopped that no line names'
        end
    ) as summary,
    list_concat(
        ['workers:' || lost.worker_id, lost.beat_event_id, lost.seen_event_id],
        list_filter([doubts.step_event_id], lambda piece: piece is not null),
        coalesce(held.claim_event_ids, [])
    ) as evidence,
    lost.seen_as, lost.beat_at as last_heartbeat, lost.seen_at as noticed_at, lost.noticed_s,
    coalesce(held.task_ids, []) as affected_tasks, held.lost_s as lost_worker_s
from lost
left join reached using (worker_id)
left join doubts using (worker_id)
left join held using (worker_id)
order by happened_at, subject_id
