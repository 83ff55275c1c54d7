--! id        = "fleet_all_silent_at_once"
--! title     = "All workers fell silent at once, and nobody took them for gone"
--! severity  = "critical"
--! question  = """
--!   Did every worker that lived stop beating within a minute, without a census that missed its pod?"""
--! reads     = ["workers", "worker_signals", "worker_liveness", "worker_ends", "events", "coverage"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { workers = 3, near_s = 60, silent_s = 300 }
--! incidents = ["O31", "X2"]
--! cause     = ["kind"]
--! innocent  = """
--!   The database refused heartbeats for a while: then the workers' lines stop too, as they travel
--!   together, but their tasks complete. Or the rows of workers were taken before the log was: later lines
--!   tell, which is `insufficient_evidence`."""
--! remedy    = """
--!   Look at the provider's account first: when it has no pod at all, the census returns early and marks
--!   nobody. If the pods are there, look at the key that the guardians write with, or at the heartbeat
--!   function."""
--! guide     = """
--!   `members` are the workers of that minute: all that lived. `working` of them still completed something
--!   after it: more than none, and it is the heartbeats that failed and not the fleet (`kind` =
--!   heartbeats)."""

-- Rule: domain/orchestrator.md O31 (all silent at once, no event of external termination). workers: as few as
-- one or two may be chance (G57 takes three for a burst); near_s: three heartbeats of 20 s
-- (domain/worker-app.md 4.1); silent_s: half of the orchestrators' own timeout (domain/orchestrator.md W10).
with evidence as (
    select max(until_at) as until_at from coverage
),

beats as (
    select
        worker_id, min(happened_at) as from_at,
        -- equivalent: max because the row holds one heartbeat, its last
        max(happened_at) filter (where by_guardian) as beat_at,
        -- equivalent: arg_max because the row holds one heartbeat, its last
        arg_max(event_id, (happened_at, event_id)) filter (where by_guardian) as beat_event_id,
        max(happened_at) filter (where not by_guardian and signal <> 'log_line') as act_at,
        max(happened_at) filter (where signal = 'log_line') as line_at
    from worker_signals
    group by worker_id
),

unheard as (
    -- whose guardian would have been heard after its last heartbeat: of an instant before it a row tells nothing
    select distinct beats.worker_id
    from beats
    join worker_liveness
        on worker_liveness.worker_id = beats.worker_id
        and worker_liveness.guardian = 'silent'
        and worker_liveness.entered_at = beats.beat_at
),

lives as materialized (
    -- from its first sign to the end of its pod
    select
        beats.*, coalesce(worker_ends.ended_at, evidence.until_at) as until_at,
        unheard.worker_id is not null as is_silent
    from beats
    left join unheard on unheard.worker_id = beats.worker_id
    cross join evidence
    -- equivalent: join because a worker of signals has its row
    join workers on workers.id = beats.worker_id
    left join worker_ends on worker_ends.worker_id = beats.worker_id
    where workers.instance_type <> 'api'
),

silent as (
    -- last heartbeats that were outlived by far, where enough of them lie together to be counted
    select distinct beat_at
    from (
        select
            beat_at,
            count(*) over (
                order by beat_at range between current row and to_seconds($near_s) following
            ) as near
        from lives
        where is_silent
            -- equivalent: and because who is not silent is no member of its moment
            and until_at - beat_at > to_seconds($silent_s)
    )
    where near >= $workers
),

moments as (
    -- of each silent worker's last heartbeat: how many lived then, and how many fell silent with it
    select
        silent.beat_at, count(*) as living,
        count(*) filter (
            where lives.is_silent
                and lives.until_at - lives.beat_at > to_seconds($silent_s)
                and lives.beat_at between silent.beat_at and silent.beat_at + to_seconds($near_s)
        ) as members,
        count(*) filter (where lives.act_at > silent.beat_at + to_seconds($near_s)) as working,
        count(*) filter (where lives.line_at > silent.beat_at + to_seconds($near_s)) as heard
    from silent
    -- equivalent: join because it lived at its own last heartbeat
    join lives
        on lives.from_at <= silent.beat_at
        and lives.until_at > silent.beat_at + to_seconds($near_s)
    group by silent.beat_at
    having living >= $workers and members = living
),

proofs as (
    -- all that lived then: they are listed only where all of them fell silent
    select
        moments.beat_at, list(lives.beat_event_id order by lives.beat_at, lives.beat_event_id) as event_ids
    from moments
    -- equivalent: join because the moment is the last heartbeat of one of them
    join lives
        on lives.from_at <= moments.beat_at
        and lives.until_at > moments.beat_at + to_seconds($near_s)
    group by moments.beat_at
),

watchers as (
    select
        -- equivalent: arg_min because one process runs in the cases
        moments.beat_at, arg_min(events.run_id, (events.happened_at, events.event_id)) as run_id
    from moments
    join events
        on events.kind = 'cycle_completed'
        and events.happened_at between moments.beat_at and moments.beat_at + to_seconds($silent_s)
    group by moments.beat_at
)

select
    'run' as subject_kind, watchers.run_id as subject_id, moments.beat_at as happened_at,
    -- lines come with heartbeats (domain/worker-app.md 4.1): the rows were taken before these came
    if(moments.heard > 0, 'insufficient_evidence', 'confirmed') as verdict,
    format(
        'all {} workers stopped beating within {} s, and none was taken for gone{}', moments.members, $near_s,
        if(moments.heard > 0, '; but lines of ' || moments.heard || ' came later, as with heartbeats', '')
    ) as summary,
    proofs.event_ids as evidence,
    case when moments.working > 0 then 'heartbeats' else 'fleet' end as kind,
    moments.members, moments.working,
    cast([] as varchar[]) as affected_tasks, moments.members * $silent_s::double as lost_worker_s
from moments
join watchers using (beat_at)
-- equivalent: join because somebody lived then
join proofs using (beat_at)
order by happened_at, subject_id
