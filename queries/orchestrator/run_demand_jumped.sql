--! id        = "run_demand_jumped"
--! title     = "The demand jumped although hardly any task was new"
--! severity  = "medium"
--! question  = "When did the number of tasks that an orchestrator saw jump, without as many new ones?"
--! reads     = ["events", "tasks"]
--! grain     = ["subject_id", "cycle"]
--! params    = { jump = 10, new_s = 3600 }
--! incidents = ["O3"]
--! innocent  = """
--!   A user got credit, or switched the cloud on: tasks that had long waited may be claimed at once."""
--! remedy    = """
--!   Look at the oldest queued tasks: rows of a schema before the last, or of a user who left, come into
--!   sight with a new version of task-counts. Clean them up before workers are spawned for them."""
--! guide     = """
--!   `total_before` and `total_now` are queued and active tasks of two counts in a row; `new_tasks` those
--!   made within the hour before. A restart just before (run_restarted) is a plausible trigger."""

-- Rule: domain/orchestrator.md O3 (from 0 to more than 10, or more than tenfold, with fewer new tasks than
-- the jump in an hour).
with counts as (
    select
        run_id, cycle, event_id, happened_at, happened_at - to_seconds($new_s) as new_since,
        try_cast(json_extract(attributes, '$.queued_plus_active') as bigint) as total_now
    from events
    where kind = 'demand_observed'
),

followed as (
    -- across processes: a restart is when such tasks come into sight
    select
        *, lag(total_now) over (order by happened_at, event_id) as total_before,
        lag(event_id) over (order by happened_at, event_id) as before_event_id
    from counts
),

jumps as (
    select *
    from followed
    where total_now > $jump * greatest(total_before, 1)
),

seen as (
    select
        jumps.run_id, jumps.cycle, jumps.happened_at, jumps.event_id, jumps.before_event_id,
        jumps.total_before, jumps.total_now, count(tasks.id) as new_tasks
    from jumps
    left join tasks on tasks.created_at between jumps.new_since and jumps.happened_at
    group by all
)

select
    'run' as subject_kind, run_id as subject_id, happened_at, 'probable' as verdict,
    format(
        'from {} to {} tasks between two counts, of which {} were made within the hour', total_before,
        total_now, new_tasks
    ) as summary,
    [before_event_id, event_id] as evidence,
    cycle, total_before, total_now, new_tasks,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from seen
where new_tasks < total_now - total_before
order by happened_at, subject_id, cycle
