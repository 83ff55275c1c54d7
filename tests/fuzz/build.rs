//! Build script: a binary that is linked against a prebuilt DuckDB finds it again when it runs.

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    let bundled = std::env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    if let (Ok(dir), false) = (std::env::var("DUCKDB_LIB_DIR"), bundled) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    }
}
