//! Which rows of the tables that change still stand as the capture before has them.
//!
//! A row whose transaction was over when that one read was in it, and every change of a row gives it a new
//! transaction. So what an older row says is known already, and need not be read, hidden and hashed again.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::export::drift;
use crate::export::instant::Instant;
use crate::export::since::Since;
use crate::model::table::Table;
use crate::snapshot::open::Snapshot;

/// For each table of which that can be told, the full transaction id below which its rows stand.
pub(super) fn standing(
    before: Option<&Snapshot>,
    asked: &BTreeMap<String, String>,
    (earlier, now): (&Value, &Value),
    instant: &Instant,
) -> BTreeMap<Table, u64> {
    // another build may hide and hash otherwise; a label or a field that was renamed changes texts and no row
    let is_same_tool = before.is_some_and(|b| b.manifest().tool == env!("CARGO_PKG_VERSION"));
    let is_same = |heading: &str| earlier[heading] == now[heading];
    if !is_same_tool || !is_same("types") || !is_same("enums") {
        return BTreeMap::new();
    }
    let tables = Table::ALL.into_iter().filter(|table| !table.is_append_only());
    tables
        .filter_map(|table| {
            let columns = drift::columns(now, table.name());
            let is_same_shape =
                drift::columns(earlier, table.name()) == columns && !has_virtual(columns);
            match Since::of(table, before, asked, is_same_shape, instant) {
                Since::Xid(xid) => Some((table, xid)),
                Since::Beginning | Since::Everything(_) => None,
            }
        })
        .collect()
}

/// Whether a column is worked out anew whenever it is read.
fn has_virtual(columns: &Value) -> bool {
    columns.as_array().into_iter().flatten().any(|column| column["generated"] == "virtual")
}
