//! The other direction: whom the directory knows, and the pool does not; who moved in since.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    aws::ServiceError,
    deadline::Deadline,
    retire::Leave,
    state::{DirectoryKey, Item, read_text},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    counts::Count,
    heal::{Healer, about},
    pool::{Page, Pool, PoolUser},
    seen::Seen,
};

/// Seconds by which Cognito's clock may differ from Lambda's. pre-sign-up allows as many.
const CLOCK_SKEW: i64 = 60;

/// What a sweep of the directory asks the pool.
pub(crate) struct Sweeper<'a> {
    pub(crate) healer: &'a Healer<'a>,
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) seen: &'a Seen,
    /// Profiles that are younger than this are left alone, seconds since 1970.
    pub(crate) settled_by: i64,
    /// Invitations whose hold was over before are held by nobody, seconds since 1970.
    pub(crate) forgotten: i64,
}

impl Sweeper<'_> {
    /// What there is to do about one item, and does it.
    ///
    /// # Errors
    /// When a service does not answer.
    pub(crate) async fn sweep(
        &self,
        item: &Item,
        deadline: Deadline,
    ) -> Result<Option<Count>, ServiceError> {
        match read_text(item, "sk") {
            Some("MOVED") => self.moved(item, deadline).await,
            Some("INVITATION") => self.invitation(item, deadline).await,
            Some("CLAIM") => self.claim(item, deadline).await,
            _ => self.profile(item, deadline).await,
        }
    }

    /// An invitation is nobody's once the confirmation of the sign-up that held it would not find it any more.
    async fn invitation(
        &self,
        item: &Item,
        deadline: Deadline,
    ) -> Result<Option<Count>, ServiceError> {
        let Some(key) = key(item) else {
            return Ok(None);
        };
        let directory = self.healer.directory;
        let released = self.healer.dry_run
            || directory
                .release_hold(&key, self.forgotten, deadline)
                .await?;
        Ok(released.then_some(Count::HoldReleased))
    }

    /// A claim that leads to nobody, and that no profile names: a run may have died between the claim of a new address
    /// and the profile that was to name it, and the user be gone since.
    async fn claim(&self, item: &Item, deadline: Deadline) -> Result<Option<Count>, ServiceError> {
        let Some((sub, key)) = read_text(item, "sub").zip(key(item)) else {
            return Ok(None);
        };
        let young = seconds(item, "claimed_at").is_some_and(|at| at > self.settled_by);
        if young || !self.seen.is_to_be_asked_about(sub) {
            return Ok(None);
        }
        let profile = DirectoryKey::profile(self.healer.pool_id, sub);
        let profile = BTreeSet::from([(profile.pk, profile.sk)]);
        let known = self.healer.directory.items(profile, deadline).await?;
        let named = |profile: &Item| read_text(profile, "claim") == Some(key.pk.as_str());
        // It goes with that profile.
        if known.values().any(named) || self.lists(sub, deadline).await? {
            return Ok(None);
        }
        let retirer = self.healer.retirer;
        let released = self.healer.dry_run || retirer.release_claim(sub, &key.pk, deadline).await?;
        Ok(released.then_some(Count::Released))
    }

    /// A profile whose user the pool does not know is retired.
    async fn profile(
        &self,
        item: &Item,
        deadline: Deadline,
    ) -> Result<Option<Count>, ServiceError> {
        let Some(sub) = read_text(item, "sub") else {
            return Ok(None);
        };
        let young = seconds(item, "created_at").is_some_and(|at| at > self.settled_by);
        if young || !self.seen.is_to_be_asked_about(sub) || self.exists(item, sub, deadline).await?
        {
            return Ok(None);
        }
        if !self.healer.dry_run {
            let gone = PoolUser::gone(sub);
            let nothing = BTreeMap::new();
            let user = about(self.healer.pool_id, &gone, &nothing, None);
            let claim = read_text(item, "claim");
            let retirer = self.healer.retirer;
            retirer
                .retire(&user, claim, Leave::Nothing, deadline)
                .await?;
        }
        Ok(Some(Count::Deleted))
    }

    /// Asked by name, and where the name is another user's, or is not known any more, by the `sub` itself.
    async fn exists(
        &self,
        item: &Item,
        sub: &str,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        if let Some(name) = read_text(item, "user_name") {
            match self.pool.get(name, deadline).await? {
                Some(user) if user.sub == sub => return Ok(true),
                None => return Ok(false),
                Some(_) => {}
            }
        }
        self.lists(sub, deadline).await
    }

    async fn lists(&self, sub: &str, deadline: Deadline) -> Result<bool, ServiceError> {
        match self.pool.list(sub, None, deadline).await? {
            Page::Users(users, _) => Ok(users.iter().any(|user| user.sub == sub)),
            Page::Expired => Ok(true),
        }
    }

    /// A user of a legacy store who was offered to the pool and is in it has moved.
    async fn moved(&self, item: &Item, deadline: Deadline) -> Result<Option<Count>, ServiceError> {
        let part = |name| read_text(item, name);
        let (Some(name), Some(store)) = (part("user_name"), part("store")) else {
            return Ok(None);
        };
        let Some(record) = key(item) else {
            return Ok(None);
        };
        let Some(user) = self.pool.get(name, deadline).await? else {
            return Ok(None);
        };
        // Somebody else may have signed up under the name before the first offer.
        let offered = seconds(item, "first_offered_at").unwrap_or(i64::MIN);
        if !user.confirmed || user.created.saturating_add(CLOCK_SKEW) < offered {
            return Ok(None);
        }
        if self.healer.dry_run {
            return Ok(Some(Count::Migrated));
        }
        let nothing = BTreeMap::new();
        let user = about(self.healer.pool_id, &user, &nothing, None);
        let directory = self.healer.directory;
        let groups = item.get("groups").and_then(|groups| groups.as_ss().ok());
        let groups = groups.cloned().unwrap_or_default();
        let marked = directory
            .mark_moved(&user, (&record, store), groups, deadline)
            .await?;
        Ok(marked.then_some(Count::Migrated))
    }
}

fn key(item: &Item) -> Option<DirectoryKey> {
    let part = |name| read_text(item, name).map(str::to_owned);
    let (pk, sk) = part("pk").zip(part("sk"))?;
    Some(DirectoryKey { pk, sk })
}

/// The time in `name`, seconds since 1970.
fn seconds(item: &Item, name: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(read_text(item, name)?, &Rfc3339).ok()?;
    Some(time.unix_timestamp())
}
