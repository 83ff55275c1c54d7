//! Every question that can be asked: those of this build, and a user's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::findings::error::QueryError;
use crate::findings::header::Header;

/// One query file.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its path: under `queries/`, or where the user has it.
    pub path: String,
    /// The folder it stands in.
    pub theme: String,
    /// What it says about itself.
    pub header: Header,
    /// The whole file: header lines are comments to SQL.
    pub sql: String,
}

/// The files, compiled in by the build script: path under `queries/`, and text.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/queries.rs"));

impl Query {
    /// Whether its text is one that is compiled in, wherever it was read from.
    pub(crate) fn is_ours(&self) -> bool {
        FILES.iter().any(|(_, text)| *text == self.sql)
    }

    /// A query from its file's path and text.
    pub fn parse(path: &Path, sql: &str) -> Result<Self, QueryError> {
        let path_text = path.display().to_string();
        let header = Header::parse(sql)
            .map_err(|source| QueryError::Header { path: path_text.clone(), source })?;
        let named = path.file_stem().is_some_and(|stem| stem == header.id.as_str());
        if !named {
            return Err(QueryError::Name { path: path_text, id: header.id });
        }
        let folder = path.parent().and_then(Path::file_name);
        let theme = folder.map_or("own".to_string(), |name| name.to_string_lossy().into_owned());
        Ok(Self { path: path_text, theme, header, sql: sql.to_string() })
    }

    /// A query from its file.
    pub fn read(path: &Path) -> Result<Self, QueryError> {
        let sql = text_of(path)
            .map_err(|source| QueryError::File { path: path.display().to_string(), source })?;
        Self::parse(path, &sql)
    }
}

/// BLAKE3 of the files of this build.
pub fn digest() -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, sql) in FILES {
        hasher.update(path.as_bytes()).update(sql.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// All queries of this build, sorted by id.
pub fn all() -> Result<Vec<Query>, QueryError> {
    let queries = FILES.iter().map(|(path, sql)| Query::parse(Path::new(path), sql));
    let mut queries = queries.collect::<Result<Vec<_>, _>>()?;
    sort(&mut queries)?;
    Ok(queries)
}

/// The same, and those of a user's folders: `DIR/*.sql` and `DIR/<theme>/*.sql`.
pub fn with(dirs: &[PathBuf]) -> Result<Vec<Query>, QueryError> {
    let mut queries = all()?;
    for file in files(dirs)? {
        queries.push(Query::read(&file)?);
    }
    sort(&mut queries)?;
    Ok(queries)
}

/// Those of them that have one of these ids. A file is named as its id, so none is read that is not needed:
/// what is wrong with the others is not in the way.
pub fn named(ids: &[String], dirs: &[PathBuf]) -> Result<Vec<Query>, QueryError> {
    let mut queries = all()?;
    queries.retain(|query| ids.contains(&query.header.id));
    for file in files(dirs)? {
        if stem(&file).is_some_and(|stem| ids.contains(&stem)) {
            queries.push(Query::read(&file)?);
        }
    }
    sort(&mut queries)?;
    Ok(queries)
}

/// The ids of all of them, sorted; a user's file is not read for it.
pub fn ids(dirs: &[PathBuf]) -> Result<Vec<String>, QueryError> {
    let mut ids: Vec<String> = all()?.into_iter().map(|query| query.header.id).collect();
    ids.extend(files(dirs)?.iter().filter_map(|file| stem(file)));
    ids.sort();
    ids.dedup();
    Ok(ids)
}

fn stem(file: &Path) -> Option<String> {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned())
}

/// The query files of a user's folders.
fn files(dirs: &[PathBuf]) -> Result<Vec<PathBuf>, QueryError> {
    let mut files = Vec::new();
    for dir in dirs {
        let mut own = Vec::new();
        sql_files(dir, 1, &mut own)
            .map_err(|source| QueryError::File { path: dir.display().to_string(), source })?;
        files.extend(own);
    }
    Ok(files)
}

/// The text of a regular file: who reads a pipe waits for whoever writes into it.
pub fn text_of(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    fs::read_to_string(path)
}

fn sql_files(dir: &Path, depth: usize, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            sql_files(&path, depth - 1, into)?;
        } else if path.extension().is_some_and(|of| of == "sql") && !is_special(&path) {
            into.push(path);
        }
    }
    into.sort();
    Ok(())
}

/// Whether it is there and holds no text of its own: a pipe, a socket, a device. A link to nowhere is none, and
/// is told when it is read.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|of| !of.is_file() && !of.is_dir())
}

/// By id; two of one name would answer for each other.
fn sort(queries: &mut [Query]) -> Result<(), QueryError> {
    queries.sort_by(|a, b| a.header.id.cmp(&b.header.id));
    match queries.windows(2).find(|two| two[0].header.id == two[1].header.id) {
        Some(two) => Err(QueryError::Twice {
            id: two[0].header.id.clone(),
            paths: [two[0].path.clone(), two[1].path.clone()],
        }),
        None => Ok(()),
    }
}
