//! What the text of an evidence file said, kept so that it is not read again when more was captured.
//!
//! Only an optimisation: a checkpoint that is missing, damaged, or of another grammar or build is made
//! anew, and what is drawn from one is what the file itself would say.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::events::parsed::Parsed;
use crate::grammar::matcher::Grammar;
use crate::snapshot::manifest::FileEntry;
use crate::snapshot::open::Snapshot;
use crate::snapshot::publish::{publish, temporary};
use crate::spool::Spool;
use crate::spool::frames::{FrameReader, FrameWriter};

/// Raised with every change of what a line may become.
const FORMAT: u32 = 8;

const BUFFER_BYTES: usize = 64 * 1024;
/// Bytes of the hash at the end.
const HASH_BYTES: usize = blake3::OUT_LEN;

/// The checkpoints of a snapshot.
pub(super) struct Checkpoints {
    folder: PathBuf,
    grammar: String,
}

/// What a checkpoint was made from, and how much it holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: u32,
    tool: String,
    grammar: String,
    evidence: String,
    counts: [usize; 5],
}

impl Checkpoints {
    /// Those of a snapshot that grows; one of a single capture is replayed once.
    pub(super) fn of(snapshot: &Snapshot, grammar: &Grammar) -> Option<Self> {
        let folder = snapshot.dir().join(Snapshot::CHECKPOINTS);
        let grows = snapshot.captures().len() > 1;
        grows.then(|| Self { folder, grammar: grammar.digest().to_string() })
    }

    fn path(&self, file: &FileEntry) -> PathBuf {
        let name = file.path.replace(['/', '\\'], "-");
        self.folder.join(format!("{name}.events"))
    }

    fn header(&self, file: &FileEntry, counts: [usize; 5]) -> Header {
        Header {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_string(),
            grammar: self.grammar.clone(),
            evidence: file.blake3.clone(),
            counts,
        }
    }

    /// What a file said, where that is known.
    pub(super) fn load(&self, file: &FileEntry, spool: &Arc<Spool>) -> Option<Parsed> {
        let path = self.path(file);
        is_whole(&path).ok().filter(|whole| *whole)?;
        let file_of = File::open(path).ok()?;
        let mut from = FrameReader::new(BufReader::with_capacity(BUFFER_BYTES, file_of));
        let header: Header = from.take().ok()?;
        let counts = header.counts;
        if header != self.header(file, counts) {
            return None;
        }
        let parsed = read(&mut from, counts, spool).ok()?;
        Some(Parsed { known: file.rows, ..parsed })
    }

    /// Keeps what a file said. A folder that cannot be written costs time at the next replay, no more.
    pub(super) fn save(&self, file: &FileEntry, parsed: &Parsed) {
        let path = self.path(file);
        let part = temporary(&path);
        if self.write(file, parsed, &part).is_ok() {
            drop(publish(&part, &path));
        } else {
            drop(fs::remove_file(&part));
        }
    }

    fn write(&self, file: &FileEntry, parsed: &Parsed, part: &Path) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let file_of = BufWriter::with_capacity(BUFFER_BYTES, File::create(part)?);
        let hashing = Hashing { to: file_of, hash: blake3::Hasher::new() };
        let mut to = FrameWriter::new(hashing);
        let (senders, unknown) = (parsed.senders.told(), parsed.unknown.gathered());
        let counts = [
            parsed.events.len(),
            parsed.confirmations.len(),
            parsed.listings.len(),
            senders.len(),
            unknown.len(),
        ];
        to.put(&self.header(file, counts))?;
        parsed.events.iter().try_for_each(|event| to.put(&*event))?;
        parsed.confirmations.iter().try_for_each(|row| to.put(&*row))?;
        parsed.listings.iter().try_for_each(|listing| to.put(&*listing))?;
        senders.iter().try_for_each(|told| to.put(told))?;
        unknown.iter().try_for_each(|gathered| to.put(gathered))?;
        let Hashing { mut to, hash } = to.into_inner();
        to.write_all(hash.finalize().as_bytes())?;
        to.into_inner()?.sync_all()
    }
}

fn read(
    from: &mut FrameReader<impl Read>,
    [events, confirmations, listings, senders, unknown]: [usize; 5],
    spool: &Arc<Spool>,
) -> io::Result<Parsed> {
    let mut parsed = Parsed::new(spool);
    for _ in 0..events {
        parsed.events.push(from.take()?);
    }
    for _ in 0..confirmations {
        parsed.confirmations.push(from.take()?);
    }
    for _ in 0..listings {
        parsed.listings.push(from.take()?);
    }
    for _ in 0..senders {
        parsed.senders.add(from.take()?);
    }
    for _ in 0..unknown {
        parsed.unknown.merge(from.take()?);
    }
    Ok(parsed)
}

/// Whether a file ends with the hash of what stands before it.
fn is_whole(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().saturating_sub(HASH_BYTES as u64);
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut hash = blake3::Hasher::new();
    hash.update_reader((&mut file).take(length))?;
    let mut told = [0; HASH_BYTES];
    file.read_exact(&mut told)?;
    Ok(hash.finalize() == told)
}

/// Hashes what is written.
struct Hashing<W> {
    to: W,
    hash: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
