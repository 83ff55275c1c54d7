--! id        = "worker_row_contradicts_logs"
--! title     = "What is told of a worker does not agree"
--! severity  = "medium"
--! question  = "Which workers live in their row after their end, acted long after it, or were launched then?"
--! reads     = ["workers", "worker_ends", "anomalies", "events", "coverage"]
--! grain     = ["subject_id", "kind"]
--! params    = { settle_s = 60, gone_s = 30 }
--! incidents = ["X1", "O18"]
--! cause     = ["kind", "end_kind"]
--! innocent  = """
--!   A late heartbeat just set the row back, and the next cycles will see it: then the evidence ends soon
--!   after. A clock that is off may place an act after an end: see worker_clock_disagrees."""
--! remedy    = """
--!   Ask the cloud whether the pod still runs. If it does, it costs money and its end is wrong; if not, set
--!   the row to terminated: the orchestrator counts it as capacity, and spawns too few."""
--! guide     = """
--!   `row_lives`: the row says active, the pod was ended. `acted_after_end`: it claimed, completed or
--!   logged more than half a minute after its end. `illegal_transition`: its script was launched, or its
--!   pod seen to run, so late."""

-- Why a row comes back: domain/worker-app.md X1. Two cycles take 60 s (domain/orchestrator.md O9); every
-- pod that was ended is gone within 30 s (domain/evidence-rules.md 1, class 11).
with evidence as (
    -- as far as any source reaches
    select max(until_at) as until_at from coverage
),

told_ends as (
    -- the first line that says that its pod ended
    select worker_id, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('worker_pod_terminated', 'worker_early_terminated', 'worker_externally_terminated')
    group by worker_id
),

found as (
    select
        worker_ends.worker_id, 'row_lives' as kind, worker_ends.ended_at as happened_at,
        worker_ends.basis = 'logged' as is_told, 'the row says ' || workers.status as detail,
        worker_ends.end_kind, [worker_ends.event_id, 'workers:' || workers.id] as evidence
    from worker_ends
    -- equivalent: join because the condition asks for the row's status
    join workers on workers.id = worker_ends.worker_id
    cross join evidence
    where workers.status in ('active', 'spawning', 'inactive')
        and evidence.until_at - worker_ends.ended_at > to_seconds($settle_s)
    union all
    select
        anomalies.subject_id as worker_id, anomalies.kind,
        first(anomalies.happened_at order by anomalies.happened_at) as happened_at,
        told_ends.event_id is not null as is_told,
        first(anomalies.detail order by anomalies.happened_at, anomalies.event_id) as detail,
        worker_ends.end_kind,
        list_prepend(
            told_ends.event_id, list(anomalies.event_id order by anomalies.happened_at, anomalies.event_id)
        ) as evidence
    from anomalies
    left join told_ends on told_ends.worker_id = anomalies.subject_id
    left join worker_ends on worker_ends.worker_id = anomalies.subject_id
    where anomalies.kind in ('acted_after_end', 'illegal_transition')
        -- an end that its own acts disproved is none: it has no row, and nothing to measure against
        and coalesce(anomalies.happened_at - worker_ends.ended_at > to_seconds($gone_s), true)
        and anomalies.subject_kind = 'worker'
    group by anomalies.subject_id, anomalies.kind, worker_ends.end_kind, told_ends.event_id
)

select
    'worker' as subject_kind, worker_id as subject_id, happened_at,
    case when is_told then 'confirmed' else 'probable' end as verdict,
    coalesce('it ended (' || end_kind || ')', 'it was told as ended') || ', and ' || detail as summary,
    evidence, kind, end_kind, detail,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from found
order by happened_at, subject_id, kind
