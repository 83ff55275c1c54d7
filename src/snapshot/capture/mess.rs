//! What a capture that fails leaves behind, and takes away itself.

use std::path::PathBuf;

use crate::snapshot::capture::leftovers;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::open::Snapshot;

/// The files of a capture in the making: swept when it is dropped, unless a manifest names them.
pub(super) struct Mess {
    pub(super) dir: PathBuf,
    pub(super) id: String,
    /// Captures that the manifest named before.
    pub(super) known: usize,
}

impl Mess {
    /// The capture exists: nothing of it is a mess.
    pub(super) fn clear(mut self) {
        self.known = usize::MAX;
    }

    /// Whether no manifest names the capture. One that cannot be read may: then nothing is touched.
    fn is_nameless(&self) -> bool {
        match Snapshot::open(&self.dir) {
            Ok(snapshot) => snapshot.captures().len() <= self.known,
            // there was no manifest when the capture began, and it got none
            Err(SnapshotError::NotASnapshot(_) | SnapshotError::LostManifest(_)) => self.known == 0,
            Err(_) => false,
        }
    }
}

impl Drop for Mess {
    fn drop(&mut self) {
        if self.known != usize::MAX && self.is_nameless() {
            // the next capture sweeps what cannot be removed now
            drop(leftovers::sweep(&self.dir, &self.id, None));
        }
    }
}
