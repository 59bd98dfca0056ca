//! The store of a build without drivers: there is none, and whoever asks one has proved that there is.

use std::sync::Arc;

use password::Password;

use super::{SqlError, SqlSettings};
use crate::{
    deadline::Deadline,
    legacy::{
        answer::{Authenticated, Found, StoreError, Times},
        hashes::Hashes,
    },
    secrets::Secrets,
};

/// No store.
pub(in crate::legacy) enum SqlStore {}

impl SqlStore {
    pub(in crate::legacy) fn new(
        settings: SqlSettings,
        _: Hashes,
        _: Arc<Secrets>,
    ) -> Result<Self, SqlError> {
        match settings.driver {}
    }

    pub(in crate::legacy) fn hashes(&self) -> &Hashes {
        match *self {}
    }

    pub(in crate::legacy) async fn authenticate(
        &self,
        _: &str,
        _: &Password,
        _: Times,
    ) -> Result<Authenticated, StoreError> {
        match *self {}
    }

    pub(in crate::legacy) async fn find(&self, _: &str, _: Deadline) -> Result<Found, StoreError> {
        match *self {}
    }
}
