//! A Cognito token in a file, for `AWS_WEB_IDENTITY_TOKEN_FILE`: once, or renewed for as long as the program runs.

use std::{
    io::{self, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use shared::state::rfc3339;
use time::OffsetDateTime;

use super::{
    note, now, private_file,
    problem::Problem,
    proof::ProofSource,
    vendor::{Vendor, Wanted},
};

/// How often the clock is looked at: a machine that slept has another one.
const LOOK: Duration = Duration::from_secs(15);
/// After a failure, at most.
const PAUSE: i64 = 30;

/// An answer of `POST /token` that has a token.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: i64,
}

/// A token that is in the file.
struct Written {
    obtained_at: i64,
    expires_at: i64,
}

impl Written {
    /// When it is renewed: `refresh_before` seconds before it expires, after half of its time if that is not said, and
    /// never before a tenth of it has passed, for whoever wants it fresher than it can be would ask without end.
    fn due(&self, refresh_before: Option<i64>) -> i64 {
        let lifetime = self.expires_at - self.obtained_at;
        let early = refresh_before.unwrap_or(lifetime / 2);
        (self.expires_at - early).max(self.obtained_at + (lifetime / 10).max(1))
    }
}

/// Where a token goes, and when it is renewed.
pub(super) struct WebIdentity<'a> {
    pub(super) vendor: &'a Vendor,
    pub(super) source: &'a ProofSource,
    pub(super) file: &'a Path,
    pub(super) refresh_before: Option<i64>,
}

impl WebIdentity<'_> {
    /// Writes a token.
    ///
    /// # Errors
    /// [`Problem`]. The file is then as it was.
    pub(super) async fn once(&self) -> Result<(), Problem> {
        self.renew().await.map(|_| ())
    }

    /// Writes a token, and the next one before it expires, and so on.
    ///
    /// # Errors
    /// [`Problem`] where there is none at first, or none until the one in the file has expired.
    pub(super) async fn stay(&self) -> Result<(), Problem> {
        let mut written = self.renew().await?;
        loop {
            wait_until(written.due(self.refresh_before)).await;
            written = loop {
                match self.renew().await {
                    Ok(written) => break written,
                    Err(problem) if now() < written.expires_at => {
                        note(&problem);
                        let pause = ((written.expires_at - now()) / 4).clamp(1, PAUSE);
                        wait_until(now() + pause).await;
                    }
                    Err(problem) => return Err(problem),
                }
            };
        }
    }

    async fn renew(&self) -> Result<Written, Problem> {
        let proof = self.source.proof().await?;
        let obtained_at = now();
        let answer: Answer = self.vendor.exchange(&proof, Wanted::Token).await?;
        let token = SecretString::from(answer.access_token);
        let text = token.expose_secret();
        // SDKs send what the file holds as it is.
        let sendable = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic());
        let expires_at = obtained_at.checked_add(answer.expires_in);
        let expires_at = expires_at.filter(|_| sendable && answer.expires_in > 0);
        let expires_at = expires_at.ok_or(Problem::Answer(200))?;
        private_file::replace(self.file, text.as_bytes()).map_err(|source| Problem::File {
            path: self.file.to_owned(),
            source,
        })?;
        let until = OffsetDateTime::from_unix_timestamp(expires_at);
        let until = until.map(rfc3339).unwrap_or_default();
        // Whoever reads this has the file all the same.
        let _ = writeln!(io::stdout(), "{}: good until {until}", self.file.display());
        Ok(Written {
            obtained_at,
            expires_at,
        })
    }
}

/// By the clock of the machine, or by the time that has passed, whichever comes first.
async fn wait_until(due: i64) {
    let started = Instant::now();
    let planned = Duration::from_secs(u64::try_from(due - now()).unwrap_or(0));
    while now() < due {
        let left = planned.saturating_sub(started.elapsed());
        if left.is_zero() {
            break;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_expires_and_not_all_the_time() {
        let due = |lifetime: i64, refresh_before| {
            let written = Written {
                obtained_at: 1000,
                expires_at: 1000 + lifetime,
            };
            written.due(refresh_before) - 1000
        };
        assert_eq!(due(900, None), 450);
        assert_eq!(due(900, Some(300)), 600);
        assert_eq!(due(900, Some(0)), 900);
        // What `--refresh-before` is by default for credentials, which live longer.
        assert_eq!(due(900, Some(1200)), 90);
        assert_eq!(due(1, Some(1200)), 1);
    }
}
