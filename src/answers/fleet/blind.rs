//! Where lines could not reach us: the gaps of a span, of every source but the workers.

use crate::answers::ask::{Ask, Row};
use crate::answers::causes;
use crate::answers::page::{Page, Value};
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// The tables it asks.
pub(in crate::answers) const TABLES: [&str; 1] = ["gaps"];

/// Each worker has gaps before its start and after its end; they are told with the worker.
const GAPS: &str = "select source_type, source_id, began_at, ended_at, cause, basis, why from gaps \
    where source_type <> 'worker' and cause <> 'no_such_source' \
    and began_at <= $until and coalesce(ended_at, $until) >= $since \
    order by began_at desc, source_type, source_id, cause";

/// Reads them, the newest first.
pub(in crate::answers) fn read(
    ask: Ask<'_>,
    since: Micros,
    until: Micros,
) -> Result<Vec<Row>, ReadError> {
    ask.rows(GAPS, &[("since", Cell::Time(since)), ("until", Cell::Time(until))])
}

/// Adds the first of them.
pub(in crate::answers) fn add(page: &mut Page, title: &str, found: &[Row], limit: usize) {
    let rows = found.iter().take(limit).map(|gap| {
        vec![
            gap.id("source_id"),
            gap.when("began_at"),
            Value::between(gap.time("began_at"), gap.time("ended_at")),
            gap.say("cause"),
            means(gap),
            gap.say("basis"),
        ]
    });
    let columns = ["source", "began_at", "lasted_s", "cause", "means", "basis"];
    page.table("gaps", title, &columns, rows.collect(), "none");
}

/// The cause in words, with how it is known.
fn means(gap: &Row) -> Value {
    let cause = gap.text("cause").map(causes::told);
    match (cause, gap.text("why")) {
        (Some(cause), Some(why)) => Value::Text(format!("{cause} ({why})")),
        (cause, None) | (cause @ None, _) => Value::text(cause),
    }
}
