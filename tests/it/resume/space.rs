//! A disk that is full.

use super::{outcome, pages, resume, seeds, site, verify};
use crate::common::cli::{archive, fonds};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A file system of its own, in memory, gone with this.
struct Tmpfs(PathBuf);

impl Tmpfs {
    /// `None` where this process must not mount.
    fn mount(at: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn resize(&self, kib: u32) {
        let size = format!("remount,size={kib}k");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_a_sound_collection_that_is_completed_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(tmpfs) = Tmpfs::mount(&dir.path().join("small"), 600) else {
        println!("skipped: a file system cannot be mounted here");
        return;
    };
    let server = site(40, Duration::ZERO);
    let urls = seeds(&server, 40);
    let urls: Vec<&url::Url> = urls.iter().collect();
    let straight = dir.path().join("straight");
    archive(&straight, &urls, &["-q"]).expect(1);

    let root = tmpfs.0.join("c");
    let run = archive(&root, &urls, &["-q"]).expect(5);
    assert!(run.stderr.contains("--resume"), "{}", run.stderr);
    verify(&root).expect(0);
    let first = outcome(&root);
    assert!(!first.is_empty() && first.len() < urls.len() * 6);

    // Still no room: refused, and nothing is worse than before.
    resume(&root, &["-q"]).expect(5);
    fonds(["verify", root.to_str().unwrap()]).expect(0);
    assert!(first.is_subset(&outcome(&root)));

    tmpfs.resize(20_000);
    resume(&root, &["-q"]).expect(1);
    verify(&root).expect(0);
    assert_eq!(outcome(&root), outcome(&straight));
    assert_eq!(pages(&root), pages(&straight));
}
