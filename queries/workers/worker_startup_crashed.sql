--! id        = "worker_startup_crashed"
--! title     = "A worker's process failed while it started"
--! severity  = "high"
--! question  = "Which workers said that they could not start, and why?"
--! reads     = ["events", "workers", "worker_ends", "worker_signals", "task_attempts"]
--! grain     = ["subject_id"]
--! params    = { outlived_s = 90 }
--! incidents = ["O36", "O5"]
--! cause     = ["error"]
--! innocent  = """
--!   It was tried again on the same pod, and came up: where it had a task, said that it polls, or was marked
--!   ready for tasks, it is not listed. That it never had a task says nothing: there may have been none."""
--! remedy    = """
--!   One error on many workers is the image or the last deployment of the worker's code: go back to the one
--!   before (fleet_startup_burst_failed). A single one is its host or its volume."""
--! guide     = """
--!   A startup script that dies before any process runs leaves no line and no heartbeat at all: those are
--!   told by worker_never_ready, with `reached` spawning_script_running. `insufficient_evidence`: it still
--!   gave signs of life more than `outlived_s` after the last such line, so it may have come up."""

-- The lines: domain/worker-app.md 4.3 (5, 6, 9, 20). A process that exits takes its guardian with it (4.1), so
-- signs of life after it are of one that went on, or was started again. outlived_s: how old a heartbeat may be
-- that an orchestrator still takes for life (domain/orchestrator.md 2.3, promotion). Of 169 healthy workers 77
-- never had a task (domain/evidence-rules.md section 3).
with failures as (
    select
        worker_id, min(happened_at) as failed_at, max(happened_at) as last_failed_at,
        list_sort(list(distinct event_id)) as event_ids,
        arg_min(json_extract_string(attributes, '$.error'), (happened_at, event_id)) as error
    from events
    where kind = 'worker_start_failed' and worker_id is not null
    group by worker_id
),

started as (
    -- it did come up in the end
    select worker_id from worker_signals where signal = 'claim'
    union all
    -- its lines may be lost
    select worker_id from task_attempts
    union all
    select worker_id from events where kind = 'worker_ready'
    union all
    select id as worker_id from workers
    where json_extract_string(try_cast(metadata as json), '$.ready_for_tasks') = 'true'
),

lives as (
    select worker_id, max(happened_at) as last_sign_at
    from worker_signals
    group by worker_id
),

judged as (
    select
        failures.*, coalesce(started.came_up, false) as came_up,
        epoch(lives.last_sign_at - failures.last_failed_at) as outlived_s
    from failures
    -- equivalent: join because the line itself is a sign
    join lives using (worker_id)
    left join (select distinct worker_id, true as came_up from started) as started
        on started.worker_id = failures.worker_id
)

select
    'worker' as subject_kind, judged.worker_id as subject_id, judged.failed_at as happened_at,
    -- its line and its end agree; alone, the line may be of a first try
    case
        when judged.outlived_s > $outlived_s then 'insufficient_evidence'
        when worker_ends.worker_id is not null then 'confirmed'
        else 'probable'
    end as verdict,
    case
        when judged.outlived_s > $outlived_s then format(
            'said that it could not start, and gave signs of life for {} s more: {}',
            round(judged.outlived_s)::bigint, judged.error
        )
        else 'could not start: ' || judged.error
    end as summary,
    list_filter(
        list_concat(judged.event_ids, ['workers:' || judged.worker_id, worker_ends.event_id]),
        lambda piece: piece is not null
    ) as evidence,
    judged.error, worker_ends.end_kind, worker_ends.ended_at as pod_ended_at,
    cast([] as varchar[]) as affected_tasks,
    epoch(worker_ends.ended_at - workers.created_at) as lost_worker_s
from judged
-- equivalent: join because a worker that speaks has its row here
join workers on workers.id = judged.worker_id
left join worker_ends using (worker_id)
where not judged.came_up
order by happened_at, subject_id
