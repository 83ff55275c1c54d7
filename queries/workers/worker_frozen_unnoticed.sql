--! id        = "worker_frozen_unnoticed"
--! title     = "A worker stood still with a task in hand, unnoticed for minutes"
--! severity  = "high"
--! question  = "Which workers froze or stalled on a task, and how long did nobody do anything about it?"
--! reads     = ["worker_signals", "worker_ends", "workers", "task_attempts", "tasks", "events", "coverage"]
--! grain     = ["subject_id", "task_id", "happened_at"]
--! params    = { beat_s = 60, silent_s = 300, stall_s = 600, own_wait_s = 1800, percentile = 0.95 }
--! incidents = ["O10", "X2", "X13"]
--! cause     = ["kind", "acted"]
--! population = "select id as subject_id, created_at as happened_at from workers"
--! innocent  = """
--!   `kind` = stalled: a task that truly takes that long in one step, without a line. Then others of its
--!   type that completed took as long. `kind` = silent: only its heartbeat guardian had died, and it worked
--!   on at something long: an act of its process afterwards would have shown that (worker_guardian_died)."""
--! remedy    = """
--!   `acted` says who ended it and `waited_s` after how long: that is the timeout to shorten. A stalled
--!   worker beats on, so no heartbeat rule will ever find it; only the stuck-task and stale-task rules do.
--!   If `acted` is empty, stop the worker and put its task back now."""
--! guide     = """
--!   silent: neither a heartbeat nor an act of its process came after `since`. stalled: its heartbeats went
--!   on, and its process did nothing. `probable`: a process whose guardian alone had died would have been as
--!   silent, idle (its part of the task was done) or at work that takes as long. `insufficient_evidence`:
--!   its lines could not have reached us; or `silent`, and its process had acted long after its last
--!   heartbeat: its guardian had died before, and a process without one is not heard of while it works
--!   (worker_guardian_died). `refuted`: the silence ended with its own word that the task was done, or had
--!   failed so soon that it was not its own wait for it that had run out, or that its generation had failed, or with
--!   its result: it had been at work, unseen.
--!   task_cancelled_while_running and task_reset_while_owner_alive tell of what was done in vain."""

-- Numbers: silent_s, half of the orchestrators' own timeout of 600 s, and more than two of their cycles
-- (domain/orchestrator.md O10); stall_s, after which the database's own view calls a task stuck
-- (domain/orchestrator.md 1.2, active_workers_health); beat_s, after which the orchestrators' own basic check
-- of health misses a heartbeat (domain/orchestrator.md W15); own_wait_s, the shortest time after which a worker
-- itself gives up a task that hangs, and says it failed (domain/worker-app.md section 7, durations); the 95th
-- percentile: how long work may go on unseen (domain/evidence-rules.md section 2). With nothing to do, a dead
-- guardian leaves the same rows as a frozen worker (domain/evidence-rules.md fact 26).
with evidence as (
    select max(until_at) as until_at from coverage
),

told_elsewhere as (
    -- they said that they were dying: worker_process_crashed and worker_self_terminated tell of them
    select worker_id from events where kind in ('worker_crashed', 'worker_self_terminated')
    union
    select id as worker_id
    from workers
    where try_cast(json_extract(try_cast(metadata as json), '$.vram_total_mb') as bigint) = 0
),

vanished as (
    -- equivalent: min because a row hardly vanishes twice
    select worker_id, min(earliest) as seen_at from events where kind = 'worker_row_vanished' group by worker_id
),

held as (
    -- work that did not come to an end by its holder
    select
        task_attempts.task_id, task_attempts.worker_id, task_attempts.claimed_at, task_attempts.ended_at,
        task_attempts.outcome,
        task_attempts.reason, task_attempts.claimed_event_id, task_attempts.ended_event_id,
        tasks.task_type, worker_ends.end_kind, worker_ends.event_id as end_event_id,
        -- whoever acted first: on the task or on its worker; of a row that was gone no heartbeat could be seen
        least(
            vanished.seen_at,
            coalesce(task_attempts.ended_at, evidence.until_at),
            coalesce(worker_ends.decided_at, worker_ends.ended_at, evidence.until_at)
        ) as acted_at,
        task_attempts.ended_at is not null or worker_ends.worker_id is not null as was_acted
    from task_attempts
    -- equivalent: join because an attempt is of a task that has its row
    join tasks on tasks.id = task_attempts.task_id
    cross join evidence
    left join worker_ends on worker_ends.worker_id = task_attempts.worker_id
    left join vanished on vanished.worker_id = task_attempts.worker_id
    left join told_elsewhere on told_elsewhere.worker_id = task_attempts.worker_id
    where (
            task_attempts.outcome in ('reset', 'lost', 'cancelled', 'open')
            -- nobody put it back, until the database's own clock ran out (domain/worker-app.md T13)
            or task_attempts.reason = 'the database failed it after a day in progress'
        )
        -- the API orchestrator works at several side by side, and says nothing of one meanwhile: run_api_loop_stalled
        and task_attempts.worker_id not like 'api-worker-%'
        and told_elsewhere.worker_id is null
        -- a pod that vanished is no frozen worker: worker_pod_vanished tells of it
        and coalesce(worker_ends.end_kind <> 'external', true)
),

long_held as (
    select * from held where acted_at - claimed_at >= to_seconds($silent_s)
),

signs as (
    -- the last heartbeat, and the last act before anyone acted; the claim itself was an act
    select
        long_held.task_id, long_held.worker_id, long_held.claimed_at,
        max(worker_signals.happened_at) filter (where worker_signals.by_guardian) as beat_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id))
            filter (where worker_signals.by_guardian) as beat_event_id,
        greatest(
            long_held.claimed_at,
            max(worker_signals.happened_at) filter (
                where not worker_signals.by_guardian
                    and worker_signals.happened_at <= long_held.acted_at
            )
        ) as act_at
    from long_held
    -- equivalent: join because the claim itself is a signal
    join worker_signals using (worker_id)
    group by long_held.task_id, long_held.worker_id, long_held.claimed_at
),

silences as (
    select
        long_held.*, signs.beat_at, signs.beat_event_id, signs.act_at,
        case when long_held.acted_at - signs.beat_at >= to_seconds($silent_s) then 'silent' else 'stalled' end
            as kind,
        greatest(signs.act_at, signs.beat_at) as silent_since
    from long_held
    -- equivalent: join because the claim itself is a signal
    join signs using (task_id, worker_id, claimed_at)
),

unnoticed as (
    select
        *,
        case kind when 'silent' then silent_since else act_at end as since,
        epoch(acted_at - case kind when 'silent' then silent_since else act_at end) as waited_s
    from silences
    where (kind = 'silent' and acted_at - silent_since >= to_seconds($silent_s))
        -- an orchestrator task waits for its children: its holder may have nothing to do
        or (
            kind = 'stalled' and acted_at - act_at >= to_seconds($stall_s)
            and task_type not like '%orchestrator%'
        )
),

usual as (
    -- how long work of each kind lasts
    select
        tasks.task_type,
        quantile_cont(epoch(task_attempts.ended_at) - epoch(task_attempts.claimed_at), $percentile) as long_s
    from task_attempts
    -- equivalent: join because an attempt is of a task that has its row
    join tasks on tasks.id = task_attempts.task_id
    where task_attempts.outcome = 'complete'
        -- those last as long as their children, and take no work (domain/evidence-rules.md section 2, traps)
        and not contains(tasks.task_type, 'orchestrator')
    group by tasks.task_type
),

said as (
    -- who had done with what: an orchestrator task stays in hand until its last child is done, and another one
    -- whose completion got lost; what failed is in no hand
    select worker_id, task_id, happened_at from events where kind = 'task_handler_succeeded'
),

own_words as (
    -- what it said of the end of that very task after somebody had acted, before it got the task anew
    select
        unnoticed.task_id, unnoticed.worker_id, unnoticed.claimed_at,
        events.kind, events.happened_at, events.event_id
    from unnoticed
    -- equivalent: join because only what was said is used
    join events
        on events.worker_id = unnoticed.worker_id
        and events.task_id = unnoticed.task_id
        and (
            events.kind in ('task_handler_succeeded', 'task_handler_failed')
            -- what generates says both; what waits for it says one of them (domain/worker-app.md section 4, 68 and 77)
            or (
                events.kind = 'generation_failed'
                and json_extract(events.attributes, '$.seconds') is not null
                and json_extract(events.attributes, '$.error') is not null
            )
        )
        and events.happened_at > unnoticed.acted_at
    anti join task_attempts as anew
        on anew.worker_id = unnoticed.worker_id
        and anew.task_id = unnoticed.task_id
        and anew.claimed_at > unnoticed.claimed_at
        and anew.claimed_at < events.happened_at
    union all
    -- of one without a guardian no word reaches us, but its result does
    select
        unnoticed.task_id, unnoticed.worker_id, unnoticed.claimed_at,
        'task_handler_succeeded' as kind, task_attempts.delivered_at, task_attempts.delivered_event_id
    from unnoticed
    -- equivalent: join because only what was sent is used
    join task_attempts using (task_id, worker_id, claimed_at)
    where task_attempts.delivered_at > unnoticed.acted_at
),

worked as (
    -- then it had been at work; a failure tells that only if its own wait for a task that hangs had not run out, and
    -- if its process went on to another one
    select
        own_words.task_id, own_words.worker_id, own_words.claimed_at,
        arg_min(own_words.event_id, (own_words.happened_at, own_words.event_id)) as event_id
    from own_words
    left join task_attempts as next_one
        on next_one.worker_id = own_words.worker_id
        and next_one.claimed_at > own_words.happened_at
    where own_words.kind in ('task_handler_succeeded', 'generation_failed')
        or (
            own_words.happened_at - own_words.claimed_at < to_seconds($own_wait_s)
            and next_one.task_id is not null
        )
    group by own_words.task_id, own_words.worker_id, own_words.claimed_at
),

undone as (
    -- what it had not done with when it fell silent: it may take as long as the longest of it
    select unnoticed.worker_id, unnoticed.since, max(usual.long_s) as long_s
    from unnoticed
    left join usual using (task_type)
    anti join said
        on said.worker_id = unnoticed.worker_id
        and said.task_id = unnoticed.task_id
        and said.happened_at > unnoticed.claimed_at
        and said.happened_at <= unnoticed.acted_at
    group by unnoticed.worker_id, unnoticed.since
),

reach as (
    -- whether an act could have reached us: lines travel with heartbeats, so for a worker without them only
    -- the edge functions speak (domain/worker-app.md 4.1)
    select
        unnoticed.task_id, unnoticed.worker_id, unnoticed.claimed_at,
        bool_or(
            unnoticed.kind = 'stalled' and coverage.source_type = 'worker'
            and coverage.until_at > unnoticed.since
        ) as by_worker,
        bool_or(
            -- what it held it would have completed, and asked for more
            -- equivalent: = because the edge functions that log since the same day are covered alike
            unnoticed.kind = 'silent' and coverage.source_id = 'complete-task'
            and coverage.until_at >= unnoticed.acted_at
        ) as by_edge
    from unnoticed
    -- equivalent: join because some source always reaches
    join coverage
        on coverage.could_reach
        and coverage.from_at <= unnoticed.since
        and coverage.until_at >= unnoticed.since
        and (coverage.source_type = 'edge_function' or coverage.source_id = unnoticed.worker_id)
    group by unnoticed.task_id, unnoticed.worker_id, unnoticed.claimed_at
),

missed as (
    -- what the edge functions wrote then did not come to us: whatever it did beside the task in hand
    -- (a task whose row was deleted since) no row tells
    select distinct unnoticed.task_id, unnoticed.worker_id, unnoticed.claimed_at
    from unnoticed
    join coverage
        -- equivalent: = because the edge functions that log since the same day are covered alike
        on coverage.source_id = 'complete-task'
        and coverage.why_not = 'not_exported'
        and coverage.from_at < unnoticed.acted_at
        and coverage.until_at > unnoticed.since
)

select
    'worker' as subject_kind, unnoticed.worker_id as subject_id, unnoticed.since as happened_at,
    case
        when worked.event_id is not null then 'refuted'
        -- its guardian was dead while its process lived: lines travel with heartbeats (domain/worker-app.md
        -- 4.1), so that a long task is as silent as a frozen process
        when unnoticed.kind = 'silent' and unnoticed.act_at - unnoticed.beat_at > to_seconds($beat_s)
            then 'insufficient_evidence'
        -- nor is one that has nothing to do, or that is at something that takes as long (worker_killed_while_healthy)
        when unnoticed.kind = 'silent' and unnoticed.was_acted and reach.by_edge
            and undone.worker_id is not null and coalesce(unnoticed.waited_s > undone.long_s, true)
            then 'confirmed'
        when unnoticed.kind = 'silent' and missed.worker_id is not null then 'insufficient_evidence'
        when unnoticed.kind = 'silent' then 'probable'
        when reach.by_worker then 'probable'
        else 'insufficient_evidence'
    end as verdict,
    format(
        '{} with a {} in hand; {} after {} s{}',
        case unnoticed.kind
            when 'silent' then 'went silent'
            else 'gave no sign of its process'
        end,
        unnoticed.task_type,
        case when unnoticed.was_acted then 'somebody acted' else 'nobody had acted' end,
        round(unnoticed.waited_s)::bigint,
        case when worked.event_id is not null then ', and then it ended the task itself' else '' end
    ) as summary,
    list_filter(
        [
            unnoticed.claimed_event_id, unnoticed.beat_event_id, unnoticed.ended_event_id,
            unnoticed.end_event_id, worked.event_id, 'tasks:' || unnoticed.task_id
        ],
        lambda piece: piece is not null
    ) as evidence,
    unnoticed.kind, unnoticed.task_id, unnoticed.task_type, unnoticed.since, unnoticed.acted_at,
    case
        when unnoticed.outcome = 'cancelled' and unnoticed.ended_at = unnoticed.acted_at then 'cancelled'
        else coalesce(unnoticed.reason, unnoticed.end_kind)
    end as acted,
    unnoticed.waited_s,
    [unnoticed.task_id] as affected_tasks, unnoticed.waited_s as lost_worker_s
from unnoticed
-- equivalent: left join because some source always reaches
left join reach using (task_id, worker_id, claimed_at)
left join worked using (task_id, worker_id, claimed_at)
left join missed using (task_id, worker_id, claimed_at)
left join undone
    on undone.worker_id = unnoticed.worker_id
    and undone.since = unnoticed.since
-- one that had done with all that it held, whose completion was lost, has nothing to do (domain/worker-app.md X7)
where unnoticed.kind = 'silent' or undone.worker_id is not null or worked.event_id is not null
order by happened_at, subject_id, task_id
