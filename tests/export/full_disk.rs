//! A disk that is truly full, where one can be made: a few hundred kilobytes of memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::export::disturbed::Source;
use crate::support::skipped;
use crate::verify::read_all;

/// A small disk, taken away at the end of the test.
struct Disk(PathBuf);

impl Disk {
    /// `None` where this user may not mount one.
    fn new(place: &Path, size: &str) -> Option<Self> {
        fs::create_dir(place).expect("a folder");
        let options = format!("size={size}");
        let tried = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "backstory-test"])
            .arg(place)
            .output();
        tried.is_ok_and(|out| out.status.success()).then(|| Self(place.to_path_buf()))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(grown.expect("mount runs").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_is_said_leaves_the_snapshot_and_is_no_end() {
    let source = Source::new("full_disk", 3_000);
    let size = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
        files.values().map(|bytes| bytes.len().div_ceil(4_096) * 4).sum::<usize>()
    };
    let place = source.bench.path("disk");
    // room for the first capture, and not for the rows of the second
    let room = size(&source.first) + (size(&source.both) - size(&source.first)) / 2;
    let Some(disk) = Disk::new(&place, &format!("{room}k")) else {
        skipped("no disk could be mounted to fill it");
        return;
    };
    source.put_first("disk/s");
    for _ in 0..2 {
        let (ran, proxy) = source.export("disk/s", Vec::new(), &[]);
        // nothing of it passes: it is not tried again
        assert_eq!((ran.code, proxy.connections()), (2, 1), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: the disk is full"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("trying again"), "{}", ran.stderr);
        source.assert_is("disk/s", &source.first, "on a full disk");
    }
    let (ran, _) = source.export("disk/new", Vec::new(), &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        !place.join("new").exists() || read_all(&place.join("new")).keys().all(|f| f == ".lock")
    );
    disk.grow("64m");
    for (snapshot, want) in [("disk/s", &source.both), ("disk/new", &source.whole)] {
        let (ran, _) = source.export(snapshot, Vec::new(), &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        source.assert_is(snapshot, want, "with room again");
    }
}
