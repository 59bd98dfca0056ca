//! identity-vendor: exchanges an application's proof of identity for a Cognito OpenID token, or for
//! temporary AWS credentials, by the policy's rules.

mod authenticate;
mod bindings;
mod denial;
mod issue;
#[cfg(test)]
mod openapi;
mod protocol;
mod request;
mod respond;
mod role_arn;
mod route;
mod settings;
mod vendor;

use std::process::ExitCode;

use shared::{aws, jwt, policy, start, wiring::Wiring};

use crate::{
    bindings::Bound,
    issue::{IdentityPool, IdentityRecords, Issue, Sts},
    settings::Settings,
    vendor::IdentityVendor,
};

fn main() -> ExitCode {
    start::function(
        |policy: policy::IdentityVendor, mut wiring: Wiring<'static>| async move {
            let settings = Settings::from_wiring(&mut wiring);
            let settings = wiring.finish(settings)?;
            jwt::install_crypto_provider();
            let fetcher = jwt::Fetcher::new(aws::connector()?, settings.runtime_api.clone());
            let Bound { sources, role_arns } = Bound::new(&policy, &settings, &fetcher)?;
            let config = aws::config().await?;
            let pool = IdentityPool::new(
                &config,
                settings.identity_pool_id.clone(),
                settings.developer_provider_name,
            );
            let records =
                IdentityRecords::new(&config, settings.directory_table, settings.identity_pool_id);
            let issue = Issue::new(records, pool, Sts::new(&config), role_arns);
            Ok(IdentityVendor::new(sources, policy.rules, issue))
        },
    )
}
