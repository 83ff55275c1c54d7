--! id        = "worker_resurrected"
--! title     = "A late heartbeat set a dead worker's row back to active"
--! severity  = "low"
--! question  = "Which workers' rows were active again after their pod had ended, and what followed?"
--! reads     = ["events", "anomalies", "worker_ends", "workers"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["X1"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   It is the rule, not the exception: until 2026-03-31 every heartbeat writes status active, and one that
--!   was on its way when the pod died arrives after the end. It hurts only where `still_active`, or where
--!   it is killed again for something it did not do."""
--! remedy    = """
--!   Let the heartbeat function leave the status alone, or refuse it for a row that is terminated. Until
--!   then count a worker's first end only: the kills after it (`killed_again`) are aftermath."""
--! guide     = """
--!   `still_active` means that the row says active to this day: the orchestrators count a worker that is
--!   not there, and spawn one fewer than they should."""

-- Cause: domain/worker-app.md X1 (the heartbeat function sets status on every call) and
-- domain/evidence-rules.md fact 19 (the first successful termination wins, the rest is aftermath).
with late as (
    -- the row's last heartbeat came after the pod's end
    select
        worker_ends.worker_id, worker_ends.ended_at, worker_ends.end_kind,
        worker_ends.event_id as end_event_id, workers.last_heartbeat, workers.status
    from worker_ends
    -- equivalent: join because its heartbeat is compared with
    join workers on workers.id = worker_ends.worker_id
    where workers.last_heartbeat > worker_ends.ended_at
),

looks as (
    -- what an orchestrator does to live rows only, and did to this one afterwards
    select
        late.worker_id, count(*) filter (where events.kind = 'worker_marked_error') as kills,
        arg_min(events.event_id, (events.happened_at, events.event_id)) as event_id
    from late
    join events
        on events.worker_id = late.worker_id
        and events.happened_at > late.last_heartbeat
        and events.kind in (
            'heartbeat_observed', 'heartbeat_stale', 'ssh_reachable', 'ssh_unreachable', 'pod_not_seen',
            'worker_terminating', 'worker_marked_error', 'worker_externally_terminated'
        )
    group by late.worker_id
),

still as (
    -- equivalent: min because a row is told to be active again once
    select subject_id as worker_id, min(event_id) as event_id
    from anomalies
    where kind = 'resurrected'
    group by subject_id
)

select
    'worker' as subject_kind, late.worker_id as subject_id, late.last_heartbeat as happened_at,
    'confirmed' as verdict,
    format(
        'its row was active again after its end ({} s)', epoch(late.last_heartbeat - late.ended_at)
    )
    || case
        when late.status = 'active' then ', and is to this day'
        when looks.kills > 0 then ', and it was killed again'
        else ', until an orchestrator looked'
    end as summary,
    list_filter(
        ['workers:' || late.worker_id, late.end_event_id, looks.event_id, still.event_id],
        lambda piece: piece is not null
    ) as evidence,
    late.end_kind, late.ended_at, late.last_heartbeat, late.status = 'active' as still_active,
    coalesce(looks.kills, 0) as killed_again,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from late
left join looks using (worker_id)
left join still using (worker_id)
where looks.worker_id is not null or still.worker_id is not null
order by happened_at, subject_id
