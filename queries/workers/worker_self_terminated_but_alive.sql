--! id        = "worker_self_terminated_but_alive"
--! title     = "A worker gave itself up and went on"
--! severity  = "critical"
--! question  = """
--!   Which workers marked themselves as dead after a fatal GPU error, yet still beat or took tasks?"""
--! reads     = ["events", "system_logs", "worker_signals", "worker_ends", "workers", "task_attempts"]
--! grain     = ["subject_id"]
--! params    = { late_s = 40 }
--! incidents = ["X12"]
--! cause     = ["error"]
--! innocent  = """
--!   One heartbeat was on its way when it gave up: that is within `late_s`, and is not listed."""
--! remedy    = """
--!   Stop the pod by hand: the fatal error was raised in a thread that swallows it, so its process lives on
--!   with a broken GPU, and each heartbeat sets its row to active again. The tasks in `affected_tasks` came
--!   after."""
--! guide     = """
--!   `alive_s` is how long after its own death it last showed life. `status` active: the orchestrator takes
--!   it for a healthy worker."""

-- Rule and late_s: domain/worker-app.md X12 (self_terminated, and heartbeats later than error_time + 40 s).
with own as (
    -- its own word; the reason in its row an orchestrator may have overwritten
    select
        source_id as worker_id, arg_min('system_logs:' || id, ("timestamp", id)) as piece,
        arg_min('FATAL ' || regexp_extract(message, 'Category: *([a-z_]+)', 1), ("timestamp", id)) as error
    from system_logs
    where source_type = 'worker'
        and regexp_matches(message, 'FATAL ERROR DETECTED[\s\S]*Category: *[a-z_]+')
    group by source_id
),

marked as (
    select distinct worker_id, json_extract_string(attributes, '$.reason') as reason, true as is_marked
    from events
    where kind = 'worker_marked_error'
),

given_up as (
    select
        events.worker_id, min(events.happened_at) as gave_up_at,
        arg_min(events.event_id, (events.happened_at, events.event_id)) as event_id,
        arg_min(json_extract_string(events.attributes, '$.reason'), (events.happened_at, events.event_id))
            filter (where not coalesce(marked.is_marked, false)) as kept
    from events
    left join marked
        on marked.worker_id = events.worker_id
        and marked.reason = json_extract_string(events.attributes, '$.reason')
    where events.kind = 'worker_self_terminated'
    group by events.worker_id
),

later as (
    -- the last sign of life, by whomever
    select
        given_up.worker_id, max(worker_signals.happened_at) as alive_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id)) as event_id
    from given_up
    join worker_signals
        on worker_signals.worker_id = given_up.worker_id
        and worker_signals.happened_at > given_up.gave_up_at + to_seconds($late_s)
    group by given_up.worker_id
),

taken as (
    -- what it took after it had given up
    select
        given_up.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        list_sort(list(distinct task_attempts.claimed_event_id)) as claim_event_ids
    from given_up
    -- equivalent: join because nothing taken is none either way
    join task_attempts
        on task_attempts.worker_id = given_up.worker_id
        and task_attempts.claimed_at > given_up.gave_up_at
    group by given_up.worker_id
)

select
    'worker' as subject_kind, given_up.worker_id as subject_id, given_up.gave_up_at as happened_at,
    'confirmed' as verdict,
    format(
        'gave itself up ({}), and still showed life {} s later',
        coalesce(own.error, given_up.kept, 'no reason was kept'),
        round(epoch(later.alive_at - given_up.gave_up_at))::bigint
    ) as summary,
    list_concat(
        list_filter(
            ['workers:' || given_up.worker_id, given_up.event_id, own.piece, later.event_id],
            lambda piece: piece is not null
        ),
        coalesce(taken.claim_event_ids, [])
    ) as evidence,
    coalesce(own.error, given_up.kept) as error, workers.status, later.alive_at as last_alive_at,
    epoch(later.alive_at - given_up.gave_up_at) as alive_s, worker_ends.ended_at as pod_ended_at,
    coalesce(taken.task_ids, []) as affected_tasks,
    epoch(later.alive_at - given_up.gave_up_at) as lost_worker_s
from given_up
join later using (worker_id)
-- equivalent: join because a worker that gave itself up has its row
join workers on workers.id = given_up.worker_id
left join taken using (worker_id)
left join own using (worker_id)
-- equivalent: left join because giving itself up is an end
-- equivalent: left join because giving itself up is an end
left join worker_ends using (worker_id)
order by happened_at, subject_id
