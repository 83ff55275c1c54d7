--! id        = "worker_zombie"
--! title     = "A worker beats and takes no work while tasks wait"
--! severity  = "high"
--! question  = """
--!   Which workers sent heartbeats for a quarter of an hour, with tasks queued, and their process did
--!   nothing?"""
--! reads     = [
--!   "worker_signals", "worker_ends", "workers", "task_attempts", "task_states", "tasks", "cycles", "runs", "events",
--!   "coverage"
--! ]
--! grain     = ["subject_id"]
--! params    = { silent_s = 900, cycles = 10, affinity_s = 300 }
--! incidents = ["X13", "X3", "O35"]
--! cause     = ["end_kind"]
--! innocent  = """
--!   The queued tasks were not for it: other pools, users without credit. Then the other workers did not take
--!   any either. Those of users at their limit are not counted, where the lines keep them apart."""
--! remedy    = """
--!   Stop the worker: its guardian guards nothing (a loop that died of an exception, a process id that
--!   another process took over, a launcher that heartbeats before anything runs). No heartbeat rule will
--!   find it."""
--! guide     = """
--!   `since` is the last act of its process, or when tasks began to wait after it; `lost_worker_s` how long
--!   they did without an empty queue between (its longest such time is told), `least_queued` the fewest of
--!   any cycle in it; `last_heartbeat` is the last of its guardian. A worker that hangs with a task in hand
--!   is told by worker_frozen_unnoticed. `insufficient_evidence`: its lines could not have reached us, or
--!   the counts may all be of users at their limit, or of tasks that nobody may claim: younger ones were
--!   claimed while those waited."""

-- Rule and silent_s: domain/worker-app.md X13 (heartbeats, no line of the worker for more than 15 minutes
-- while eligible tasks are queued). cycles: a third of the cycles of that time must tell of the queue (30 s
-- each, domain/orchestrator.md 3), or the queue is not known. Since E8 a count also holds what its user's limit
-- keeps from being claimed, which is not eligible (domain/orchestrator.md G28, 5.1; domain/worker-app.md 1.6).
-- affinity_s: how long a younger task may go first since its model is loaded (the same 1.6).
with lives as (
    select
        worker_id,
        -- equivalent: max because the row holds one heartbeat, its last
        max(happened_at) filter (where by_guardian) as beat_at,
        -- equivalent: arg_max because the row holds one heartbeat, its last
        arg_max(event_id, (happened_at, event_id)) filter (where by_guardian) as beat_event_id,
        max(happened_at) filter (where not by_guardian) as act_at,
        arg_max(event_id, (happened_at, event_id)) filter (where not by_guardian) as act_event_id
    from worker_signals
    group by worker_id
),

quiet as (
    select
        lives.*, worker_ends.end_kind, worker_ends.event_id as end_event_id,
        coalesce(lives.act_at, workers.created_at) as since
    from lives
    -- equivalent: join because a worker of signals has its row
    join workers on workers.id = lives.worker_id
    left join worker_ends on worker_ends.worker_id = lives.worker_id
    -- the API orchestrator's worker works inside its process
    where workers.instance_type <> 'api'
),

busy as (
    -- it had a task in hand meanwhile: that is another question
    select distinct quiet.worker_id
    from quiet
    join task_attempts
        on task_attempts.worker_id = quiet.worker_id
        and coalesce(task_attempts.ended_at > quiet.since, true)
),

eligible as (
    -- what may be claimed, as the lines of the count keep it apart
    select
        run_id, cycle, min(try_cast(json_extract(attributes, '$.queued_only') as bigint)) as queued_only
    from events
    where kind in ('demand_observed', 'task_count_decided')
    group by run_id, cycle
),

evidence as (
    select max(until_at) as until_at from coverage
),

passed_over as (
    -- claims go to the oldest one (domain/orchestrator.md 1.2): what waits on while a younger one is claimed may be for
    -- nobody. The API orchestrator claims others, and a task that waits for another one is not counted meanwhile
    select distinct task_states.task_id, task_states.entered_at, task_states.left_at
    from task_states
    cross join evidence
    -- equivalent: join because a state is of a task that has its row
    join tasks on tasks.id = task_states.task_id
    -- equivalent: join because only what younger ones were claimed before is used
    join (
        select task_attempts.claimed_at, claimed.created_at
        from task_attempts
        -- equivalent: join because an attempt is of a task that has its row
        join tasks as claimed on claimed.id = task_attempts.task_id
        where task_attempts.worker_id not like 'api-worker-%'
    ) as younger
        on younger.created_at > tasks.created_at
        and younger.claimed_at > task_states.entered_at + to_seconds($affinity_s)
        and younger.claimed_at
            < coalesce(task_states.left_at, evidence.until_at) - to_seconds($affinity_s)
    where task_states.state = 'queued'
        -- few wait as long: the rest need not be held against all claims
        and epoch(coalesce(task_states.left_at, evidence.until_at)) - epoch(task_states.entered_at) > $affinity_s
        -- equivalent: '{}' because no list of a case is empty
        and coalesce(trim(tasks.dependant_on, '{}'), '') = ''
),

passed as (
    -- how many of them each cycle may have counted
    select cycles.run_id, cycles.cycle, count(*) as tasks
    from cycles
    -- equivalent: join because none is none either way
    join passed_over
        on cycles.started_at >= passed_over.entered_at
        and coalesce(cycles.started_at < passed_over.left_at, true)
    group by cycles.run_id, cycles.cycle
),

waiting as (
    -- a count of E8 and later of which they do not tell may be of users at their limit
    select
        cycles.started_at, coalesce(eligible.queued_only, cycles.queued) as queued,
        coalesce(passed.tasks, 0) as passed_over,
        eligible.queued_only is not null
            -- domain/orchestrator.md G28
            -- equivalent: < and 8 because the lines of E8 and E9 keep them apart, and only later ones do not
            or try_cast(regexp_extract(runs.era, '[0-9]+') as bigint) < 8 as is_sure
    from cycles
    -- equivalent: join because every cycle is of a run that has its row
    join runs on runs.run_id = cycles.run_id
    left join eligible on eligible.run_id = cycles.run_id and eligible.cycle = cycles.cycle
    left join passed on passed.run_id = cycles.run_id and passed.cycle = cycles.cycle
),

counts as (
    -- what waited in the meantime; each empty queue begins a new stretch
    select
        quiet.worker_id, quiet.since, quiet.beat_at, waiting.started_at, waiting.queued, waiting.is_sure,
        waiting.queued - waiting.passed_over as left_over,
        count(*) filter (where waiting.queued = 0)
            over (partition by quiet.worker_id order by waiting.started_at) as stretch,
        count(*) filter (where waiting.queued = 0) over (partition by quiet.worker_id) as last_stretch
    from quiet
    left join busy using (worker_id)
    -- equivalent: join because no queue is known either way
    join waiting on waiting.started_at between quiet.since and quiet.beat_at
    where busy.worker_id is null
),

stretches as (
    -- from the first count with a task to the last; no count told of an empty queue before the first stretch,
    -- and none after the last
    select
        worker_id, case when stretch = 0 then since else min(started_at) end as from_at,
        case when stretch = last_stretch then beat_at else max(started_at) end as until_at,
        count(*) as cycles, min(queued) as least_queued, count(*) filter (where is_sure) as sure_cycles,
        min(left_over) as least_left
    from counts
    where queued > 0
    group by worker_id, stretch, last_stretch, since, beat_at
),

queues as (
    -- the longest one of a worker
    select worker_id, from_at, epoch(until_at) - epoch(from_at) as quiet_s, least_queued, sure_cycles, least_left
    from stretches
    where cycles >= $cycles and until_at - from_at > to_seconds($silent_s)
    qualify row_number() over (partition by worker_id order by until_at - from_at desc, from_at) = 1
),

reach as (
    -- its lines travel with its heartbeats: those that it sent could have reached us
    select distinct quiet.worker_id
    from quiet
    join coverage
        on coverage.source_type = 'worker'
        and coverage.source_id = quiet.worker_id
        and coverage.could_reach
        and coverage.until_at >= quiet.beat_at
)

select
    'worker' as subject_kind, quiet.worker_id as subject_id, queues.from_at as happened_at,
    case
        when reach.worker_id is not null and queues.sure_cycles >= $cycles and queues.least_left > 0
            then 'probable'
        else 'insufficient_evidence'
    end as verdict,
    format(
        'beat on for {} s without a sign of its process, while at least {} task(s) were queued',
        round(queues.quiet_s)::bigint, queues.least_queued
    ) as summary,
    list_filter(
        ['workers:' || quiet.worker_id, quiet.act_event_id, quiet.beat_event_id, quiet.end_event_id],
        lambda piece: piece is not null
    ) as evidence,
    quiet.end_kind, queues.from_at as since, quiet.beat_at as last_heartbeat, queues.least_queued,
    cast([] as varchar[]) as affected_tasks, queues.quiet_s as lost_worker_s
from quiet
-- equivalent: join because what was queued is asked for
join queues using (worker_id)
left join reach using (worker_id)
order by happened_at, subject_id
