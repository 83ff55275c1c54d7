//! A snapshot through the redactor once more, into another one: stricter, under the same key.
//!
//! The token of a value is the same under every policy, so that a capture made later under the stricter one finds
//! the rows it knows; but a whole text that held a token already gets one that is not the original's. What is
//! hidden stays hidden: there is no way back.

pub mod error;

mod rows;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::export::again::error::AgainError;
use crate::export::key::RowKey;
use crate::export::roles::role;
use crate::export::source_schema::hide_defaults;
use crate::model::table::Table;
use crate::redact::Redactor;
use crate::redact::policy::Policy;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::manifest::{Capture, Redaction, SOURCE_SCHEMA, TableCapture, read_json};
use crate::snapshot::open::Snapshot;
use crate::snapshot::parquet_file::hash_file;
use crate::snapshot::rewrite::Rewrite;

/// From where, to where, and how.
pub struct Plan<'a> {
    /// The snapshot that is read, and stays as it is.
    pub from: &'a Path,
    /// Where the new one will be.
    pub out: &'a Path,
    /// The policy of the new one.
    pub policy: Policy,
    /// The key of both.
    pub key: &'a RowKey,
    /// Told of each table of each capture, and of its rows.
    pub tell: &'a mut dyn FnMut(&str, Table, u64),
}

/// Makes the stricter snapshot.
pub fn redact_again(plan: Plan<'_>) -> Result<Snapshot, AgainError> {
    let from = Snapshot::open(plan.from)?;
    refuse(&from, &plan)?;
    let mut work = Work {
        redactor: Redactor::new(plan.policy, &plan.key.bytes()),
        key: plan.key,
        rewrite: Rewrite::begin(plan.out)?,
        tell: plan.tell,
    };
    let last = from.captures().len().saturating_sub(1);
    for (place, capture) in from.captures().iter().enumerate() {
        // of the schemas of earlier captures nothing but a hash is left, and that of no file that is here
        let schema = if place == last { work.schema(&from, capture)? } else { None };
        work.capture(&from, capture, schema)?;
    }
    let redaction = Redaction {
        policy: plan.policy.name().to_string(),
        key_fingerprint: plan.key.fingerprint(),
    };
    Ok(work.rewrite.finish(from.manifest().source.clone(), redaction)?)
}

/// What cannot be done is said before anything is written.
fn refuse(from: &Snapshot, plan: &Plan<'_>) -> Result<(), AgainError> {
    let held = &from.manifest().redaction;
    if plan.policy == Policy::None || !plan.policy.hides_all_of(&held.policy) {
        let ours = plan.policy.name().to_string();
        return Err(AgainError::Weaker { theirs: held.policy.clone(), ours });
    }
    let ours = plan.key.fingerprint();
    if held.key_fingerprint != ours {
        return Err(AgainError::OtherKey { theirs: held.key_fingerprint.clone(), ours });
    }
    let out = || plan.out.to_path_buf();
    let is_empty = std::fs::read_dir(plan.out).is_ok_and(|mut entries| entries.next().is_none());
    if plan.out.file_name().is_none() || plan.out.symlink_metadata().is_ok() && !is_empty {
        return Err(AgainError::Exists(out()));
    }
    let parent = plan.out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = real(parent.unwrap_or(Path::new(".")));
    if real(plan.from).zip(parent).is_some_and(|(from, parent)| parent.starts_with(from)) {
        return Err(AgainError::Inside(out()));
    }
    Ok(())
}

/// A path without links; of one that is not there yet, where it would be.
fn real(path: &Path) -> Option<PathBuf> {
    path.ancestors().find_map(|above| {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        above.canonicalize().ok()
    })
}

struct Work<'a> {
    redactor: Redactor,
    key: &'a RowKey,
    rewrite: Rewrite,
    tell: &'a mut dyn FnMut(&str, Table, u64),
}

impl Work<'_> {
    fn capture(
        &mut self,
        from: &Snapshot,
        capture: &Capture,
        source_schema: Option<String>,
    ) -> Result<(), SnapshotError> {
        let mut made = capture.clone();
        for table in Table::ALL {
            if let Some(held) = made.tables.get_mut(table.name()) {
                self.table(from, capture, table, held)?;
                (self.tell)(&capture.id, table, held.rows_new);
            }
        }
        // sentences of ours; names of files may stand in them
        for text in made.notes.iter_mut().chain(&mut made.unreadable) {
            *text = self.redactor.text(text).into_owned();
        }
        // what the rows were first hidden by: a later round keeps it
        let first = capture.captured_under.clone();
        made.captured_under = first.or_else(|| Some(from.manifest().redaction.policy.clone()));
        made.source_schema = source_schema;
        self.rewrite.add(made)
    }

    /// Every file of a table, and what the capture says of it.
    fn table(
        &self,
        from: &Snapshot,
        capture: &Capture,
        table: Table,
        held: &mut TableCapture,
    ) -> Result<(), SnapshotError> {
        let old = std::mem::take(&mut held.files);
        let mut made: Option<TableCapture> = None;
        for (at, file) in old.iter().enumerate() {
            // damage must not get a hash that vouches for it
            let path = from.whole(file)?;
            let columns = rows::columns(&path)?;
            let part = (table, at + 1);
            let mut writer =
                self.rewrite.table(capture, part, columns.clone(), self.key.bytes())?;
            rows::rewrite(&path, &columns, &self.redactor, &mut writer)?;
            let done = self.rewrite.finish_table(writer)?;
            made = Some(made.map_or(done.clone(), |all| all.and(done)));
        }
        // rows that were read and not written cannot be hashed anew: of those written the sum is known
        held.digest = made.as_ref().map_or(format!("{:032x}", 0), |made| made.digest.clone());
        held.files = made.map_or_else(Vec::new, |made| made.files);
        let role = role(table, "id");
        for key in &mut held.disappeared {
            *key = self.redactor.value(role, key).into_owned();
        }
        held.disappeared.sort();
        Ok(())
    }

    /// The schema of the last capture, its SQL redacted; its hash.
    fn schema(&self, from: &Snapshot, last: &Capture) -> Result<Option<String>, SnapshotError> {
        let path = from.dir().join(SOURCE_SCHEMA);
        let Some(promised) = &last.source_schema else { return Ok(None) };
        if hash_file(&path)?.1 != *promised {
            return Err(SnapshotError::Hash(path));
        }
        let mut schema: Value = read_json(&path)?;
        hide_defaults(&mut schema, &self.redactor);
        self.hide_sql(&mut schema, false);
        Ok(Some(self.rewrite.schema(&schema)?))
    }

    /// Defaults and checks are SQL that someone wrote.
    fn hide_sql(&self, value: &mut Value, is_sql: bool) {
        match value {
            Value::String(text) if is_sql => *text = self.redactor.text(text).into_owned(),
            Value::Array(values) => values.iter_mut().for_each(|of| self.hide_sql(of, is_sql)),
            Value::Object(members) => {
                for (name, of) in members {
                    self.hide_sql(of, is_sql || ["default", "checks"].contains(&name.as_str()));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
