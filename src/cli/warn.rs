//! What a person should know before reading an answer.

use std::time::Duration;

use crate::cli::fault::Fault;
use crate::cli::ui::Ui;
use crate::model::table::Table;
use crate::read::cell::Cell;
use crate::read::database::Database;
use crate::snapshot::open::Snapshot;

/// A snapshot of empty tables has no findings, and that says nothing.
pub(super) fn warn_of_nothing(
    ui: &mut Ui,
    database: &Database,
    limit: Duration,
) -> Result<(), Fault> {
    let any = |table: Table| format!("exists(select 1 from {table})");
    let any: Vec<String> =
        Table::ALL.into_iter().filter(|table| *table != Table::TaskTypes).map(any).collect();
    let answer = database.query_ours(&format!("select {}", any.join(" or ")), &[], limit)?;
    if answer.rows.first().and_then(|row| row.first()) == Some(&Cell::Bool(false)) {
        ui.note(
            "warning: no table of the snapshot has a row: there was nothing to be asked, so nothing found \
             is no answer",
        );
    }
    Ok(())
}

/// What an import could not read is missing from every answer, and so is what the last capture did not read at all:
/// absence may be its fault.
pub(super) fn warn_of_unreadable(ui: &mut Ui, snapshot: &Snapshot) {
    for capture in snapshot.captures().iter().filter(|capture| !capture.unreadable.is_empty()) {
        ui.note(&format!(
            "warning: capture {} left out lines it could not read ({}): what they would have said is \
             missing here",
            capture.id,
            capture.unreadable.join("; ").chars().take(200).collect::<String>()
        ));
    }
    let Some(last) = snapshot.captures().last() else { return };
    let is_lacking =
        |table: &Table| snapshot.holds(*table) && !last.tables.contains_key(table.name());
    for table in Table::ALL.iter().filter(|table| is_lacking(table)) {
        ui.note(&format!(
            "warning: capture {}, the last, has no `{table}`, which earlier ones have: what came there since is \
             missing here",
            last.id
        ));
    }
}
