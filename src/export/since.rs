//! Which rows of an append-only table a capture has to ask for: all of them, or those of transactions that the
//! capture before may not have seen (DESIGN section 4).
//!
//! Rows of a transaction that was open when the last capture read are not in it, whatever their time or key
//! says. Its snapshot's `xmin` is the oldest such transaction, and every row of it, or of a subtransaction,
//! bears an id at or above that.

use std::collections::BTreeMap;

use crate::export::instant::Instant;
use crate::model::table::Table;
use crate::snapshot::manifest::Capture;
use crate::snapshot::open::Snapshot;

/// Ids further apart than this cannot be told by their lower halves.
const COMPARABLE: u64 = 1 << 31;

/// What is asked of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// All rows: there is nothing to go on from.
    Beginning,
    /// All rows again, and why.
    Everything(&'static str),
    /// Rows whose full transaction id is this or a later one.
    Xid(u64),
}

impl Since {
    /// What a snapshot allows of a table. `asked` is who the source says it is.
    pub(super) fn of(
        table: Table,
        before: Option<&Snapshot>,
        asked: &BTreeMap<String, String>,
        is_same_shape: bool,
        instant: &Instant,
    ) -> Self {
        let Some(before) = before else { return Self::Beginning };
        let last = before.captures().last();
        let Some(last) = last.filter(|last| last.tables.contains_key(table.name())) else {
            return Self::Beginning;
        };
        let Some((xmin, xmax)) = last.database_snapshot.as_deref().and_then(bounds) else {
            return Self::Everything(if last.reads_source() {
                "the capture before was made over REST"
            } else {
                "the capture before was made from files"
            });
        };
        if !is_same_source(&before.manifest().source, asked) {
            return Self::Everything(
                "this is another database, or one that was started anew and may have been restored",
            );
        }
        if oid_of(last, table) != instant.oid_of(table) {
            return Self::Everything("the table was made anew");
        }
        if instant.is_in_parts(table) {
            return Self::Everything(
                "it is made of parts, which may have been attached with their rows",
            );
        }
        if !instant.has_column(table, "id") {
            return Self::Everything("it has no column `id`");
        }
        if !is_same_shape {
            return Self::Everything("its columns are not those of the capture before");
        }
        if instant.next_xid < xmax {
            return Self::Everything("the database counts its transactions from an earlier one");
        }
        if instant.next_xid - xmin >= COMPARABLE {
            return Self::Everything("too many transactions lie between");
        }
        Self::Xid(xmin)
    }
}

/// A server that was started anew may be a copy of its own past: a directory that was put back keeps its
/// identifier and its timeline, and its count of transactions may have passed the old one by now. One that
/// was promoted goes on under another timeline. Hosted servers tell neither, but when they were started.
fn is_same_source(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> bool {
    let same = |name: &str| before.get(name).is_some() && before.get(name) == now.get(name);
    let told = |name: &str| before.contains_key(name) || now.contains_key(name);
    let identity = ["kind", "database", "database_oid", "server_started_at"].into_iter().all(same);
    identity && ["system_identifier", "timeline"].into_iter().all(|name| !told(name) || same(name))
}

fn oid_of(capture: &Capture, table: Table) -> Option<u32> {
    capture.tables.get(table.name())?.oid
}

/// `xmin` and `xmax` of a `pg_snapshot`.
fn bounds(snapshot: &str) -> Option<(u64, u64)> {
    let mut parts = snapshot.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_begins_with_its_bounds() {
        assert_eq!(bounds("100:104:100,102"), Some((100, 104)));
        assert_eq!(bounds("7:7:"), Some((7, 7)));
        assert_eq!(bounds(""), None);
        assert_eq!(bounds("7"), None);
    }

    #[test]
    fn a_source_is_the_same_where_it_says_so() {
        let told = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let all = [("kind", "postgres"), ("database", "d"), ("database_oid", "5")];
            let all = all.iter().chain(pairs);
            all.map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        let cluster =
            told(&[("system_identifier", "1"), ("timeline", "1"), ("server_started_at", "a")]);
        let restarted =
            told(&[("system_identifier", "1"), ("timeline", "1"), ("server_started_at", "b")]);
        assert!(is_same_source(&cluster, &cluster));
        assert!(!is_same_source(&cluster, &restarted), "its directory may have been put back");
        let promoted =
            told(&[("system_identifier", "1"), ("timeline", "2"), ("server_started_at", "a")]);
        assert!(!is_same_source(&cluster, &promoted));
        let restored =
            told(&[("system_identifier", "1"), ("timeline", "2"), ("server_started_at", "c")]);
        assert!(!is_same_source(&cluster, &restored));
        let hosted = |at| told(&[("server_started_at", at)]);
        assert!(is_same_source(&hosted("a"), &hosted("a")));
        assert!(!is_same_source(&hosted("a"), &hosted("b")), "it may have been restored");
        assert!(!is_same_source(&BTreeMap::new(), &BTreeMap::new()));
    }
}
