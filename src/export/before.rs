//! What a snapshot says before it is added to: whether it may be, and what is not as it was.

use std::collections::BTreeMap;

use crate::export::drift::{self, ToldBy};
use crate::export::error::ExportError;
use crate::snapshot::capture::CaptureWriter;
use crate::snapshot::manifest::{Redaction, SOURCE_SCHEMA, read_json};

/// Tokens and hashes of two keys or policies cannot be compared, so one snapshot has one of each.
pub(super) fn same_redaction(writer: &CaptureWriter, ours: &Redaction) -> Result<(), ExportError> {
    let Some(before) = writer.before() else { return Ok(()) };
    let (theirs, ours) = (before.manifest().redaction.clone(), ours.clone());
    if theirs.policy != ours.policy {
        return Err(ExportError::OtherPolicy { theirs: theirs.policy, ours: ours.policy });
    }
    if theirs.key_fingerprint != ours.key_fingerprint {
        let (theirs, ours) = (theirs.key_fingerprint, ours.key_fingerprint);
        return Err(ExportError::OtherKey { theirs, ours });
    }
    Ok(())
}

/// What is not as it was when the snapshot was last added to.
pub(super) fn since_last_time(
    writer: &CaptureWriter,
    asked: &BTreeMap<String, String>,
    schema: &serde_json::Value,
) -> Vec<String> {
    let Some(before) = writer.before() else { return Vec::new() };
    // Without a readable schema of the last capture there is nothing to compare with.
    let earlier = read_json(&before.dir().join(SOURCE_SCHEMA)).unwrap_or_default();
    let is_same_way = before.manifest().source.get("kind") == asked.get("kind");
    let told_by = if is_same_way { ToldBy::TheSame } else { ToldBy::Another };
    let mut notes = drift::notes(&earlier, schema, told_by);
    // an API has its columns in no order that means anything
    if is_same_way {
        notes.extend(drift::moves(&earlier, schema));
    }
    notes.extend(other_source_note(writer, asked));
    notes
}

/// A restored or another database may hold rows that share keys with those of the snapshot and
/// nothing else. Every row is read anyway, and told apart by key and hash; but nobody should be
/// surprised by it.
pub(super) fn other_source_note(
    writer: &CaptureWriter,
    asked: &BTreeMap<String, String>,
) -> Option<String> {
    let before = &writer.before()?.manifest().source;
    let identity = ["kind", "database", "system_identifier", "timeline", "endpoint"];
    let mut differing = identity.into_iter().filter(|name| before.get(*name) != asked.get(*name));
    let first = differing.next()?;
    let names = differing.fold(first.to_string(), |names, name| format!("{names}, {name}"));
    Some(format!("the snapshot was made from another database (differs in {names})"))
}
