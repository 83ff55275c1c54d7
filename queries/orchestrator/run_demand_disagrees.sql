--! id        = "run_demand_disagrees"
--! title     = "An orchestrator counted more waiting tasks than there were"
--! severity  = "medium"
--! question  = "In which cycles was the count of queued tasks above the number of rows that were queued?"
--! reads     = ["events", "task_states", "snapshot_tables"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { slack_s = 5, cycles = 2 }
--! incidents = ["O3", "O4"]
--! cause     = ["source"]
--! innocent  = """
--!   The tasks were deleted since, with their project or by a clean-up: then no row shows them now. A count
--!   below the rows is no disagreement: users without credit, over their limit, or tasks that wait for
--!   others do not count."""
--! remedy    = """
--!   Ask the function task-counts what it counted (its debug mode lists the tasks), and whether it filters
--!   by status and type. Each task too many is a worker that is spawned for nothing."""
--! guide     = """
--!   `counted` against `queued_rows` where they differed most: all that may have been queued then, as of some it
--!   is not known when they were put back. `insufficient_evidence`: not all tasks were
--!   captured, so the count may be right."""

-- Rule: domain/orchestrator.md O3 and O4 (demand against rows). Cycles come every 30 s; a row and the count
-- that sees it are apart by less than 5 s (domain/evidence-rules.md facts 1 and 11).
with counts as (
    select
        run_id, cycle, event_id, happened_at,
        happened_at + to_seconds($slack_s) as until_at, happened_at - to_seconds($slack_s) as from_at,
        -- since E8 the scaling uses the claimable ones
        try_cast(
            coalesce(
                json_extract(attributes, '$.potentially_claimable'), json_extract(attributes, '$.queued_only')
            ) as bigint
        ) as counted
    from events
    where kind = 'demand_observed'
),

entered as (
    -- how many had ever come into the queue, at each instant one came, or may have where only bounds are known
    select entered_at, sum(count(*)) over (order by entered_at) as entries
    from (
        select least(task_states.entered_at, events.earliest) as entered_at
        from task_states
        -- equivalent: join because every state was entered by an event
        join events on events.event_id = task_states.entered_event_id
        where task_states.state = 'queued'
    )
    group by entered_at
),

departed as (
    -- and how many had left it for certain
    select left_at, sum(count(*)) over (order by left_at) as departures
    from (
        select greatest(task_states.left_at, events.latest) as left_at
        from task_states
        -- equivalent: join because what has not left has no time of it
        join events on events.event_id = task_states.left_event_id
        where task_states.state = 'queued'
    )
    group by left_at
),

compared as (
    -- how many were queued at some time of these seconds
    select
        counts.run_id, counts.cycle, counts.event_id, counts.happened_at, counts.counted,
        cast(coalesce(entered.entries, 0) - coalesce(departed.departures, 0) as bigint) as queued_rows
    from counts
    asof left join entered on counts.until_at >= entered.entered_at
    asof left join departed on counts.from_at > departed.left_at
),

above as (
    select
        *, counted - queued_rows as surplus,
        cycle - row_number() over (partition by run_id order by cycle) as stretch
    from compared
    where counted > queued_rows
)

select
    'run' as subject_kind, above.run_id as subject_id, min(above.happened_at) as happened_at,
    case
        -- equivalent: = because a case captures every table whole
        when (select bool_and(is_whole) from snapshot_tables where table_name = 'tasks')
            then 'probable'
        -- equivalent: 'insufficient_evidence' because a case captures every table whole
        else 'insufficient_evidence'
    end as verdict,
    format(
        'in {} cycles it counted up to {} queued task(s) more than rows show', count(*), max(above.surplus)
    ) as summary,
    list(above.event_id order by above.cycle) as evidence,
    arg_max(above.counted, (above.surplus, above.cycle)) as counted,
    arg_max(above.queued_rows, (above.surplus, above.cycle)) as queued_rows,
    max(above.happened_at) as until_at, count(*) as cycles, 'task-counts' as source,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from above
group by above.run_id, above.stretch
having count(*) >= $cycles
order by happened_at, subject_id
