//! A connection that ends at any byte, of either direction: the export begins again by itself and ends as
//! if nothing had happened, or leaves everything as it was.

use std::fs;

use crate::export::disturbed::Source;
use crate::support::proxy::Fate;
use crate::verify::read_all;

/// Cuts of one direction, beside those of the first bytes.
const CUTS: u64 = 12;

/// Places in a stream: its beginning, in which messages are short, and all of it, its last byte too.
fn places(bytes: u64) -> Vec<u64> {
    let spread = (1..=CUTS).map(|n| (bytes - 1) * n / CUTS);
    [0, 1, 9, 25, 300].into_iter().filter(|at| *at < bytes).chain(spread).collect()
}

#[test]
fn a_connection_cut_anywhere_is_made_again_and_the_snapshot_is_the_same() {
    let source = Source::new("cuts", 3_000);
    let dir = source.put_first("s1");
    let (ran, proxy) = source.export("s1", Vec::new(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    source.assert_is("s1", &source.both, "through a network");
    fs::remove_dir_all(dir).expect("a folder");
    let (down, up) = proxy.bytes();
    assert!(down > 500_000 && up > 5_000, "{down} down, {up} up");
    // what the client says last is a farewell, which nobody needs
    let farewell = 5;
    let down = places(down).into_iter().map(|at| (at, true));
    let cuts: Vec<_> =
        down.chain(places(up - farewell).into_iter().map(|at| (at, false))).collect();
    let fate =
        |at, is_down| if is_down { Fate::CutFromServer(at) } else { Fate::CutFromClient(at) };
    let (mut retried, mut in_a_table) = (0, 0);
    for (n, (at, is_down)) in cuts.iter().enumerate() {
        let what = format!("cut after {at} bytes, from the server: {is_down}");
        let dir = source.put_first("s1");
        if n % 3 == 0 {
            let (ran, _) = source.export("s1", vec![fate(*at, *is_down)], &["--retries", "0"]);
            assert_eq!(ran.code, 3, "{what}: {}", ran.stderr);
            source.assert_is("s1", &source.first, &what);
        }
        // one that ends in the midst of the log-in is asked once more each time who it is
        let fates = (0..4).map(|_| fate(*at, *is_down)).collect();
        let (ran, proxy) = source.export("s1", fates, &[]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.stderr);
        assert_eq!(proxy.connections(), 5, "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("trying again in 0.0 s (2 of 5)"), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("(3 of 5)"), "{what}: {}", ran.stderr);
        source.assert_is("s1", &source.both, &what);
        retried += 1;
        in_a_table += u32::from(ran.stderr.contains(" rows; trying again"));
        fs::remove_dir_all(dir).expect("a folder");
    }
    crate::support::told(&format!(
        "export: a connection cut at {retried} places, two to four times each, {in_a_table} of them in a table"
    ));
    assert!(in_a_table > 8, "{in_a_table}");
}

#[test]
fn a_first_export_that_is_cut_leaves_no_directory() {
    let source = Source::new("cut_first", 1_000);
    for at in [0, 2_000, 100_000] {
        let (ran, _) = source.export("s1", vec![Fate::CutFromServer(at)], &["--retries", "0"]);
        assert_eq!(ran.code, 3, "{at}: {}", ran.stderr);
        assert!(!source.bench.path("s1").exists(), "cut after {at}");
        let (ran, _) = source.export("s1", vec![Fate::CutFromServer(at)], &["--retries", "1"]);
        assert_eq!(ran.code, 0, "{at}: {}", ran.stderr);
        assert!(read_all(&source.bench.path("s1")) == source.whole, "cut after {at}");
        fs::remove_dir_all(source.bench.path("s1")).expect("a folder");
    }
}
