//! Credentials for `credential_process`: those that are kept, or new ones.

use std::time::Duration;

use serde_json::{Value, json};
use shared::name::Name;

use super::{
    cache::{Cache, Found},
    note, now,
    problem::Problem,
    proof::{COMMAND_TIME, Proof, ProofSource},
    session::{self, Session},
    vendor::{ATTEMPT, Vendor, Wanted},
};

/// How long another process may ask, beside the time for which the vendor is asked again; with room to spare.
const OTHERS: Duration = COMMAND_TIME
    .saturating_add(ATTEMPT)
    .saturating_add(Duration::from_secs(30));

/// Where they come from.
pub(super) struct Process<'a> {
    pub(super) vendor: &'a Vendor,
    pub(super) source: &'a ProofSource,
    pub(super) refresh_before: Option<i64>,
}

/// What tells one kind of credentials from another.
pub(super) fn key(token_url: &str, role: Option<&Name>, source: &ProofSource) -> Value {
    json!([token_url, role.map(Name::as_str), source.key()])
}

impl Process<'_> {
    /// Credentials, of the cache for `key` or of the vendor.
    ///
    /// # Errors
    /// [`Problem`]. A cache that cannot be used is none: credentials matter more.
    pub(super) async fn session(&self, key: Option<&Value>) -> Result<Session, Problem> {
        // A proof that costs nothing is looked at first: who shows another one is perhaps somebody else.
        let shown = match self.source.is_at_hand() {
            true => Some(self.source.proof().await?),
            false => None,
        };
        match key.map(Cache::open) {
            None => self.vended(shown).await,
            Some(Err(error)) => {
                note(&format!(
                    "nothing is kept, for the cache cannot be used: {error}"
                ));
                self.vended(shown).await
            }
            Some(Ok(cache)) => self.cached(&cache, shown).await,
        }
    }

    async fn cached(&self, cache: &Cache, shown: Option<Proof>) -> Result<Session, Problem> {
        let digest = shown.as_ref().map(Proof::digest);
        let fresh = |session: &Session| session.is_fresh(now(), self.refresh_before);
        if let Found::Session(session) = cache.read(digest.as_deref())
            && fresh(&session)
        {
            return Ok(session);
        }
        let wait = self.vendor.wait();
        let before = cache.failure();
        let _lock = cache.lock(OTHERS + wait)?;
        // Somebody else may have asked meanwhile.
        let kept = match cache.read(digest.as_deref()) {
            Found::Session(session) if fresh(&session) => return Ok(session),
            Found::Session(session) => Some(session),
            Found::Nothing => None,
            Found::Exposed => {
                let path = cache.path().display();
                note(&format!(
                    "{path}: not believed and replaced, for others could read or write it"
                ));
                None
            }
        };
        let failure = cache.failure().filter(|now| before.as_ref() != Some(now));
        let of_another = failure.and_then(|failure| failure.problem(digest.as_deref(), wait));
        let problem = match of_another {
            Some(problem) => problem,
            None => match self.vended(shown).await {
                Ok(session) => {
                    if let Err(error) = cache.write(&session, digest.as_deref()) {
                        note(&format!("{}: not kept: {error}", cache.path().display()));
                    }
                    return Ok(session);
                }
                Err(problem) => {
                    cache.tell(&problem, digest.as_deref(), wait);
                    problem
                }
            },
        };
        if !problem.is_passing() {
            cache.forget();
        }
        match kept.filter(|kept| problem.is_passing() && kept.is_usable(now())) {
            Some(kept) => {
                let until = kept.expiration();
                note(&format!("{problem}; those of before serve until {until}"));
                Ok(kept)
            }
            None => Err(problem),
        }
    }

    async fn vended(&self, shown: Option<Proof>) -> Result<Session, Problem> {
        let proof = match shown {
            Some(proof) => proof,
            None => self.source.proof().await?,
        };
        let asked_at = now();
        let answer: session::Answer = self.vendor.exchange(&proof, Wanted::Credentials).await?;
        Session::of_answer(answer, asked_at).ok_or(Problem::Answer(200))
    }
}
