//! Build script: lists `queries/` for the catalogue, and lets a binary that is linked against a prebuilt
//! DuckDB find it again when it runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=.cargo/build.rs");
    println!("cargo:rerun-if-changed=queries");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    let bundled = std::env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    if let (Ok(dir), false) = (std::env::var("DUCKDB_LIB_DIR"), bundled) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    fs::write(out.join("queries.rs"), catalogue(&root.join("queries"))?)
}

/// `[(path below queries/, its text)]` of every query file, sorted. The path of the package is left to the
/// compiler: what this script wrote outlives a move of the checkout.
fn catalogue(root: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for theme in fs::read_dir(root)? {
        let theme = theme?.path();
        if !theme.is_dir() {
            continue;
        }
        for file in fs::read_dir(&theme)? {
            let file = file?.path();
            if file.extension().is_some_and(|of| of == "sql") {
                files.push(file);
            }
        }
    }
    files.sort();
    let listed = files.iter().filter_map(|file| {
        let path = file.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
        let inside = format!("/queries/{path}");
        Some(format!(
            "({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {inside:?}))),\n"
        ))
    });
    Ok(format!("[\n{}]", listed.collect::<String>()))
}
