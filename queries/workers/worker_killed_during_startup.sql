--! id        = "worker_killed_during_startup"
--! title     = "A worker was killed as one that does not start"
--! severity  = "high"
--! question  = """
--!   Which kills hit a worker that was installing, loading its model, or held a task in a startup phase?"""
--! reads     = [
--!   "decisions", "events", "workers", "worker_states", "worker_signals", "worker_ends", "task_attempts"
--! ]
--! grain     = ["subject_id"]
--! params    = { install_s = 360, quiet_s = 60, startup_s = 1800 }
--! incidents = ["O8", "O21", "O26"]
--! cause     = ["stage", "formula"]
--! known_fix = "81188ba (2025-10-17), 61d37ab (2026-04-13)"
--! innocent  = """
--!   It hung, and its last line only happened to be young: `quiet_s` before the kill is the least that a
--!   process is given. Nor is every worker that never claimed loading: one that was killed by no rule of
--!   starts, or lived for longer than `startup_s`, may have had nothing to do."""
--! remedy    = """
--!   Give the timeout named by `formula` the time that startups take here (worker_never_ready shows the
--!   slowest), and let it count from the launch of the script. A startup phase that nobody clears must not
--!   outlive the first claim."""
--! guide     = """
--!   `stage`: installing (the script ran for less than an install takes, and nothing had spoken yet),
--!   loading (a rule of starts condemned it, while its process still spoke and had not claimed yet),
--!   startup_phase (killed for a phase that was long over: it held a task)."""

-- install_s: an install takes five to six minutes (domain/orchestrator.md O8). quiet_s: the orchestrator
-- itself takes a sign of 60 s for life (domain/orchestrator.md W15); O21: lines still flow, no claim yet, by
-- the rules that judge a start; startup_s: the longest that any of them gives (2.3); O26: the phase was never
-- cleared, and a task is in progress.
with kills as (
    select
        subject_id as worker_id, min(happened_at) as killed_at,
        arg_min(event_id, (happened_at, event_id)) as kill_event_id,
        arg_min(formula, (happened_at, event_id)) as formula,
        arg_min(verdict, (happened_at, event_id)) as reason
    from decisions
    where rule = 'kill'
    group by subject_id
),

launches as (
    select
        worker_id, min(happened_at) as launched_at,
        arg_min(event_id, (happened_at, event_id)) as launch_event_id
    from events
    where kind = 'startup_launched'
    group by worker_id
),

signs as (
    -- what its process did before the kill
    select
        kills.worker_id, max(worker_signals.happened_at) as act_at,
        arg_max(worker_signals.event_id, (worker_signals.happened_at, worker_signals.event_id))
            as act_event_id,
        count(*) as acts
    from kills
    join worker_signals
        on worker_signals.worker_id = kills.worker_id
        and not worker_signals.by_guardian
        and worker_signals.happened_at <= kills.killed_at
    group by kills.worker_id
),

held as (
    select
        kills.worker_id, list_sort(list(distinct task_attempts.task_id)) as task_ids,
        list_sort(list(distinct task_attempts.claimed_event_id)) as claim_event_ids
    from kills
    join task_attempts
        on task_attempts.worker_id = kills.worker_id
        and task_attempts.claimed_at <= kills.killed_at
        and coalesce(task_attempts.ended_at >= kills.killed_at, true)
    group by kills.worker_id
),

steps as (
    -- where it stood
    select kills.worker_id, arg_max(worker_states.state, worker_states.seq) as state
    from kills
    -- equivalent: join because a worker that is condemned stood somewhere
    join worker_states
        on worker_states.worker_id = kills.worker_id
        and worker_states.entered_at < kills.killed_at
    group by kills.worker_id
),

judged as (
    select
        kills.*, steps.state, launches.launched_at, launches.launch_event_id,
        signs.act_at, signs.act_event_id,
        coalesce(held.task_ids, []) as task_ids, coalesce(held.claim_event_ids, []) as claim_event_ids,
        case
            when kills.formula = 'startup_phase' and len(held.task_ids) > 0 then 'startup_phase'
            when coalesce(signs.acts, 0) = 0
                and kills.killed_at - launches.launched_at < to_seconds($install_s) then 'installing'
            when steps.state = 'active_initialising'
                and kills.formula in (
                    'ready_not_claiming', 'never_initialised', 'startup_phase', 'gpu_not_detected',
                    'spawning_timeout', 'script_running_timeout', 'no_heartbeat'
                )
                and kills.killed_at - workers.created_at <= to_seconds($startup_s)
                and coalesce(
                    json_extract_string(try_cast(workers.metadata as json), '$.ready_for_tasks') <> 'true', true
                )
                and kills.killed_at - signs.act_at < to_seconds($quiet_s) then 'loading'
        end as stage
    from kills
    -- equivalent: join because a worker that is condemned stood somewhere
    join steps using (worker_id)
    -- equivalent: join because of the same
    join workers on workers.id = kills.worker_id
    left join launches using (worker_id)
    left join signs using (worker_id)
    left join held using (worker_id)
)

select
    'worker' as subject_kind, judged.worker_id as subject_id, judged.killed_at as happened_at,
    case when judged.stage = 'startup_phase' then 'confirmed' else 'probable' end as verdict,
    format(
        'killed for "{}" {}', judged.reason,
        case judged.stage
            when 'startup_phase' then 'with a task in hand'
            when 'installing' then format(
                '{} s after its startup script was launched',
                round(epoch(judged.killed_at - judged.launched_at))::bigint
            )
            else format(
                'while it was loading: its last line is {} s old',
                round(epoch(judged.killed_at - judged.act_at))::bigint
            )
        end
    ) as summary,
    list_filter(
        list_concat(
            [judged.kill_event_id, judged.launch_event_id, judged.act_event_id], judged.claim_event_ids
        ),
        lambda piece: piece is not null
    ) as evidence,
    judged.stage, judged.formula, judged.state, judged.launched_at, judged.act_at as last_act_at,
    judged.task_ids as affected_tasks,
    epoch(judged.killed_at - judged.launched_at) as lost_worker_s
from judged
-- equivalent: join because a kill is an end
join worker_ends using (worker_id)
where judged.stage in ('startup_phase', 'installing', 'loading')
    -- a pod that was gone before is aftermath
    -- equivalent: true because the end of a kill has its time in the cases
    and coalesce(worker_ends.ended_at >= judged.killed_at, true)
    and worker_ends.end_kind <> 'external'
order by happened_at, subject_id
