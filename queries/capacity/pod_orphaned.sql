--! id        = "pod_orphaned"
--! title     = "A pod runs that no live row names"
--! severity  = "critical"
--! question  = "Which pods could not be ended, or were never written down, and still cost money?"
--! reads     = ["events", "pods", "worker_ends", "worker_signals", "worker_states", "workers", "coverage"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23, near_s = 15, price_per_hour = 0.69, sure_s = 3 }
--! incidents = ["O18", "O19", "O20"]
--! cause     = ["sign"]
--! innocent  = """
--!   The orchestrator had ended it seconds before, and the provider's list still showed it: such pods have
--!   an end (`pod_ended_at`) before the sign, and are not listed. Nor is one whose worker went on after the
--!   try that failed, with its row: the orchestrators see it, and try again. Nor is one that a live row names after
--!   all: the list of workers was not read whole, and a worker that lived was ended."""
--! remedy    = """
--!   End the pod by its id in the provider's console. `sign` says where the hole is: a termination that
--!   failed while the row was set to terminated all the same, or a pod that was made and never written
--!   down."""
--! guide     = """
--!   `sign`: orphan_pod_detected (a pod without a live row) or pod_terminate_failed. `ended_again_at`: when
--!   a later try ended it, or its worker's end if no line tells of one; empty, and it still runs as far as the
--!   evidence goes. `cost` runs from the sign to there. `insufficient_evidence`: no row names a pod, so there
--!   may be none; or its row says to this day that the worker lives, and nothing came of it since the try."""

-- Signs: domain/orchestrator.md O18 and O19 (G68, G53, G119, G125, G136). price_per_hour:
-- domain/orchestrator.md section 7. near_s: half a cycle, as the row's time of the end is set by the very try that
-- failed (section 3). beat_s: one heartbeat period and jitter (domain/evidence-rules.md fact 17). sure_s: clocks may
-- differ by that much (domain/evidence-rules.md fact 24). A scale-down that fails leaves the row as it is, and the
-- next cycle tries again (domain/orchestrator.md G125).
with evidence as (
    select max(until_at) as until_at from coverage
),

named as (
    -- some of these lines name the worker only
    select
        events.kind, events.event_id, events.happened_at, events.worker_id,
        coalesce(events.pod_id, pods.pod_id) as pod_id,
        coalesce(events.pod_id, pods.pod_id, events.worker_id) as key
    from events
    left join pods on pods.worker_id = events.worker_id and events.pod_id is null
    where events.kind in ('orphan_pod_detected', 'pod_terminate_failed', 'pod_gone')
),

signs as (
    select
        key, any_value(pod_id) as pod_id, any_value(worker_id order by happened_at, event_id) as worker_id,
        min(happened_at) as happened_at, list_sort(list(distinct event_id)) as event_ids,
        arg_min(kind, (happened_at, event_id)) as sign, count(*) as signs,
        bool_or(kind = 'orphan_pod_detected') as is_without_row, max(happened_at) as last_sign_at
    from named
    group by key
    -- the provider says that it does not exist: nothing is left to pay
    having not bool_or(kind = 'pod_gone')
),

ends as (
    -- an orchestrator's word that it had ended the pod
    select worker_id, min(happened_at) as ended_at, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('pod_terminated', 'worker_pod_terminated', 'worker_early_terminated')
    group by worker_id
),

lived as (
    -- the worker, or an orchestrator that would end it as one that lives
    select worker_id, happened_at from worker_signals
    union all
    select worker_id, happened_at from events where kind = 'worker_terminating'
),

went_on as (
    select signs.key, min(lived.happened_at) as alive_at
    from signs
    -- equivalent: join because the condition asks for its time
    join lived on lived.worker_id = signs.worker_id
    where not signs.is_without_row and lived.happened_at > signs.last_sign_at + to_seconds($sure_s)
    group by signs.key
),

has_row as (
    -- the row that names it was active, and its worker beat: the census did not get to read it
    -- (domain/orchestrator.md 9.22)
    select distinct signs.key
    from signs
    -- equivalent: join because the condition asks for its pod
    join workers
        on workers.id = signs.worker_id
        and json_extract_string(try_cast(workers.metadata as json), '$.runpod_id') = signs.pod_id
    -- equivalent: join because the condition asks for its state
    join worker_states
        on worker_states.worker_id = signs.worker_id
        and starts_with(worker_states.state, 'active')
        and worker_states.entered_at <= signs.happened_at
        and coalesce(worker_states.left_at > signs.happened_at, true)
    -- equivalent: join because the condition asks for its time
    join worker_signals
        on worker_signals.worker_id = signs.worker_id
        and worker_signals.by_guardian
        and worker_signals.happened_at >= signs.happened_at - to_seconds($beat_s)
    -- a row that keeps an end from before did not name it
    anti join events as ended
        on ended.worker_id = signs.worker_id
        and ended.kind in ('worker_termination_recorded', 'worker_error_recorded')
        and ended.happened_at <= signs.happened_at
    where signs.is_without_row
),

reinstated as (
    -- a heartbeat set the row of a condemned one back to active, and orchestrators checked it as such (W15)
    -- equivalent: max because one came back to life once in the cases
    select worker_id, max(entered_at) as active_at
    from (
        select worker_id, entered_at, state, lag(state) over (partition by worker_id order by seq) as state_before
        from worker_states
    )
    where state_before = 'condemned' and starts_with(state, 'active')
    group by worker_id
),

row_ends as (
    -- equivalent: min because a row holds one time of its end in the cases
    select worker_id, min(happened_at) as row_ended_at
    from events
    where kind in ('worker_termination_recorded', 'worker_error_recorded')
    group by worker_id
),

judged as (
    select
        signs.*, coalesce(signs.pod_id, pods.pod_id) as known_pod_id, pods.cost_per_hour,
        coalesce(
            ends.ended_at,
            -- the cleanup of W18 ends it without a word; nearer, the row's time is of the try that failed
            case
                when worker_ends.ended_at > signs.last_sign_at + to_seconds($near_s) then worker_ends.ended_at
            end
        ) as ended_at,
        ends.event_id as ended_event_id, worker_ends.event_id as end_event_id, worker_ends.end_kind,
        worker_ends.basis as end_basis,
        -- a heartbeat that was on its way may set the row of an ended one to active
        not signs.is_without_row and worker_ends.event_id is null
            and coalesce(workers.status in ('active', 'spawning'), false) as has_live_row,
        -- its row lived on as well, until the pod was ended
        went_on.alive_at < ends.ended_at
            and (
                -- a time that the very try set which failed is no later end
                coalesce(
                    greatest(went_on.alive_at, signs.last_sign_at + to_seconds($near_s)) < row_ends.row_ended_at, true
                )
                or coalesce(reinstated.active_at > signs.last_sign_at, false)
            ) as went_on_until_end,
        went_on.alive_at
    from signs
    -- equivalent: left join because every worker that a sign names has a pod in the cases
    left join pods
        on pods.worker_id = signs.worker_id
        and pods.pod_id = coalesce(signs.pod_id, pods.pod_id)
    -- equivalent: left join because every worker that a sign names ends in the cases
    left join worker_ends on worker_ends.worker_id = signs.worker_id
    left join ends on ends.worker_id = signs.worker_id
    left join workers on workers.id = signs.worker_id
    left join went_on on went_on.key = signs.key
    left join row_ends on row_ends.worker_id = signs.worker_id
    left join reinstated on reinstated.worker_id = signs.worker_id
    where coalesce(ends.ended_at > signs.happened_at, true)
        -- an end that no line tells, but the row does
        and coalesce(worker_ends.ended_at >= signs.happened_at - to_seconds($near_s), true)
)

select
    'pod' as subject_kind, coalesce(judged.known_pod_id, judged.worker_id) as subject_id, judged.happened_at,
    case
        -- no row names a pod: it may never have been made; or the row of its worker is live
        when judged.known_pod_id is null or judged.has_live_row then 'insufficient_evidence'
        -- equivalent: > and 1 because a second sign comes with an end in the cases
        when judged.signs > 1 or judged.end_event_id is not null then 'confirmed'
        else 'probable'
    end as verdict,
    case judged.sign
        when 'orphan_pod_detected' then 'found running without a live row'
        else 'could not be ended'
    end
    || case
        when judged.ended_at is null then ', and no end is known'
        when judged.ended_event_id is not null then ', and ended later'
        -- its worker was condemned once more, or fell silent: no row tells of its pod
        when judged.end_basis = 'inferred' then ', and seems to have ended later'
        else ', and its row tells of a later end'
    end as summary,
    list_filter(
        list_concat(judged.event_ids, [judged.end_event_id, judged.ended_event_id]),
        lambda piece: piece is not null
    ) as evidence,
    judged.sign, judged.worker_id, judged.end_kind, judged.ended_at as ended_again_at,
    -- 3600 s an hour: pods are priced by the hour, to the cent: 2 (domain/orchestrator.md O11)
    round(
        -- equivalent: 3600 because one second of it makes no cent here
        (epoch(coalesce(judged.ended_at, evidence.until_at) - judged.happened_at)) / 3600
            * coalesce(judged.cost_per_hour, $price_per_hour), 2
    ) as cost,
    cast([] as varchar[]) as affected_tasks,
    epoch(coalesce(judged.ended_at, evidence.until_at) - judged.happened_at) as lost_worker_s
from judged
cross join evidence
where not coalesce(judged.went_on_until_end, false)
    and not (judged.has_live_row and judged.alive_at is not null)
    and judged.key not in (select key from has_row)
order by happened_at, subject_id
