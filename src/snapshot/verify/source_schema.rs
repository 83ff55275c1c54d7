//! `source_schema.json` against the hash that the last capture keeps of it.

use std::path::Path;

use crate::snapshot::manifest::SOURCE_SCHEMA;
use crate::snapshot::publish::TEMPORARY;
use crate::snapshot::verify::chain::Link;
use crate::snapshot::verify::flaw::{Flaw, Remark};
use crate::snapshot::verify::place::read_file;
use crate::snapshot::verify::verdict::Verdict;

/// Checks the schema that belongs to the last capture.
pub(crate) fn check(dir: &Path, links: &[Link], verdict: &mut Verdict) {
    let last = links.last();
    let promised = last.and_then(|link| link.capture.as_ref()?.source_schema.as_deref());
    let doubt = last.and_then(|link| link.doubt.as_deref());
    let part = format!("{SOURCE_SCHEMA}{TEMPORARY}");
    let waiting = read_file(&dir.join(&part)).ok();
    let found = read_file(&dir.join(SOURCE_SCHEMA));
    if let Ok(bytes) = &found {
        verdict.count_file(bytes.len() as u64);
    }
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let Some(promised) = promised else {
        if waiting.is_some() {
            verdict.note(part, Remark::Leftover);
        }
        match (found, doubt) {
            (Err(Flaw::Missing), _) => {}
            (Err(flaw), _) => verdict.damage(SOURCE_SCHEMA, flaw),
            (Ok(_), Some(by)) => {
                verdict.note(SOURCE_SCHEMA, Remark::Unchecked { by: by.to_string() });
            }
            (Ok(bytes), None) => match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
                Ok(_) => verdict.note(SOURCE_SCHEMA, Remark::NoChecksum),
                Err(err) => verdict.damage(SOURCE_SCHEMA, Flaw::Json(err.to_string())),
            },
        }
        return;
    };
    let is_promised = |bytes: &[u8]| hash(bytes) == promised;
    let renamed = found.as_ref().is_ok_and(|bytes| is_promised(bytes));
    match waiting {
        Some(bytes) if !renamed && is_promised(&bytes) => {
            return verdict.note(part, Remark::Unrenamed);
        }
        Some(_) => verdict.note(part, Remark::Leftover),
        None => {}
    }
    match found {
        Ok(_) if renamed => {}
        Ok(_) => verdict.judge(SOURCE_SCHEMA, Flaw::Content, doubt),
        Err(flaw) => verdict.judge(SOURCE_SCHEMA, flaw, doubt),
    }
}
