--! id        = "worker_clock_disagrees"
--! title     = "A worker's clock is off by more than seconds"
--! severity  = "low"
--! question  = "Which workers' clocks are so far off that the order of their lines and others' is wrong?"
--! reads     = ["clocks", "events"]
--! grain     = ["subject_id"]
--! params    = { off_s = 5, proofs = 3 }
--! incidents = ["X2"]
--! innocent  = """
--!   Its lines were late, not its clock: of fewer pairs than `proofs` each may be a slow claim, which is
--!   `insufficient_evidence`."""
--! remedy    = """
--!   Read this worker's lines `offset_s` earlier (positive: its clock is ahead) before you compare them
--!   with others. Look at the host: time synchronisation is off. Rows with a wrong future time also outlive
--!   the log's retention."""
--! guide     = """
--!   `offset_s` less `uncertainty_s` is what is certain. Every comparison of the ledger already takes it
--!   off."""

-- Clocks of workers are off by up to 3 s (domain/evidence-rules.md fact 24); what is more is a fault.
with off as (
    select
        regexp_replace(clock, '^worker:', '') as worker_id, offset_s, uncertainty_s, pairs
    from clocks
    where starts_with(clock, 'worker:')
        and abs(offset_s) - uncertainty_s > $off_s
),

seen as (
    -- the first claim that others tell, and the first that it tells itself
    select
        off.worker_id, min(events.happened_at) as happened_at,
        arg_min(events.event_id, (events.happened_at, events.event_id))
            filter (where events.kind = 'task_claim_recorded') as claimed_event_id,
        arg_min(events.event_id, (events.happened_at, events.event_id))
            filter (where events.kind = 'task_started') as started_event_id
    from off
    -- equivalent: join because only claims make a pair
    join events
        on events.worker_id = off.worker_id
        and events.kind in ('task_claim_recorded', 'task_started')
    group by off.worker_id
)

select
    'worker' as subject_kind, worker_id as subject_id, seen.happened_at,
    -- a line long after its claim may be late, or of something else
    case when off.pairs >= $proofs then 'confirmed' else 'insufficient_evidence' end as verdict,
    format('its clock is off by {} s, give or take {} s', round(off.offset_s), round(off.uncertainty_s))
        as summary,
    [seen.claimed_event_id, seen.started_event_id] as evidence,
    off.offset_s, off.uncertainty_s, off.pairs,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from off
-- equivalent: join because only claims make a pair
join seen using (worker_id)
order by happened_at, subject_id
