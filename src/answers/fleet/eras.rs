//! The eras that a process may be of: its lines may fit more than one.

use crate::answers::ask::Row;

/// The tables that a SELECT with `{eras}` asks.
pub(in crate::answers) const TABLES: [&str; 2] = ["runs", "log_coverage"];

/// `log_coverage` has the eras of each source's processes in order, such as `E6 E11-E12`; a run has that of them
/// which is of its date. Of two ranges that hold it nobody knows whose is whose.
const ERAS: &str = "(select case when count(*) = 1 then any_value(fit) end from ( \
        select source_type, source_id, unnest(string_split(era, ' ')) as fit from log_coverage) as fits \
    where fits.source_type = runs.source_type and fits.source_id = runs.source_id \
        and (fit = runs.era or contains(fit, '-') \
            and try_cast(regexp_extract(runs.era, '[0-9]+') as bigint) \
                between try_cast(regexp_extract(fit, '[0-9]+') as bigint) \
                and try_cast(regexp_extract(fit, '-E([0-9]+)', 1) as bigint))) as eras";

/// A SELECT from `runs` in which `{eras}` stands for a column of that name.
pub(in crate::answers) fn with_eras(sql: &str) -> String {
    sql.replace("{eras}", ERAS)
}

/// What is said of a run's era where its lines fit several: `E11 to E12`.
pub(in crate::answers) fn several(run: &Row) -> Option<String> {
    let (first, last) = run.text("eras")?.split_once('-')?;
    Some(format!("{first} to {last}"))
}
