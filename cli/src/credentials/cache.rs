//! Credentials of before, in a file that only their owner reads, and a lock beside it: of processes that need new ones at
//! the same time, one asks.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    private_file,
    problem::Problem,
    session::{Kept, Session},
};

/// More than any session is.
const LONGEST: u64 = 64 * 1024;
/// How long others may ask: a command that makes a proof, and an exchange, with room to spare.
const LOCK_TIME: Duration = Duration::from_secs(120);
/// Any right of anybody but the owner.
const OF_OTHERS: u32 = 0o077;

/// The place of one kind of credentials.
#[derive(Debug)]
pub(super) struct Cache {
    file: PathBuf,
    lock: PathBuf,
    owner: u32,
}

/// What the cache holds.
#[derive(Debug)]
pub(super) enum Found {
    /// Credentials; how fresh, they know themselves.
    Session(Session),
    /// Nothing that could be used.
    Nothing,
    /// A file that others could have read or written. It is not believed.
    Exposed,
}

impl Cache {
    /// The place for what `key` describes, in `$XDG_CACHE_HOME/poolkeeper/credentials`. The folder is made, and closed to
    /// others where it is open.
    ///
    /// # Errors
    /// What the system says; there is no home, or the folder is somebody else's.
    pub(super) fn open(key: &Value) -> io::Result<Self> {
        let folder =
            folder().ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let found = fs::symlink_metadata(&folder)?;
        if !found.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        if found.mode() & OF_OTHERS != 0 {
            // Fails for a folder of somebody else's.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        }
        let digest = Sha256::digest(key.to_string().as_bytes());
        let name = base16ct::lower::encode_string(&digest);
        Ok(Self {
            file: folder.join(format!("{name}.json")),
            lock: folder.join(format!("{name}.lock")),
            owner: found.uid(),
        })
    }

    /// Where the credentials are.
    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// What is there, if it was vended for this proof.
    pub(super) fn read(&self, proof: Option<&str>) -> Found {
        let Ok(metadata) = fs::symlink_metadata(&self.file) else {
            return Found::Nothing;
        };
        let ours = metadata.is_file() && metadata.uid() == self.owner;
        if !ours || metadata.mode() & OF_OTHERS != 0 {
            return Found::Exposed;
        }
        let kept = self.kept().filter(|kept| kept.proof.as_deref() == proof);
        match kept.and_then(Session::of_cache) {
            Some(session) => Found::Session(session),
            None => Found::Nothing,
        }
    }

    fn kept(&self) -> Option<Kept> {
        let mut text = Vec::new();
        let file = File::open(&self.file).ok()?;
        file.take(LONGEST).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Waits until no other process asks. The lock ends with what is returned, or with this process.
    ///
    /// # Errors
    /// [`Problem::Locked`]. Where a file system has no locks, everybody asks.
    pub(super) fn lock(&self) -> Result<Option<File>, Problem> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600);
        let Ok(file) = file.open(&self.lock) else {
            return Ok(None);
        };
        let (sender, receiver) = mpsc::channel();
        // Ends with the lock, or with this program.
        thread::spawn(move || {
            let locked = file.lock().map(|()| file);
            sender.send(locked.ok())
        });
        receiver
            .recv_timeout(LOCK_TIME)
            .map_err(|_| Problem::Locked(self.lock.clone()))
    }

    /// Keeps credentials, in the place of those that were there.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&self, session: &Session, proof: Option<&str>) -> io::Result<()> {
        let text = session.for_cache(proof).to_string();
        private_file::replace(&self.file, text.as_bytes())
    }

    /// Forgets what is there.
    pub(super) fn forget(&self) {
        // What is not there need not go.
        let _ = fs::remove_file(&self.file);
    }
}

/// By the XDG Base Directory Specification, which has relative paths ignored.
fn folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("poolkeeper/credentials"))
}
