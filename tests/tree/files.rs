//! The files of the tree that people write, and what their first lines say.

use std::path::{Path, PathBuf};

use crate::common::tree;

/// Folders that tools make, or that hold data.
const LEFT_OUT: [&str; 6] = [
    ".aws-sam",
    ".git",
    ".venv",
    "corpus",
    "node_modules",
    "target",
];

/// A text of the tree.
pub(crate) struct File {
    /// From the root of the tree.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is(&self, extensions: &[&str]) -> bool {
        let extension = self
            .path
            .extension()
            .and_then(|extension| extension.to_str());
        extensions.contains(&extension.unwrap_or_default())
    }

    /// The line that says what the file is: its first, or the one after `#!`.
    pub(crate) fn opening(&self) -> &str {
        let mut lines = self.text.lines();
        let first = lines.next().unwrap_or_default();
        if first.starts_with("#!/") {
            return lines.next().unwrap_or_default();
        }
        first
    }
}

/// Every text of the tree that people write, sorted by path.
pub(crate) fn all() -> Vec<File> {
    let mut files = Vec::new();
    collect(&tree("."), Path::new(""), &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let path = folder.join(&name);
        if entry.file_type().unwrap().is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                collect(root, &path, files);
            }
        } else if let Ok(text) = std::fs::read_to_string(root.join(&path)) {
            files.push(File { path, text });
        }
    }
}
