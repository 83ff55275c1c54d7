//! What spilled events have in common: ids, sources, and fields that several say alike.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHasher;

use crate::events::stored::kept::Kept;
use crate::events::stored::memo::Memo;
use crate::model::attribute::Attributes;
use crate::model::event::SourceKey;

/// Ids are short; what is longer is no id, and stands in its record.
const TEXT_BYTES_MAX: usize = 128;
/// Texts that are kept: those of a hundred million log rows.
const TEXTS_MAX: usize = 1 << 21;
/// Sources that are kept: a worker is one.
const SOURCES_MAX: usize = 1 << 20;
/// Fields that are kept, and their length: with what they take in memory, some 10 MB.
const FIELDS_MAX: usize = 1 << 15;
const FIELDS_BYTES_MAX: usize = 256;
/// What a thing takes beside its own bytes: two places, in tables that are half empty, and an allocation.
const PLACE_BYTES: usize = 160;
/// How much more fields take in memory than in a file, where they stand as well.
const FIELDS_TIMES: usize = 5;
/// Fields that were seen once: an older one gives way.
const SEEN_PLACES: usize = 1 << 16;

/// All of it.
pub struct Shelf {
    pub(super) texts: Kept<Arc<str>, Arc<str>>,
    pub(super) sources: Kept<SourceKey, SourceKey>,
    /// By their bytes.
    pub(super) fields: Kept<Box<[u8]>, Arc<Attributes>>,
    /// Hashes of fields that were seen: most are seen once, and need not be kept.
    seen: Vec<AtomicU64>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            texts: Kept::new(TEXTS_MAX),
            sources: Kept::new(SOURCES_MAX),
            fields: Kept::new(FIELDS_MAX),
            seen: std::iter::repeat_with(AtomicU64::default).take(SEEN_PLACES).collect(),
        }
    }
}

impl Shelf {
    /// Whether fields of these bytes were seen before.
    fn is_seen(&self, bytes: &[u8]) -> bool {
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        let hash = hasher.finish();
        // the upper bits of this hash are the better ones
        let place = &self.seen[(hash >> 40) as usize % SEEN_PLACES];
        place.swap(hash, Ordering::Relaxed) == hash
    }
}

/// What a writer of events remembers of it.
#[derive(Default)]
pub struct Hand {
    texts: Memo<str>,
    sources: Memo<(Arc<str>, Arc<str>)>,
    fields: Memo<Attributes>,
    /// Bytes by which it grew, about.
    pub(super) shelved: usize,
}

impl Hand {
    /// The number of a text.
    pub(super) fn text(&mut self, shelf: &Shelf, text: &Arc<str>) -> Option<u32> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let new = || {
            self.shelved += PLACE_BYTES + text.len();
            (text.clone(), text.clone())
        };
        self.texts.number(text, || shelf.texts.number(&**text, new))
    }

    /// The number of a source.
    pub(super) fn source(&mut self, shelf: &Shelf, source: &SourceKey) -> Option<u32> {
        if source.0.len() + source.1.len() > TEXT_BYTES_MAX {
            return None;
        }
        let new = || {
            self.shelved += PLACE_BYTES;
            (source.clone(), source.clone())
        };
        self.sources.number(source, || shelf.sources.number(&**source, new))
    }

    /// The number of fields that this writer has asked for.
    pub(super) fn known(&mut self, fields: &Arc<Attributes>) -> Option<u32> {
        self.fields.number(fields, || None)
    }

    /// The number of fields of these bytes.
    pub(super) fn fields(
        &mut self,
        shelf: &Shelf,
        fields: &Arc<Attributes>,
        bytes: &[u8],
    ) -> Option<u32> {
        if bytes.len() > FIELDS_BYTES_MAX || !shelf.is_seen(bytes) {
            return None;
        }
        let new = || {
            self.shelved += FIELDS_TIMES * bytes.len() + PLACE_BYTES;
            (bytes.into(), fields.clone())
        };
        self.fields.number(fields, || shelf.fields.number(bytes, new))
    }
}
