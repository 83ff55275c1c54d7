//! The tables that a replay derives, byte for byte, against digests that were written down: builds of
//! different machines and target directories agree with each other where each agrees with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::replayed::Bench;
use crate::support::run::backstory;

/// What makes them anew: `BACKSTORY_RENEW_DIGESTS=1 ./dev test -- derived::`.
const RENEW: &str = "BACKSTORY_RENEW_DIGESTS";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/derived/digests.txt")
}

/// Digests by `ERA FILE`: of the evidence, which is simulated, and of each file derived from it.
fn digests() -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for era in ["E4", "E6", "E12"] {
        let bench = Bench::new();
        let files = bench.path("files");
        let out = files.to_str().expect("UTF-8");
        let size = ["--workers", "4", "--hours", "2", "--seed", "1"];
        let args = [&["simulate", "--out", out, "--era", era], &size[..]].concat();
        backstory(&bench.path("config"), &args).ok();
        digests.insert(format!("{era} evidence"), digest_of(&files));
        // a key is another on every machine
        bench.run("import", "s", &["--from", out, "--redact", "none"]).ok();
        bench.run("replay", "s", &[]).ok();
        // the manifest names the evidence, whose rows are hashed under that key
        for (name, bytes) in bench.derived("s").into_iter().filter(|(n, _)| n != "manifest.json") {
            digests
                .insert(format!("{era} {name}"), blake3::hash(&bytes).to_hex()[..32].to_string());
        }
    }
    digests
}

fn digest_of(files: &Path) -> String {
    let mut names: Vec<PathBuf> = fs::read_dir(files)
        .expect("a directory")
        .map(|entry| entry.expect("a file").path())
        .collect();
    names.sort();
    let mut hash = blake3::Hasher::new();
    for name in names {
        hash.update(&fs::read(name).expect("a file"));
    }
    hash.finalize().to_hex()[..32].to_string()
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines.map(|(name, digest)| (name.to_string(), digest.to_string())).collect()
}

#[test]
fn every_build_derives_the_same_bytes() {
    let made = digests();
    if std::env::var_os(RENEW).is_some() {
        let lines: String =
            made.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
        fs::write(golden(), lines).expect("a file");
        return;
    }
    let known = parse(&fs::read_to_string(golden()).expect("the digests"));
    let names: Vec<&String> = made.keys().chain(known.keys()).collect();
    let mut differ: Vec<&str> = names
        .into_iter()
        .filter(|name| made.get(*name) != known.get(*name))
        .map(|n| n.as_str())
        .collect();
    differ.sort_unstable();
    differ.dedup();
    assert!(
        differ.is_empty(),
        "{} of {} digests are not those of tests/derived/digests.txt: {}\n\
         A change of the replay, the grammar, the simulator (`evidence`) or of a library that writes Parquet \
         changes them, and its commit renews them: {RENEW}=1 ./dev test -- derived::\n\
         Without such a change two builds of the same source disagree: find out why, and renew nothing.",
        differ.len(),
        made.len(),
        differ.join(", ")
    );
}
