--! id        = "evidence_hole"
--! title     = "Lines of an orchestrator are missing from the evidence"
--! severity  = "low"
--! question  = "Which stretches of an orchestrator's log are not here, and why?"
--! reads     = ["gaps", "runs", "events"]
--! grain     = ["subject_id", "happened_at", "cause", "source_type"]
--! incidents = ["X15"]
--! cause     = ["cause"]
--! innocent  = """
--!   `retention`: rows older than two days are deleted each night; nothing is wrong, and no export can
--!   bring them back."""
--! remedy    = """
--!   `not_exported`: export more often than the log is deleted. `dropped`: the log handler's queue was full
--!   or its requests failed; raise its size or log less. `unknown`: look at the process's standard
--!   output."""
--! guide     = """
--!   Whatever is asked of that time is answered by rows of workers and tasks alone. `why` is what tells the
--!   cause. An orchestrator that acted meanwhile is run_logging_outage, one that did not run is
--!   run_down."""

-- What makes a gap, and its causes: domain/orchestrator.md 1.1 (batches, loss) and domain/evidence-rules.md
-- facts 27 and 28 (within one source; 90 s are no normal silence).
with holes as (
    select
        gaps.source_type, gaps.source_id, gaps.run_id, gaps.began_at, gaps.ended_at, gaps.cause, gaps.basis,
        gaps.why
    from gaps
    where starts_with(gaps.source_type, 'orchestrator')
        and gaps.cause in ('retention', 'not_exported', 'dropped', 'unknown')
),

lines as (
    -- the two kinds of orchestrator may write under one name, which names their processes too
    select runs.source_type, runs.source_id, events.happened_at, events.event_id
    from events
    -- equivalent: join because every run of an event has its row
    join runs on runs.run_id = events.run_id and runs.source_type = events.source_type
    where events.kind in (
        'process_started', 'cycle_started', 'cycle_completed', 'loop_ticked', 'log_pipeline_observed'
    )
),

edges as (
    -- the nearest lines on both sides
    select
        holes.source_type, holes.source_id, holes.began_at, holes.cause,
        arg_max(lines.event_id, (lines.happened_at, lines.event_id))
            filter (where lines.happened_at <= holes.began_at) as before_event_id,
        arg_min(lines.event_id, (lines.happened_at, lines.event_id))
            filter (where lines.happened_at >= holes.ended_at) as after_event_id
    from holes
    -- equivalent: join because a hole without a line beside it is dropped below
    join lines using (source_type, source_id)
    group by holes.source_type, holes.source_id, holes.began_at, holes.cause
)

select
    'run' as subject_kind,
    -- a source may be without a name; equivalent: '' because a case knows such a name as NULL only
    coalesce(holes.run_id, nullif(holes.source_id, ''), holes.source_type) as subject_id,
    holes.began_at as happened_at,
    case when holes.basis = 'inferred' then 'probable' else 'confirmed' end as verdict,
    format(
        'lines of {} are missing within {}: {}', holes.source_type,
        cast(date_trunc('second', holes.ended_at - holes.began_at) as varchar), holes.why
    ) as summary,
    [edges.before_event_id, edges.after_event_id] as evidence,
    holes.cause, holes.source_type, holes.source_id, holes.ended_at, holes.why,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from holes
-- equivalent: join because a hole without a line beside it is dropped below
join edges using (source_type, source_id, began_at, cause)
-- what lasts to the end is asked by evidence_end_undecided
where edges.after_event_id is not null
    or (holes.cause <> 'unknown' and edges.before_event_id is not null)
order by happened_at, subject_id, holes.cause, holes.source_type
