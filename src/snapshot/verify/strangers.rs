//! Files that no manifest names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::model::table::Table;
use crate::snapshot::capture::capture_id;
use crate::snapshot::lock;
use crate::snapshot::manifest::{MANIFEST, SOURCE_SCHEMA};
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::TEMPORARY;
use crate::snapshot::verify::chain::{Chain, Link};
use crate::snapshot::verify::flaw::{Flaw, Remark};
use crate::snapshot::verify::verdict::Verdict;

const CAPTURES: &str = "captures";

/// Names every file that is neither promised nor ours for another reason.
pub(crate) fn check(dir: &Path, chain: &Chain, verdict: &mut Verdict) {
    let census = Census::of(chain);
    for (path, kind) in entries(dir, "", verdict) {
        let ours =
            path == CAPTURES || Table::from_name(&path).is_some() || path == Snapshot::DERIVED;
        match kind {
            // it has a manifest of its own
            _ if path == Snapshot::DERIVED => {}
            // each has a hash of its own, and one that does not fit is made anew
            Kind::Folder if path == Snapshot::CHECKPOINTS => {}
            Kind::Folder if ours => {
                for (inside, kind) in entries(dir, &path, verdict) {
                    census.judge(&inside, kind, verdict);
                }
            }
            Kind::File | Kind::Other if ours => {
                verdict.damage(path, Flaw::NotAFolder);
            }
            Kind::File | Kind::Folder | Kind::Other => census.judge(&path, kind, verdict),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// A link, a device, a pipe.
    Other,
}

/// Which files there may be.
struct Census<'a> {
    promised: BTreeSet<&'a str>,
    /// Captures whose files are not known, with the file that should tell them.
    unread: Vec<(&'a str, &'a str)>,
    /// Whether there may be captures that the manifest no longer names.
    is_in_doubt: bool,
    /// The capture that would come next: a killed one leaves files of this name.
    next: String,
}

impl<'a> Census<'a> {
    fn of(chain: &'a Chain) -> Self {
        let links: &[Link] = &chain.links;
        let captures = links.iter().filter_map(|link| link.capture.as_ref());
        let held = captures.flat_map(|capture| capture.tables.values());
        let files = held.flat_map(|held| held.files.iter().map(|file| file.path.as_str()));
        let own = [MANIFEST, SOURCE_SCHEMA, lock::CAPTURES, lock::TIMELINES];
        let unread = links.iter().filter(|link| link.capture.is_none() || link.doubt.is_some());
        Self {
            promised: files.chain(own).chain(links.iter().map(|link| link.file.as_str())).collect(),
            unread: unread
                .map(|link| (link.id.as_str(), link.doubt.as_deref().unwrap_or(&link.file)))
                .collect(),
            is_in_doubt: chain.is_in_doubt,
            next: capture_id(links.len()),
        }
    }

    fn judge(&self, path: &str, kind: Kind, verdict: &mut Verdict) {
        // of evidence a link is told where it is read; nobody reads a lock
        let is_lock = [lock::CAPTURES, lock::TIMELINES].contains(&path);
        let is_in_place = if is_lock { kind == Kind::File } else { kind != Kind::Folder };
        if is_in_place && self.promised.contains(path) {
            return;
        }
        if path.ends_with(TEMPORARY) && kind != Kind::Other {
            if path != format!("{SOURCE_SCHEMA}{TEMPORARY}") {
                verdict.note(path, Remark::Leftover);
            }
            return;
        }
        if kind == Kind::File && capture_of(path) == Some(&self.next) {
            verdict.note(path, Remark::Leftover);
            return;
        }
        match self.teller(path).filter(|_| kind == Kind::File) {
            Some(by) => verdict.note(path, Remark::Unchecked { by: by.to_string() }),
            None => verdict.damage(path, Flaw::Foreign),
        }
    }

    /// The damaged file that may have named this one.
    fn teller(&self, path: &str) -> Option<&str> {
        let capture = capture_of(path)?;
        let by_capture = self.unread.iter().find(|(id, _)| *id == capture).map(|(_, by)| *by);
        by_capture.or(self.is_in_doubt.then_some(MANIFEST))
    }
}

/// The capture whose name a file bears: `captures/<id>.json` or `<table>/<id>-....parquet`.
fn capture_of(path: &str) -> Option<&str> {
    let (folder, name) = path.split_once('/')?;
    if folder == CAPTURES {
        return name.strip_suffix(".json");
    }
    Table::from_name(folder)?;
    name.strip_suffix(".parquet")?.split_once('-').map(|(id, _)| id)
}

/// What stands in one folder, in order, by path inside the snapshot.
fn entries(dir: &Path, folder: &str, verdict: &mut Verdict) -> Vec<(String, Kind)> {
    let mut found = Vec::new();
    let listing = fs::read_dir(dir.join(folder)).and_then(|entries| {
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = match entry.file_type()? {
                kind if kind.is_file() => Kind::File,
                kind if kind.is_dir() => Kind::Folder,
                _ => Kind::Other,
            };
            found.push((if folder.is_empty() { name } else { format!("{folder}/{name}") }, kind));
        }
        Ok(())
    });
    if let Err(err) = listing {
        verdict.damage(folder, Flaw::Unreadable(err.to_string()));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
