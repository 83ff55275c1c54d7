--! id        = "run_restarted"
--! title     = "An orchestrator was started again"
--! severity  = "info"
--! question  = "When did an orchestrator start anew, and what followed?"
--! reads     = ["runs", "events"]
--! grain     = ["subject_id", "source_type"]
--! params    = { near_s = 600 }
--! incidents = ["O2", "O3"]
--! cause     = ["source_type"]
--! innocent  = "A deployment."
--! remedy    = """
--!   None by itself. Beside any other finding, look whether a restart came shortly before it: a new
--!   version, settings that changed, and a first cycle that knows of nothing."""
--! guide     = """
--!   `away_s` is the time since the last line of the process before; less than zero, and that logged on when
--!   this one had begun. `kills_after` and `spawns_after` count
--!   what it did in its first ten minutes: many of either point at what the new version or its settings
--!   changed."""

-- Rule: domain/orchestrator.md 9.21: a restart is a plausible trigger of what follows it within minutes.
-- The two kinds of orchestrator may write under one name, which names their processes too
-- (domain/orchestrator.md 1.1, source_id).
with starts as (
    select source_type, run_id, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'process_started'
    group by source_type, run_id
),

lines as (
    -- the last word of each process that tells anything, whatever it is of
    select
        source_type, run_id, max(happened_at) as last_at,
        arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    group by source_type, run_id
),

earlier as (
    select
        runs.*, lag(runs.run_id) over in_order as before_run, lag(runs.ended_at) over in_order as before_ended_at
    from runs
    window in_order as (partition by runs.source_type order by runs.started_at, runs.run_id)
),

followed as (
    -- until when the one before logged: its last row may tell nothing; one that logs to the end has no end
    select earlier.*, greatest(lines.last_at, earlier.before_ended_at) as last_at, lines.event_id as last_event_id
    from earlier
    join lines on lines.run_id = earlier.before_run and lines.source_type = earlier.source_type
),

acts as (
    select
        runs.source_type, runs.run_id,
        count(*) filter (where events.kind = 'worker_marked_error') as kills_after,
        count(*) filter (where events.kind = 'worker_created') as spawns_after
    from runs
    -- equivalent: join because no act counts as none
    join events
        on (
            (
                events.kind = 'worker_marked_error'
                and events.run_id = runs.run_id and events.source_type = runs.source_type
            )
            -- a row names nobody who made it: pods are the GPU orchestrator's (domain/orchestrator.md 1.2)
            or (
                events.kind = 'worker_created' and runs.source_type = 'orchestrator_gpu'
                and json_extract_string(events.attributes, '$.instance_type') not in ('api', 'external')
            )
        )
        and events.happened_at between runs.started_at and runs.started_at + to_seconds($near_s)
    group by runs.source_type, runs.run_id
)

select
    'run' as subject_kind, followed.run_id as subject_id, followed.started_at as happened_at,
    case
        when starts.event_id is not null and followed.started_at > followed.last_at then 'confirmed'
        else 'probable'
    end as verdict,
    format('{} was started again', followed.source_type) as summary,
    [starts.event_id, followed.last_event_id] as evidence,
    followed.source_type, followed.before_run, followed.era,
    round(epoch(followed.started_at) - epoch(followed.last_at)) as away_s,
    coalesce(acts.kills_after, 0) as kills_after, coalesce(acts.spawns_after, 0) as spawns_after,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from followed
left join starts on starts.run_id = followed.run_id and starts.source_type = followed.source_type
left join acts on acts.run_id = followed.run_id and acts.source_type = followed.source_type
order by happened_at, subject_id, followed.source_type
