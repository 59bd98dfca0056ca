//! Credentials of before, in a file that only their owner reads, and a lock beside it: of processes that need new ones
//! at the same time, one asks, and tells the others if it gets none.

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

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::UnixStream;

use super::{
    private_file,
    problem::Problem,
    session::{Kept, Session},
};

/// More than any session is.
const LONGEST: u64 = 64 * 1024;
/// Any right of anybody but the owner.
const OF_OTHERS: u32 = 0o077;

/// The place of one kind of credentials.
#[derive(Debug)]
pub(super) struct Cache {
    file: PathBuf,
    lock: PathBuf,
    failure: PathBuf,
    owner: u32,
}

/// Why whoever asked last was given nothing.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// Each has another.
    id: u64,
    /// The digest of the proof, where it has to be the same.
    proof: Option<String>,
    /// For how many seconds the vendor was asked.
    wait: u64,
    line: String,
    is_passing: bool,
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
    /// The place for what `key` describes, in `$XDG_CACHE_HOME/poolkeeper/credentials`. The folder is made, and closed
    /// to others where it is open.
    ///
    /// # Errors
    /// What the system says; there is no home, or it is another user's, as it may be for root.
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
        let owner = own_uid()?;
        if found.uid() != owner {
            let problem = format!("{} is another user's", folder.display());
            return Err(io::Error::other(problem));
        }
        if found.mode() & OF_OTHERS != 0 {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        }
        let digest = Sha256::digest(key.to_string().as_bytes());
        let name = base16ct::lower::encode_string(&digest);
        Ok(Self {
            file: folder.join(format!("{name}.json")),
            lock: folder.join(format!("{name}.lock")),
            failure: folder.join(format!("{name}.failure")),
            owner,
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
        if !self.is_ours(&metadata) || metadata.mode() & OF_OTHERS != 0 {
            return Found::Exposed;
        }
        let kept: Option<Kept> = read(&self.file);
        let kept = kept.filter(|kept| kept.proof.as_deref() == proof);
        match kept.and_then(Session::of_cache) {
            Some(session) => Found::Session(session),
            None => Found::Nothing,
        }
    }

    fn is_ours(&self, metadata: &fs::Metadata) -> bool {
        metadata.is_file() && metadata.uid() == self.owner
    }

    /// The last failure. One that was not there before the lock was waited for is what came of asking meanwhile.
    pub(super) fn failure(&self) -> Option<Failure> {
        let metadata = fs::symlink_metadata(&self.failure).ok()?;
        self.is_ours(&metadata).then(|| read(&self.failure))?
    }

    /// Tells those who wait for the lock why there are no credentials. If that fails, each of them asks by itself.
    pub(super) fn tell(&self, problem: &Problem, proof: Option<&str>, wait: Duration) {
        let mut id = [0; 8];
        if getrandom::fill(&mut id).is_err() {
            return;
        }
        let failure = Failure {
            id: u64::from_ne_bytes(id),
            proof: proof.map(str::to_owned),
            wait: wait.as_secs(),
            line: problem.to_string(),
            is_passing: problem.is_passing(),
        };
        let told = serde_json::to_vec(&failure).map_err(io::Error::from);
        let _ = told.and_then(|text| private_file::replace(&self.failure, &text));
    }

    /// Waits until no other process asks. The lock ends with what is returned, or with this process.
    ///
    /// # Errors
    /// [`Problem::Locked`]. Where a file system has no locks, everybody asks.
    pub(super) fn lock(&self, patience: Duration) -> Result<Option<File>, Problem> {
        let found = fs::symlink_metadata(&self.lock);
        if found.is_ok_and(|found| !self.is_ours(&found)) {
            // Left by others while they could: to open a named pipe, say, would never end.
            let _ = fs::remove_file(&self.lock);
        }
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
            .recv_timeout(patience)
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

impl Failure {
    /// What it means to whoever shows this proof and would have asked for so long.
    pub(super) fn problem(self, proof: Option<&str>, wait: Duration) -> Option<Problem> {
        let asked_enough = !self.is_passing || self.wait >= wait.as_secs();
        (asked_enough && self.proof.as_deref() == proof).then_some(Problem::OfAnother {
            line: self.line,
            is_passing: self.is_passing,
        })
    }
}

/// Whatever else is there counts as nothing.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whose this process is, as the other end of a socket sees it: the standard library does not tell.
fn own_uid() -> io::Result<u32> {
    let (socket, _other_end) = UnixStream::pair()?;
    Ok(socket.peer_cred()?.uid())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_for_whoever_shows_the_same_proof_and_would_not_have_asked_longer() {
        let failure = |is_passing| Failure {
            id: 1,
            proof: Some("digest".to_owned()),
            wait: 20,
            line: "the vendor said so".to_owned(),
            is_passing,
        };
        for (is_passing, proof, wait, taken) in [
            (true, Some("digest"), 20, true),
            (true, Some("digest"), 21, false),
            (false, Some("digest"), 300, true),
            (false, Some("another"), 20, false),
            (false, None, 20, false),
        ] {
            let problem = failure(is_passing).problem(proof, Duration::from_secs(wait));
            assert_eq!(problem.is_some(), taken, "{is_passing} {proof:?} {wait}");
            if let Some(problem) = problem {
                assert_eq!(problem.to_string(), "the vendor said so");
                assert_eq!(problem.is_passing(), is_passing);
            }
        }
    }
}
