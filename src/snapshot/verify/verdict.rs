//! What a check of a snapshot collects on its way.

use crate::snapshot::verify::flaw::{Damage, Flaw, Note, Remark};

/// Everything found, in the order in which a snapshot is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is not as it was written.
    pub damage: Vec<Damage>,
    /// What is worth knowing beside.
    pub notes: Vec<Note>,
    /// What was looked at.
    pub checked: Checked,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Captures of the chain.
    pub captures: u64,
    /// Files whose content was compared.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows counted in evidence files.
    pub rows: u64,
}

impl Verdict {
    /// Whether everything is as it was written.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    /// A file is damaged.
    pub fn damage(&mut self, file: impl Into<String>, flaw: Flaw) {
        self.damage.push(Damage { file: file.into(), flaw });
    }

    /// Something about a file is worth knowing.
    pub fn note(&mut self, file: impl Into<String>, remark: Remark) {
        self.notes.push(Note { file: file.into(), remark });
    }

    /// A file does not keep a promise. Where the promise itself stands in a damaged file (`doubt`),
    /// either may be wrong: that is no damage of this file.
    pub(crate) fn judge(&mut self, file: &str, flaw: Flaw, doubt: Option<&str>) {
        match doubt {
            None => self.damage(file, flaw),
            Some(by) => self.note(file, Remark::Unproven { by: by.to_string(), flaw }),
        }
    }

    /// A file's content was compared.
    pub fn count_file(&mut self, bytes: u64) {
        self.checked.files += 1;
        self.checked.bytes += bytes;
    }

    /// Takes over what another part found.
    pub fn append(&mut self, other: Self) {
        self.damage.extend(other.damage);
        self.notes.extend(other.notes);
        self.checked.captures += other.checked.captures;
        self.checked.files += other.checked.files;
        self.checked.bytes += other.checked.bytes;
        self.checked.rows += other.checked.rows;
    }
}
