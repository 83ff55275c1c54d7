//! A directory of table files: which file is which table, and what its bytes hash to.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::export::import_error::ImportError;
use crate::model::table::Table;
use crate::snapshot::parquet_file::hash_file;

/// Bytes read at once.
const BUFFER_BYTES: usize = 256 << 10;
/// The first bytes of every gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How a file holds its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PostgreSQL's CSV with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// A file that holds one table.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The table.
    pub table: Table,
    /// How it holds it.
    pub format: Format,
    /// Its name inside the directory.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// BLAKE3 of its bytes as they lie there.
    pub blake3: String,
}

impl SourceFile {
    /// Its text, unpacked when it is gzip (known by its first bytes, not by its name).
    pub fn open(&self) -> Result<Box<dyn BufRead>, ImportError> {
        self.unpacked().map_err(|source| ImportError::Read { path: self.path.clone(), source })
    }

    fn unpacked(&self) -> io::Result<Box<dyn BufRead>> {
        let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(&self.path)?);
        if file.fill_buf()?.starts_with(&GZIP_MAGIC) {
            let text = MultiGzDecoder::new(file);
            return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, text)));
        }
        Ok(Box::new(file))
    }
}

/// What a directory holds.
#[derive(Debug)]
pub struct SourceDir {
    /// The table files, in the order of [`Table::ALL`].
    pub files: Vec<SourceFile>,
    /// Names of everything else in it, sorted.
    pub ignored: Vec<String>,
    /// Tables without a file; none of them is required.
    pub absent: Vec<Table>,
}

impl SourceDir {
    /// Looks through the directory and hashes the table files.
    pub fn scan(from: &Path) -> Result<Self, ImportError> {
        let read = |source| ImportError::Read { path: from.to_path_buf(), source };
        if !from.is_dir() {
            return Err(ImportError::NotADirectory(from.to_path_buf()));
        }
        let mut files: Vec<SourceFile> = Vec::new();
        let mut ignored = Vec::new();
        for entry in fs::read_dir(from).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match table_of(&name) {
                Some((table, format)) if path.is_file() => {
                    let (_, blake3) = hash_file(&path)?;
                    files.push(SourceFile { table, format, name, path, blake3 });
                }
                Some(_) | None => ignored.push(name),
            }
        }
        ignored.sort();
        files.sort_by(|a, b| (a.table, &a.name).cmp(&(b.table, &b.name)));
        if files.is_empty() {
            return Err(ImportError::NoTables(from.to_path_buf()));
        }
        if let Some(pair) = files.windows(2).find(|pair| pair[0].table == pair[1].table) {
            let (first, second) = (pair[0].name.clone(), pair[1].name.clone());
            return Err(ImportError::TwoFiles { first, second });
        }
        let mut absent = Table::ALL.to_vec();
        absent.retain(|table| files.iter().all(|file| file.table != *table));
        if let Some(table) = absent.iter().find(|table| table.is_required()) {
            let is_like = |name: &&String| name.starts_with(table.name());
            let like = ignored.iter().find(is_like).cloned();
            return Err(ImportError::MissingTable {
                from: from.to_path_buf(),
                table: *table,
                like,
            });
        }
        Ok(Self { files, ignored, absent })
    }
}

/// `tasks.csv.gz` is CSV of the table `tasks`, and so is `tasks_rows.csv`, as Supabase's table editor names its export.
fn table_of(name: &str) -> Option<(Table, Format)> {
    let (stem, suffix) = name.strip_suffix(".gz").unwrap_or(name).rsplit_once('.')?;
    let format = match suffix {
        "csv" => Format::Csv,
        "ndjson" => Format::Ndjson,
        _ => return None,
    };
    Some((Table::from_name(stem.strip_suffix("_rows").unwrap_or(stem))?, format))
}
