--! id        = "worker_ssh_probe_failed"
--! title     = "An SSH probe spoke against a worker that lived"
--! severity  = "medium"
--! question  = "Which workers were called unhealthy by their SSH port while they went on sending heartbeats?"
--! reads     = ["events", "worker_signals", "worker_ends", "workers"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23, sure_s = 3 }
--! incidents = ["O1"]
--! cause     = ["errno"]
--! known_fix = "43e90ce (2025-11-05): the heartbeat decides"
--! innocent  = """
--!   The worker died within one heartbeat period of the probe: then no heartbeat came after it, and the
--!   verdict is `probable` at most. One whose heartbeats had stopped before is `refuted`: the probe was
--!   right."""
--! remedy    = """
--!   The port says whether a port forwards, not whether a worker works. Take the orchestrator to the
--!   revision that asks the heartbeat (`known_fix`), or give the probe a second try: errno 11 means only
--!   that five seconds were too short."""
--! guide     = """
--!   `beats_after_s` is how long after the probe the last heartbeat came: as much as clocks may differ by
--!   (`sure_s`) or more, and the worker lived. `was_killed` says whether the probe cost it its life:
--!   worker_killed_while_healthy tells of those."""

-- Numbers: domain/evidence-rules.md section 2 (23 s: one heartbeat period and jitter, of the last heartbeat
-- before the end of the pod; one that froze within it leaves the same rows). sure_s: clocks of the database and of an
-- orchestrator may differ by that much (domain/evidence-rules.md fact 24 of a worker's, the worst of all).
with probes as (
    -- the last probe that failed; only E2 to E4 have it
    select
        worker_id, max(happened_at) as probed_at, count(*) as probes,
        arg_max(event_id, (happened_at, event_id)) as probe_event_id,
        arg_max(try_cast(json_extract(attributes, '$.errno') as bigint), (happened_at, event_id)) as errno
    from events
    where kind = 'ssh_unreachable'
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

facts as (
    select
        probes.*, beats.beat_at, beats.beat_event_id, worker_ends.event_id as end_event_id,
        worker_ends.end_kind, worker_ends.ended_at,
        epoch(beats.beat_at - probes.probed_at) as beats_after_s,
        epoch(worker_ends.ended_at - beats.beat_at) as beat_age_s
    from probes
    -- equivalent: join because a worker that is probed has its row
    join workers on workers.id = probes.worker_id
    left join beats using (worker_id)
    left join worker_ends using (worker_id)
    -- a probe of a pod that had been ended before is aftermath
    where coalesce(worker_ends.ended_at > probes.probed_at, true)
)

select
    'worker' as subject_kind, worker_id as subject_id, probed_at as happened_at,
    case
        -- only a heartbeat since the probe proves that it lived then
        when beats_after_s >= $sure_s then 'confirmed'
        when end_kind = 'external' then 'refuted'
        when beat_age_s <= $beat_s then 'probable'
        when beat_age_s > $beat_s then 'refuted'
        else 'insufficient_evidence'
    end as verdict,
    format(
        'its SSH port could not be reached (errno {}), and its last heartbeat came {} s {} the probe',
        coalesce(errno::varchar, 'unknown'), coalesce(abs(beats_after_s)::varchar, '?'),
        -- equivalent: 0 because no heartbeat comes within the second
        case when beats_after_s > 0 then 'after' else 'before' end
    ) as summary,
    list_filter(
        ['workers:' || worker_id, probe_event_id, beat_event_id, end_event_id],
        lambda piece: piece is not null
    ) as evidence,
    errno, probes, beat_at as last_heartbeat, beats_after_s, ended_at as pod_ended_at,
    coalesce(end_kind = 'error', false) as was_killed,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from facts
order by happened_at, subject_id
