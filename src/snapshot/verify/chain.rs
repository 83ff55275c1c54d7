//! The manifest and the captures it names, read so that one bad file does not hide another.

use std::collections::BTreeMap;
use std::path::Path;

use crate::snapshot::capture::capture_id;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{Capture, CaptureLink, MANIFEST, StoredManifest};
use crate::snapshot::seal::Seal;
use crate::snapshot::verify::flaw::{Flaw, Remark};
use crate::snapshot::verify::place::read_file;
use crate::snapshot::verify::verdict::Verdict;

/// One capture as far as it can be read.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its id by the manifest.
    pub(crate) id: String,
    /// The path of its file.
    pub(crate) file: String,
    /// What it promises; `None` when its file cannot be read.
    pub(crate) capture: Option<Capture>,
    /// The damaged file because of which those promises prove nothing.
    pub(crate) doubt: Option<String>,
}

/// The captures that a manifest names.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Oldest first.
    pub(crate) links: Vec<Link>,
    /// Whether the manifest is damaged, so that it may name too few or others.
    pub(crate) is_in_doubt: bool,
}

/// Manifest and captures, or `None` for a format of the future, of which nothing can be said.
pub(crate) fn read(dir: &Path, verdict: &mut Verdict) -> Result<Option<Chain>, SnapshotError> {
    let (mut doubt, mut a_match_proves) = (None, true);
    let promised = match StoredManifest::read(dir) {
        Ok(stored) => {
            verdict.count_file(stored.bytes.len() as u64);
            match stored.seal {
                Seal::Whole => {}
                Seal::Absent => verdict.note(MANIFEST, Remark::NoChecksum),
                Seal::Broken => {
                    verdict.damage(MANIFEST, Flaw::Checksum);
                    doubt = Some(MANIFEST);
                }
            }
            stored.manifest.captures
        }
        Err(SnapshotError::NewerFormat { found, known, .. }) => {
            verdict.damage(MANIFEST, Flaw::NewerFormat { found, known });
            return Ok(None);
        }
        Err(SnapshotError::Damaged { detail, .. }) => {
            verdict.damage(MANIFEST, Flaw::Json(detail));
            (doubt, a_match_proves) = (Some(MANIFEST), false);
            unpromised(dir)
        }
        Err(SnapshotError::LostManifest(_)) => {
            verdict.damage(MANIFEST, Flaw::Missing);
            (doubt, a_match_proves) = (Some(MANIFEST), false);
            unpromised(dir)
        }
        Err(err) => return Err(err),
    };
    if let Err(flaw @ Flaw::NotAFile(_)) = read_file(&dir.join(MANIFEST)) {
        verdict.damage(MANIFEST, flaw);
    }
    if promised.is_empty() {
        verdict.judge(MANIFEST, Flaw::Chain("it names no capture".to_string()), doubt);
    }
    let mut links = follow(dir, &promised, doubt, verdict);
    if !a_match_proves {
        links.iter_mut().for_each(|link| link.doubt = Some(MANIFEST.to_string()));
    }
    Ok(Some(Chain { links, is_in_doubt: doubt.is_some() }))
}

/// The capture files that are there, for a manifest that does not say which there should be.
fn unpromised(dir: &Path) -> Vec<CaptureLink> {
    let mut links: Vec<CaptureLink> = Vec::new();
    loop {
        let id = capture_id(links.len());
        let Ok(bytes) = read_file(&dir.join(file_of(&id))) else { return links };
        links.push(CaptureLink { id, blake3: blake3::hash(&bytes).to_hex().to_string() });
    }
}

fn follow(
    dir: &Path,
    promised: &[CaptureLink],
    doubt: Option<&'static str>,
    verdict: &mut Verdict,
) -> Vec<Link> {
    let by_hash: BTreeMap<&str, &str> =
        promised.iter().map(|link| (link.blake3.as_str(), link.id.as_str())).collect();
    let mut links = Vec::new();
    for (at, link) in promised.iter().enumerate() {
        let expected = capture_id(at);
        if link.id != expected {
            let why = format!("capture {} is called `{}`, not {expected}", at + 1, link.id);
            verdict.judge(MANIFEST, Flaw::Chain(why), doubt);
        }
        if !link.id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            verdict.judge(MANIFEST, Flaw::Outside(format!("captures/{}.json", link.id)), doubt);
            continue;
        }
        let previous = at.checked_sub(1).map(|before| promised[before].blake3.as_str());
        let file = file_of(&link.id);
        verdict.checked.captures += 1;
        let (capture, flaw) = read_capture(dir, link, &by_hash, verdict);
        let misplaced = || misplaced(capture.as_ref()?, &link.id, previous);
        let doubt = if let Some(flaw) = flaw {
            verdict.judge(&file, flaw, doubt);
            Some(doubt.map_or_else(|| file.clone(), str::to_string))
        } else {
            if let Some(why) = misplaced() {
                verdict.judge(&file, Flaw::Chain(why), doubt);
            }
            None
        };
        links.push(Link { id: link.id.clone(), file, capture, doubt });
    }
    links
}

/// What can be read of a capture, and what is wrong with its file.
fn read_capture(
    dir: &Path,
    link: &CaptureLink,
    by_hash: &BTreeMap<&str, &str>,
    verdict: &mut Verdict,
) -> (Option<Capture>, Option<Flaw>) {
    let bytes = match read_file(&dir.join(file_of(&link.id))) {
        Ok(bytes) => bytes,
        Err(flaw) => return (None, Some(flaw)),
    };
    verdict.count_file(bytes.len() as u64);
    let hash = blake3::hash(&bytes).to_hex();
    let differs = hash.as_str() != link.blake3;
    if let Some(other) = by_hash.get(hash.as_str()).filter(|_| differs) {
        return (None, Some(Flaw::Swapped(file_of(other))));
    }
    match serde_json::from_slice::<Capture>(&bytes) {
        Ok(capture) => (Some(capture), differs.then_some(Flaw::Content)),
        Err(err) => (None, Some(Flaw::Json(err.to_string()))),
    }
}

/// Why a capture does not stand where it says it stands.
fn misplaced(capture: &Capture, id: &str, previous: Option<&str>) -> Option<String> {
    if capture.id != id {
        return Some(format!("it says that it is capture {}", capture.id));
    }
    if capture.previous.as_deref() != previous {
        return Some("it follows on another capture than the one before it".to_string());
    }
    None
}

fn file_of(id: &str) -> String {
    format!("captures/{id}.json")
}
