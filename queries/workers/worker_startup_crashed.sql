--! id        = "worker_startup_crashed"
--! title     = "A worker's process failed while it started"
--! severity  = "high"
--! question  = "Which workers said that they could not start, and why?"
--! reads     = ["events", "workers", "worker_ends", "worker_signals"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["O36", "O5"]
--! cause     = ["error"]
--! innocent  = "It was tried again on the same pod, and came up: then it claimed a task, and is not listed."
--! remedy    = """
--!   One error on many workers is the image or the last deployment of the worker's code: go back to the one
--!   before (fleet_startup_burst_failed). A single one is its host or its volume."""
--! guide     = """
--!   A startup script that dies before any process runs leaves no line and no heartbeat at all: those are
--!   told by worker_never_ready, with `reached` spawning_script_running."""

-- The lines: domain/worker-app.md 4.3 (5, 6, 9, 20).
with failures as (
    select
        worker_id, min(happened_at) as failed_at, list_sort(list(distinct event_id)) as event_ids,
        arg_min(json_extract_string(attributes, '$.error'), (happened_at, event_id)) as error
    from events
    where kind = 'worker_start_failed' and worker_id is not null
    group by worker_id
),

worked as (
    -- it did come up in the end
    select worker_id, true as came_up
    from worker_signals
    where signal = 'claim'
    group by worker_id
)

select
    'worker' as subject_kind, failures.worker_id as subject_id, failures.failed_at as happened_at,
    -- its line and its end agree; alone, the line may be of a first try
    case when worker_ends.worker_id is not null then 'confirmed' else 'probable' end as verdict,
    'could not start: ' || failures.error as summary,
    list_filter(
        list_concat(failures.event_ids, ['workers:' || failures.worker_id, worker_ends.event_id]),
        lambda piece: piece is not null
    ) as evidence,
    failures.error, worker_ends.end_kind, worker_ends.ended_at as pod_ended_at,
    cast([] as varchar[]) as affected_tasks,
    epoch(worker_ends.ended_at - workers.created_at) as lost_worker_s
from failures
-- equivalent: join because a worker that speaks has its row here
join workers on workers.id = failures.worker_id
left join worker_ends using (worker_id)
left join worked using (worker_id)
where not coalesce(worked.came_up, false)
order by happened_at, subject_id
