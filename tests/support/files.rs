//! Walking folders of the repository.

use std::path::{Path, PathBuf};

use backstory::model::table::Table;

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

/// A CSV of a table with the columns that no import goes without, where it lacks them: NULL in every row.
pub(crate) fn with_core(table: &str, csv: &str) -> String {
    let Some(table) = Table::from_name(table) else { return csv.to_string() };
    let head = csv.lines().next().unwrap_or_default();
    let has = |name: &&&str| head.split(',').any(|have| have == **name);
    let missing: Vec<&&str> = table.core_columns().iter().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        return csv.to_string();
    }
    let mut more: String = missing.iter().map(|name| format!(",{name}")).collect();
    let (mut whole, mut quotes) = (String::new(), 0);
    for line in csv.lines() {
        whole += line;
        quotes += line.matches('"').count();
        // a text may go on in the next line
        if quotes % 2 == 0 {
            whole += &more;
            more = ",".repeat(missing.len());
        }
        whole += "\n";
    }
    whole
}
