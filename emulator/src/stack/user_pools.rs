//! The template's user pools behind one address: a request names its pool by id, app client or token.

use std::{io, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::user_pool::UserPool;

/// One pool at least.
#[derive(Clone)]
pub(super) struct UserPools {
    first: UserPool,
    others: Vec<UserPool>,
}

/// What of a request names its pool.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    user_pool_id: Option<String>,
    client_id: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
}

impl UserPools {
    /// `None` of none.
    pub(super) fn new(pools: Vec<UserPool>) -> Option<Self> {
        let mut pools = pools.into_iter();
        Some(Self {
            first: pools.next()?,
            others: pools.collect(),
        })
    }

    /// The stack's own.
    pub(super) fn first(&self) -> &UserPool {
        &self.first
    }

    /// The pool that a request is for. One that names none, or one that there is not, is for the first,
    /// which refuses it in the service's words.
    pub(super) fn of_request(&self, body: &[u8]) -> &UserPool {
        let Ok(named) = serde_json::from_slice::<Named>(body) else {
            return &self.first;
        };
        let issuer = named.access_token.as_deref().and_then(issuer);
        let mut others = self.others.iter();
        let named = others.find(|pool| {
            let settings = pool.settings();
            let suffix = format!("/{}", settings.pool_id);
            named.user_pool_id.as_ref() == Some(&settings.pool_id)
                || named.client_id.as_ref() == Some(&settings.client_id)
                || issuer.as_ref().is_some_and(|iss| iss.ends_with(&suffix))
        });
        named.unwrap_or(&self.first)
    }

    /// Keeps the users in files that begin like `path`.
    pub(super) fn keep_in(&self, path: &Path) -> io::Result<()> {
        self.first.keep_in(&path.with_extension("users.json"))?;
        for pool in &self.others {
            let extension = format!("{}.users.json", pool.settings().pool_id);
            pool.keep_in(&path.with_extension(extension))?;
        }
        Ok(())
    }
}

/// Not verified: the pool does that.
fn issuer(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let issued: Issued = serde_json::from_slice(&claims).ok()?;
    Some(issued.iss)
}
