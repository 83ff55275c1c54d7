//! The manifest and the captures it names, read so that one bad file does not hide another.

use std::collections::BTreeMap;
use std::fs;
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

/// Manifest and captures, or `None` for a format of the future, of which nothing can be said.
pub(crate) fn read(dir: &Path, verdict: &mut Verdict) -> Result<Option<Vec<Link>>, SnapshotError> {
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
    Ok(Some(links))
}

/// The capture files that are there, for a manifest that does not say which there should be.
fn unpromised(dir: &Path) -> Vec<CaptureLink> {
    let mut links: Vec<CaptureLink> = Vec::new();
    loop {
        let id = capture_id(links.len());
        let Ok(bytes) = fs::read(dir.join(file_of(&id))) else { return links };
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
        let (capture, doubt) = match read_capture(dir, link, &by_hash, verdict) {
            Ok(capture) => {
                if let Some(why) = misplaced(&capture, &link.id, previous) {
                    verdict.judge(&file, Flaw::Chain(why), doubt);
                }
                (Some(capture), None)
            }
            Err((flaw, capture)) => {
                verdict.judge(&file, flaw, doubt);
                (capture, Some(doubt.map_or_else(|| file.clone(), str::to_string)))
            }
        };
        links.push(Link { id: link.id.clone(), file, capture, doubt });
    }
    links
}

/// A capture whose bytes are the promised ones; else what is wrong, and what can be read all the same.
fn read_capture(
    dir: &Path,
    link: &CaptureLink,
    by_hash: &BTreeMap<&str, &str>,
    verdict: &mut Verdict,
) -> Result<Capture, (Flaw, Option<Capture>)> {
    let bytes = read_file(&dir.join(file_of(&link.id))).map_err(|flaw| (flaw, None))?;
    verdict.count_file(bytes.len() as u64);
    let hash = blake3::hash(&bytes).to_hex();
    let parsed = serde_json::from_slice::<Capture>(&bytes);
    if hash.as_str() == link.blake3 {
        return parsed.map_err(|err| (Flaw::Json(err.to_string()), None));
    }
    if let Some(other) = by_hash.get(hash.as_str()) {
        return Err((Flaw::Swapped(file_of(other)), None));
    }
    match parsed {
        Ok(capture) => Err((Flaw::Content, Some(capture))),
        Err(err) => Err((Flaw::Json(err.to_string()), None)),
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
