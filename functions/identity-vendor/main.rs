//! identity-vendor: exchanges an application's proof of identity for a Cognito OpenID token, or for
//! temporary AWS credentials, by the policy's rules.

mod bindings;
mod choice;
mod cognito;
mod exchange;
mod identity_record;
mod request;
mod respond;
mod service;
mod sts;

use std::process::ExitCode;

use shared::{
    aws,
    deadline::ColdStart,
    jwt,
    policy::{self, PolicyFile},
    start,
    telemetry::{LogKey, Telemetry},
    wiring::Wiring,
};

use crate::{
    bindings::{Bound, Settings},
    cognito::IdentityPool,
    exchange::Exchange,
    identity_record::IdentityRecords,
};

fn main() -> ExitCode {
    let cold_start = ColdStart::begin();
    start::run(service::FUNCTION, || async {
        let mut wiring = Wiring::from_env();
        let log_key = wiring.required::<LogKey>("LOG_KEY", LogKey::EXPECTED);
        let settings = Settings::from_wiring(&mut wiring);
        let (log_key, settings) = wiring.finish(log_key.zip(settings))?;
        let policy: policy::IdentityVendor = PolicyFile::from_env()?.section()?;
        jwt::install_crypto_provider();
        let bound = Bound::new(&policy, &settings)?;
        let config = aws::config().await?;
        let exchange = Exchange {
            policy,
            bound,
            records: IdentityRecords::new(&config, settings.directory_table),
            identity_pool: IdentityPool::new(
                &config,
                settings.identity_pool_id,
                settings.developer_provider_name,
            ),
            sts: sts::Sts::new(&config),
        };
        service::serve(exchange, Telemetry::new(log_key), cold_start).await
    })
}
