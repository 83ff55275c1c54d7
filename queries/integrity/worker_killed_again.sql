--! id        = "worker_killed_again"
--! title     = "A worker was killed again after its pod was gone"
--! severity  = "low"
--! question  = "Which workers did an orchestrator stop or condemn again after they had ended?"
--! reads     = ["worker_ends", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X1"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   A late heartbeat set the row back to active, so the next cycles saw a worker that does not answer: a
--!   race that happens on healthy days too, and costs nothing but a wrong count."""
--! remedy    = """
--!   Count one end, the first. In failure rates and reports the second kill is none: its reason says
--!   nothing about the worker. The heartbeat function should not set a terminated row to active."""
--! guide     = """
--!   `ended_at` and `end_kind` are those of the true end, `again_s` how long after it the last kill came,
--!   `kills_after` how many there were, `reason` what the last one was said to be for. `insufficient_evidence`:
--!   no line tells who ended its pod, and it was only found gone, or may have ended later than the kill: then
--!   that may have been the first."""

-- Rule: domain/worker-app.md X1 and domain/evidence-rules.md fact 19: the first termination wins, the rest
-- is aftermath.
with again as (
    select
        events.worker_id, count(*) as kills_after, max(events.happened_at) as last_at,
        -- who ended it is told, or at least that somebody had by then: a pod that was only found gone may have
        -- vanished (domain/evidence-rules.md class 14)
        any_value(worker_ends.end_kind) <> 'unknown'
            or (
                any_value(worker_ends.basis) <> 'inferred'
                and max(events.happened_at) > any_value(worker_ends.ended_before)
            ) as is_sure,
        arg_max(json_extract_string(events.attributes, '$.reason'), (events.happened_at, events.event_id))
            as reason,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids
    from events
    -- equivalent: join because the condition asks for the end's time
    join worker_ends using (worker_id)
    where events.kind in ('worker_marked_error', 'worker_terminating')
        -- both lines of a kill stand before its pod's end
        and events.happened_at > greatest(worker_ends.ended_at, worker_ends.decided_at)
        -- when the pod was gone is not known: then a kill may be the first
        and worker_ends.ended_at is not null
        -- what follows where a pod was found gone is of that one discovery
        and worker_ends.end_kind <> 'external'
    group by events.worker_id
)

select
    'worker' as subject_kind, worker_id as subject_id, again.last_at as happened_at,
    case when is_sure then 'confirmed' else 'insufficient_evidence' end as verdict,
    format(
        case
            when is_sure then 'killed again {} s after it had ended ({})'
            else 'killed {} s after its pod had ended ({}), perhaps for the first time'
        end,
        round(epoch(again.last_at) - epoch(worker_ends.ended_at))::bigint,
        case worker_ends.end_kind when 'unknown' then 'no line tells why' else worker_ends.end_kind end
    ) as summary,
    list_prepend(worker_ends.event_id, again.event_ids) as evidence,
    worker_ends.ended_at, worker_ends.end_kind, again.reason, again.kills_after,
    round(epoch(again.last_at) - epoch(worker_ends.ended_at)) as again_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from again
-- equivalent: join because only ends have an aftermath
join worker_ends using (worker_id)
order by happened_at, subject_id
