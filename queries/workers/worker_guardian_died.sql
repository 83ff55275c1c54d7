--! id        = "worker_guardian_died"
--! title     = "A worker worked on without heartbeats"
--! severity  = "high"
--! question  = "Which workers lost their heartbeat guardian while the process behind it went on working?"
--! reads     = ["worker_signals", "worker_liveness", "worker_ends", "workers", "task_attempts"]
--! grain     = ["subject_id"]
--! params    = { late_s = 25, sure_s = 60 }
--! incidents = ["X2"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   One act, only just later than a heartbeat was due, and a write of the heartbeat that took long: then
--!   it is `probable`. The orchestrators' kill for a stale heartbeat was right by what they could see."""
--! remedy    = """
--!   A silent guardian costs the worker its life ten minutes later: restart the guardian, not the worker,
--!   and ask what stopped it (a broken log queue, a key that may not write). The tasks that its kill put
--!   back are in `affected_tasks`: they were being worked at."""
--! guide     = """
--!   `last_heartbeat` is the last the row holds; `last_act` and `last_act_at` what the process did after
--!   it. A worker that did nothing after its last heartbeat is not told here: nothing tells it from a
--!   frozen one (see worker_frozen_unnoticed)."""

-- Rule and late_s: domain/evidence-rules.md section 2 (an act of the main process later than 25 s after the
-- last heartbeat: one period of 20 s and jitter). sure_s: three periods, which no slow write explains
-- (domain/worker-app.md 4.1: a call takes up to 15 s).
with beats as (
    select
        -- equivalent: arg_max because the row holds one heartbeat, its last
        worker_id, max(happened_at) as beat_at, arg_max(event_id, (happened_at, event_id)) as beat_event_id
    from worker_signals
    where by_guardian
    group by worker_id
),

acts as (
    -- what the process did after the last heartbeat and before its pod died
    select
        beats.worker_id, max(worker_signals.happened_at) as act_at, count(*) as acts,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id))
            as act_event_id,
        arg_max(worker_signals.signal, (worker_signals.happened_at, worker_signals.event_id)) as act
    from beats
    -- equivalent: join because only of a signal it is asked who was silent then
    join worker_signals
        on worker_signals.worker_id = beats.worker_id
        and not worker_signals.by_guardian
        and worker_signals.happened_at > beats.beat_at + to_seconds($late_s)
    -- a heartbeat would have been seen: of an instant before the last one the row tells nothing, and a line comes
    -- with one (domain/worker-app.md 4.1)
    join worker_liveness
        on worker_liveness.worker_id = beats.worker_id
        and worker_liveness.guardian = 'silent'
        and worker_signals.happened_at >= worker_liveness.entered_at
        and worker_signals.happened_at < worker_liveness.left_at
    left join worker_ends on worker_ends.worker_id = beats.worker_id
    where coalesce(worker_signals.happened_at <= worker_ends.ended_at, true)
    group by beats.worker_id
),

sent_back as (
    -- tasks that it was at when its heartbeats were held against it
    select
        acts.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        min(task_attempts.claimed_at) as claimed_at, max(task_attempts.ended_at) as put_back_at
    from acts
    join task_attempts
        on task_attempts.worker_id = acts.worker_id
        and task_attempts.outcome in ('reset', 'lost')
        and task_attempts.ended_at >= acts.act_at
    group by acts.worker_id
)

select
    'worker' as subject_kind, acts.worker_id as subject_id, beats.beat_at as happened_at,
    case
        when epoch(acts.act_at - beats.beat_at) > $sure_s then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'its heartbeats ended, and {} s later it still worked ({})',
        round(epoch(acts.act_at - beats.beat_at))::bigint, acts.act
    ) as summary,
    ['workers:' || acts.worker_id, beats.beat_event_id, acts.act_event_id] as evidence,
    worker_ends.end_kind, beats.beat_at as last_heartbeat, acts.act_at as last_act_at, acts.act as last_act,
    acts.acts, worker_ends.reason,
    coalesce(sent_back.task_ids, []) as affected_tasks,
    -- it held them side by side, and only while its pod lived
    epoch(least(sent_back.put_back_at, worker_ends.ended_at) - sent_back.claimed_at) as lost_worker_s
from acts
-- equivalent: join because its acts were sought by its heartbeats, and a worker of them has its row
join beats using (worker_id)
-- equivalent: join because a worker of signals has its row
join workers on workers.id = acts.worker_id
left join worker_ends using (worker_id)
left join sent_back using (worker_id)
-- the API orchestrator's worker has no guardian (domain/orchestrator.md 1.3)
where workers.instance_type <> 'api'
order by happened_at, subject_id
