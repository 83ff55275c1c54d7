//! A file that is hashed as it is written: to read it back once it is whole, nobody else has anything to do.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::snapshot::parquet_file::PIECE_BYTES;

/// Takes the bytes of a file, and their hash.
pub(super) struct HashedFile {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl HashedFile {
    /// An empty file, which is written in pieces that are worth hashing.
    pub(super) fn in_pieces(file: File) -> BufWriter<Self> {
        let hashed = Self { file, hasher: blake3::Hasher::new(), bytes: 0 };
        BufWriter::with_capacity(PIECE_BYTES, hashed)
    }

    /// Brings the file to the disk; returns its length and its BLAKE3.
    pub(super) fn synced(&self) -> io::Result<(u64, String)> {
        self.file.sync_all()?;
        Ok((self.bytes, self.hasher.finalize().to_hex().to_string()))
    }
}

impl Write for HashedFile {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.file.write(piece)?;
        self.hasher.update(&piece[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::parquet_file::hash_file;

    #[test]
    fn the_hash_is_that_of_the_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("file");
        let mut file = HashedFile::in_pieces(File::create(&path).expect("a file"));
        for n in 0..5 {
            file.write_all(&vec![n; PIECE_BYTES / 2 + usize::from(n)]).expect("written");
        }
        file.flush().expect("flushed");
        let told = file.get_ref().synced().expect("on the disk");
        assert_eq!(told, hash_file(&path).expect("read back"));
        assert_eq!(told.0, 5 * (PIECE_BYTES as u64 / 2) + 10);
    }
}
