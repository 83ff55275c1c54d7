--! id        = "worker_never_ready"
--! title     = "A worker was paid for and never became ready"
--! severity  = "high"
--! question  = """
--!   Which workers never did anything: pods that did not start, scripts that hung, processes that never
--!   polled?"""
--! reads     = [
--!   "workers", "worker_ends", "worker_signals", "worker_states", "decisions", "pods", "coverage", "events",
--!   "task_attempts", "task_states", "cycles", "runs"
--! ]
--! grain     = ["subject_id"]
--! params    = { born_s = 5, startup_s = 600, slow_factor = 1.5, starts = 5, quiet_s = 60, claim_s = 25 }
--! incidents = ["O5", "O22", "O36", "X25"]
--! cause     = ["reached", "formula"]
--! population = "select id as subject_id, created_at as happened_at from workers"
--! innocent  = """
--!   It was still installing: a startup script may take twenty minutes. Then `step_s`, how long it had been
--!   at the step it reached, is not longer than other workers took for it (`slowest_step_s`): it is not
--!   listed. Nor is one that had a task, or that a timeout of startup phases met although it polled."""
--! remedy    = """
--!   Look at `reached`: a pod that never ran is the provider's (take another GPU type or region); a script
--!   that was never launched is the SSH key; a script that never ended is the image or the dependencies
--!   (see fleet_startup_burst_failed); a process that came up and never polled hangs in loading its model."""
--! guide     = """
--!   `reached` is the furthest state before its end. `confirmed`: the orchestrator's own timeout gave up on
--!   it, and its row never had a heartbeat or a claim. `probable`: it was stopped as one too many, before
--!   any timeout, but had been longer at its step than any other of the fleet, or longer than the spawning
--!   timeout. `insufficient_evidence`: the timeout was one of a startup phase, which nobody clears, and the
--!   worker had been promoted: it may have been ready. Or it said that it polls, and was stopped for having
--!   claimed nothing, while no row tells of a task that waited for it (`formula` tells which)."""

-- born_s: a row is born with a heartbeat that is none, until 2026-01-21 (domain/worker-app.md X25).
-- startup_s: the orchestrators' own spawning timeout (domain/orchestrator.md W8). slow_factor and starts:
-- longer at one step of its start than the slowest of this fleet by half, where enough of them are known.
-- quiet_s: a worker whose process still spoke when it was condemned was loading (domain/orchestrator.md O21):
-- see worker_killed_during_startup. A startup phase is never cleared (O26), and a promotion is no more than a
-- heartbeat (2.3): together they leave open whether the worker was ready.
-- claim_s: two polls of 10 s and a claim (domain/worker-app.md 1.6). The rules of those that never claimed count
-- the age, not how long there was something to claim (domain/orchestrator.md 2.3).
with evidence as (
    -- equivalent: max because a case has one end
    select max(until_at) as until_at from coverage
),

lives as (
    -- when its process last spoke
    select worker_id, max(happened_at) as last_spoke_at
    from worker_signals
    where not by_guardian
    group by worker_id
),

steps as (
    -- what every worker went through while it started, and what came after each step
    select
        worker_states.worker_id, worker_states.state,
        epoch(worker_states.left_at - worker_states.entered_at) as took_s,
        lead(worker_states.state) over (partition by worker_states.worker_id order by worker_states.seq)
            as next_state
    from worker_states
    -- equivalent: join because a state is of a worker that has its row
    join workers on workers.id = worker_states.worker_id
    where workers.instance_type <> 'api'
),

usual as (
    -- how long the steps of a start take here, where they were left for the next one
    select state, max(took_s) as slowest_s, count(*) as starts
    from steps
    where next_state not in ('condemned', 'ended')
    group by state
),

timeouts as (
    -- an orchestrator's rule gave up on a worker that had not started
    select
        subject_id as worker_id, any_value(event_id order by happened_at, event_id) as event_id,
        any_value(formula order by happened_at, event_id) as formula
    from decisions
    where rule = 'kill'
        and formula in (
            'spawning_timeout', 'script_running_timeout', 'startup_phase', 'never_initialised',
            'gpu_not_detected', 'ready_not_claiming', 'no_heartbeat'
        )
    group by subject_id
),

claims as (
    select worker_id from worker_signals where signal = 'claim'
    union
    -- its lines may be lost
    select worker_id from task_attempts
),

ready as (
    -- it said that it polls, or its row that it is ready; it may hang at that (domain/evidence-rules.md section 2)
    select worker_id, max(happened_at) as ready_at
    from (
        select worker_id, happened_at from events where kind = 'worker_ready'
        union all
        -- which does not tell since when
        select id as worker_id, null as happened_at
        from workers
        where json_extract_string(try_cast(metadata as json), '$.ready_for_tasks') = 'true'
    )
    group by worker_id
),

eligible as (
    -- what may be claimed, as the lines of the count keep it apart
    select
        run_id, cycle,
        -- equivalent: min because the lines of one cycle tell of one count
        min(try_cast(json_extract(attributes, '$.queued_only') as bigint)) as queued_only
    from events
    where kind in ('demand_observed', 'task_count_decided')
    group by run_id, cycle
),

counts as (
    -- what there was to claim while it was ready. Later counts than those of E7 that are not kept apart may be of
    -- users at their limit
    select
        ready.worker_id, cycles.started_at,
        coalesce(
            eligible.queued_only,
            -- domain/orchestrator.md G28
            -- equivalent: < and 8 because the lines of E8 and E9 keep them apart, and only later ones do not
            case when try_cast(regexp_extract(runs.era, '[0-9]+') as bigint) < 8 then cycles.queued end
        ) as claimable
    from ready
    -- equivalent: join because nothing was counted before a time that is not there
    join worker_ends on worker_ends.worker_id = ready.worker_id
    -- equivalent: join because only what was counted is used
    join cycles on cycles.started_at between ready.ready_at and worker_ends.decided_at
    -- equivalent: join because every cycle is of a run that has its row
    join runs on runs.run_id = cycles.run_id
    -- equivalent: join because what no such line tells of is not used
    join eligible on eligible.run_id = cycles.run_id and eligible.cycle = cycles.cycle
),

stretches as (
    -- each empty queue begins a new one
    select
        *,
        count(*) filter (where claimable = 0) over (partition by worker_id order by started_at) as stretch
    from counts
),

offered as (
    -- a task waited from one count to another, and there was something to claim all the while
    select distinct stretches.worker_id
    from stretches
    join task_states
        on task_states.state = 'queued'
        and task_states.entered_at <= stretches.started_at
        and coalesce(task_states.left_at > stretches.started_at, true)
    where stretches.claimable > 0
    group by stretches.worker_id, stretches.stretch, task_states.task_id, task_states.entered_at
    having max(stretches.started_at) - min(stretches.started_at) > to_seconds($claim_s)
),

promotions as (
    select distinct worker_id
    from events
    where kind = 'worker_promoted'
),

furthest as (
    -- how far it came
    select worker_id, arg_max(state, seq) as state, arg_max(entered_at, seq) as entered_at
    from worker_states
    where state not in ('condemned', 'ended')
    group by worker_id
),

judged as (
    select
        workers.id as worker_id, workers.created_at, furthest.state as reached, timeouts.formula,
        timeouts.event_id as timeout_event_id, worker_ends.event_id as end_event_id, worker_ends.ended_at,
        worker_ends.decided_at, worker_ends.reason,
        coalesce(workers.last_heartbeat <= workers.created_at + to_seconds($born_s), true)
            and lives.worker_id is null as is_mute,
        epoch(
            coalesce(worker_ends.ended_at, worker_ends.decided_at, worker_ends.ended_after, evidence.until_at)
            - workers.created_at
        ) as lived_s,
        epoch(
            coalesce(worker_ends.ended_at, worker_ends.decided_at, worker_ends.ended_after, evidence.until_at)
            - furthest.entered_at
        ) as step_s,
        usual.slowest_s as slowest_step_s, usual.starts, claims.worker_id as claimer,
        lives.last_spoke_at,
        timeouts.formula = 'startup_phase' and promotions.worker_id is not null as is_open,
        timeouts.formula in ('ready_not_claiming', 'never_initialised')
            and ready.worker_id is not null and offered.worker_id is null as had_nothing,
        timeouts.formula is not distinct from 'startup_phase' and ready.worker_id is not null as had_started
    from workers
    cross join evidence
    -- equivalent: join because a worker has been requested, at least
    join furthest on furthest.worker_id = workers.id
    left join worker_ends on worker_ends.worker_id = workers.id
    left join usual on usual.state = furthest.state
    left join lives on lives.worker_id = workers.id
    left join timeouts on timeouts.worker_id = workers.id
    left join claims on claims.worker_id = workers.id
    left join ready on ready.worker_id = workers.id
    left join offered on offered.worker_id = workers.id
    left join promotions on promotions.worker_id = workers.id
),

paid as (
    -- a row without a pod cost nothing
    -- equivalent: max because a worker has one pod
    select worker_id, max(cost_per_hour) as cost_per_hour from pods group by worker_id
)

select
    'worker' as subject_kind, judged.worker_id as subject_id, judged.created_at as happened_at,
    case
        when judged.is_open or judged.had_nothing then 'insufficient_evidence'
        when judged.timeout_event_id is not null then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        '{} in {} s (reached {}){}',
        case
            when judged.is_open then 'no row tells that it became ready'
            when judged.had_nothing then 'said that it was ready, and no row tells of a task that waited for it,'
            else 'never became ready'
        end,
        round(judged.lived_s)::bigint, judged.reached,
        case when judged.reason is null then '' else ': ' || judged.reason end
    ) as summary,
    list_filter(
        ['workers:' || judged.worker_id, judged.timeout_event_id, judged.end_event_id],
        lambda piece: piece is not null
    ) as evidence,
    judged.reached, judged.formula, judged.ended_at as pod_ended_at, judged.lived_s, judged.step_s,
    judged.slowest_step_s,
    -- 3600 s an hour: pods are priced by the hour, to the cent: 2 (domain/orchestrator.md O11)
    -- equivalent: 3600 and 2 because one second of it makes no cent here, and a third digit is cut
    round(judged.lived_s * paid.cost_per_hour / 3600, 2) as cost,
    cast([] as varchar[]) as affected_tasks, judged.lived_s as lost_worker_s
from judged
join paid using (worker_id)
where judged.claimer is null
    and not judged.had_started
    and (
        (
            judged.timeout_event_id is not null
            and coalesce(judged.decided_at - judged.last_spoke_at > to_seconds($quiet_s), true)
        )
        or (
            judged.is_mute
            and (
                judged.lived_s > $startup_s
                or (judged.starts >= $starts and judged.step_s > judged.slowest_step_s * $slow_factor)
            )
        )
    )
order by happened_at, subject_id
