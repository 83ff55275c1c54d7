--! id        = "run_two_at_once"
--! title     = "Two orchestrators of one kind ran at once"
--! severity  = "high"
--! question  = "Which orchestrator processes turned their loop while another of the same kind did?"
--! reads     = ["events", "runs"]
--! grain     = ["subject_id", "other_run"]
--! params    = { overlap_s = 60, back_turns = 2, lost_turns = 2 }
--! incidents = ["O37", "O23"]
--! cause     = ["source_type"]
--! innocent  = """
--!   A deployment starts the new process before it ends the old one: they overlap for a cycle or two, which
--!   the limit of a minute allows for. Or the clock of one process was set back: its times overlap, and its
--!   numbers go on. That is `insufficient_evidence`."""
--! remedy    = """
--!   Stop one of them. Both spawn for the same queue, and each sees the other's workers as its own: expect
--!   twice the workers, early terminations right after, and resets of tasks that the other just handled."""
--! guide     = """
--!   `overlap_s` is how long both turned. With one source_id for both (ORCHESTRATOR_INSTANCE_ID is pinned)
--!   they cannot be told apart: then cycle numbers jump back and forth within one process, `other_run` is
--!   the process itself, and the verdict is only `probable`. Even that needs a number that was turned twice, or
--!   numbers that one process cannot have counted: too far from each other, or those of the process before."""

-- Rule: domain/orchestrator.md O37; a cycle takes 30 s (domain/orchestrator.md 5.3, ORCHESTRATOR_POLL_SEC),
-- so that 60 s are two of them. lost_turns: a batch that is lost holds the lines of five seconds
-- (domain/orchestrator.md 1.1), so those of two cycles at most.
with turns as (
    select run_id, happened_at, event_id, kind, cycle
    from events
    where kind in ('cycle_started', 'cycle_completed', 'loop_ticked')
),

spans as (
    select
        turns.run_id, any_value(runs.source_type) as source_type,
        min(turns.happened_at) as first_at, max(turns.happened_at) as last_at,
        arg_min(turns.event_id, (turns.happened_at, turns.event_id)) as first_event_id,
        arg_max(turns.event_id, (turns.happened_at, turns.event_id)) as last_event_id
    from turns
    -- equivalent: join because every turn's run has its row
    join runs using (run_id)
    group by turns.run_id
),

pairs as (
    -- the later one began while the earlier one turned on
    select
        later.run_id, earlier.run_id as other_run, later.source_type, later.first_at as happened_at,
        'confirmed' as verdict,
        epoch(least(earlier.last_at, later.last_at)) - epoch(later.first_at) as overlap_s,
        [later.first_event_id, later.last_event_id, earlier.first_event_id, earlier.last_event_id] as evidence
    from spans as later
    join spans as earlier
        on earlier.source_type = later.source_type
        and (earlier.first_at, earlier.run_id) < (later.first_at, later.run_id)
    where least(earlier.last_at, later.last_at) - later.first_at > to_seconds($overlap_s)
),

jumps as (
    -- within one source the number of the cycle goes back and forth
    select run_id, happened_at, event_id
    from turns
    where cycle is not null
    qualify cycle < lag(cycle) over (partition by run_id order by happened_at, cycle)
),

numbers as (
    select
        run_id, happened_at, cycle, lag(cycle) over by_number as cycle_before,
        lag(happened_at) over by_number as before_at
    from turns
    where cycle is not null
    window by_number as (partition by run_id, kind order by cycle, happened_at)
),

before as (
    select run_id, lag(last_cycle) over (partition by source_type, source_id order by started_at) as last_cycle
    from runs
),

counted as (
    -- a clock that is set back shows a number before the one that precedes it, and leaves out none between
    select
        numbers.run_id,
        bool_or(
            numbers.cycle = numbers.cycle_before
            or (
                numbers.happened_at < numbers.before_at
                and (
                    numbers.cycle - numbers.cycle_before > 1 + $lost_turns
                    -- the process before it counts on
                    or coalesce(numbers.cycle = before.last_cycle + 1, false)
                )
            )
        ) as is_by_two
    from numbers
    -- equivalent: join because every turn's run has its row
    join before using (run_id)
    group by numbers.run_id
),

mixed as (
    select
        jumps.run_id, jumps.run_id as other_run, any_value(runs.source_type) as source_type,
        min(jumps.happened_at) as happened_at,
        case when any_value(counted.is_by_two) then 'probable' else 'insufficient_evidence' end as verdict,
        epoch(max(jumps.happened_at)) - epoch(min(jumps.happened_at)) as overlap_s,
        list(jumps.event_id order by jumps.happened_at, jumps.event_id) as evidence
    from jumps
    -- equivalent: join because every turn's run has its row
    join runs using (run_id)
    -- equivalent: join because a turn that jumps has a number
    join counted using (run_id)
    group by jumps.run_id
    having count(*) > $back_turns
)

select
    'run' as subject_kind, run_id as subject_id, happened_at, verdict,
    format(
        'two processes of {} turned at once for {} s{}', source_type, round(overlap_s)::bigint,
        case verdict when 'insufficient_evidence' then ', or the clock of one was set back' else '' end
    ) as summary,
    evidence, other_run, source_type, overlap_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from (from pairs union all from mixed)
order by happened_at, subject_id, other_run
