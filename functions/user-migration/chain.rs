//! The stores, asked one after another until one knows the name.
//!
//! A store that fails ends the search: whether a later one may be believed depends on what this one would
//! have said (it may hold the account that was disabled).

use std::time::Duration;

use password::Password;
use shared::{
    deadline::Deadline,
    legacy::{
        ANSWER_RESERVE, Authenticated, Found, OpenError, Store, StoreError, StoreSettings,
        Surroundings, Times,
    },
};

/// Longest floor of time, so that the answer leaves within Cognito's patience.
const MAX_FLOOR: Duration = Duration::from_millis(4000);

/// What the floor gives to the limiter and to the record of who moved in: an allowance.
const RECORDS: Duration = Duration::from_millis(100);

/// The stores, in order.
#[derive(Default)]
pub(crate) struct Chain {
    stores: Vec<Store>,
}

/// A store could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the store {store} failed")]
pub(crate) struct ChainError {
    store: String,
    #[source]
    error: StoreError,
    /// Whether the duration until now tells something of a user: that an earlier store does not know the
    /// name, or that this one does.
    pub(crate) tells_of_a_user: bool,
}

impl Chain {
    /// Opens the stores. Calls nobody.
    ///
    /// # Errors
    /// For the first that cannot be used.
    pub(crate) fn open(
        stores: Vec<StoreSettings>,
        around: &Surroundings<'_>,
    ) -> Result<Self, OpenError> {
        let stores = stores.into_iter();
        let stores = stores.map(|settings| Store::open(settings, around));
        Ok(Self {
            stores: stores.collect::<Result<_, _>>()?,
        })
    }

    /// Whether there is nobody to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.stores.is_empty()
    }

    /// What the longest answer is estimated to take: every store, our own tables, and one verification with a quarter on
    /// top, for not every machine is the reference machine.
    pub(crate) fn estimate(&self) -> Duration {
        let asking: Duration = self.stores.iter().map(Store::allowance).sum();
        let hashes = self.stores.iter().filter_map(Store::hashes);
        let computing = hashes.map(|hashes| hashes.estimate()).max();
        let computing = computing.unwrap_or_default();
        asking
            .saturating_add(RECORDS)
            .saturating_add(computing.saturating_add(computing / 4))
            .min(MAX_FLOOR)
    }

    /// Whether `password` is that of the user who typed `login`, and which store says so.
    ///
    /// # Errors
    /// When a store could not be asked.
    pub(crate) async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        deadline: Deadline,
    ) -> Result<(Option<&Store>, Authenticated), ChainError> {
        let mut answer = (None, Authenticated::Unknown);
        for (index, store) in self.stores.iter().enumerate() {
            let times = Times {
                ask: self.share(index, deadline),
                verify: deadline,
            };
            let said = store.authenticate(login, password, times).await;
            match said.map_err(|error| ChainError::new(index, store, error))? {
                Authenticated::Unknown => {}
                said => {
                    answer = (Some(store), said);
                    break;
                }
            }
        }
        // Who could not be verified costs as much as a wrong password.
        if let (
            _,
            Authenticated::Unknown | Authenticated::Disabled | Authenticated::Unsupported(_),
        ) = answer
        {
            self.verify_nobody(password, deadline).await?;
        }
        Ok(answer)
    }

    /// The user who typed `login`, and which store knows them.
    ///
    /// # Errors
    /// When a store could not be asked.
    pub(crate) async fn find(
        &self,
        login: &str,
        deadline: Deadline,
    ) -> Result<(Option<&Store>, Found), ChainError> {
        for (index, store) in self.stores.iter().enumerate() {
            let said = store.find(login, self.share(index, deadline)).await;
            match said.map_err(|error| ChainError::new(index, store, error))? {
                Found::Unknown => {}
                said => return Ok((Some(store), said)),
            }
        }
        Ok((None, Found::Unknown))
    }

    async fn verify_nobody(
        &self,
        password: &Password,
        deadline: Deadline,
    ) -> Result<(), ChainError> {
        let hashes = self
            .stores
            .iter()
            .filter_map(|store| Some((store, store.hashes()?)));
        let Some((store, costliest)) = hashes.max_by_key(|(_, hashes)| hashes.estimate()) else {
            return Ok(());
        };
        let done = costliest.verify_nobody(password, deadline).await;
        done.map_err(|error| ChainError::new(self.stores.len(), store, error))
    }

    /// What the store at `index` may take of the time, so that those behind it have theirs.
    fn share(&self, index: usize, deadline: Deadline) -> Deadline {
        let left = self.stores.len().saturating_sub(index).max(1);
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let deadline = deadline.keeping(ANSWER_RESERVE);
        deadline.at_most(deadline.remaining() / left)
    }
}

impl ChainError {
    fn new(index: usize, store: &Store, error: StoreError) -> Self {
        Self {
            store: store.name().to_owned(),
            tells_of_a_user: index > 0 || error.tells_of_a_user(),
            error,
        }
    }
}
