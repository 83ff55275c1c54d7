--! id        = "evidence_unknown_messages"
--! title     = "The log holds many lines that are not understood"
--! severity  = "low"
--! question  = "Which sorts of lines came often, or near failures, and match no template?"
--! reads     = ["unknown_messages", "system_logs"]
--! grain     = ["subject_id", "template", "source_type"]
--! params    = { rows = 50, near_rows = 5 }
--! incidents = ["X15"]
--! cause     = ["source_type"]
--! innocent  = """
--!   Prints of a library, or lines of a version newer than the grammar that say nothing about tasks and
--!   workers."""
--! remedy    = """
--!   Add the template to a grammar file of your own (`grammar suggest` drafts it) and replay: what it tells
--!   then counts as evidence."""
--! guide     = """
--!   `near_failures` says how many stand near a failure: read those first. Whole families of unknown lines
--!   mean that the source runs a version that the grammar does not know."""

-- Eras change their texts (domain/orchestrator.md section 0); a line that is not understood makes no event.
with many as (
    select *
    from unknown_messages
    where count > $rows
        or near_failures > $near_rows
),

firsts as (
    -- the row of the sample: the first of its template
    select
        many.source_type, many.template, first(system_logs.id order by system_logs.id) as log_id,
        first(system_logs.source_id order by system_logs.id) as source_id
    from many
    -- equivalent: join because the sample is a row's
    join system_logs
        on system_logs.timestamp = many.first_at
        -- equivalent: and because the text finds the row; its time and source make it cheap
        and system_logs.source_type = many.source_type
        -- equivalent: and because the text finds the row
        and starts_with(system_logs.message, many.sample)
    group by many.source_type, many.template
)

select
    -- equivalent: = and 'worker' because a case does not show the kind of the subject
    case when many.source_type = 'worker' then 'worker' else 'run' end as subject_kind,
    -- a source may be without a name; equivalent: '' because a case knows such a name as NULL only
    coalesce(nullif(firsts.source_id, ''), '(none)') as subject_id, many.first_at as happened_at,
    'probable' as verdict,
    format('{} line(s) of {} are not understood: {}', many.count, many.source_type, many.template) as summary,
    ['system_logs:' || firsts.log_id] as evidence,
    many.template, many.source_type, many.count as lines, many.near_failures, many.last_at,
    cast([] as varchar[]) as affected_tasks, cast(null as double) as lost_worker_s
from many
-- equivalent: join because the sample is a row's
join firsts using (source_type, template)
order by happened_at, subject_id, many.template, many.source_type
