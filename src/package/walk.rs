//! The files of a directory, without following a link out of it.

use std::fs;
use std::io;
use std::path::Path;

/// What a directory holds, sorted by path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Regular files: path with `/` between its parts, and size.
    pub(super) files: Vec<(String, u64)>,
    /// Links, sockets, devices: path and what it is.
    pub(super) others: Vec<(String, &'static str)>,
    /// Names that are not Unicode, replaced where they are not.
    pub(super) unnamed: Vec<String>,
}

/// No collection nests its directories deeper.
const DEEPEST: usize = 32;

pub(super) fn walk(root: &Path) -> io::Result<Tree> {
    let mut tree = Tree::default();
    descend(root, "", DEEPEST, &mut tree)?;
    tree.files.sort();
    tree.others.sort();
    Ok(tree)
}

fn descend(directory: &Path, prefix: &str, depth: usize, tree: &mut Tree) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            tree.unnamed.push(format!("{prefix}{}", entry.file_name().to_string_lossy()));
            continue;
        };
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && depth == 0 {
            tree.others.push((path, "is nested too deep"));
        } else if kind.is_dir() {
            descend(&entry.path(), &format!("{path}/"), depth - 1, tree)?;
        } else if kind.is_file() {
            tree.files.push((path, entry.metadata()?.len()));
        } else if kind.is_symlink() {
            tree.others.push((path, "is a symbolic link"));
        } else {
            tree.others.push((path, "is no regular file"));
        }
    }
    Ok(())
}
