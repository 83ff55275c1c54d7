--! id        = "run_logging_outage"
--! title     = "An orchestrator managed the fleet and logged nothing"
--! severity  = "medium"
--! question  = "When did an orchestrator act while no line of it reached the log?"
--! reads     = ["gaps", "events", "workers", "runs"]
--! grain     = ["subject_id", "happened_at", "source_type"]
--! params    = { delay_s = 30, shown = 6 }
--! incidents = ["O2"]
--! cause     = ["source_type"]
--! innocent  = """
--!   Another instance, whose log was not exported, did what is listed in the evidence: then its own lines
--!   are in the database under another source_id."""
--! remedy    = """
--!   Look at the orchestrator's standard output of that time (the host keeps it): the log handler could not
--!   be set up, or could not send. Set DB_LOGGING_REQUIRED so that a process without a log does not
--!   start."""
--! guide     = """
--!   The subject is the process that fell silent. Whether that one acted on, or another took its place and
--!   never logged, no row tells: a redeploy looks like both. `acts` is how often rows tell that one worked
--!   meanwhile; `workers_created` how many workers it made unseen. In that time no kill, reset or count is logged: what the rows of workers and tasks say is all
--!   there is. `next_run` is the process that logs again: its start is the mend."""
--! known_fix = "902a796, 3502a31 (2025-10-16)"

-- Rule: domain/orchestrator.md O2; what an orchestrator writes into rows with its own clock is
-- domain/orchestrator.md 1.3. Rows reach the database up to 30 s late (domain/orchestrator.md 9.3).
with silences as (
    select * from gaps
    where cause = 'logging_outage'
),

api_workers as (
    select id as worker_id from workers where instance_type = 'api'
),

acts as (
    -- rows that only a living orchestrator writes: of the GPU one the times in its workers' rows, of the
    -- API one its claims
    select
        'orchestrator_gpu' as source_type, event_id, happened_at, kind
    from events
    where basis = 'recorded'
        and clock = 'orchestrator'
        and kind <> 'worker_self_terminated'
        -- equivalent: false because every such event names its worker
        and not coalesce(worker_id in (select worker_id from api_workers), false)
    union all
    select 'orchestrator_api' as source_type, event_id, happened_at, kind
    from events
    where kind in ('task_claimed', 'task_claim_recorded')
        and worker_id in (select worker_id from api_workers)
),

seen as (
    select
        silences.source_type, silences.source_id, silences.began_at, count(*) as acts,
        count(*) filter (where acts.kind = 'worker_created') as workers_created,
        list(acts.event_id order by acts.happened_at, acts.event_id) as event_ids
    from silences
    -- equivalent: join because only acts tell an outage from a process that is down
    join acts
        on acts.source_type = silences.source_type
        and acts.happened_at between silences.began_at + to_seconds($delay_s)
            and silences.ended_at - to_seconds($delay_s)
    group by silences.source_type, silences.source_id, silences.began_at
),

next_runs as (
    -- several processes may begin at one instant: the first by name stands for them
    select source_type, started_at, min(run_id) as run_id
    from runs
    group by source_type, started_at
)

select
    'run' as subject_kind, coalesce(silences.run_id, silences.source_type) as subject_id,
    silences.began_at as happened_at,
    case when seen.acts > 1 then 'confirmed' else 'probable' end as verdict,
    format(
        'no line of {} for {}, in which rows show {} act(s) of one', silences.source_type,
        cast(date_trunc('second', silences.ended_at - silences.began_at) as varchar), seen.acts
    ) as summary,
    list_slice(seen.event_ids, 1, $shown) as evidence,
    silences.source_type, silences.ended_at, seen.acts, seen.workers_created, next_runs.run_id as next_run,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from silences
-- equivalent: join because only acts tell an outage from a process that is down
join seen using (source_type, source_id, began_at)
left join next_runs
    on next_runs.source_type = silences.source_type
    and next_runs.started_at = silences.ended_at
order by happened_at, subject_id, silences.source_type
