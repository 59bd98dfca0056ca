//! A function as it ships, in the place of the one of this build: for tests that take long.

use std::path::{Path, PathBuf};

use super::options;

/// A function: `<function>/bootstrap` in the folder that `POOLKEEPER_PACKAGES` names, or that of this build.
pub(crate) fn binary(function: &str) -> PathBuf {
    let built = options().binaries.join(function);
    let packages = std::env::var_os("POOLKEEPER_PACKAGES").map(PathBuf::from);
    let binary = packages.map_or(built, |folder| folder.join(function).join("bootstrap"));
    binary.canonicalize().unwrap()
}

/// A folder in which `binary` is called as the function is.
pub(crate) fn folder_of(binary: &Path, function: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shipped-{function}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(binary, folder.join(function)).unwrap();
    folder
}
