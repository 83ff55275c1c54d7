//! Which thing an id, or the beginning of one, means.

use std::time::Duration;

use serde::Serialize;

use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::error::ReadError;

/// A thing that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// `task`, `worker` or `event`.
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

/// Ids that begin with a text; a whole id wins over those that go on.
const BEGINNING: &str = "select kind, id from (\
    select 'task' as kind, id from tasks where starts_with(id, $id) \
    union select 'worker', id from workers where starts_with(id, $id) \
    union select 'worker', worker_id from worker_states where starts_with(worker_id, $id) \
    union select 'event', event_id from events where starts_with(event_id, $id)) \
    order by id <> $id, kind, id limit 6";

/// Ids of tasks and workers, those most like a text first.
const LIKE: &str = "select kind, id from (\
    select 'task' as kind, id from tasks union select 'worker', id from workers) \
    order by jaro_winkler_similarity(id, $id) desc, id limit 3";

/// Finds what is meant.
///
/// # Errors
/// When the tables cannot be asked.
pub fn find(database: &Database, id: &str, limit: Duration) -> Result<Meant, ReadError> {
    let ask = |sql: &str| -> Result<Vec<Subject>, ReadError> {
        let rows =
            database.query(sql, &[("id".to_string(), Cell::Text(id.to_string()))], limit)?.rows;
        let text = |cell: &Cell| cell.to_plain().unwrap_or_default();
        Ok(rows.iter().map(|row| Subject { kind: text(&row[0]), id: text(&row[1]) }).collect())
    };
    let mut found = ask(BEGINNING)?;
    match &found[..] {
        [] => Ok(Meant::None(ask(LIKE)?)),
        [only] => Ok(Meant::One(only.clone())),
        [first, second, ..] if first.id == id && second.id != id => Ok(Meant::One(first.clone())),
        [..] => {
            found.truncate(NAMED_MAX);
            Ok(Meant::Several(found))
        }
    }
}
