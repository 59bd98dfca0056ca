//! A pass over the pool, page by page: each step may be done again.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    state::{DirectoryKey, Item, read_text},
};

use crate::{
    counts::{Count, Counts},
    cursor::Stage,
    directory::Directory,
    heal::{Healer, SOURCE},
    known::{Known, Profile},
    pool::{Page, Pool, PoolUser},
    prefix,
    queue::Queue,
    seen::Seen,
    sweep::Sweeper,
};

/// Users whose records are written at the same time.
const AT_ONCE: usize = 8;

/// What the steps of one run share.
pub(crate) struct Pass<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) queue: &'a Queue,
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) healer: Healer<'a>,
    /// Who has changed later is left alone, seconds since 1970.
    pub(crate) settled_by: i64,
    /// Invitations whose hold was over before are held by nobody, seconds since 1970.
    pub(crate) forgotten: i64,
    pub(crate) deadline: Deadline,
}

/// Where the pass goes on, if it does, and what was done.
pub(crate) type Stepped = (Option<Stage>, Vec<Count>);

impl Pass<'_> {
    /// One page of the pool or of the directory. It may be done again.
    ///
    /// # Errors
    /// When a service does not answer.
    pub(crate) async fn step(
        &self,
        stage: &Stage,
        seen: &mut Seen,
    ) -> Result<Stepped, ServiceError> {
        match stage {
            Stage::List { prefix, token } => {
                let page = self
                    .pool
                    .list(prefix, token.as_deref(), self.deadline)
                    .await?;
                let (users, token) = match page {
                    Page::Users(users, token) => (users, token),
                    Page::Expired => {
                        let prefix = prefix::split(prefix);
                        return Ok((
                            Some(Stage::List {
                                prefix,
                                token: None,
                            }),
                            Vec::new(),
                        ));
                    }
                };
                users.iter().for_each(|user| seen.add(&user.sub));
                let done = self.users(&users).await?;
                let next = match token {
                    Some(_) => Stage::List {
                        prefix: prefix.clone(),
                        token,
                    },
                    None => match prefix::next(prefix) {
                        Some(prefix) => Stage::List {
                            prefix,
                            token: None,
                        },
                        None => Stage::Sweep { after: None },
                    },
                };
                Ok((Some(next), done))
            }
            Stage::Sweep { after } => {
                let directory = self.directory;
                let swept = directory
                    .sweep(self.pool.id, after.as_ref(), self.forgotten, self.deadline)
                    .await?;
                let sweeper = Sweeper {
                    healer: &self.healer,
                    pool: self.pool,
                    seen,
                    settled_by: self.settled_by,
                    forgotten: self.forgotten,
                };
                let items = swept.items.iter();
                let swept_items: Vec<_> = items
                    .map(|item| sweeper.sweep(item, self.deadline))
                    .collect();
                let done: Vec<Option<Count>> = stream::iter(swept_items)
                    .buffer_unordered(AT_ONCE)
                    .try_collect()
                    .await?;
                let done = done.into_iter().flatten().collect();
                let next = swept.after.map(|after| Stage::Sweep { after: Some(after) });
                Ok((next, done))
            }
        }
    }

    /// Heals those whom post-confirmation has deferred. Whatever fails is found by the pass.
    pub(crate) async fn drain(&self, counts: &mut Counts, stop: Deadline) {
        while !stop.remaining().is_zero() {
            match self.drained().await {
                Ok(Some(done)) => counts.extend(done),
                Ok(None) => return,
                Err(error) => {
                    let cause = error.to_string();
                    tracing::error!(function = SOURCE, cause, "the queue is not drained");
                    return;
                }
            }
        }
    }

    /// `None` where nobody waits.
    async fn drained(&self) -> Result<Option<Vec<Count>>, ServiceError> {
        let mut done = Vec::new();
        let waiting = self.queue.receive(self.deadline).await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        for deferred in waiting {
            // Nobody here can ask another pool: it goes to the dead-letter queue, which has an alarm.
            if *deferred.user_pool_id != *self.pool.id {
                tracing::warn!(function = SOURCE, "a deferred user of another pool is left");
                continue;
            }
            if let Some(user) = self.pool.get(&deferred.user_name, self.deadline).await?
                && user.confirmed
            {
                let client_id = deferred.client_id.as_deref();
                for known in self.known(&[&user]).await? {
                    let healed = self.healer.heal(&user, client_id, &known, self.deadline);
                    done.extend(healed.await?);
                }
            }
            self.queue.delete(&deferred, self.deadline).await?;
            done.push(Count::Drained);
        }
        Ok(Some(done))
    }

    /// Heals a page of users.
    async fn users(&self, users: &[PoolUser]) -> Result<Vec<Count>, ServiceError> {
        let mut done = vec![Count::Listed; users.len()];
        let settled: Vec<&PoolUser> = users
            .iter()
            .filter(|user| user.confirmed && user.modified <= self.settled_by)
            .collect();
        done.resize(done.len() + users.len() - settled.len(), Count::LeftAlone);
        let known = self.known(&settled).await?;
        let users = settled.iter().zip(&known);
        let healing: Vec<_> = users
            .map(|(user, known)| self.healer.heal(user, None, known, self.deadline))
            .collect();
        let healed: Vec<Vec<Count>> = stream::iter(healing)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        done.extend(healed.into_iter().flatten());
        Ok(done)
    }

    /// What the directory knows of each.
    async fn known(&self, users: &[&PoolUser]) -> Result<Vec<Known>, ServiceError> {
        let pool_id = self.pool.id;
        let key = |key: DirectoryKey| (key.pk, key.sk);
        let profile = |user: &PoolUser| key(DirectoryKey::profile(pool_id, &user.sub));
        let claim = |user: &PoolUser| {
            let mailbox = user.mailbox()?;
            Some(key(DirectoryKey::email_claim(pool_id, &mailbox)))
        };
        let keys: BTreeSet<(String, String)> = users
            .iter()
            .flat_map(|user| [Some(profile(user)), claim(user)])
            .flatten()
            .collect();
        let items = self.directory.items(keys, self.deadline).await?;
        let of = |(pk, _): (String, String)| -> Option<&Item> { items.get(&pk) };
        let known = users.iter().map(|user| Known {
            profile: of(profile(user)).map(Profile::read),
            holder: claim(user)
                .and_then(of)
                .and_then(|claim| read_text(claim, "sub"))
                .map(str::to_owned),
        });
        Ok(known.collect())
    }
}
