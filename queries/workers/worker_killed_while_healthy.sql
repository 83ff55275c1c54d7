--! id        = "worker_killed_while_healthy"
--! title     = "A worker that could still complete work was killed"
--! severity  = "critical"
--! question  = "Which error and failsafe kills hit a worker that could still have completed work, and what proves it?"
--! reads     = ["events", "worker_ends", "worker_signals", "task_attempts", "tasks", "workers", "worker_states", "coverage"]
--! grain     = ["subject_id"]
--! params    = { beat_s = 23, beat_sure_s = 18, dead_s = 7, guardian_s = 25, quiet_s = 120, near_s = 60, act_sure_s = 60, window_s = 1800, percentile = 0.95 }
--! incidents = ["O1", "O25", "O26", "X2", "X14"]
--! cause     = ["rule", "reason"]
--! guide     = """
--!   Read `reason` (what the orchestrator held against it) beside `last_heartbeat` and `last_act_at`
--!   (what it still did). `confirmed`: it lived when its pod died. `probable`: one sign of life, or a
--!   close one. `rule` = worked_on: it completed a task after the verdict; without `ended_at` the kill
--!   failed, or was never tried. One that was checked as active again is none (`worker_states`
--!   tells when). `rule` = restarted: what worked on after the verdict was, or may have been, a new process.
--!   `insufficient_evidence`: look at `coverage` of the worker and of the edge functions
--!   around `happened_at`; a longer export may decide it. With --verdict all the kills that were right
--!   are listed too."""
--! innocent  = """
--!   The worker froze less than one heartbeat period before its pod died: nothing in the rows can tell
--!   that from a healthy worker, and the verdict is at most `probable` where it is close."""
--! remedy    = """
--!   Look at the rule named in `reason`: an SSH probe says nothing about the worker, one poison task
--!   says nothing about the machine it fails on, a silent heartbeat guardian nothing about the process
--!   it guards. Requeue the tasks in `tasks_reset` that did not finish since, and quarantine the task
--!   in `poison_task`."""

-- Rules and numbers: domain/evidence-rules.md section 2 (23 s: one heartbeat period and jitter; 25 s: a
-- heartbeat that late is missing; dead_s: fact 15, how long after the line that says so a pod is dead; 120 s and the 95th percentile: how long work may go on unseen) and
-- fact 15 (60 s: what belongs to one kill); window_s: TASK_FAILURE_WINDOW_MINUTES (domain/orchestrator.md 5). 60 s is also how long the orchestrator itself takes a sign of
-- life for health (domain/orchestrator.md W15): an act older than that leaves room for a later crash that
-- a dead guardian could not tell of.
with reinstated as (
    -- an orchestrator checked it as active after a verdict: the write had failed, or never come, and so the kill. Where
    -- a row alone says that it went on, it was condemned all the same
    select worker_id, entered_at
    from (
        select
            worker_id, state, entered_at, basis,
            lag(state) over (partition by worker_id order by entered_at) as before
        from worker_states
    )
    where before = 'condemned' and state <> 'ended' and basis = 'logged'
),

condemned as (
    -- each time an orchestrator condemned a worker, and why; beyond the logs' horizon only the row tells
    select
        events.worker_id, event_id, happened_at,
        coalesce(
            json_extract_string(attributes, '$.reason'),
            case kind when 'failsafe_stale' then 'FAILSAFE: stale heartbeat' else 'no reason given' end
        ) as reason
    from events
    anti join reinstated
        on reinstated.worker_id = events.worker_id and reinstated.entered_at > events.happened_at
    where kind in ('worker_marked_error', 'worker_error_recorded')
        -- the failsafe also cleans up workers that were condemned before, and ones that never started
        or (
            kind = 'failsafe_stale'
            and coalesce(json_extract_string(attributes, '$.status'), 'active') = 'active'
        )
),

kills as (
    -- the first time counts: what follows is aftermath (domain/evidence-rules.md fact 19)
    select
        worker_id, arg_min(event_id, (happened_at, event_id)) as kill_event_id,
        min(happened_at) as decided_at, arg_min(reason, (happened_at, event_id)) as reason,
        false as is_implied
    from condemned
    group by worker_id
    union all
    -- the failsafe's lines were lost with their batch: its row and its silence imply it
    select
        worker_id, event_id as kill_event_id, coalesce(decided_at, ended_before) as decided_at,
        'FAILSAFE: stale heartbeat' as reason, true as is_implied
    from worker_ends
    where end_kind = 'failsafe'
        and worker_id not in (select worker_id from condemned)
),

deaths as (
    -- with the pod's end; idle timeouts, early terminations (written as errors in E7: domain/orchestrator.md
    -- W9, W14), pods found gone and pods never had are no kills
    select
        kills.*, worker_ends.ended_at, worker_ends.end_kind,
        worker_ends.event_id as end_event_id,
        -- where no row of its own tells of the end, how long after the verdict the pod died is not known
        (worker_ends.event_id <> kills.kill_event_id) is true as end_is_told,
        coalesce(worker_ends.ended_at, kills.decided_at) as pod_dead_at,
        coalesce(worker_ends.ended_at < kills.decided_at, false) as was_gone
    from kills
    left join worker_ends using (worker_id)
    where kills.reason not like 'Idle timeout%'
        and kills.reason not like 'Early termination%'
        and kills.reason not like 'Pod externally terminated%'
        and worker_ends.end_kind is distinct from 'spawn_failed'
),

earlier as (
    -- what had last begun with it by the verdict, or that it had shut down by itself
    select deaths.worker_id, arg_max(events.kind, (events.happened_at, events.event_id)) as kind
    from deaths
    -- equivalent: join because one that had not begun did not begin anew
    join events
        on events.worker_id = deaths.worker_id
        and events.kind in ('worker_ready', 'task_claimed', 'worker_said_goodbye')
        and events.happened_at <= deaths.decided_at
    group by deaths.worker_id
),

again as (
    -- when a new process of one that had been at work began: what it does tells nothing of the one that was condemned.
    -- An owner may start his own machine anew (external) while its lines do not reach us: then its next claim may be of
    -- a new one
    select
        deaths.worker_id, min(events.happened_at) as began_at,
        bool_or(events.kind <> 'task_claimed') as is_told,
        any_value(earlier.kind) = 'worker_said_goodbye' as said_goodbye
    from deaths
    join earlier using (worker_id)
    -- equivalent: join because a worker of a verdict has its row
    join workers on workers.id = deaths.worker_id
    -- equivalent: join because only one that began is used
    join events
        on events.worker_id = deaths.worker_id
        and events.happened_at > deaths.decided_at
        and (
            events.kind in ('worker_logging_started', 'worker_ready')
            or (events.kind = 'task_claimed' and workers.instance_type = 'external')
        )
    group by deaths.worker_id
),

signs as (
    -- the final heartbeat: it may arrive after the verdict, which is what decides; and the last act of the
    -- process that works, before its pod died
    select
        deaths.worker_id,
        max(worker_signals.happened_at) filter (where worker_signals.by_guardian) as beat_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id))
            filter (where worker_signals.by_guardian) as beat_event_id,
        max(worker_signals.happened_at) filter (where not worker_signals.by_guardian) as act_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id))
            filter (where not worker_signals.by_guardian) as act_event_id,
        arg_max(worker_signals.signal, (worker_signals.happened_at, worker_signals.event_id))
            filter (where not worker_signals.by_guardian) as act
    from deaths
    -- equivalent: join because a kill without a sign has none either way
    join worker_signals
        on worker_signals.worker_id = deaths.worker_id
        and (worker_signals.by_guardian or worker_signals.happened_at <= deaths.pod_dead_at)
    left join again on again.worker_id = deaths.worker_id
    -- a new process beats before its first line
    where again.began_at is null or worker_signals.happened_at <= deaths.decided_at
    group by deaths.worker_id
),

probes as (
    -- the SSH probe that failed just before
    select deaths.worker_id, arg_max(events.event_id, (events.happened_at, events.event_id)) as probe_event_id
    from deaths
    -- equivalent: join because a kill without a probe has none either way
    join events
        on events.worker_id = deaths.worker_id
        and events.kind = 'ssh_unreachable'
        and events.happened_at between deaths.decided_at - to_seconds($near_s) and deaths.decided_at
    group by deaths.worker_id
),

orchestrators as (
    -- done when their children are made: no sign of work (domain/evidence-rules.md section 2)
    select id from tasks where contains(lower(task_type), 'orchestrator')
),

said as (
    -- how each task ended, by the word of the worker that was at it
    select worker_id, task_id, happened_at, earliest, event_id, kind
    from events
    where kind in ('task_handler_succeeded', 'task_handler_failed')
),

worked_on as (
    -- what it completed after the verdict, by the rows or by its own word, while its pod lived: the kill may have
    -- failed (domain/orchestrator.md G119), or its pod have lived long enough
    select
        deaths.worker_id, min(ends.happened_at) as first_at, max(ends.happened_at) as last_at,
        arg_min(ends.event_id, (ends.happened_at, ends.event_id)) as event_id
    from deaths
    -- equivalent: join because only those that completed something are used
    join (
        select worker_id, happened_at, happened_at as earliest, event_id from worker_signals
        where signal = 'completion'
        union all
        select worker_id, happened_at, earliest, event_id from said
        where kind = 'task_handler_succeeded' and task_id not in (select id from orchestrators)
    ) as ends
        on ends.worker_id = deaths.worker_id
        -- by whatever its clock may be
        and ends.earliest > deaths.decided_at
        and (deaths.ended_at is null or ends.happened_at <= deaths.ended_at)
    left join again on again.worker_id = deaths.worker_id
    where coalesce(ends.happened_at < again.began_at, true)
    group by deaths.worker_id
),

outcomes as (
    -- of those who were killed, up to the verdict
    select said.*
    from deaths
    -- equivalent: join because only what was said is used
    join said on said.worker_id = deaths.worker_id and said.happened_at <= deaths.decided_at
),

usual as (
    -- how long work of each kind lasts
    select
        tasks.task_type,
        quantile_cont(epoch(task_attempts.ended_at) - epoch(task_attempts.claimed_at), $percentile) as long_s
    from task_attempts
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = task_attempts.task_id
    where task_attempts.outcome = 'complete'
        -- those last as long as their children, and take no work (domain/evidence-rules.md section 2, traps)
        and not contains(lower(tasks.task_type), 'orchestrator')
    group by tasks.task_type
),

in_hand as (
    -- what it held when it was condemned, and whether it had said the end of it since: an orchestrator task
    -- stays in hand until its last child is done, and another one whose completion got lost
    select
        deaths.worker_id, task_attempts.task_id, task_attempts.claimed_at,
        bool_or(outcomes.event_id is not null) as is_done
    from deaths
    -- equivalent: join because the next one drops what it would keep
    join task_attempts
        on task_attempts.worker_id = deaths.worker_id
        and task_attempts.claimed_at <= deaths.decided_at
        -- what it lost, and no line tells when, is said to end with the verdict
        and coalesce(task_attempts.ended_at >= deaths.decided_at, true)
    left join outcomes
        on outcomes.worker_id = deaths.worker_id
        and outcomes.task_id = task_attempts.task_id
        and outcomes.happened_at > task_attempts.claimed_at
    group by deaths.worker_id, task_attempts.task_id, task_attempts.claimed_at
),

held as (
    -- all of it, how much of it it may have been at, and how long such work usually takes
    select
        in_hand.worker_id,
        list_sort(list(distinct in_hand.task_id)) as task_ids,
        count(*) filter (where not in_hand.is_done) as undone,
        max(usual.long_s) filter (where not in_hand.is_done) as long_s
    from in_hand
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = in_hand.task_id
    left join usual using (task_type)
    group by in_hand.worker_id
),

ends as (
    -- each time a worker died of itself, or was condemned for a stuck task and had been silent until then
    select worker_id, happened_at
    from events
    where kind in ('worker_crashed', 'worker_self_terminated')
    union all
    select condemned.worker_id, condemned.happened_at
    from condemned
    left join signs using (worker_id)
    where starts_with(condemned.reason, 'Stuck task')
        and (signs.act_at >= condemned.happened_at - to_seconds($quiet_s)) is not true
),

ends_with as (
    -- what it was at then: the last that it had claimed
    select
        ends.worker_id, ends.happened_at, max(theirs.claimed_at) as claimed_at,
        arg_max(theirs.task_id, (theirs.claimed_at, theirs.task_id)) as task_id
    from ends
    -- equivalent: join because only the tasks are used
    join task_attempts as theirs
        on theirs.worker_id = ends.worker_id
        and ends.happened_at between theirs.claimed_at and theirs.ended_at
    group by ends.worker_id, ends.happened_at
),

killers as (
    -- it held a task that another worker was at when it died or got stuck, too: the task may be what ended both.
    -- One that it was itself killed for as stuck it was not at any more, as it had acted since; nor was either at
    -- one that it had done
    select distinct in_hand.worker_id
    from in_hand
    -- equivalent: join because every held task is of a death
    join deaths using (worker_id)
    -- equivalent: join because only those that others ended with are used
    join ends_with
        on ends_with.task_id = in_hand.task_id
        and ends_with.worker_id <> in_hand.worker_id
    left join said
        on said.worker_id = ends_with.worker_id
        and said.task_id = ends_with.task_id
        and said.kind = 'task_handler_succeeded'
        and said.happened_at between ends_with.claimed_at and ends_with.happened_at
    where not in_hand.is_done
        and said.event_id is null
        and not starts_with(deaths.reason, 'Stuck task ' || in_hand.task_id)
),

resets as (
    -- tasks that its death sent back
    select
        deaths.worker_id,
        list_sort(list(distinct task_attempts.task_id)) as task_ids,
        min(task_attempts.claimed_at) as claimed_at, max(task_attempts.ended_at) as put_back_at
    from deaths
    join task_attempts
        on task_attempts.worker_id = deaths.worker_id
        and task_attempts.outcome in ('reset', 'requeued', 'lost')
        and task_attempts.ended_at >= deaths.decided_at
    group by deaths.worker_id
),

done as (
    -- it had ended well with the task it was killed for, or with another one since it claimed that, and gone on:
    -- that task was stuck, at its completion (domain/worker-app.md X7) or on its way to the worker, and not the worker
    select
        deaths.worker_id,
        bool_or(starts_with(deaths.reason, 'Stuck task ' || outcomes.task_id)) as was_that_task,
        first(
            outcomes.event_id
            order by starts_with(deaths.reason, 'Stuck task ' || outcomes.task_id) desc, outcomes.event_id
        ) as event_id
    from deaths
    -- equivalent: join because the next one drops what it would keep
    join signs using (worker_id)
    left join in_hand
        on in_hand.worker_id = deaths.worker_id
        and starts_with(deaths.reason, 'Stuck task ' || in_hand.task_id)
    -- equivalent: join because a worker that had not done with it has no event of it either way
    join outcomes
        on outcomes.worker_id = deaths.worker_id
        and outcomes.kind = 'task_handler_succeeded'
        and (
            starts_with(deaths.reason, 'Stuck task ' || outcomes.task_id)
            or outcomes.happened_at > in_hand.claimed_at + to_seconds($near_s)
        )
        and outcomes.happened_at < signs.act_at - to_seconds($near_s)
    group by deaths.worker_id
),

successes as (
    select
        worker_id, max(happened_at) as succeeded_at,
        max(happened_at) filter (where task_id not in (select id from orchestrators)) as worked_at,
        arg_max(event_id, (happened_at, event_id))
            filter (where task_id not in (select id from orchestrators)) as event_id
    from outcomes
    where kind = 'task_handler_succeeded'
    group by worker_id
),

failures as (
    -- by its lines, which are what the orchestrator counts
    select worker_id, task_id, happened_at, event_id
    from outcomes
    where kind = 'task_handler_failed'
    union all
    -- and by the rows of the tasks, where a line was lost
    select
        deaths.worker_id, task_attempts.task_id, task_attempts.ended_at, task_attempts.ended_event_id
    from deaths
    -- equivalent: join because the next one drops what it would keep
    join task_attempts
        on task_attempts.worker_id = deaths.worker_id
        and task_attempts.outcome in ('requeued', 'failed')
        and task_attempts.reason is distinct from 'a related task failed'
        and task_attempts.ended_at <= deaths.decided_at
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = task_attempts.task_id
    anti join outcomes
        on outcomes.worker_id = task_attempts.worker_id
        and outcomes.task_id = task_attempts.task_id
    where deaths.reason like 'Task failure loop%'
        -- an orchestrator task ends by what other workers do
        and not contains(lower(tasks.task_type), 'orchestrator')
),

failed as (
    -- those since its last success
    select failures.*, successes.succeeded_at
    from failures
    left join successes using (worker_id)
    where successes.succeeded_at is null or failures.happened_at > successes.succeeded_at
),

elsewhere as (
    -- a task that failed with another worker too says nothing against this one
    select failed.worker_id, count(distinct failed.task_id) as tasks
    from failed
    join events
        on events.kind = 'task_handler_failed'
        and events.task_id = failed.task_id
        and events.worker_id <> failed.worker_id
    group by failed.worker_id
),

streaks as (
    select
        worker_id, count(distinct task_id) as distinct_tasks, count(*) as failures,
        case when count(distinct task_id) = 1 then any_value(task_id) end as poison_task,
        list(event_id order by happened_at, event_id) as event_ids,
        any_value(succeeded_at) is not null as worked_before,
        min(happened_at) as since
    from failed
    group by worker_id
),

everywhere as (
    -- while it failed others failed, too, and nobody succeeded: what they all were given, or all need, may be at fault
    select streaks.worker_id
    from streaks
    -- equivalent: join because without a verdict nothing lies before it
    join deaths using (worker_id)
    -- equivalent: join because what nobody said is no failure
    join said
        on said.worker_id <> streaks.worker_id
        and said.happened_at between streaks.since and deaths.decided_at
    group by streaks.worker_id
    having bool_and(said.kind = 'task_handler_failed')
),

texts as (
    -- what its failures were said to be: by the worker, and by the rows of the tasks that failed
    select streaks.worker_id, json_extract_string(events.attributes, '$.error') as error
    from streaks
    -- equivalent: join because no text is in a row that is not there
    join events
        on events.worker_id = streaks.worker_id
        and events.kind = 'generation_failed'
        and events.happened_at >= streaks.since - to_seconds($near_s)
    union all
    select failed.worker_id, unnest([tasks.error_message, tasks.output_location]) as error
    from failed
    -- equivalent: join because of the same
    join tasks on tasks.id = failed.task_id
),

broken as (
    -- texts that only a broken GPU writes
    select distinct worker_id
    from texts
    where regexp_matches(error, 'device-side assert|illegal memory access')
),

reached as (
    -- whether a completion without a heartbeat could have reached us: a worker's own rows travel with its
    -- heartbeats, so only an edge function can speak for it (domain/worker-app.md 4.1)
    select distinct deaths.worker_id
    from deaths
    -- equivalent: join because nothing lies before a time that is not there
    join signs using (worker_id)
    join coverage
        on coverage.source_type = 'edge_function'
        -- equivalent: = because the edge functions that log since the same day are covered alike
        and coverage.source_id = 'complete-task'
        and coverage.could_reach
        and coverage.from_at <= signs.beat_at
        and coverage.until_at >= deaths.pod_dead_at
),

left_behind as (
    -- what it was at when its heartbeats stopped, and somebody else ended before the verdict: how long it had been
    -- silent with it by then, and how long such work usually takes
    select
        deaths.worker_id,
        max(epoch(task_attempts.ended_at) - epoch(greatest(signs.beat_at, signs.act_at))) as quiet_s,
        max(usual.long_s) as long_s
    from deaths
    -- equivalent: join because nothing lies after a time that is not there
    join signs using (worker_id)
    -- equivalent: join because the next one drops what it would keep
    join task_attempts
        on task_attempts.worker_id = deaths.worker_id
        and task_attempts.ended_at > signs.beat_at
        and task_attempts.ended_at < deaths.decided_at
        and task_attempts.outcome <> 'complete'
    -- equivalent: join because every attempt is at a task that has a row
    join tasks on tasks.id = task_attempts.task_id
    left join usual using (task_type)
    anti join outcomes
        on outcomes.worker_id = task_attempts.worker_id
        and outcomes.task_id = task_attempts.task_id
    group by deaths.worker_id
),

ready as (
    -- it said that it polls, or its row that it is ready
    select worker_id from events where kind = 'worker_ready'
    union
    select id as worker_id
    from workers
    where json_extract_string(try_cast(metadata as json), '$.ready_for_tasks') = 'true'
),

facts as (
    -- one row a kill, with all that decides
    select
        deaths.*, signs.beat_at, signs.beat_event_id, probes.probe_event_id,
        signs.act_at, signs.act_event_id, signs.act,
        coalesce(held.task_ids, []) as held_tasks, coalesce(held.undone, 0) as undone,
        left_behind.worker_id is not null as left_some,
        coalesce(held.undone, 0) = 0 and reached.worker_id is not null
            and left_behind.quiet_s > $quiet_s and left_behind.quiet_s > left_behind.long_s as left_late,
        coalesce(resets.task_ids, []) as tasks_reset,
        -- it held them side by side, and only while its pod lived
        round(epoch(least(resets.put_back_at, deaths.ended_at)) - epoch(resets.claimed_at)) as lost_s,
        greatest($quiet_s, held.long_s) as quiet_allowed_s,
        streaks.distinct_tasks, streaks.failures, streaks.poison_task, streaks.worked_before,
        streaks.event_ids as failure_event_ids, coalesce(elsewhere.tasks, 0) as failed_elsewhere,
        -- the streak is counted from the last success (domain/evidence-rules.md section 2): then there was none
        case when streaks.worker_id is null then successes.event_id end as ended_streak_event_id,
        epoch(deaths.decided_at) - epoch(successes.worked_at) as succeeded_before_s,
        epoch(deaths.pod_dead_at) - epoch(successes.worked_at) as success_age_s,
        broken.worker_id is not null as is_broken,
        -- of two tasks: domain/evidence-rules.md section 2
        everywhere.worker_id is not null and broken.worker_id is null
            and streaks.distinct_tasks - coalesce(elsewhere.tasks, 0) >= 2 as failed_everywhere,
        done.event_id as done_event_id, done.was_that_task,
        worked_on.event_id as worked_on_event_id, epoch(worked_on.first_at) - epoch(deaths.decided_at) as worked_on_s,
        worked_on.last_at as worked_on_at,
        epoch(again.began_at) - epoch(deaths.decided_at) as began_again_s, again.is_told as began_again,
        again.said_goodbye,
        reached.worker_id is not null as acts_could_reach,
        killers.worker_id is not null as held_a_killer,
        try_cast(regexp_extract(deaths.reason, '([0-9]+) consecutive', 1) as bigint) as failures_counted,
        -- the cloud still showed the pod when the diagnostics were taken
        json_extract_string(try_cast(workers.metadata as json), '$.diagnostics.pod_status.desired_status') is not null
            as pod_was_seen,
        workers.id is not null and coalesce(signs.beat_at, signs.act_at) is null as never_lived,
        epoch(deaths.pod_dead_at) - epoch(signs.beat_at) as beat_age_s,
        epoch(deaths.pod_dead_at) - epoch(signs.act_at) as act_age_s,
        epoch(signs.act_at) - epoch(signs.beat_at) as act_after_beat_s,
        case
            when broken.worker_id is not null then '; its GPU had failed'
            when killers.worker_id is not null then '; it held a task that others died or got stuck with'
            else ''
        end as doubt,
        -- what is held against it is that it never began; any act of its process says otherwise
        signs.act_at is not null and regexp_matches(
            deaths.reason,
            '^(Startup phase|GPU ready but never|Never initialized|GPU not detected|Failed basic health check with)'
        ) as had_worked,
        -- what is held against it is that it claimed nothing, and that counts its age (domain/orchestrator.md 2.3): it may
        -- hang at that, or have had nothing to claim (domain/evidence-rules.md section 2)
        regexp_matches(deaths.reason, '^(GPU ready but never|Never initialized)')
            and ready.worker_id is not null as was_ready,
        -- what is held against it is that its heartbeats did not come (domain/orchestrator.md W10, W11, W13, W19)
        regexp_matches(deaths.reason, '^(Stale heartbeat|No heartbeat|FAILSAFE)') as was_unheard,
        epoch(signs.beat_at) - epoch(deaths.decided_at) as beat_after_s
    from deaths
    left join signs using (worker_id)
    left join probes using (worker_id)
    left join held using (worker_id)
    left join left_behind using (worker_id)
    left join resets using (worker_id)
    left join streaks using (worker_id)
    left join successes using (worker_id)
    left join elsewhere using (worker_id)
    left join broken using (worker_id)
    left join everywhere using (worker_id)
    left join done using (worker_id)
    left join worked_on using (worker_id)
    left join again using (worker_id)
    left join reached using (worker_id)
    left join killers using (worker_id)
    left join ready using (worker_id)
    left join workers on workers.id = deaths.worker_id
),

judged as (
    select
        *,
        case
            when was_gone then 'aftermath'
            -- it completed something after the verdict, which outweighs even a heartbeat
            when worked_on_event_id is not null and not is_implied then 'worked_on'
            -- a heartbeat after the verdict outweighs all (domain/evidence-rules.md section 2)
            when end_kind = 'external' and (beat_at > decided_at) is not true then 'gone'
            when reason like 'Task failure loop%' then 'failure_streak'
            when probe_event_id is not null then 'ssh'
            when act_after_beat_s > $guardian_s then 'guardian'
            when beat_age_s <= $beat_s then 'beating'
            when began_again_s is not null then 'restarted'
            else 'silent'
        end as rule
    from facts
)

select
    'worker' as subject_kind, worker_id as subject_id, decided_at as happened_at,
    case rule
        when 'aftermath' then 'refuted'
        when 'worked_on' then 'confirmed'
        when 'gone' then 'refuted'
        when 'failure_streak' then case
            -- it had just worked; after longer, failures since may have been in lines that we lost
            when ended_streak_event_id is not null and success_age_s <= $act_sure_s and end_is_told then 'confirmed'
            -- one that is older did not end what is counted: the failures since are not here
            when succeeded_before_s <= $window_s and ended_streak_event_id is not null then 'probable'
            when distinct_tasks is null then 'insufficient_evidence'
            -- domain/evidence-rules.md section 2: of one task it is the task, of two the worker
            when failed_everywhere then 'insufficient_evidence'
            when is_broken or distinct_tasks - failed_elsewhere >= 2 then 'refuted'
            -- a line we lost may have been of another task
            when distinct_tasks = 1 and worked_before and failures >= failures_counted then 'confirmed'
            else 'probable'
        end
        when 'ssh' then case
            when beat_age_s > $beat_s then 'refuted'
            when beat_age_s is null then 'insufficient_evidence'
            -- a dead pod sends none: one of the two clocks is off
            when beat_age_s between -$beat_s and -$dead_s then 'insufficient_evidence'
            -- the cloud did not show the pod any more, and no heartbeat came after the verdict: it may have
            -- vanished just before the probe
            when not pod_was_seen and beat_at <= decided_at then 'insufficient_evidence'
            when beat_age_s <= $beat_sure_s and end_is_told then 'confirmed'
            else 'probable'
        end
        when 'guardian' then case
            when is_broken then 'refuted'
            -- it may have died of the task since its last act, which a dead guardian could not tell
            when held_a_killer then 'insufficient_evidence'
            when act_age_s <= $act_sure_s and end_is_told then 'confirmed'
            when act_age_s <= quiet_allowed_s then 'probable'
            else 'insufficient_evidence'
        end
        -- it beat to the end; whether it could work is told by what it did, not by the beat
        when 'beating' then case
            when is_broken then 'refuted'
            when (reason like 'Idle with%' or reason like 'GPU ready, previously claimed%')
                and act in ('completion', 'claim') and act_age_s <= $quiet_s
                then 'probable'
            -- a process that hangs in the stuck task does nothing else
            when reason like 'Stuck task%' and act_age_s <= $quiet_s and not held_a_killer
                then 'probable'
            when done_event_id is not null and not held_a_killer
                -- if it had not done the stuck one, it may have taken that up again since (X7)
                and (act_age_s <= quiet_allowed_s or (was_that_task and undone = 0))
                then 'probable'
            -- it may hang, or work at something longer than we have seen: its heartbeats tell neither
            when reason like 'Stuck task%' then 'insufficient_evidence'
            -- the probe's own line is lost, but a basic check failed on a worker that beat to the end
            when reason = 'Failed basic health check' and beat_age_s <= $beat_sure_s
                then case when pod_was_seen then 'probable' else 'insufficient_evidence' end
            -- its heartbeats came after all: they had been kept from us all, or it had been silent for a while. Whether
            -- it could work is told by what it was at
            when was_unheard
                then case
                    when act_age_s <= $quiet_s and not held_a_killer and (act = 'completion' or undone > 0)
                        then 'probable'
                    else 'insufficient_evidence'
                end
            -- it was said not to have begun to work, and it had (domain/orchestrator.md O21, O26)
            when had_worked and act_age_s <= $quiet_s and not held_a_killer
                then case
                    when act = 'completion' or undone > 0 then 'probable'
                    else 'insufficient_evidence'
                end
            when was_ready then 'insufficient_evidence'
            -- without a GPU it would have had no task
            when reason like 'GPU not detected%' and act in ('completion', 'claim') then 'insufficient_evidence'
            else 'refuted'
        end
        when 'restarted' then case when said_goodbye then 'refuted' else 'insufficient_evidence' end
        else case
            -- until somebody took its task from it, it had been silent with it for longer than such work is
            when left_late then 'refuted'
            -- an idle worker whose guardian died leaves the same rows as a frozen one
            when undone = 0 or not acts_could_reach then 'insufficient_evidence'
            -- one heartbeat can get lost, and work of that kind is quiet as long as that
            when act_age_s <= quiet_allowed_s then 'insufficient_evidence'
            else 'refuted'
        end
    end as verdict,
    case rule
        when 'aftermath' then format('killed for "{}", but its pod was already gone', reason)
        when 'worked_on' then format(
            '{} for "{}", and completed a task {} s after that{}',
            case when ended_at is null then 'condemned' else 'killed' end, reason, round(worked_on_s)::bigint,
            case when ended_at is null then '; no row ends its pod' else '' end
        )
        when 'gone' then format('killed for "{}", but its pod had vanished by itself', reason)
        when 'failure_streak' then format(
            case
                when ended_streak_event_id is not null and succeeded_before_s <= $window_s
                    then 'killed for "{0}": it had completed a task {4} s before, and failed at none since'
                else 'killed for "{0}": {1} failures on {2} task(s){3}{5}'
            end,
            reason, coalesce(failures, 0), coalesce(distinct_tasks, 0),
            case when worked_before then ', after it had completed others' else '' end,
            -- equivalent: 0 because it is told only where there was a success
            coalesce(round(succeeded_before_s), 0)::bigint,
            case when failed_everywhere then ', while every other worker that told of an end failed, too' else '' end
        )
        when 'ssh' then format(
            'killed for "{}" after an SSH probe failed; {}', reason,
            coalesce(
                format(
                    'its last heartbeat came {} s {} {}', round(abs(beat_age_s), 1),
                    case when beat_age_s < 0 then 'after' else 'before' end,
                    case when ended_at is null then 'the verdict' else 'its pod was said dead' end
                ),
                'no heartbeat of it is known'
            )
        )
        when 'guardian' then format(
            'killed for "{}"; only its heartbeats had stopped: its last act ({}) came {} s after the last one{}',
            reason, act, round(act_after_beat_s)::bigint, doubt
        )
        when 'beating' then format(
            case
                when not was_that_task
                    then 'killed for "{}", although it had ended well with another task since it had that one{}'
                when done_event_id is not null
                    then 'killed for "{}", although it had ended well with that task and gone on to others{}'
                when was_unheard and act_age_s <= $quiet_s
                    then 'killed for "{0}", although a heartbeat came {2} the verdict, and its process had acted just '
                        || 'before{1}'
                when was_unheard
                    then 'killed for "{0}", although a heartbeat came {2} the verdict, which alone proves no work{1}'
                when (reason like 'Stuck task%' or had_worked) and act_age_s <= $quiet_s
                    then 'killed for "{}", although its process was at work just before{}'
                when was_ready
                    then 'killed for "{}" while its heartbeats went on; it had said that it was ready: it may have '
                        || 'hung at that, or had nothing to claim{}'
                else 'killed for "{}" while its heartbeats went on, which alone proves no work{}'
            end,
            reason, doubt,
            format('{} s {}', round(abs(beat_after_s), 1), case when beat_after_s > 0 then 'after' else 'before' end)
        )
        when 'restarted' then format(
            'condemned for "{}"{}; a process of it that {} begun since then was at work {} s after that', reason,
            case when said_goodbye then ' after it had said goodbye' else '' end,
            case when began_again then 'had' else 'may have' end, round(began_again_s)::bigint
        )
        else format(
            case
                when beat_at is null
                    then 'killed for "{}"; no heartbeat of it is known'
                when left_late
                    then 'killed for "{}" after it had gone silent with a task in hand, which was ended before that'
                when undone = 0 and left_some
                    then 'killed for "{}" after its heartbeats had stopped with a task in hand, which was ended '
                        || 'before that: a dead heartbeat guardian and a frozen worker leave the same rows'
                when undone = 0 and len(held_tasks) > 0
                    then 'killed for "{}" after its heartbeats had stopped with a task in hand, its part of which '
                        || 'was done: a dead heartbeat guardian and a frozen worker leave the same rows'
                when undone = 0
                    then 'killed for "{}" after its heartbeats had stopped while no task of its is known: a dead '
                        || 'heartbeat guardian and a frozen worker leave the same rows'
                when not acts_could_reach
                    then 'killed for "{}" after its heartbeats had stopped with a task in hand; whether it '
                        || 'went on working could not have reached us'
                when act_age_s <= quiet_allowed_s
                    then 'killed for "{}" after its heartbeats had stopped with a task in hand, which it may '
                        || 'have been at'
                else 'killed for "{}" after it had gone silent with a task in hand'
            end,
            reason
        )
    end as summary,
    list_filter(
        list_concat(
            [
                kill_event_id,
                end_event_id,
                case when rule in ('ssh', 'beating', 'guardian', 'silent', 'restarted') then beat_event_id end,
                case when rule = 'ssh' then probe_event_id end,
                case when rule in ('guardian', 'beating', 'restarted') then act_event_id end,
                case when rule = 'beating' then done_event_id end,
                case when rule = 'worked_on' then worked_on_event_id end
            ],
            case when rule = 'failure_streak' then coalesce(failure_event_ids, [ended_streak_event_id]) end
        ),
        lambda piece: piece is not null
    ) as evidence,
    reason, rule, ended_at, beat_at as last_heartbeat,
    case rule when 'worked_on' then worked_on_at else act_at end as last_act_at,
    case rule when 'worked_on' then 'completion' else act end as last_act,
    held_tasks, tasks_reset,
    case when rule = 'failure_streak' then poison_task end as poison_task,
    case when rule = 'failure_streak' then failed_elsewhere end as failed_elsewhere,
    tasks_reset as affected_tasks, lost_s as lost_worker_s
from judged
-- an end that no line tells is a kill only where the worker is seen to have outlived its heartbeats; one
-- that never gave a sign of life could complete nothing
where not (is_implied and rule <> 'guardian')
    and not never_lived
order by happened_at, subject_id
