//! Everything a snapshot promises against what is there: all that is wrong, not only the first.
//!
//! Trust runs one way: the manifest carries a checksum of itself and the hash of each capture file,
//! a capture file the hash of each evidence file and of the source's schema. A file that does not
//! keep a promise made in a damaged file is not called damaged: either may be wrong.

mod chain;
mod counts;
mod evidence;
pub mod flaw;
pub mod place;
mod source_schema;
mod strangers;
pub mod verdict;

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{MANIFEST, TableCapture};
use crate::snapshot::verify::chain::Link;
use crate::snapshot::verify::evidence::{Promise, Seen, Sums};
use crate::snapshot::verify::place::read_file;
use crate::snapshot::verify::verdict::Verdict;

/// How often a snapshot that another process writes to meanwhile is looked at again.
const TRIES_MAX: u32 = 3;

/// What a check tells while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes of evidence will be read.
    Total(u64),
    /// So many more were.
    Bytes(u64),
}

/// Checks manifest, chain of captures, evidence and the source's schema; `derived/` is not its own.
/// Reads files in pieces, those of different tables and captures at the same time.
///
/// An error means that the directory is no snapshot, or cannot be looked at; damage is no error.
pub fn verify(dir: &Path, watch: &(dyn Fn(Step) + Sync)) -> Result<Verdict, SnapshotError> {
    let manifest = || read_file(&dir.join(MANIFEST)).ok();
    for _ in 0..TRIES_MAX {
        let before = manifest();
        let verdict = look(dir, watch)?;
        if manifest() == before {
            return Ok(verdict);
        }
        // a capture was added meanwhile: what was seen is neither the old state nor the new one
    }
    Err(SnapshotError::Locked(dir.to_path_buf()))
}

fn look(dir: &Path, watch: &(dyn Fn(Step) + Sync)) -> Result<Verdict, SnapshotError> {
    let mut verdict = Verdict::default();
    let Some(chain) = chain::read(dir, &mut verdict)? else { return Ok(verdict) };
    let links = &chain.links;
    let promises = promises(links);
    let written: BTreeMap<&str, &str> = promises
        .iter()
        .map(|promise| (promise.entry.blake3.as_str(), promise.entry.path.as_str()))
        .collect();
    let total = promises.iter().map(|promise| promise.entry.bytes).fold(0, u64::saturating_add);
    watch(Step::Total(total));
    let tick = |bytes| watch(Step::Bytes(bytes));
    let seen: Vec<Seen> = promises
        .par_iter()
        .map(|promise| evidence::check(dir, *promise, &written, &tick))
        .collect();
    judge(links, seen, &mut verdict);
    source_schema::check(dir, links, &mut verdict);
    strangers::check(dir, &chain, &mut verdict);
    Ok(verdict)
}

/// Tables of a capture that can be read, in the order of their names.
fn tables(link: &Link) -> impl Iterator<Item = (&str, &TableCapture)> {
    let tables = link.capture.iter().flat_map(|capture| &capture.tables);
    tables.map(|(name, held)| (name.as_str(), held))
}

fn promises(links: &[Link]) -> Vec<Promise<'_>> {
    let mut found = Vec::new();
    for link in links {
        for (table, held) in tables(link) {
            let promise = |entry| Promise { table, capture: link.id.as_str(), entry };
            found.extend(held.files.iter().map(promise));
        }
    }
    found
}

/// Puts what was seen of each file, in the order of [`promises`], beside the numbers of its table.
fn judge(links: &[Link], seen: Vec<Seen>, verdict: &mut Verdict) {
    let mut seen = seen.into_iter();
    for link in links {
        let doubt = link.doubt.as_deref();
        for (table, held) in tables(link) {
            let mut sums = Some(Sums::default());
            for (entry, seen) in held.files.iter().zip(seen.by_ref()) {
                if let Some(bytes) = seen.bytes {
                    verdict.count_file(bytes);
                }
                verdict.checked.rows += seen.sums.map_or(0, |sums| sums.rows);
                sums = sums.zip(seen.sums).map(|(mut all, one)| {
                    all.add(one);
                    all
                });
                for flaw in seen.flaws {
                    verdict.judge(&entry.path, flaw, doubt);
                }
            }
            for flaw in counts::check(table, held, sums) {
                verdict.judge(&link.file, flaw, doubt);
            }
        }
    }
}
