//! identity-vendor: exchanges an application's proof of identity for a Cognito OpenID token, or for
//! temporary AWS credentials, by the policy's rules.

mod address;
mod authenticate;
mod bindings;
mod denial;
mod issue;
mod limits;
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

use shared::{aws, https::Https, jwt, limit::Limiter, policy, start, wiring::Wiring};

use crate::{
    authenticate::{Guests, Sources, UsedTokens},
    bindings::Bound,
    issue::{IdentityPool, IdentityRecords, Issue, Sts},
    limits::{Levels, Limits},
    settings::Settings,
    vendor::IdentityVendor,
};

fn main() -> ExitCode {
    start::function(
        |policy: policy::IdentityVendor, mut wiring: Wiring<'static>| async move {
            let settings = Settings::from_wiring(&mut wiring);
            let settings = wiring.finish(settings)?;
            jwt::install_crypto_provider();
            let fetcher = jwt::Fetcher::new(Https::new()?, settings.runtime_api.clone());
            let folder = policy::folder();
            let Bound { issuers, role_arns } = Bound::new(&policy, &settings, &fetcher, &folder)?;
            let config = aws::config().await?;
            let client = aws_sdk_dynamodb::Client::new(&config);
            let levels = Levels::new(client.clone(), settings.ephemeral_table.clone());
            let limiter = Limiter::new(client, settings.ephemeral_table.clone());
            let limits = Limits::new(levels, limiter, policy.limits, &settings.identity_pool_id);
            let guests = |pool: &str| Guests::new(pool, config.endpoint_url(), fetcher);
            let sources = Sources {
                issuers,
                back_ends: policy.back_ends,
                used: UsedTokens::new(&config, settings.ephemeral_table),
                guests: policy
                    .guest_upgrade
                    .then(|| guests(&settings.identity_pool_id))
                    .transpose()?,
            };
            let mut rules = policy.rules;
            let arns = role_arns.iter();
            rules.role_arns = arns
                .map(|(alias, arn)| (alias.clone(), arn.as_str().to_owned()))
                .collect();
            let pool = IdentityPool::new(
                &config,
                settings.identity_pool_id.clone(),
                settings.developer_provider_name,
            );
            let records =
                IdentityRecords::new(&config, settings.directory_table, settings.identity_pool_id);
            let issue = Issue::new(records, pool, Sts::new(&config), role_arns);
            let vendor = IdentityVendor::new(sources, rules, limits, issue);
            if let Some(ahead) = aws::Ahead::new(&config) {
                vendor.get_ready(&ahead).await;
            }
            Ok(vendor)
        },
    )
}
