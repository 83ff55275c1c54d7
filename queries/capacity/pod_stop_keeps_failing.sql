--! id        = "pod_stop_keeps_failing"
--! title     = "A pod could not be stopped, cycle after cycle, and its worker lived on"
--! severity  = "high"
--! question  = """
--!   Which stops of a pod failed again and again for ten minutes or longer, while the rows show that its worker
--!   lives?"""
--! reads     = ["events", "worker_signals", "pods"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { tries = 3, failing_s = 600, again_s = 660, beat_s = 23, price_per_hour = 0.69 }
--! incidents = ["O18"]
--! cause     = ["run_id"]
--! innocent  = """
--!   The provider refused for a while, and a later try went through (`ended_at`): then it cost what is told, and
--!   no more."""
--! remedy    = """
--!   End the pod by its id in the provider's console. Read the error of the lower layer beside the evidence: a key
--!   that was withdrawn and an API that is down fail every stop, a pod id that is wrong fails this one only."""
--! guide     = """
--!   `tries` are the cycles in which its stop failed, from `happened_at` to `last_try_at`. `alive_at` is the last that
--!   was heard of the worker, `ended_at` when an orchestrator first says that it ended the pod, or found it gone.
--!   `probable`: it was heard of after the first try, and not until the last. One that was not heard of after the
--!   first is asked for by pod_orphaned."""

-- Rule: domain/orchestrator.md G125: a stop that fails leaves the row as it is, and the next cycle tries again.
-- failing_s: ERROR_CLEANUP_GRACE_PERIOD_SEC, the time that the orchestrators themselves give (domain/orchestrator.md
-- W18); again_s: after that time the error cleanup tries again, or in the cycle after the next. beat_s: a worker that
-- lives beats within it (domain/evidence-rules.md fact 17). price_per_hour: domain/orchestrator.md section 7.
with overs as (
    -- what comes after an end is said of a pod that is not there (domain/evidence-rules.md fact 19)
    select worker_id, min(happened_at) as over_at
    from events
    where kind in ('pod_terminated', 'worker_pod_terminated', 'worker_early_terminated', 'pod_gone')
    group by worker_id
),

tries as (
    select
        events.worker_id, events.run_id, events.cycle, overs.over_at,
        min(events.happened_at) as failed_at,
        arg_min(events.event_id, (events.happened_at, events.event_id)) as event_id
    from events
    left join overs on overs.worker_id = events.worker_id
    where events.kind = 'pod_terminate_failed'
        and coalesce(events.happened_at < overs.over_at, true)
    group by all
),

parted as (
    -- a new stretch where it was wanted again in between
    select
        *,
        failed_at - lag(failed_at, 1, failed_at) over (partition by worker_id order by failed_at)
            > to_seconds($again_s) as begins
    from tries
),

numbered as (
    select *, sum(begins::int) over (partition by worker_id order by failed_at) as stretch
    from parted
),

stretches as (
    select
        worker_id, stretch, count(*) as tries, min(failed_at) as first_at, max(failed_at) as last_at,
        arg_min(run_id, (failed_at, event_id)) as run_id, any_value(over_at) as over_at,
        [arg_min(event_id, (failed_at, event_id)), arg_max(event_id, (failed_at, event_id))] as event_ids
    from numbered
    group by worker_id, stretch
),

lived as (
    -- a heartbeat that was on its way proves nothing
    select
        stretches.worker_id, stretches.stretch, max(worker_signals.happened_at) as alive_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id)) as event_id
    from stretches
    join worker_signals
        on worker_signals.worker_id = stretches.worker_id
        and worker_signals.happened_at > stretches.first_at + to_seconds($beat_s)
    group by stretches.worker_id, stretches.stretch
)

select
    'pod' as subject_kind, coalesce(pods.pod_id, stretches.worker_id) as subject_id, stretches.first_at as happened_at,
    case
        when lived.alive_at > stretches.last_at - to_seconds($beat_s) then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'its stop failed in {} cycles, for {} s, and its worker {} lived on', stretches.tries,
        round(epoch(stretches.last_at - stretches.first_at))::bigint, stretches.worker_id
    ) as summary,
    list_append(stretches.event_ids, lived.event_id) as evidence,
    stretches.worker_id, stretches.run_id, stretches.tries, stretches.last_at as last_try_at, lived.alive_at,
    stretches.over_at as ended_at,
    -- 3600 s an hour: pods are priced by the hour, to the cent: 2 (domain/orchestrator.md O11)
    round(
        epoch(stretches.last_at - stretches.first_at) / 3600 * coalesce(pods.cost_per_hour, $price_per_hour), 2
    ) as cost,
    cast([] as varchar[]) as affected_tasks, epoch(stretches.last_at - stretches.first_at) as lost_worker_s
from stretches
join lived using (worker_id, stretch)
left join pods on pods.worker_id = stretches.worker_id
where stretches.tries >= $tries
    and stretches.last_at - stretches.first_at >= to_seconds($failing_s)
order by happened_at, subject_id
