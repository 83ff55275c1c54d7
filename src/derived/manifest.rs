//! What `derived/` was made from: any difference means replay again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::derived::tables;
use crate::snapshot::open::Snapshot;

/// The fields of a `derived/manifest.json` without a checksum.
pub(crate) const FIELDS: [&str; 5] = ["evidence", "tool", "tables", "grammar", "files"];

/// `derived/manifest.json`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct DerivedManifest {
    /// Digest of the evidence: the same for the same rows, however they came.
    pub evidence: String,
    /// Version of the tool.
    pub tool: String,
    /// Digest of the tables' names, columns and layout.
    #[serde(default)]
    pub tables: String,
    /// Digest of the grammar.
    pub grammar: String,
    /// BLAKE3 of every table's file, by path inside `derived/`: a changed one means replay again.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

impl DerivedManifest {
    /// What a replay of this snapshot with this grammar would write now.
    pub fn of(snapshot: &Snapshot, grammar_digest: &str) -> Self {
        Self {
            evidence: snapshot.evidence_digest(),
            tool: env!("CARGO_PKG_VERSION").to_string(),
            tables: tables::digest(),
            grammar: grammar_digest.to_string(),
            files: BTreeMap::new(),
        }
    }
}
