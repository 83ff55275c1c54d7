//! What a task waits for, and which of that never comes.

use crate::answers::ask::{Ask, Row};
use crate::read::cell::Cell;
use crate::read::error::ReadError;

/// How a task stands to what it waits for. A claim wants every dependency Complete (domain/worker-app.md 1.6).
pub(super) const RELATIONS: [&str; 4] = ["waits for", MISSING, DEAD, RING];
/// Those of them that never come.
pub(super) const BROKEN: [&str; 3] = [MISSING, DEAD, RING];
const MISSING: &str = "waits for (not there)";
const DEAD: &str = "waits for (ended without success)";
const RING: &str = "waits for (which waits for it in turn)";

/// The dependencies by way of which a queued task waits for itself.
const RINGS: &str = "with recursive waits as (\
        select tasks.id, unnest(string_split(trim(dependant_on, '{}'), ',')) as other_id \
        from tasks join task_states as states on states.task_id = tasks.id \
        where states.left_at is null and states.state = 'queued' and dependant_on is not null), \
    reached(dependency, id) as (\
        select other_id, other_id from waits where id = $id \
        union select reached.dependency, waits.other_id from reached join waits on waits.id = reached.id) \
    select distinct dependency from reached where id = $id order by dependency";

/// The dependencies of a task that wait for it.
#[derive(Default)]
pub(super) struct Rings(Vec<Row>);

impl Rings {
    /// Reads them, of a task that depends on any.
    pub(super) fn read(ask: Ask<'_>, id: &str, depends: bool) -> Result<Self, ReadError> {
        if !depends {
            return Ok(Self(Vec::new()));
        }
        Ok(Self(ask.rows(RINGS, &[("id", Cell::Text(id.to_string()))])?))
    }

    /// How the task stands to one that it waits for, by the row of that one.
    pub(super) fn relation(&self, dependency: &str, row: Option<&Row>) -> &'static str {
        if self.0.iter().any(|ring| ring.text("dependency") == Some(dependency)) {
            return RING;
        }
        match row.map(|row| row.text("state")) {
            None => MISSING,
            Some(Some("failed" | "cancelled")) => DEAD,
            Some(Some(_) | None) => "waits for",
        }
    }
}
