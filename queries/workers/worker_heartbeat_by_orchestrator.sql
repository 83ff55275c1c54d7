--! id        = "worker_heartbeat_by_orchestrator"
--! title     = "A heartbeat that the orchestrator itself may have written"
--! severity  = "info"
--! question  = """
--!   Which workers' heartbeats prove nothing, because the orchestrator refreshed them on task activity?"""
--! reads     = ["anomalies", "workers", "worker_ends"]
--! grain     = ["subject_id"]
--! params    = {}
--! incidents = ["O16"]
--! cause     = ["end_kind"]
--! known_fix = "e309df4 (2025-10-15)"
--! innocent  = "The worker lived as well: its own lines or the completion of a task say so."
--! remedy    = """
--!   Nothing to mend: the code is gone since e309df4. Do not take last_heartbeat of these workers for life,
--!   and believe no age that a line of that time computes from it."""
--! guide     = "A row holds its last heartbeat only: that is the one in doubt."

-- Cause: domain/orchestrator.md O16 (until E2 the orchestrator called the heartbeat function itself).
with doubted as (
    select
        subject_id as worker_id, any_value(happened_at order by happened_at) as beat_at,
        list_sort(list(distinct event_id)) as event_ids
    from anomalies
    where kind = 'unproven_heartbeat' and subject_kind = 'worker'
    group by subject_id
)

select
    'worker' as subject_kind, doubted.worker_id as subject_id, doubted.beat_at as happened_at,
    'probable' as verdict,
    'its last heartbeat may have been written by the orchestrator itself' as summary,
    list_concat(['workers:' || doubted.worker_id], doubted.event_ids) as evidence,
    worker_ends.end_kind, workers.status,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from doubted
-- equivalent: join because its heartbeat is of its row
join workers on workers.id = doubted.worker_id
left join worker_ends on worker_ends.worker_id = doubted.worker_id
order by happened_at, subject_id
