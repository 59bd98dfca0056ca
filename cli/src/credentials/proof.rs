//! The proof of identity: where it comes from, and that it is a JWT. It is never an argument, which every process of the
//! machine may read.

use std::{
    env, fs,
    io::{self, Read as _},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{io::AsyncReadExt as _, process::Command};

use super::problem::Problem;

/// The longest that the vendor reads.
const LONGEST: usize = 16 * 1024;
/// What a command may take: somebody may have to touch a key.
pub(super) const COMMAND_TIME: Duration = Duration::from_secs(60);

/// For how long the output of a command that has ended is read.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// Where the proof comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ProofSource {
    /// What a command of the shell prints.
    Command(String),
    /// What a file holds.
    File(PathBuf),
    /// What an environment variable holds.
    Environment(String),
}

/// A JWT. `Debug` shows nothing of it.
#[derive(Debug)]
pub(super) struct Proof(SecretString);

impl ProofSource {
    /// Reads the proof.
    ///
    /// # Errors
    /// [`Problem::Proof`], without anything that was read.
    pub(super) async fn proof(&self) -> Result<Proof, Problem> {
        let found = match self {
            Self::Command(command) => printed_by(command).await,
            Self::File(path) => match fs::File::open(path) {
                Ok(file) => held_by(file)
                    .map_err(|_| "cannot be read: expected a JWT of 16 KiB at most".to_owned()),
                Err(error) => Err(format!("{}: {error}", path.display())),
            },
            Self::Environment(name) => match env::var(name) {
                Ok(text) => Ok(text),
                Err(env::VarError::NotPresent) => Err(format!("{name} is not set")),
                Err(env::VarError::NotUnicode(_)) => Err(format!("{name} holds no JWT")),
            },
        };
        let proof = found.and_then(|text| Proof::parse(&text).ok_or_else(|| self.no_jwt()));
        proof.map_err(|problem| Problem::Proof {
            option: self.option(),
            problem,
        })
    }

    /// What tells sources apart in a cache.
    pub(super) fn key(&self) -> Value {
        match self {
            Self::Command(command) => json!(["command", command]),
            // Two files of the same relative name are two.
            Self::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                json!(["file", path.to_string_lossy()])
            }
            Self::Environment(name) => json!(["environment", name]),
        }
    }

    /// Whether to read the proof costs nothing. A command may ask a person, or a server.
    pub(super) fn is_at_hand(&self) -> bool {
        !matches!(self, Self::Command(_))
    }

    fn option(&self) -> &'static str {
        match self {
            Self::Command(_) => "--proof-command",
            Self::File(_) => "--proof-file",
            Self::Environment(_) => "--proof-env",
        }
    }

    fn no_jwt(&self) -> String {
        let what = match self {
            Self::Command(_) => "the command prints",
            Self::File(_) => "the file holds",
            Self::Environment(_) => "the variable holds",
        };
        format!("{what} no JWT: expected three parts of base64url between dots, and nothing else")
    }
}

impl Proof {
    /// White space around it is nobody's: files and commands end with a line break.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_base64url = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
        let parts: Vec<&str> = text.split('.').collect();
        let whole = parts.len() == 3 && text.len() <= LONGEST;
        let good = |part: &&str| !part.is_empty() && part.bytes().all(is_base64url);
        (whole && parts.iter().all(good)).then(|| Self(text.into()))
    }

    /// The JWT itself, for the vendor alone.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// By which a cache knows whether it is the same, and nobody makes it again: a signature is in it.
    pub(super) fn digest(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(self.expose().as_bytes()))
    }
}

/// At most as much as a proof may be, and a line break or two.
const MOST_READ: u64 = LONGEST as u64 + 16;

fn held_by(file: fs::File) -> io::Result<String> {
    let mut text = String::new();
    file.take(MOST_READ).read_to_string(&mut text)?;
    Ok(text)
}

/// What a command prints. What it says on stderr is for whoever runs it by hand: it may name what must not be in a log.
async fn printed_by(command: &str) -> Result<String, String> {
    let by_hand = "run it by hand to see why";
    // Whatever ends the waiting ends the shell too.
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("/bin/sh: {error}"))?;
    let stdout = child.stdout.take();
    let mut octets = Vec::new();
    let printed = &mut octets;
    let ended = async {
        let read = async move {
            if let Some(stdout) = stdout {
                let mut stdout = stdout.take(MOST_READ);
                while stdout.read_buf(printed).await? > 0 {}
            }
            io::Result::Ok(())
        };
        tokio::pin!(read);
        tokio::select! {
            read = &mut read => read?,
            status = child.wait() => {
                status?;
                // What it printed is in the pipe by now; something that it started may hold the other end for ever.
                let _ = tokio::time::timeout(AFTERWARDS, read).await;
            }
        }
        child.wait().await
    };
    match tokio::time::timeout(COMMAND_TIME, ended).await {
        Ok(Ok(status)) if status.success() => {
            String::from_utf8(octets).map_err(|_| format!("the command prints no text: {by_hand}"))
        }
        Ok(Ok(status)) => Err(format!("the command ended with {status}: {by_hand}")),
        Ok(Err(error)) => Err(format!("/bin/sh: {error}")),
        Err(_) => {
            let seconds = COMMAND_TIME.as_secs();
            Err(format!(
                "the command took longer than {seconds} s: {by_hand}"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_jwt_is_shown_to_anybody() {
        assert_eq!(Proof::parse(" a-_9.b.c\n").unwrap().expose(), "a-_9.b.c");
        let longest = format!("a.b.{}", "c".repeat(LONGEST - 4));
        assert!(Proof::parse(&longest).is_some());
        for bad in [
            "",
            "a.b",
            "a.b.c.d",
            "a..c",
            "a.b.c d",
            "a.b.ü",
            "Bearer a.b.c",
            "<html>",
        ] {
            assert!(Proof::parse(bad).is_none(), "{bad}");
        }
        assert!(Proof::parse(&format!("{longest}c")).is_none());
        assert!(!format!("{:?}", Proof::parse("canary.b.c")).contains("canary"));
    }
}
