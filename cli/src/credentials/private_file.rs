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
    // Not by the number of the process: in two containers that share a folder it may be the same.
    let mut octets = [0; 8];
    getrandom::fill(&mut octets).map_err(|error| io::Error::other(error.to_string()))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}", base16ct::lower::encode_string(&octets)));
    let temporary = path.with_file_name(temporary);
    let written = write(&temporary, contents).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is not there need not go.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_of_the_same_number_is_writing_stays_its_own() {
        let folder = std::env::temp_dir().join(format!("private-file-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let of_another = folder.join(format!(".token.{}", std::process::id()));
        fs::write(&of_another, "half a to").unwrap();
        replace(&folder.join("token"), b"a token").unwrap();
        assert_eq!(fs::read(folder.join("token")).unwrap(), b"a token");
        assert_eq!(fs::read(of_another).unwrap(), b"half a to");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }
}
