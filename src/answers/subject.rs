//! Which thing an id, or the beginning of one, means.

use std::time::Duration;

use serde::Serialize;

use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// A thing that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// `task`, `worker`, `event`, `run`, `pod`, `generation`, `source` or `clock`.
    pub kind: String,
    /// Its whole id.
    pub id: String,
}

/// What an id was found to mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Meant {
    /// One thing.
    One(Subject),
    /// Nothing; these begin most like it.
    None(Vec<Subject>),
    /// Several things: some of them.
    Several(Vec<Subject>),
}

/// Things that are named when an id means none or several.
const NAMED_MAX: usize = 5;
/// Things that are named when an id means none.
const ALIKE_MAX: usize = 3;

/// Everything with an id. A worker's lines are a source of its name, and no other thing.
const THINGS: &str = "(\
    select 'task' as kind, id from tasks union select 'worker', id from workers \
    union select 'worker', worker_id from worker_states \
    union select 'event', event_id from events union select 'run', run_id from runs \
    union select 'pod', pod_id from pods union select 'generation', id from generations \
    union select 'source', unnest([source_id, source_type]) from gaps where source_type <> 'worker' \
    union select 'source', unnest([source_id, source_type]) from coverage \
    where source_type <> 'worker' union select 'clock', clock from clocks)";

/// The kinds of what has this very id.
///
/// # Errors
/// When the tables cannot be asked.
pub fn kinds(database: &Database, id: &str, limit: Duration) -> Result<Vec<String>, ReadError> {
    let sql = format!("select kind, id from {THINGS} where id = $id order by kind");
    Ok(asked(database, &sql, id, limit)?.into_iter().map(|subject| subject.kind).collect())
}

/// Finds what is meant, among things of some kinds, by an id or the beginning of one. A whole id wins over
/// those that go on.
///
/// # Errors
/// When the tables cannot be asked.
pub fn find(
    database: &Database,
    id: &str,
    kinds: &[&str],
    limit: Duration,
) -> Result<Meant, ReadError> {
    let listed = |kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
        format!("kind in ({})", kinds.join(", "))
    };
    let beginning = format!(
        "select kind, id from {THINGS} where {} and starts_with(id, $id) \
         order by id <> $id, kind, id limit {}",
        listed(kinds),
        NAMED_MAX + 1
    );
    // nobody mistypes the id of an event
    let alike = format!(
        "select kind, id from {THINGS} where {} and kind <> 'event' \
         order by jaro_winkler_similarity(id, $id) desc, id limit {ALIKE_MAX}",
        listed(kinds)
    );
    let mut found = asked(database, &beginning, id, limit)?;
    match &found[..] {
        [] => Ok(Meant::None(asked(database, &alike, id, limit)?)),
        [only] => Ok(Meant::One(only.clone())),
        [first, second, ..] if first.id == id && second.id != id => Ok(Meant::One(first.clone())),
        [..] => {
            found.truncate(NAMED_MAX);
            Ok(Meant::Several(found))
        }
    }
}

fn asked(
    database: &Database,
    sql: &str,
    id: &str,
    limit: Duration,
) -> Result<Vec<Subject>, ReadError> {
    let id = ("id".to_string(), Cell::Text(id.to_string()));
    let rows = database.query(sql, &[id], limit)?.rows;
    let text = |cell: &Cell| cell.to_plain().unwrap_or_default();
    Ok(rows.iter().map(|row| Subject { kind: text(&row[0]), id: text(&row[1]) }).collect())
}
