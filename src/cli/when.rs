//! Which instant a reading command asks about, and what may be known of it.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::cli::fault::{Fault, FaultKind};
use crate::cli::ui::Ui;
use crate::cli::{replay, snapshot_dir};
use crate::events::facts::captures_seen;
use crate::model::time::Micros;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::read::engine::Engine;
use crate::read::error::ReadError;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::TEMPORARY;

/// The two meanings of an instant (DESIGN section 6); there is no third.
#[derive(clap::Args, Debug)]
pub(super) struct WhenArgs {
    /// Ask of the tables as they were at this instant (UTC): what had happened by then, drawn from all
    /// evidence, later rows included
    #[arg(long, alias = "at", value_name = "INSTANT", value_parser = crate::cli::format::instant)]
    pub(super) as_of: Option<Micros>,

    /// Ask what could be known at this instant (UTC): only the captures that had been taken by then count
    #[arg(long, value_name = "INSTANT", value_parser = crate::cli::format::instant, conflicts_with = "as_of")]
    as_seen: Option<Micros>,
}

/// A snapshot, replayed, as far as it is asked about.
pub(super) struct Asked {
    pub(super) snapshot: Snapshot,
    pub(super) as_of: Option<Micros>,
    /// What was derived for this question alone; gone with it.
    _own: Option<TempDir>,
}

impl WhenArgs {
    /// Whether an instant was asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.as_of.is_some() || self.as_seen.is_some()
    }

    /// Opens the snapshot, and replays it where that has to be done.
    pub(super) fn open(&self, ui: &mut Ui, given: Option<&Path>) -> Result<Asked, Fault> {
        let snapshot = snapshot_dir::open(ui, given)?;
        let (snapshot, own) = match self.as_seen {
            Some(at) => as_seen(ui, snapshot, at)?,
            None => (snapshot, None),
        };
        let snapshot = replay::ensure(ui, snapshot)?;
        Ok(Asked { snapshot, as_of: self.as_of, _own: own })
    }
}

/// Where evidence begins, whatever instant the tables are cut at.
const BEGIN: &str = "select min(first_at) from (\
    select min(happened_at) as first_at from whole_events \
    union all select min(\"timestamp\") from whole_system_logs \
    union all select min(created_at) from whole_tasks \
    union all select min(created_at) from whole_workers)";

/// And where it ends.
const END: &str = "select max(until_at) from whole_coverage";

impl Asked {
    /// Where the evidence begins, when that is after the instant: nothing is found there.
    fn too_early(&self, database: &Database, limit: Duration) -> Result<Option<String>, Fault> {
        let Some(at) = self.as_of else { return Ok(None) };
        let answer = database.query_ours(BEGIN, &[], limit)?;
        if let Some(Cell::Time(begin)) = answer.rows.first().and_then(|row| row.first())
            && at < *begin
        {
            return Ok(Some(format!("nothing is known of {at}: the evidence begins at {begin}")));
        }
        Ok(None)
    }

    /// Refuses an instant before all evidence: what is not found there would look like a clean bill.
    pub(super) fn check_begun(&self, database: &Database, limit: Duration) -> Result<(), Fault> {
        match self.too_early(database, limit)? {
            Some(said) => Err(Fault::new(FaultKind::Usage, said)
                .hint("ask for a later instant; times without a zone are UTC")),
            None => Ok(()),
        }
    }

    /// Refuses an instant before all evidence. Of one at its end or after it, where all had happened, the tables are
    /// told whole: what has no time is in them, too. What goes on at that end is not known to have gone on.
    pub(super) fn is_at_the_end(
        &mut self,
        ui: &mut Ui,
        begins: Micros,
        ends: Micros,
    ) -> Result<bool, Fault> {
        let Some(at) = self.as_of else { return Ok(false) };
        if at < begins {
            let said = format!("nothing is known of {at}: the evidence begins at {begins}");
            return Err(Fault::new(FaultKind::Usage, said)
                .hint("ask for a later instant; times without a zone are UTC"));
        }
        if at < ends {
            return Ok(false);
        }
        if at > ends {
            ui.note(&format!("note: the evidence ends at {ends}, before the instant asked for"));
        }
        self.as_of = None;
        Ok(true)
    }

    /// The same for who has a database of all tables: it comes back whole where the instant asks for that.
    pub(super) fn settled(
        &mut self,
        ui: &mut Ui,
        database: Database,
        questions: usize,
        limit: Duration,
    ) -> Result<Database, Fault> {
        self.check_begun(&database, limit)?;
        if self.as_of.is_none() {
            return Ok(database);
        }
        let answer = database.query_ours(END, &[], limit)?;
        match answer.rows.first().and_then(|row| row.first()?.as_time()) {
            Some(ends) if self.is_at_the_end(ui, Micros(i64::MIN), ends)? => {
                Ok(self.database_for(questions)?)
            }
            Some(_) | None => Ok(database),
        }
    }

    /// Warns of such an instant, where the tables are asked, and empty ones are a true answer.
    pub(super) fn warn_if_not_begun(
        &self,
        ui: &mut Ui,
        database: &Database,
        limit: Duration,
    ) -> Result<(), Fault> {
        if let Some(said) = self.too_early(database, limit)? {
            ui.note(&format!("warning: {said}"));
        }
        Ok(())
    }

    /// Its tables, for so many questions at a time.
    pub(super) fn database_for(&self, questions: usize) -> Result<Database, ReadError> {
        match questions {
            0 | 1 => self.database(),
            _ => Database::open_for_many(&self.snapshot, self.as_of),
        }
    }

    /// Some of its tables, for a verb that asks no others.
    pub(super) fn database_of(
        &self,
        engine: Engine,
        tables: &[&str],
    ) -> Result<Database, ReadError> {
        Database::open_some(engine, &self.snapshot, self.as_of, tables)
    }

    /// Its tables.
    pub(super) fn database(&self) -> Result<Database, ReadError> {
        Database::open_as_of(&self.snapshot, self.as_of)
    }
}

/// The captures that had been taken by an instant, replayed in a place of their own.
fn as_seen(
    ui: &mut Ui,
    snapshot: Snapshot,
    at: Micros,
) -> Result<(Snapshot, Option<TempDir>), Fault> {
    let seen = captures_seen(&snapshot)?;
    let by_then = seen.iter().take_while(|seen| seen.is_some_and(|seen| seen <= at)).count();
    let Some(last) = by_then.checked_sub(1).and_then(|last| seen[last]) else {
        let first = seen.first().copied().flatten();
        let first = first.map_or("an unknown time".to_string(), |at| at.to_string());
        let fault = format!("no capture had been taken by {at}: the first reaches to {first}");
        return Err(Fault::new(FaultKind::Usage, fault)
            .hint("ask with --as-of for what had happened by then, drawn from all evidence"));
    };
    let all = seen.len();
    ui.note(&format!("as seen at {at}: {by_then} of {all} captures, which reach to {last}"));
    let dir = snapshot.dir();
    let own = tempfile::Builder::new().prefix("seen-").suffix(TEMPORARY).tempdir_in(dir);
    let own = own.map_err(|err| SnapshotError::io("create a folder in", dir, err))?;
    let derived = own.path().join(Snapshot::DERIVED);
    Ok((snapshot.first(by_then, derived), Some(own)))
}
