--! id        = "fleet_spawn_churn"
--! title     = "Workers are spawned and end, one after the other, without a task"
--! severity  = "critical"
--! question  = "Did workers end for one reason in a row without ever claiming a task, and how many?"
--! reads     = [
--!   "workers", "worker_ends", "worker_signals", "task_attempts", "events", "event_objects", "coverage", "pods",
--!   "runs",
--! ]
--! grain     = ["subject_id", "reason"]
--! params    = { workers = 5, window_s = 1800, price_per_hour = 0.69 }
--! incidents = ["O5", "O27"]
--! cause     = ["reason"]
--! innocent  = """
--!   A fleet that is stopped in one go, by a person. Normal stops (scale-down, early termination, idle
--!   timeout) are not counted, nor is a worker killed for what it did with a task. `probable`: one of them
--!   lived, and a claim of it may not have reached us."""
--! remedy    = """
--!   Stop spawning until the reason is understood: nothing else will, where the breaker is off. Look at one
--!   of the workers with worker_never_ready; if none of them ever wrote a line, the process never started
--!   (a missing SSH key, an image that does not boot)."""
--! guide     = """
--!   `reason` is the common reason, its numbers masked. `deaths` is the most of them within `window_s`,
--!   `died` all of them. `cost` is what their pods cost."""

-- Rule and numbers: domain/orchestrator.md O5 (five workers or more in 30 minutes, no task claimed, one
-- reason); price_per_hour: section 7 there.
with deaths as (
    -- ends that say that something was wrong; numbers in the text are of the single case
    select
        worker_ends.worker_id, coalesce(worker_ends.ended_at, worker_ends.ended_before) as died_at,
        worker_ends.event_id, worker_ends.decided_by, workers.created_at,
        regexp_replace(coalesce(worker_ends.reason, worker_ends.end_kind), '[0-9]+', '#', 'g') as reason
    from worker_ends
    -- equivalent: join because a worker that ended has its row
    join workers on workers.id = worker_ends.worker_id
    where worker_ends.end_kind in ('error', 'failsafe', 'spawn_failed')
        and coalesce(worker_ends.ended_at, worker_ends.ended_before) is not null
        -- kills for what it did with a task, which nobody but its killer may tell of (domain/orchestrator.md W10, W11,
        -- W16 and 2.3)
        and regexp_matches(
            worker_ends.reason, 'with active tasks|^Stuck task|^Task failure loop|previously claimed'
        ) is not true
),

claimers as (
    select worker_id from task_attempts
    union all
    -- what a reset took from it, it had: of several workers nobody says whose it was (domain/evidence-rules.md fact 6)
    select event_objects.object_id
    from events
    -- equivalent: join because only the worker is used
    join event_objects on event_objects.event_id = events.event_id
    where events.kind in ('tasks_reset', 'worker_tasks_reset')
        and event_objects.object_kind = 'worker'
        and try_cast(json_extract_string(events.attributes, '$.count') as bigint) > 0
),

voices as (
    select worker_id, bool_or(not by_guardian) as has_spoken from worker_signals group by worker_id
),

reached as (
    -- a claim of it would have reached us
    select distinct deaths.worker_id
    from deaths
    join coverage
        on coverage.source_type = 'edge_function'
        -- equivalent: = because the edge functions that log since the same day are covered alike
        and coverage.source_id = 'claim-next-task'
        and coverage.could_reach
        and coverage.from_at <= deaths.created_at
        and coverage.until_at >= deaths.died_at
),

idle_deaths as (
    select
        deaths.*,
        -- one that gave no sign of life never ran, and so claimed nothing
        voices.worker_id is not null and (voices.has_spoken or reached.worker_id is null) as may_have_claimed
    from deaths
    left join voices using (worker_id)
    left join reached using (worker_id)
    where deaths.worker_id not in (select worker_id from claimers where worker_id is not null)
),

runs_of as (
    -- who killed the first of them; a run that is not known is the first that we know
    select
        reason, bool_or(may_have_claimed) as may_have_claimed,
        min(died_at) as first_at, max(died_at) as last_at, count(*) as died,
        -- equivalent: arg_min because one process runs in the cases
        arg_min(coalesce(decided_by, first_run.run_id), (died_at, event_id)) as run_id,
        list(event_id order by died_at, event_id) as event_ids
    from idle_deaths
    cross join (
        select min_by(run_id, (started_at, run_id)) as run_id from runs where source_type = 'orchestrator_gpu'
    ) as first_run
    group by reason
),

windows as (
    -- the most deaths within one window
    select idle_deaths.reason, idle_deaths.worker_id, count(*) as deaths
    from idle_deaths
    -- equivalent: join because each is one of its own window
    join idle_deaths as earlier
        on earlier.reason = idle_deaths.reason
        and earlier.died_at between idle_deaths.died_at - to_seconds($window_s) and idle_deaths.died_at
    group by idle_deaths.reason, idle_deaths.worker_id
),

worst as (
    select reason, max(deaths) as deaths from windows group by reason
),

costs as (
    select
        idle_deaths.reason,
        sum(epoch(coalesce(pods.ended_at, idle_deaths.died_at) - pods.created_at)) as paid_s,
        sum(
            -- 3600 s an hour: pods are priced by the hour (domain/orchestrator.md O11)
            -- equivalent: 3600 because one second of it makes no cent here
            (epoch(coalesce(pods.ended_at, idle_deaths.died_at) - pods.created_at)) / 3600
                * coalesce(pods.cost_per_hour, $price_per_hour)
        ) as cost
    from idle_deaths
    -- equivalent: join because a row without a pod costs nothing either way
    join pods using (worker_id)
    group by idle_deaths.reason
)

select
    'run' as subject_kind, runs_of.run_id as subject_id, runs_of.first_at as happened_at,
    -- one whose process spoke may have had a task that no row tells of, or whose claim could not have reached us
    case when runs_of.may_have_claimed then 'probable' else 'confirmed' end as verdict,
    format('{} workers ended without a task, of "{}"', runs_of.died, runs_of.reason) as summary,
    runs_of.event_ids as evidence,
    runs_of.reason, worst.deaths, runs_of.died, runs_of.last_at,
    -- to the cent: 2 (domain/orchestrator.md O11)
    round(costs.cost, 2) as cost,
    cast([] as varchar[]) as affected_tasks, costs.paid_s as lost_worker_s
from runs_of
-- equivalent: join because each reason has a worst window
join worst using (reason)
left join costs using (reason)
where worst.deaths >= $workers
    and runs_of.run_id is not null
order by happened_at, subject_id, reason
