--! id        = "fleet_scale_up_storm"
--! title     = "The fleet was scaled up for a demand that was not there"
--! severity  = "high"
--! question  = "Did the count of tasks jump without new tasks, and were workers spawned for it?"
--! reads     = ["cycles", "tasks", "events"]
--! grain     = ["subject_id", "happened_at"]
--! params    = { factor = 10, from_zero = 10, spawned = 3, fresh_s = 3600, cycles_s = 90 }
--! incidents = ["O3"]
--! cause     = ["kind"]
--! innocent  = """
--!   Many tasks were put back at once (a reset after a death of many workers), or a user resumed: then the
--!   tasks are older than an hour, and were in progress until just before."""
--! remedy    = """
--!   Find the tasks that were counted (fleet_ancient_tasks_counted), and take them out of the queue. Look
--!   for a restart of the orchestrator near `happened_at`: a new process has no memory of the count
--!   before."""
--! guide     = """
--!   `kind`: from_zero or spike. `jumped_by` is how many tasks more the count told than in the cycle
--!   before, `created` how many were created in the hour before, `spawned` how many workers were spawned
--!   for it."""

-- Rule and numbers: domain/orchestrator.md O3 and G58 (more than ten times the count before, or from 0 to
-- more than 10, while fewer tasks were created in the last hour); spawned: G57 (three or more in one cycle);
-- cycles_s: the cycle of the jump and the two after it, of 30 s each (section 3).
with counts as (
    -- what each cycle counted, and the one before it of the same process
    select
        run_id, cycle, started_at, queued,
        lag(queued) over (partition by run_id order by cycle) as before
    from cycles
    where queued is not null
),

jumps as (
    select
        *, queued - before as jumped_by,
        case when before > 0 then 'spike' else 'from_zero' end as kind
    from counts
    where (before = 0 and queued > $from_zero) or (before > 0 and queued > before * $factor)
),

fresh as (
    -- tasks that were created in the hour before
    select jumps.run_id, jumps.cycle, count(tasks.id) as created
    from jumps
    left join tasks
        on tasks.created_at between jumps.started_at - to_seconds($fresh_s) and jumps.started_at
    group by jumps.run_id, jumps.cycle
),

grown as (
    select jumps.run_id, jumps.cycle, sum(cycles.spawned) as spawned
    from jumps
    -- equivalent: join because its own cycle is one of them
    join cycles
        on cycles.run_id = jumps.run_id
        and cycles.started_at between jumps.started_at and jumps.started_at + to_seconds($cycles_s)
    group by jumps.run_id, jumps.cycle
),

told as (
    -- the rows that say so: the count, and what was spawned
    select
        jumps.run_id, jumps.cycle,
        list(events.event_id order by events.happened_at, events.event_id) as event_ids
    from jumps
    -- equivalent: join because its own count is one of them
    join events
        on events.run_id = jumps.run_id
        and events.happened_at between jumps.started_at and jumps.started_at + to_seconds($cycles_s)
        and events.kind in ('demand_observed', 'task_count_decided', 'scale_up_started')
    group by jumps.run_id, jumps.cycle
)

select
    'run' as subject_kind, jumps.run_id as subject_id, jumps.started_at as happened_at,
    'confirmed' as verdict,
    format(
        'the count of queued tasks went from {} to {} while {} had been created within the hour; {} spawned',
        jumps.before, jumps.queued, fresh.created, grown.spawned
    ) as summary,
    told.event_ids as evidence,
    jumps.kind, jumps.cycle, jumps.jumped_by, fresh.created, grown.spawned,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from jumps
-- equivalent: join because each jump has a row of it
join fresh using (run_id, cycle)
-- equivalent: join because each jump has a row of it
join grown using (run_id, cycle)
-- equivalent: join because each jump has a row of it
join told using (run_id, cycle)
where fresh.created < jumps.jumped_by
    and grown.spawned >= $spawned
order by happened_at, subject_id
