--! id        = "run_blocked_by_failure_rate"
--! title     = "The failure breaker blocked scale-up for ends that are no failures"
--! severity  = "high"
--! question  = "When did the breaker hold back workers although few of the young ones had truly failed?"
--! reads     = ["events", "runs", "workers", "worker_ends"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { window_s = 300, early_window_s = 1800, percent = 100.0 }
--! incidents = ["O6", "O27"]
--! cause     = ["era"]
--! innocent  = """
--!   The young workers' ends are not known (they ended before their rows say so): compare `young_workers`
--!   with the number in the line [FAILURE_RATE]."""
--! remedy    = """
--!   Count only workers in error, and none that was stopped for being idle, one too many, or without a pod
--!   to be had. Until then raise MAX_WORKER_FAILURE_RATE: tasks wait while nothing is wrong."""
--! guide     = """
--!   `said_percent` is what the breaker counted at first; `failed_workers` of `young_workers` had failed.
--!   `probable`: since E10 no line tells whether more workers were wanted."""
--! known_fix = "aaa4aa8 (2026-02-03), 6ccfa22"

-- Rule: domain/orchestrator.md O6 and 5.2 (young is by created_at). Ends that are no failure: W9, W14, W20
-- and spawn_failed of domain/orchestrator.md 2.2.
with blocked as (
    -- until E3b a line says so
    select distinct run_id, cycle from events
    where kind = 'scale_up_blocked'
),

exceeded as (
    select
        events.run_id, events.cycle, events.event_id, events.happened_at, runs.era,
        try_cast(json_extract(events.attributes, '$.rate_percent') as double) as said_percent,
        try_cast(json_extract(events.attributes, '$.threshold_percent') as double) as limit_percent,
        -- with that line went the window of 30 min (domain/orchestrator.md 5.2: 7b46295, of E3c)
        events.happened_at - to_seconds(
            case when blocked.run_id is not null then $early_window_s else $window_s end
        ) as young_since
    from events
    -- equivalent: join because every run of an event has its row
    join runs on runs.run_id = events.run_id
    left join blocked on blocked.run_id = events.run_id and blocked.cycle = events.cycle
    where events.kind = 'failure_rate_exceeded'
        -- since E7 it blocks without a word, in E3c to E6 nothing heeds it (domain/orchestrator.md 5.2)
        and (blocked.run_id is not null or try_cast(regexp_extract(runs.era, '[0-9]+') as bigint) >= 7)
),

wanted as (
    select
        run_id, cycle, event_id,
        try_cast(json_extract(attributes, '$.desired') as bigint)
            - try_cast(json_extract(attributes, '$.active') as bigint)
            - try_cast(json_extract(attributes, '$.spawning') as bigint) as missing_workers
    from events
    where kind = 'scaling_decided'
        and (run_id, cycle) in (select run_id, cycle from exceeded)
),

counted as (
    -- the young workers of that moment, and those of them that had failed by then
    select
        exceeded.event_id, count(*) as young_workers,
        count(*) filter (
            where coalesce(worker_ends.decided_at, worker_ends.ended_at) <= exceeded.happened_at
        ) as ended_workers,
        count(*) filter (
            where coalesce(worker_ends.decided_at, worker_ends.ended_at) <= exceeded.happened_at
                and worker_ends.end_kind not in (
                    'scale_down', 'early_termination', 'idle_timeout', 'spawn_failed', 'manual'
                )
        ) as failed_workers
    from exceeded
    join workers on workers.created_at between exceeded.young_since and exceeded.happened_at
    left join worker_ends on worker_ends.worker_id = workers.id
    group by exceeded.event_id
),

wrong as (
    select
        exceeded.*, counted.young_workers, counted.ended_workers, counted.failed_workers,
        wanted.missing_workers, wanted.event_id as wanted_event_id,
        exceeded.cycle
            - row_number() over (partition by exceeded.run_id order by exceeded.cycle) as stretch
    from exceeded
    -- equivalent: join because a rate of no worker is over no limit
    join counted on counted.event_id = exceeded.event_id
    left join wanted on wanted.run_id = exceeded.run_id and wanted.cycle = exceeded.cycle
    where counted.failed_workers * $percent / counted.young_workers <= exceeded.limit_percent
        and coalesce(wanted.missing_workers > 0, true)
)

select
    'run' as subject_kind, run_id as subject_id, min(happened_at) as happened_at,
    case
        -- where we know of fewer ends than it counted, one of them may be a failure
        when count(wanted_event_id) > 0
            and bool_and(ended_workers * $percent / young_workers > limit_percent) then 'confirmed'
        else 'probable'
    end as verdict,
    format(
        'scale-up blocked in {} cycle(s) for a failure rate of {} %; without normal stops it was {} %',
        count(*), arg_min(said_percent, cycle),
        round(arg_min(failed_workers * $percent / young_workers, cycle))
    ) as summary,
    list_concat(list(event_id order by cycle), list(wanted_event_id order by cycle)) as evidence,
    any_value(era) as era, max(happened_at) as until_at, count(*) as cycles,
    arg_min(said_percent, cycle) as said_percent, arg_min(young_workers, cycle) as young_workers,
    arg_min(failed_workers, cycle) as failed_workers, max(missing_workers) as missing_workers,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from wrong
group by run_id, stretch
order by happened_at, subject_id
