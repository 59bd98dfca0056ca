//! The vendor's own environment.

use shared::{
    jwt::RuntimeApi,
    wiring::{Bindings, Wiring},
};

/// What the deployment says: names of what the stack has made, and what the policy's names are bound to.
pub(crate) struct Settings {
    pub(crate) directory_table: String,
    pub(crate) ephemeral_table: String,
    pub(crate) identity_pool_id: String,
    pub(crate) developer_provider_name: String,
    /// What the ARNs of the vended roles begin with; the alias follows.
    pub(crate) role_arn_prefix: Option<String>,
    /// The policy's role aliases → ARNs, for roles that are called otherwise.
    pub(crate) role_arns: Bindings,
    /// The policy's sources → issuer URLs, for those that the policy does not say itself.
    pub(crate) issuer_urls: Bindings,
    /// The policy's sources → audiences, separated by spaces, beside those of the policy.
    pub(crate) issuer_audiences: Bindings,
    /// The longest session that the roles allow, seconds.
    pub(crate) max_session_seconds: Option<u32>,
    pub(crate) runtime_api: Option<RuntimeApi>,
}

impl Settings {
    pub(crate) fn from_wiring(wiring: &mut Wiring<'_>) -> Option<Self> {
        let directory_table = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral_table = wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        let identity_pool_id = wiring.required("IDENTITY_POOL_ID", "the id of the identity pool");
        let developer_provider_name = wiring.required(
            "DEVELOPER_PROVIDER_NAME",
            "the developer provider's name in the identity pool",
        );
        let role_arn_prefix = wiring.optional("ROLE_ARN_PREFIX", "the beginning of a role's ARN");
        let role_arns = wiring.optional("ROLE_ARNS", "alias=arn,alias=arn");
        let issuer_urls = wiring.optional("ISSUER_URLS", "name=url,name=url");
        let issuer_audiences = wiring.optional("ISSUER_AUDIENCES", "name=audience,name=audience");
        let max_session_seconds =
            wiring.optional("MAX_SESSION_SECONDS", "a whole number of seconds");
        let runtime_api: Option<String> = wiring.optional("AWS_LAMBDA_RUNTIME_API", "host:port");
        Some(Self {
            directory_table: directory_table?,
            ephemeral_table: ephemeral_table?,
            identity_pool_id: identity_pool_id?,
            developer_provider_name: developer_provider_name?,
            role_arn_prefix,
            role_arns: role_arns.unwrap_or_default(),
            issuer_urls: issuer_urls.unwrap_or_default(),
            issuer_audiences: issuer_audiences.unwrap_or_default(),
            max_session_seconds,
            runtime_api: runtime_api.as_deref().and_then(RuntimeApi::new),
        })
    }
}
