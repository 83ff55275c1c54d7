--! id        = "evidence_end_undecided"
--! title     = "An orchestrator had fallen silent when the evidence ends"
--! severity  = "medium"
--! question  = "Which orchestrators logged no more at the end, so that nobody can say whether they ran?"
--! reads     = ["gaps", "events"]
--! grain     = ["subject_id", "source_type"]
--! incidents = ["O2"]
--! cause     = ["source_type"]
--! innocent  = """
--!   It was stopped on purpose, or its next start is only in the next capture."""
--! remedy    = """
--!   Look at the host whether the process runs; if it does, its log handler is broken. Then export again:
--!   the next capture decides it."""
--! guide     = """
--!   `silent_s` is how long before the end its last line stands; a cycle takes half a minute. Everything
--!   that asks for the absence of a line of that time answers insufficient_evidence."""

-- More than 90 s are no normal silence (domain/evidence-rules.md fact 28); that no row shows an act
-- meanwhile is the ledger's: else it were an outage (domain/orchestrator.md O2).
-- The two kinds of orchestrator may write under one name, which names their processes too
-- (domain/orchestrator.md 1.1, source_id).
with last_lines as (
    select
        source_type, run_id, max(happened_at) as last_at, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    group by source_type, run_id
    -- else all that is here is what it said of a task
    having bool_or(kind in ('process_started', 'cycle_started', 'cycle_completed', 'loop_ticked'))
)

select
    'run' as subject_kind, gaps.run_id as subject_id, gaps.began_at as happened_at,
    'insufficient_evidence' as verdict,
    format(
        'no line of {} in the last {}: it may be down, idle without a log, or ended', gaps.source_type,
        cast(date_trunc('second', gaps.ended_at - gaps.began_at) as varchar)
    ) as summary,
    [last_lines.event_id] as evidence,
    gaps.source_type, round(epoch(gaps.ended_at) - epoch(gaps.began_at)) as silent_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from gaps
-- a silence before its last line, as at its beginning, ended: its lines came again
join last_lines
    on last_lines.source_type = gaps.source_type
    and last_lines.run_id = gaps.run_id
    and gaps.began_at >= last_lines.last_at
where gaps.cause = 'unknown'
order by happened_at, subject_id, gaps.source_type
