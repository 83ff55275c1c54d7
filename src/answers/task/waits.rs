//! What a task waits for, and which of that never comes.

use std::collections::BTreeMap;

use crate::answers::ask::{Ask, Row};
use crate::answers::fleet::vain::{self, UNMET, Vain};
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// How a task stands to what it waits for. A claim wants every dependency Complete (domain/worker-app.md 1.6).
pub(super) const RELATIONS: [&str; 5] = ["waits for", MISSING, DEAD, RING, CHAIN];
/// Those of them that never come.
pub(super) const BROKEN: [&str; 4] = [MISSING, DEAD, RING, CHAIN];
const MISSING: &str = "waits for (not there)";
const DEAD: &str = "waits for (ended without success)";
const RING: &str = "waits for (which waits for it in turn)";
const CHAIN: &str = "waits for (which waits in vain itself)";

/// What a queued task waits for, and what that waits for in its turn, as long as it is queued too.
const WAITS: &str = "with recursive states as (\
        select task_id, state from task_states where left_at is null), \
    edges as (\
        select id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id from tasks \
        where dependant_on is not null and id in (select task_id from states where state = 'queued')), \
    reached(id) as (select $id union select edges.other_id from reached join edges using (id)), \
    waits as (select edges.* from edges join reached using (id)) ";

/// Those of a task's dependencies that never come, by their ids.
#[derive(Default)]
pub(super) struct Waits(BTreeMap<String, Vain>);

impl Waits {
    /// Reads them, of a task that depends on any.
    pub(super) fn read(ask: Ask<'_>, id: &str, depends: bool) -> Result<Self, ReadError> {
        if !depends {
            return Ok(Self::default());
        }
        let sql = format!("{WAITS}{UNMET}").replace("{others}", "tasks");
        let rows = ask.rows(&sql, &[("id", Cell::Text(id.to_string()))])?;
        let own = rows.iter().zip(vain::of(&rows));
        let own = own.filter(|(row, _)| row.text("id") == Some(id));
        let vain = own.filter_map(|(row, why)| Some((row.text("other_id")?.to_string(), why?)));
        Ok(Self(vain.collect()))
    }

    /// How the task stands to one that it waits for, by the row of that one.
    pub(super) fn relation(&self, dependency: &str, row: Option<&Row>) -> &'static str {
        match self.0.get(dependency) {
            Some(Vain::Ring | Vain::Itself) => return RING,
            Some(Vain::Chain) => return CHAIN,
            // the row tells these, also of a task that is queued no more
            Some(Vain::Failed | Vain::Cancelled | Vain::Missing) | None => {}
        }
        match row.map(|row| row.text("state")) {
            None => MISSING,
            Some(Some("failed" | "cancelled")) => DEAD,
            Some(Some(_) | None) => "waits for",
        }
    }
}
