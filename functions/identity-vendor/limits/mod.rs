//! How often may be asked, and how often Cognito is asked.
//!
//! One read looks at every bucket that a request draws on; whoever is refused has cost that read and nothing more.
//! Who is not draws from them by conditional writes, which count for all environments.

mod levels;

use std::time::Duration;

use shared::{
    aws::{Ahead, ServiceError},
    deadline::Deadline,
    limit::{Bucket, Level, Limiter},
    policy::VendorLimits,
    state::EphemeralKey,
    vending::{Caller, Role},
};

pub(crate) use self::levels::Levels;
use crate::{
    address::Address,
    denial::{Denial, Denied},
};

/// The limits.
pub(crate) struct Limits {
    levels: Levels,
    limiter: Limiter,
    settings: VendorLimits,
    cognito_calls: Bucket,
}

/// Somebody who may be served, and whether their share of Cognito's calls is used up.
pub(crate) struct Admitted<'a> {
    limits: &'a Limits,
    within_share: bool,
    /// What there was of Cognito's calls.
    cognito: Level,
}

/// What was in the buckets that a request draws on.
struct Seen {
    principal: Level,
    source: Level,
    cognito: Level,
}

impl Limits {
    /// The limits on the identity pool `identity_pool_id`, whose quota all callers share.
    pub(crate) fn new(
        levels: Levels,
        limiter: Limiter,
        settings: VendorLimits,
        identity_pool_id: &str,
    ) -> Self {
        let cognito_calls = Bucket {
            key: EphemeralKey::limit("identity-vendor", "cognito", &[identity_pool_id]),
            rate: settings.cognito_calls,
        };
        Self {
            levels,
            limiter,
            settings,
            cognito_calls,
        }
    }

    /// Opens the connection to the tables.
    pub(crate) async fn open(&self, ahead: &Ahead, deadline: Deadline) {
        self.levels.open(ahead, deadline).await;
    }

    /// How many proxies of ours stand before the API.
    pub(crate) fn trusted_hops(&self) -> usize {
        self.settings.trusted_hops
    }

    /// What becomes of a request from `address` whose proof is not accepted: `denied`, unless the address has had
    /// too many. The limit is no reason to let anybody in, so a table that fails changes nothing.
    pub(crate) async fn proof_failed(
        &self,
        denied: Denied,
        address: Option<&Address>,
        deadline: Deadline,
    ) -> Denied {
        let Some(address) = address else {
            return denied;
        };
        let bucket = self.of_address(address);
        match self.count(&bucket, deadline).await {
            Ok(None) => denied,
            Ok(Some(wait)) => Denied::from(Denial::LimitedAddress(seconds(wait))),
            Err(error) => {
                let cause = error.to_string();
                tracing::warn!(cause, "a failure of an address is not counted");
                denied
            }
        }
    }

    /// Takes from `bucket`, or says how long it is empty.
    async fn count(
        &self,
        bucket: &Bucket,
        deadline: Deadline,
    ) -> Result<Option<Duration>, ServiceError> {
        let levels = self.levels.of(&[bucket], deadline).await?;
        let seen = levels.first().copied().unwrap_or(Level::Full);
        if let Some(wait) = seen.wait() {
            return Ok(Some(wait));
        }
        self.limiter.take_keeping(bucket, seen, 0, deadline).await?;
        Ok(None)
    }

    /// Lets `caller` have a session of `role`, or says which limit is reached.
    pub(crate) async fn admit(
        &self,
        caller: &Caller,
        role: &Role,
        address: Option<&Address>,
        deadline: Deadline,
    ) -> Result<Admitted<'_>, Denied> {
        let source = caller.source.as_str();
        let principal = Bucket {
            key: EphemeralKey::limit("identity-vendor", "principal", &[source, &caller.subject]),
            rate: self.settings.per_principal,
        };
        let of_source = self.settings.per_source.map(|rate| Bucket {
            key: EphemeralKey::limit("identity-vendor", "source", &[source]),
            rate,
        });
        let of_address = address.map(|address| self.of_address(address));
        let seen = self
            .look(&principal, &of_source, &of_address, role, deadline)
            .await?;
        // The caller's own bucket comes first: one caller must not use up what all of a source have.
        let empty = Denial::LimitedPrincipal(1);
        self.take(&principal, seen.principal, empty, deadline)
            .await?;
        if let Some(bucket) = &of_source {
            let empty = Denial::LimitedSource(1);
            self.take(bucket, seen.source, empty, deadline).await?;
        }
        let half = principal.rate.burst() / 2;
        let within_share = match seen.principal {
            Level::Full => true,
            Level::Left(left) => left > half,
            Level::Empty(_) => false,
        };
        Ok(Admitted {
            limits: self,
            within_share,
            cognito: seen.cognito,
        })
    }

    /// What is in the buckets, if none is empty.
    async fn look(
        &self,
        principal: &Bucket,
        of_source: &Option<Bucket>,
        of_address: &Option<Bucket>,
        role: &Role,
        deadline: Deadline,
    ) -> Result<Seen, Denied> {
        let cognito = Some(&self.cognito_calls).filter(|_| role.asks_cognito());
        let optional = [of_address.as_ref(), of_source.as_ref(), cognito];
        let mut buckets = vec![principal];
        buckets.extend(optional.into_iter().flatten());
        let mut levels = self.levels.of(&buckets, deadline).await?.into_iter();
        let of_principal = levels.next().unwrap_or(Level::Full);
        let mut next = |bucket: Option<&Bucket>| {
            let level = bucket.and_then(|_| levels.next());
            level.unwrap_or(Level::Full)
        };
        let [address, source, cognito] = optional.map(&mut next);
        let reached = [
            address
                .wait()
                .map(|wait| Denial::LimitedAddress(seconds(wait))),
            of_principal
                .wait()
                .map(|wait| Denial::LimitedPrincipal(seconds(wait))),
            source
                .wait()
                .map(|wait| Denial::LimitedSource(seconds(wait))),
            cognito.wait().map(|wait| Denial::Shed(seconds(wait))),
        ];
        match reached.into_iter().flatten().next() {
            Some(denial) => Err(denial.into()),
            None => Ok(Seen {
                principal: of_principal,
                source,
                cognito,
            }),
        }
    }

    async fn take(
        &self,
        bucket: &Bucket,
        seen: Level,
        empty: Denial,
        deadline: Deadline,
    ) -> Result<(), Denied> {
        let taken = self.limiter.take_keeping(bucket, seen, 0, deadline).await?;
        taken.then_some(()).ok_or_else(|| empty.into())
    }

    fn of_address(&self, address: &Address) -> Bucket {
        Bucket {
            key: EphemeralKey::limit("identity-vendor", "address", &[address.as_str()]),
            rate: self.settings.failures_per_address,
        }
    }
}

impl Admitted<'_> {
    /// Takes one of the calls that Cognito allows. Half of those that are there at once are kept for callers who
    /// have used less than half of their own limit, so that one who asks without end leaves the others theirs.
    pub(crate) async fn ask_cognito(&self, deadline: Deadline) -> Result<(), Denied> {
        let bucket = &self.limits.cognito_calls;
        let kept = if self.within_share {
            0
        } else {
            bucket.rate.burst() / 2
        };
        let limiter = &self.limits.limiter;
        let taken = limiter
            .take_keeping(bucket, self.cognito, kept, deadline)
            .await?;
        taken.then_some(()).ok_or_else(|| Denial::Shed(1).into())
    }
}

/// Whole seconds that cover `wait`.
fn seconds(wait: Duration) -> u32 {
    let whole = wait.as_millis().div_ceil(1000).max(1);
    u32::try_from(whole).unwrap_or(u32::MAX)
}
