--! id        = "run_api_loop_stalled"
--! title     = "The loop of the API orchestrator stood still"
--! severity  = "medium"
--! question  = "When did the API orchestrator's loop not turn for long, although its process lived?"
--! reads     = ["events", "runs"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { stall_s = 90 }
--! incidents = ["O34"]
--! innocent  = """
--!   The host suspended the process: then nothing of it is logged in that time, and its tasks stood still
--!   too."""
--! remedy    = """
--!   Look at what the loop called last: a claim or a count that waits without a timeout, or a blocking call
--!   inside the event loop. While it stands nothing is claimed."""
--! guide     = """
--!   `confirmed`: the number of the loop goes on by one over the stall, so no line was lost: one turn took
--!   that long. `probable`: the loop never turned again, and other lines of the process came later."""

-- The loop turns every 10 s (domain/orchestrator.md A8); the longest normal silence is under 90 s
-- (domain/evidence-rules.md fact 28).
with turns as (
    select
        run_id, happened_at, event_id, attributes, lead(happened_at) over by_time as next_at,
        lead(event_id) over by_time as next_event_id, lead(attributes) over by_time as next_attributes
    from events
    where kind = 'loop_ticked'
    window by_time as (partition by run_id order by happened_at, event_id)
),

ticks as (
    -- those that were followed late or by none: only their texts are taken apart
    select
        run_id, happened_at, event_id, next_at, next_event_id,
        try_cast(json_extract(attributes, '$.loop') as bigint) as loop_number,
        try_cast(json_extract(next_attributes, '$.loop') as bigint) as next_number
    from turns
    where coalesce(next_at - happened_at > to_seconds($stall_s), true)
),

others as (
    -- the last line of what its tasks do
    select run_id, max(happened_at) as last_at, arg_max(event_id, (happened_at, event_id)) as event_id
    from events
    where kind in ('task_started', 'task_completion_said', 'task_failure_said', 'upload_failed')
    group by run_id
),

stalls as (
    select
        ticks.run_id, ticks.happened_at, ticks.event_id, ticks.next_event_id, ticks.next_at, true as is_whole
    from ticks
    where ticks.next_number = ticks.loop_number + 1
    union all
    select
        ticks.run_id, ticks.happened_at, ticks.event_id, others.event_id, others.last_at, false as is_whole
    from ticks
    -- equivalent: join because without a later line nothing lasted
    join others using (run_id)
    where ticks.next_at is null
)

select
    'run' as subject_kind, run_id as subject_id, happened_at,
    case when is_whole then 'confirmed' else 'probable' end as verdict,
    format(
        'the loop did not turn for {}{}', cast(date_trunc('second', next_at - happened_at) as varchar),
        case when is_whole then '' else ' or ever again, while tasks went on' end
    ) as summary,
    [event_id, next_event_id] as evidence,
    next_at as until_at, round(epoch(next_at) - epoch(happened_at)) as stalled_s,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from stalls
where next_at - happened_at > to_seconds($stall_s)
order by happened_at, subject_id
