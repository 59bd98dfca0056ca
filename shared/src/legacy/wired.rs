//! What the deployment says of the stores: the identifiers that a policy does not hold.

use crate::wiring::Wiring;

use super::{LegacyUserPool, StoreSettings, UserPoolArn};

/// Identifiers of what the stores are, for those that name none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiredStores {
    /// The deployment's own table of legacy users.
    pub table: Option<String>,
    /// The old user pool.
    pub user_pool: Option<LegacyUserPool>,
}

impl WiredStores {
    /// From the environment, as far as `stores` need it. What is wrong is noted in `wiring`.
    pub fn read(wiring: &mut Wiring<'_>, stores: &[StoreSettings]) -> Option<Self> {
        let expected = "the name of the table of legacy users";
        let table = if stores.iter().any(StoreSettings::needs_legacy_table) {
            wiring.required("LEGACY_TABLE", expected).map(Some)
        } else {
            Some(wiring.optional::<String>("LEGACY_TABLE", expected))
        };
        let role_arn = wiring.optional("LEGACY_USER_POOL_ROLE_ARN", "the ARN of a role");
        let external_id = wiring.optional("LEGACY_USER_POOL_EXTERNAL_ID", "a text");
        let user_pool = if stores.iter().any(StoreSettings::needs_legacy_user_pool) {
            let arn = wiring.required("LEGACY_USER_POOL_ARN", UserPoolArn::EXPECTED);
            let client = "the id of an app client of the old pool";
            let client_id = wiring.required("LEGACY_USER_POOL_CLIENT_ID", client);
            let pool = arn.zip(client_id).map(|(arn, client_id)| LegacyUserPool {
                arn,
                client_id,
                role_arn,
                external_id,
            });
            pool.map(Some)
        } else {
            Some(None)
        };
        let (table, user_pool) = table.zip(user_pool)?;
        Some(Self { table, user_pool })
    }
}
