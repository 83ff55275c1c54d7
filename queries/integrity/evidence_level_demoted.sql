--! id        = "evidence_level_demoted"
--! title     = "Lines of some kinds are no longer stored"
--! severity  = "info"
--! question  = "Which orchestrators run a version whose log lacks kinds of lines that others tell?"
--! reads     = ["coverage", "runs", "events"]
--! grain     = ["subject_id"]
--! incidents = ["X15"]
--! cause     = ["era"]
--! innocent  = "It is how the newer versions log."
--! remedy    = """
--!   Where these lines are needed, set their level back to INFO, or keep the process's standard output."""
--! guide     = """
--!   `kinds` cannot be told from this process's log: that none is there says nothing. Since E10 counts and
--!   scaling decisions, since E11 pods."""

-- What was demoted, and when: domain/orchestrator.md section 0 and 9.11.
with demoted as (
    select source_type, source_id, list_sort(list(distinct entity)) as kinds
    from coverage
    where why_not = 'level_demoted'
    group by source_type, source_id
),

turns as (
    select run_id, arg_min(event_id, (happened_at, event_id)) as event_id
    from events
    where kind = 'cycle_started'
    group by run_id
)

select
    'run' as subject_kind, runs.run_id as subject_id, runs.started_at as happened_at, 'probable' as verdict,
    format('a process of {} does not store {} kind(s) of lines', runs.era, len(demoted.kinds)) as summary,
    [turns.event_id] as evidence,
    runs.era, demoted.kinds,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from demoted
-- equivalent: join because what is demoted is of a process
join runs using (source_type, source_id)
-- equivalent: join because the marker is the begin of a cycle
join turns on turns.run_id = runs.run_id
order by happened_at, subject_id
