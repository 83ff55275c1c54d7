//! Walking folders of the repository.

use std::path::{Path, PathBuf};

/// Files ending in `.sql` below a folder of the repository, relative to it, sorted.
pub(crate) fn sql_files(folder: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    walk(&root, &mut found);
    let sql = found.iter().filter(|path| path.extension().is_some_and(|suffix| suffix == "sql"));
    let relative = |path: &PathBuf| path.strip_prefix(&root).ok().map(|p| p.display().to_string());
    let mut names: Vec<String> = sql.filter_map(relative).collect();
    names.sort();
    names
}

/// Every file below a folder.
pub(crate) fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}
