//! The caller's one identity: found, made, adopted from a guest, and healed where Cognito knows it no more.

use shared::{aws::ServiceError, deadline::Deadline, vending::Caller};

use super::{
    IdentityPool, IdentityRecords, OpenIdToken, TokenRequest, guest::NotAdopted,
    identity_record::Identity,
};
use crate::{
    denial::{Denial, Denied},
    limits::Admitted,
};

/// What Cognito answers where the record and the pool no longer agree: the identity is somebody else's, the
/// developer user has another one, or the identity was deleted.
const DISAGREEMENTS: [&str; 3] = [
    "ResourceConflictException",
    "DeveloperUserAlreadyRegisteredException",
    "ResourceNotFoundException",
];

/// The record and the pool, which are to agree.
pub(super) struct Identities<'a> {
    pub(super) records: &'a IdentityRecords,
    pub(super) pool: &'a IdentityPool,
    pub(super) admitted: &'a Admitted<'a>,
    pub(super) deadline: Deadline,
}

impl Identities<'_> {
    /// A token of the identity of `caller`, who is on record as `identity`.
    pub(super) async fn open_id_token(
        &self,
        caller: &Caller,
        identity: &Identity,
        request: &TokenRequest<'_>,
    ) -> Result<OpenIdToken, Denied> {
        if let Some(guest) = &caller.guest_identity {
            return self.adopt(caller, identity, guest, request).await;
        }
        let Some(known) = identity.identity_id.as_deref() else {
            return self.first_token(caller, identity, None, request).await;
        };
        self.admitted.ask_cognito(self.deadline).await?;
        match self.ask(identity, Some(known), request).await {
            Err(error) if DISAGREEMENTS.contains(&error.code.as_str()) => {
                self.heal(caller, known, error, request).await
            }
            answered => Ok(answered?),
        }
    }

    /// The guest's identity becomes the caller's, or nothing is issued: another identity would not have what the
    /// guest left.
    async fn adopt(
        &self,
        caller: &Caller,
        identity: &Identity,
        guest: &str,
        request: &TokenRequest<'_>,
    ) -> Result<OpenIdToken, Denied> {
        let refused = |why: NotAdopted| Denied::because(Denial::GuestNotUpgradable, why);
        let adopted = self.records.adopt(caller, guest, self.deadline).await?;
        adopted.map_err(refused)?;
        self.admitted.ask_cognito(self.deadline).await?;
        match self.ask(identity, Some(guest), request).await {
            Err(error) if DISAGREEMENTS.contains(&error.code.as_str()) => {
                Err(refused(NotAdopted::NotLinked))
            }
            Ok(token) if token.identity_id != guest => Err(refused(NotAdopted::NotLinked)),
            answered => Ok(answered?),
        }
    }

    /// The identity that the developer user has at Cognito, or gets now, takes the place of `known` on record.
    /// Once: what fails here is answered, and the next call begins anew.
    async fn heal(
        &self,
        caller: &Caller,
        known: &str,
        error: ServiceError,
        request: &TokenRequest<'_>,
    ) -> Result<OpenIdToken, Denied> {
        let code = error.code.as_str();
        tracing::warn!(
            code,
            "the identity on record is not the pool's: it is healed"
        );
        let identity = self.records.find(caller, self.deadline).await?;
        match identity.identity_id.as_deref() {
            // Somebody was faster.
            Some(healed) if healed != known => {
                self.admitted.ask_cognito(self.deadline).await?;
                Ok(self.ask(&identity, Some(healed), request).await?)
            }
            _ => {
                self.first_token(caller, &identity, Some(known), request)
                    .await
            }
        }
    }

    /// A token of whichever identity Cognito has for the developer user, which is then on record in place of
    /// `known`.
    async fn first_token(
        &self,
        caller: &Caller,
        identity: &Identity,
        known: Option<&str>,
        request: &TokenRequest<'_>,
    ) -> Result<OpenIdToken, Denied> {
        self.admitted.ask_cognito(self.deadline).await?;
        let token = self.ask(identity, None, request).await?;
        let kept = self
            .records
            .keep_identity_id(caller, known, &token.identity_id, self.deadline)
            .await?;
        if kept == token.identity_id {
            Ok(token)
        } else {
            // Another call was faster, and Cognito made two: the one on record is theirs.
            self.admitted.ask_cognito(self.deadline).await?;
            Ok(self.ask(identity, Some(&kept), request).await?)
        }
    }

    async fn ask(
        &self,
        identity: &Identity,
        identity_id: Option<&str>,
        request: &TokenRequest<'_>,
    ) -> Result<OpenIdToken, ServiceError> {
        let user_id = &identity.developer_user_id;
        self.pool
            .open_id_token(user_id, identity_id, request, self.deadline)
            .await
    }
}
