--! id        = "run_killed_without_stop"
--! title     = "An orchestrator ended without a word"
--! severity  = "low"
--! question  = "Which orchestrator processes ended without saying so, and what did they leave open?"
--! reads     = ["runs", "events", "cycles", "coverage"]
--! grain     = ["subject_id", "source_type"]
--! incidents = ["O2"]
--! cause     = ["source_type", "cycle_was_open"]
--! innocent  = """
--!   A deployment ends the old process by a signal, and its handler never sends the last batch: almost
--!   every process ends like this. It matters where `cycle_was_open` is true."""
--! remedy    = """
--!   Where a cycle was open, look at what it had begun: workers marked as error whose pod was not ended,
--!   pods without a row, tasks not yet put back. Let the handler send its queue on the signal."""
--! guide     = """
--!   What it did in its last `unsent_s` seconds left no line. `insufficient_evidence`: that alone may hide
--!   its word. `probable`: a cycle had begun and its end is not told either. `refuted`: it said that it
--!   stops."""

-- Rule: domain/orchestrator.md 1.1 (on a signal the last 5 s of lines are lost: `unsent` in coverage) and
-- 9.10 (a killed cycle has a start and no end). The two kinds of orchestrator may write under one name, which
-- names their processes too (domain/orchestrator.md 1.1, source_id); only the GPU one has cycles.
with words as (
    select
        source_type, run_id, arg_max(event_id, (happened_at, event_id)) as last_event_id,
        bool_or(kind = 'process_stopped') as said_so
    from events
    where kind in ('process_started', 'process_stopped', 'cycle_started', 'cycle_completed', 'loop_ticked')
    group by source_type, run_id
),

open_cycles as (
    -- of the highest number, without an end
    select run_id, arg_max(completed_at is null, cycle) as is_open
    from cycles
    group by run_id
)

select
    'run' as subject_kind, runs.run_id as subject_id, runs.ended_at as happened_at,
    case
        when words.said_so then 'refuted'
        when open_cycles.is_open then 'probable'
        else 'insufficient_evidence'
    end as verdict,
    format(
        '{} ended {}', runs.source_type,
        case
            when words.said_so then 'and said so'
            when open_cycles.is_open then 'without a word, within a cycle'
            else 'without a word'
        end
    ) as summary,
    [words.last_event_id] as evidence,
    runs.source_type, coalesce(open_cycles.is_open, false) as cycle_was_open, runs.last_cycle,
    epoch(coverage.until_at) - epoch(coverage.from_at) as unsent_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from runs
-- the lines that could not have reached us
-- equivalent: join because every process that another followed has it
join coverage
    on coverage.source_type = runs.source_type
    and coverage.source_id = runs.source_id
    and coverage.why_not = 'unsent'
    and coverage.from_at = runs.ended_at
join words on words.run_id = runs.run_id and words.source_type = runs.source_type
left join open_cycles on open_cycles.run_id = runs.run_id and runs.source_type = 'orchestrator_gpu'
-- with none after it, it may run on: see evidence_end_undecided
where runs.ended_at < (
    select max(others.started_at) from runs as others where others.source_type = runs.source_type
)
order by happened_at, subject_id, runs.source_type
