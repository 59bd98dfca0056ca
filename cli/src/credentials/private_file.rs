//! Files that only their owner reads, and that change as a whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Puts a file (mode 0600) with `contents` in the place of whatever is at `path`. Readers see the old one or the new
/// one; if it fails, the old one stays.
///
/// # Errors
/// What the system says.
pub(super) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let name = path.file_name();
    let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let written = write(&temporary, contents).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is not there need not go.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A process that was killed may have had this number.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}
