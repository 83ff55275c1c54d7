//! `derived/` against its own manifest. Whatever is wrong with it, `replay` repairs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use crate::derived::manifest::{DerivedManifest, FIELDS};
use crate::snapshot::manifest::MANIFEST;
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::hash_file;
use crate::snapshot::seal::{self, Seal};
use crate::snapshot::verify::flaw::{Flaw, Remark};
use crate::snapshot::verify::place::{file_size, is_inside, read_file};
use crate::snapshot::verify::verdict::Verdict;

/// How often tables that another process replaces meanwhile are looked at again.
const TRIES_MAX: u32 = 3;

/// Checks every derived table; with the evidence and the grammar's digest at hand, also whether they
/// are still what a replay would make.
pub fn verify(dir: &Path, current: Option<(&Snapshot, &str)>) -> Verdict {
    let manifest = || read_file(&dir.join(Snapshot::DERIVED).join(MANIFEST)).ok();
    let mut verdict = Verdict::default();
    for _ in 0..TRIES_MAX {
        let before = manifest();
        verdict = look(dir, current);
        if manifest() == before {
            break;
        }
    }
    verdict
}

fn look(dir: &Path, current: Option<(&Snapshot, &str)>) -> Verdict {
    let mut verdict = Verdict::default();
    let derived = dir.join(Snapshot::DERIVED);
    match fs::symlink_metadata(&derived) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            verdict.damage(Snapshot::DERIVED, Flaw::NotAFolder);
            return verdict;
        }
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            verdict.note(Snapshot::DERIVED, Remark::NotReplayed);
            return verdict;
        }
        Err(err) => {
            verdict.damage(Snapshot::DERIVED, Flaw::Unreadable(err.to_string()));
            return verdict;
        }
    }
    let manifest = match read_manifest(&derived, &mut verdict) {
        Ok(manifest) => manifest,
        Err(flaw) => {
            verdict.damage(inside(MANIFEST), flaw);
            return verdict;
        }
    };
    tables(&derived, &manifest.files, &mut verdict);
    if let Some((snapshot, grammar)) = current {
        let files = manifest.files.clone();
        let now = DerivedManifest { files, ..DerivedManifest::of(snapshot, grammar) };
        if now != manifest {
            verdict.note(Snapshot::DERIVED, Remark::Outdated);
        }
    }
    verdict
}

fn read_manifest(derived: &Path, verdict: &mut Verdict) -> Result<DerivedManifest, Flaw> {
    let bytes = read_file(&derived.join(MANIFEST))?;
    verdict.count_file(bytes.len() as u64);
    let not_json = |err: serde_json::Error| Flaw::Json(err.to_string());
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(not_json)?;
    match seal::check(&bytes, &json, &FIELDS) {
        Seal::Whole => {}
        Seal::Broken => return Err(Flaw::Checksum),
        Seal::Absent => verdict.note(inside(MANIFEST), Remark::NoChecksum),
    }
    serde_json::from_value(json).map_err(not_json)
}

/// Hashes the tables that the manifest names, and looks for others. An older build named none.
fn tables(derived: &Path, files: &BTreeMap<String, String>, verdict: &mut Verdict) {
    if files.is_empty() {
        return;
    }
    let outcomes: Vec<(&String, Result<u64, Flaw>)> =
        files.par_iter().map(|(path, hash)| (path, table(derived, path, hash))).collect();
    for (path, outcome) in outcomes {
        match outcome {
            Ok(bytes) => verdict.count_file(bytes),
            Err(flaw) => verdict.damage(inside(path), flaw),
        }
    }
    match strangers(derived, files) {
        Ok(paths) => paths.iter().for_each(|path| verdict.damage(inside(path), Flaw::Foreign)),
        Err(err) => verdict.damage(Snapshot::DERIVED, Flaw::Unreadable(err.to_string())),
    }
}

fn table(derived: &Path, path: &str, hash: &str) -> Result<u64, Flaw> {
    if !is_inside(path) {
        return Err(Flaw::Outside(path.to_string()));
    }
    let path = derived.join(path);
    file_size(&path)?;
    let hashed = hash_file(&path).map_err(|err| Flaw::Unreadable(err.to_string()))?;
    if hashed.1 == hash { Ok(hashed.0) } else { Err(Flaw::Content) }
}

/// Whatever lies in the folder and in those of its tables, and is not in the manifest; in order.
pub(crate) fn strangers(
    derived: &Path,
    files: &BTreeMap<String, String>,
) -> io::Result<Vec<String>> {
    let folder_of = |path: &String| path.split_once('/').map(|(folder, _)| folder.to_string());
    let folders: Vec<String> = files.keys().filter_map(folder_of).collect();
    let mut found = Vec::new();
    for (name, is_folder) in entries(derived)? {
        if is_folder && folders.contains(&name) {
            let inside = entries(&derived.join(&name))?.into_iter();
            found.extend(inside.map(|(file, _)| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.retain(|path| path != MANIFEST && !files.contains_key(path));
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        Ok((name, entry.file_type()?.is_dir()))
    };
    fs::read_dir(folder)?.map(entry).collect()
}

fn inside(path: &str) -> String {
    format!("{}/{path}", Snapshot::DERIVED)
}
