//! What is asked of many tasks. Most are counted where they are read: the columns of a list and the texts of
//! failures are handed out of those alone that show them.

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::strange::state_of;
use crate::answers::tasks::TasksAsked;
use crate::model::state::TaskStateName;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tasks that are asked for, as rows of the questions below.
pub(super) struct Rows {
    /// How many there are of each state and type, their attempts, and between which times they were made.
    pub(super) counts: Vec<Row>,
    /// How long those of each type waited and worked.
    pub(super) times: Vec<Row>,
    /// Each that failed or lacks a generation, and why.
    pub(super) bad: Vec<Row>,
    /// How their attempts ended, the commonest first.
    pub(super) ends: Vec<Row>,
    /// The newest, as many as are listed.
    pub(super) newest: Vec<Row>,
}

/// The last state is the one that lasts. The wait is until the first claim; the work is the last attempt's, where
/// it brought an end.
const WITH: &str = "states as (\
        select task_id, state, entered_at from task_states where left_at is null {and}), \
    made as (select task_id, expected, linked, verdict from task_generations where true {and}), \
    held as (\
        select task_id, count(*) as attempts, min(claimed_at) as claimed_at, \
            arg_max(worker_id, attempt) filter (where outcome <> 'duplicate') as worker_id, \
            arg_max(epoch(ended_at - claimed_at), attempt) filter (where outcome = 'complete') as processing_s, \
            coalesce(bool_or(worker_id = $worker), false) as is_workers \
        from task_attempts where true {and} group by task_id)";

const STATES: &str = "left join states on states.task_id = tasks.id";
const HELD: &str = "left join held on held.task_id = tasks.id";
const MADE: &str = "left join made on made.task_id = tasks.id";

const EACH: &str = "{state} as state, tasks.task_type, held.attempts, {lacks} as lacks, \
    epoch(held.claimed_at - tasks.created_at) as queue_s, held.processing_s, tasks.created_at, \
    states.state = 'failed' or lacks as is_bad, case when is_bad then tasks.id end as id, \
    case when is_bad then states.entered_at end as entered_at, case when lacks then made.verdict end as verdict, \
    case when is_bad then tasks.error_message end as error_message, \
    case when is_bad then tasks.output_location end as output_text";
const COUNTS: &str = "select 'counts' as part, state, task_type, count(*) as tasks, sum(attempts) as attempts, \
    count(*) filter (attempts > 1) as tried_again, count(*) filter (lacks) as lacking, \
    min(created_at) as first_at, max(created_at) as last_at from each group by state, task_type";
const TIMES: &str = "select 'times' as part, task_type, \
    list_sort(list(queue_s) filter (queue_s is not null)) as waits, \
    list_sort(list(processing_s) filter (processing_s is not null)) as works, \
    {queue}, {processing} from each group by task_type";
/// The middle of the sorted values, and the nearest to a share of them.
const SPREAD: &str = "len({of}) as {as}_n, list_aggregate({of}, 'median') as {as}_median, \
    {of}[1 + round((len({of}) - 1) * 0.9)::bigint] as {as}_p90, {of}[-1] as {as}_max";
const BAD: &str = "select 'bad' as part, state, lacks, id, entered_at, verdict, error_message, output_text \
    from each where is_bad";
/// Whether a generation was due for a task that is Complete, and none is known, nor that there was one.
const LACKS: &str = "coalesce({state} = 'complete' and made.expected = 'yes' and made.linked = 0 \
    and made.verdict <> 'generation_deleted_later', false)";
const LISTED: &str = "{state} as state, tasks.id, tasks.task_type, tasks.created_at, held.attempts, \
    epoch(held.claimed_at - tasks.created_at) as queue_s, held.processing_s, made.verdict, held.worker_id, \
    case when tasks.created_at is null \
        then json_extract_string(try_cast(tasks._verbatim as json), '$.created_at') end as written";
const END: &str = "case when reason is null then outcome else outcome || ': ' || reason end";
const NEWEST: &str = "order by tasks.created_at desc, tasks.id desc";

impl Rows {
    /// Reads them; `since` is the later of the begins that are asked for.
    pub(super) fn read(
        ask: Ask<'_>,
        asked: &TasksAsked,
        since: Option<Micros>,
    ) -> Result<Self, ReadError> {
        let text =
            |text: Option<&str>| text.map_or(Cell::Null, |text| Cell::Text(text.to_string()));
        let time = |at: Option<Micros>| at.map_or(Cell::Null, Cell::Time);
        let params = [
            ("state", text(asked.state.map(TaskStateName::name))),
            ("type", text(asked.task_type.as_deref())),
            ("worker", text(asked.worker.as_deref())),
            ("since", time(since)),
            ("until", time(asked.until)),
            ("limit", Cell::Int(i64::try_from(asked.limit).unwrap_or(i64::MAX))),
        ];
        let state = state_of("tasks", "states");
        let (joins, chosen) = choice(asked, since);
        let with = WITH.replace("{and}", "");
        let of_top = WITH.replace("{and}", "and task_id in (select id from top)");
        let spread = |of: &str, name: &str| SPREAD.replace("{of}", of).replace("{as}", name);
        let times = TIMES
            .replace("{queue}", &spread("waits", "queue"))
            .replace("{processing}", &spread("works", "processing"));
        let selects = [
            format!(
                "with {with}, each as materialized (\
                    select {EACH} from tasks {STATES} {HELD} {MADE} where {chosen}) \
                 {COUNTS} union all by name select * exclude (waits, works) from ({times}) union all by name {BAD}"
            ),
            format!(
                "with top as materialized (with {with} select tasks.id from tasks {joins} where {chosen} \
                 {NEWEST} limit $limit), {of_top} select {LISTED} from tasks {STATES} {HELD} {MADE} \
                 where tasks.id in (select id from top) {NEWEST}"
            ),
            format!(
                "with {with} select {END} as said, count(*) as n from task_attempts where task_id in \
                 (select tasks.id from tasks {joins} where {chosen}) group by said order by n desc, said"
            ),
        ];
        let selects = selects.map(|sql| sql.replace("{lacks}", LACKS).replace("{state}", &state));
        let [all, newest, ends] = ask.beside(selects.each_ref().map(String::as_str), &params)?;
        let (mut counts, mut times, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        for row in all {
            match row.text("part") {
                Some("counts") => counts.push(row),
                Some("times") => times.push(row),
                Some(_) | None => bad.push(row),
            }
        }
        Ok(Self { counts, times, bad, ends, newest })
    }
}

/// What is asked of them, and the tables that tell it.
fn choice(asked: &TasksAsked, since: Option<Micros>) -> (String, String) {
    let (mut joins, mut chosen) = (Vec::new(), vec!["true"]);
    if asked.state.is_some() {
        joins.push(STATES);
        chosen.push("{state} = $state");
    }
    if asked.worker.is_some() {
        joins.push(HELD);
        chosen.push("held.is_workers");
    }
    if asked.task_type.is_some() {
        chosen.push("tasks.task_type = $type");
    }
    if since.is_some() {
        chosen.push("tasks.created_at >= $since::timestamp");
    }
    if asked.until.is_some() {
        chosen.push("tasks.created_at < $until::timestamp");
    }
    (joins.join(" "), chosen.join(" and "))
}
