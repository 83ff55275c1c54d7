--! id        = "pod_of_crashed_worker_left"
--! title     = "The pod of a worker whose process is over goes on costing"
--! severity  = "critical"
--! question  = """
--!   Which pods still run although their worker's process died or shut itself down, so that its row says crashed or
--!   terminated?"""
--! reads     = ["events", "pods", "worker_ends", "workers", "coverage"]
--! grain     = ["subject_id"]
--! params    = { grace_s = 600, price_per_hour = 0.69 }
--! incidents = ["O18", "X13"]
--! cause     = ["status"]
--! innocent  = """
--!   The evidence ends within the grace period that the orchestrators give to an error: then it is not
--!   listed. Or a person stopped the pod since: look in the provider's console."""
--! remedy    = """
--!   End the pod by hand. The control loop reads rows of status spawning, active and error only, so a row
--!   that says crashed or terminated is never looked at again: set it to error, and the cleanup takes it."""
--! guide     = """
--!   `left_s` is how long it has been left, `cost` what that came to (`cost_per_hour`, or the parameter
--!   where no row tells the price). `probable`: it shut itself down, and wrote terminated itself (`status`), as
--!   whoever stops a pod does. `insufficient_evidence`: the orchestrators' lines could not have reached us since."""

-- Cause: domain/orchestrator.md 2.3 (status in spawning, active, error) and domain/worker-app.md 1.5 (the
-- crash heartbeat writes crashed) and 4.1 (that of a clean shutdown writes terminated since 2026-03-30). grace_s:
-- ERROR_CLEANUP_GRACE_PERIOD_SEC (domain/orchestrator.md W18); price_per_hour: domain/orchestrator.md section 7.
with evidence as (
    select max(until_at) as until_at from coverage
),

overs as (
    -- one that acted on had not ended (domain/worker-app.md 4.1): then that is not its end
    select events.worker_id, events.kind, events.happened_at as over_at, events.event_id
    from events
    join worker_ends using (event_id)
    where events.kind = 'worker_crashed'
        -- before, somebody else wrote terminated (domain/worker-app.md 4.1)
        or (events.kind = 'worker_said_goodbye' and events.happened_at >= timestamp '2026-03-30')
),

watchers as (
    -- the last cycle of an orchestrator that did not end it
    select arg_max(event_id, (happened_at, event_id)) as event_id, max(happened_at) as happened_at
    from events
    where kind = 'cycle_completed'
),

reached as (
    -- whether an orchestrator that ended the pod could have told us
    select distinct overs.worker_id
    from overs
    cross join evidence
    join coverage
        on coverage.source_type = 'orchestrator_gpu'
        and coverage.entity = coverage.source_id
        and coverage.could_reach
        and coverage.from_at <= overs.over_at + to_seconds($grace_s)
        and coverage.until_at >= overs.over_at + to_seconds($grace_s)
)

select
    'pod' as subject_kind, pods.pod_id as subject_id, overs.over_at as happened_at,
    case
        when reached.worker_id is null then 'insufficient_evidence'
        when overs.kind = 'worker_crashed' then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'left for {} s since its worker {} {}',
        round(epoch(evidence.until_at - overs.over_at))::bigint, overs.worker_id,
        case overs.kind when 'worker_crashed' then 'crashed' else 'shut itself down' end
    ) as summary,
    list_filter(
        [
            'workers:' || overs.worker_id, overs.event_id,
            case
                when watchers.happened_at > overs.over_at + to_seconds($grace_s) then watchers.event_id
            end
        ],
        lambda piece: piece is not null
    ) as evidence,
    workers.status, overs.worker_id,
    epoch(evidence.until_at - overs.over_at) as left_s, pods.cost_per_hour,
    -- 3600 s an hour: pods are priced by the hour, to the cent (domain/orchestrator.md O11)
    -- equivalent: 3600 because one second of it makes no cent here
    round((epoch(evidence.until_at - overs.over_at)) / 3600
        * coalesce(pods.cost_per_hour, $price_per_hour), 2) as cost,
    cast([] as varchar[]) as affected_tasks, epoch(evidence.until_at - overs.over_at) as lost_worker_s
from overs
cross join evidence
cross join watchers
-- equivalent: join because a worker that is over has its row, and a pod
join pods on pods.worker_id = overs.worker_id
-- equivalent: join because a worker that is over has its row, and a pod
join workers on workers.id = overs.worker_id
left join reached on reached.worker_id = overs.worker_id
where pods.ended_at is null
    -- a later status would have brought the cleanup
    and workers.status = case overs.kind when 'worker_crashed' then 'crashed' else 'terminated' end
    and evidence.until_at - overs.over_at > to_seconds($grace_s)
order by happened_at, subject_id
