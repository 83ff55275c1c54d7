--! id        = "worker_falsely_externally_terminated"
--! title     = "A worker was taken for vanished while it lived"
--! severity  = "high"
--! question  = "Which workers were marked as externally terminated although their pod was there?"
--! reads     = ["events", "worker_signals", "worker_ends", "task_attempts", "workers"]
--! grain     = ["subject_id"]
--! params    = { sure_s = 3 }
--! incidents = ["O28"]
--! cause     = ["instance_type"]
--! known_fix = "007d49f, adde6f6, 5042dc2 (2026-05)"
--! innocent  = """
--!   A heartbeat that was on its way when the pod died arrives after the census: then it is a second or two
--!   late, and no more follow."""
--! remedy    = """
--!   The census counts only pods whose name begins with gpu-: let it count every pod that a row names, or
--!   leave workers outside the pool alone. Its tasks were put back while it was at them."""
--! guide     = """
--!   `alive_s` is how long after the verdict the worker still showed life, or its pod was still there to be
--!   stopped."""

-- Rule: domain/orchestrator.md O28 (the worker's rows go on after the line). sure_s: a worker's clock is off
-- by up to 3 s (domain/evidence-rules.md fact 24). Its tasks come back with the verdict.
with verdicts as (
    select
        worker_id, min(happened_at) as marked_at,
        arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'worker_externally_terminated'
    group by worker_id
),

judged as (
    -- a pod that an orchestrator had ended before is aftermath
    select
        verdicts.*, worker_ends.ended_at, worker_ends.event_id as end_event_id,
        -- a pod that the stop found is none that had vanished (domain/orchestrator.md G128)
        worker_ends.end_kind = 'error' as was_stopped
    from verdicts
    -- equivalent: left join because a verdict of that kind is an end
    left join worker_ends using (worker_id)
    -- equivalent: true because a verdict of that kind is an end
    where coalesce(worker_ends.ended_at >= verdicts.marked_at, true)
),

later as (
    select
        judged.worker_id, max(worker_signals.happened_at) as alive_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id)) as event_id
    from judged
    join worker_signals
        on worker_signals.worker_id = judged.worker_id
        and worker_signals.happened_at > judged.marked_at + to_seconds($sure_s)
    group by judged.worker_id
),

sent_back as (
    select judged.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids
    from judged
    -- equivalent: join because nothing sent back is none either way
    join task_attempts
        on task_attempts.worker_id = judged.worker_id
        and task_attempts.outcome = 'reset'
        and task_attempts.ended_at >= judged.marked_at
    group by judged.worker_id
)

select
    'worker' as subject_kind, judged.worker_id as subject_id, judged.marked_at as happened_at,
    'confirmed' as verdict,
    format(
        'marked as externally terminated, and {} {} s later',
        case when later.worker_id is not null then 'showed life' else 'its pod was there to be stopped' end,
        round(epoch(coalesce(later.alive_at, judged.ended_at) - judged.marked_at))::bigint
    ) as summary,
    ['workers:' || judged.worker_id, judged.event_id, coalesce(later.event_id, judged.end_event_id)] as evidence,
    workers.instance_type,
    epoch(coalesce(later.alive_at, judged.ended_at) - judged.marked_at) as alive_s,
    coalesce(sent_back.task_ids, []) as affected_tasks, cast(null as double) as lost_worker_s
from judged
left join later using (worker_id)
-- equivalent: join because a worker that is marked has its row
join workers on workers.id = judged.worker_id
left join sent_back using (worker_id)
where later.worker_id is not null or judged.was_stopped
order by happened_at, subject_id
