//! Where policy and wiring meet: the policy's names, bound to what the stack has made of them.

use std::{collections::BTreeMap, fmt};

use shared::{
    aws::{self, InvalidCaBundle},
    jwt::Issuer,
    policy::{IdentityVendor, IssuerUrl, Name},
    wiring::{Bindings, Wiring},
};

/// The vendor's own environment.
pub(crate) struct Settings {
    pub(crate) directory_table: String,
    pub(crate) identity_pool_id: String,
    pub(crate) developer_provider_name: String,
    role_arns: Bindings,
    issuer_urls: Bindings,
}

/// The ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleArn(String);

/// The policy's names, bound.
pub(crate) struct Bound {
    pub(crate) issuers: Vec<Issuer>,
    role_arns: BTreeMap<Name, RoleArn>,
}

/// Policy and wiring disagree: everything about which they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disagreements(Vec<String>);

impl fmt::Display for Disagreements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy and environment disagree: {}", self.0.join("; "))
    }
}

impl std::error::Error for Disagreements {}

impl Settings {
    pub(crate) fn from_wiring(wiring: &mut Wiring<'_>) -> Option<Self> {
        let directory_table = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let identity_pool_id = wiring.required("IDENTITY_POOL_ID", "the id of the identity pool");
        let developer_provider_name = wiring.required(
            "DEVELOPER_PROVIDER_NAME",
            "the developer provider's name in the identity pool",
        );
        let role_arns = wiring.optional("ROLE_ARNS", "alias=arn,alias=arn");
        let issuer_urls = wiring.optional("ISSUER_URLS", "name=url,name=url");
        Some(Self {
            directory_table: directory_table?,
            identity_pool_id: identity_pool_id?,
            developer_provider_name: developer_provider_name?,
            role_arns: role_arns.unwrap_or_default(),
            issuer_urls: issuer_urls.unwrap_or_default(),
        })
    }
}

impl RoleArn {
    /// IAM user guide, "IAM identifiers": `arn:<partition>:iam::<account>:role/<path and name>`.
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts.as_slice() else {
            return None;
        };
        let account_id = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let role = resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
        let shape =
            *arn == "arn" && !partition.is_empty() && *service == "iam" && region.is_empty();
        (shape && account_id && role).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that the role is of.
    pub(crate) fn account_id(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl Bound {
    /// # Errors
    /// When a role has no ARN, an issuer no URL, or one of them is no ARN or URL.
    pub(crate) fn new(
        policy: &IdentityVendor,
        settings: &Settings,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut disagreements = Vec::new();
        let role_arns = bind_roles(policy, &settings.role_arns, &mut disagreements);
        let urls = bind_issuers(policy, &settings.issuer_urls, &mut disagreements);
        if !disagreements.is_empty() {
            return Err(Disagreements(disagreements).into());
        }
        let issuers = urls.into_iter().map(|(name, url)| {
            let rules = policy.issuers.get(&name).cloned();
            Ok(rules.map(|rules| Ok(Issuer::new(name, url, rules, aws::connector()?))))
        });
        let issuers: Result<Vec<_>, InvalidCaBundle> = issuers.collect();
        let issuers: Result<Vec<Issuer>, InvalidCaBundle> =
            issuers?.into_iter().flatten().collect();
        Ok(Self {
            issuers: issuers?,
            role_arns,
        })
    }

    pub(crate) fn role_arn(&self, alias: &Name) -> Option<&RoleArn> {
        self.role_arns.get(alias)
    }
}

fn bind_roles(
    policy: &IdentityVendor,
    bindings: &Bindings,
    disagreements: &mut Vec<String>,
) -> BTreeMap<Name, RoleArn> {
    let mut bound = BTreeMap::new();
    for alias in policy.roles.keys() {
        match bindings
            .0
            .get(alias.as_str())
            .map(|text| RoleArn::parse(text))
        {
            Some(Some(arn)) => drop(bound.insert(alias.clone(), arn)),
            Some(None) => disagreements.push(format!("ROLE_ARNS: {alias} is bound to no role ARN")),
            None => disagreements.push(format!("the role {alias} has no ARN in ROLE_ARNS")),
        }
    }
    bound
}

fn bind_issuers(
    policy: &IdentityVendor,
    bindings: &Bindings,
    disagreements: &mut Vec<String>,
) -> BTreeMap<Name, IssuerUrl> {
    let mut bound: BTreeMap<Name, IssuerUrl> = BTreeMap::new();
    for (name, issuer) in &policy.issuers {
        let wired = bindings.0.get(name.as_str());
        let url = match (&issuer.issuer, wired) {
            (Some(url), None) => url.clone(),
            (None, Some(text)) => match IssuerUrl::try_from(text.clone()) {
                Ok(url) => url,
                Err(expected) => {
                    disagreements.push(format!("ISSUER_URLS: {name}: {expected}"));
                    continue;
                }
            },
            (None, None) => {
                disagreements.push(format!(
                    "the issuer {name} has no URL, in the policy or in ISSUER_URLS"
                ));
                continue;
            }
            (Some(_), Some(_)) => {
                disagreements.push(format!(
                    "the issuer {name} has a URL both in the policy and in ISSUER_URLS"
                ));
                continue;
            }
        };
        if let Some((other, _)) = bound.iter().find(|(_, bound)| **bound == url) {
            disagreements.push(format!("the issuers {other} and {name} have the same URL"));
        }
        bound.insert(name.clone(), url);
    }
    bound
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use shared::policy::PolicyFile;

    use super::*;

    const POLICY: &str = r#"
        version = 1
        [identity-vendor.issuers.app]
        audiences = ["poolkeeper"]
        [identity-vendor.roles.member]
        flow = "token"
    "#;

    fn disagreements(role_arns: &str, issuer_urls: &str) -> Vec<String> {
        let policy = PolicyFile::parse("policy.toml", POLICY.to_owned())
            .section()
            .unwrap();
        let mut found = Vec::new();
        bind_roles(&policy, &role_arns.parse().unwrap(), &mut found);
        bind_issuers(&policy, &issuer_urls.parse().unwrap(), &mut found);
        found
    }

    #[test]
    fn what_agrees_is_bound() {
        let found = disagreements(
            "member=arn:aws:iam::123456789012:role/x/y",
            "app=https://a.example",
        );
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_disagreement_is_told_at_once() {
        assert_eq!(
            disagreements("", ""),
            [
                "the role member has no ARN in ROLE_ARNS",
                "the issuer app has no URL, in the policy or in ISSUER_URLS"
            ]
        );
        let found = disagreements("member=arn:aws:iam::1:user/x", "app=http://a.example");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn an_issuer_has_one_url_and_a_url_one_issuer() {
        let policy = POLICY.replace(
            "audiences = [\"poolkeeper\"]",
            "audiences = [\"poolkeeper\"]\nissuer = \"https://a.example\"\n\
             [identity-vendor.issuers.partner]\naudiences = [\"poolkeeper\"]",
        );
        let policy = PolicyFile::parse("policy.toml", policy).section().unwrap();
        let found = |issuer_urls: &str| {
            let mut found = Vec::new();
            bind_issuers(&policy, &issuer_urls.parse().unwrap(), &mut found);
            found
        };
        assert_eq!(found("partner=https://b.example"), Vec::<String>::new());
        assert_eq!(
            found("partner=https://a.example/"),
            ["the issuers app and partner have the same URL"]
        );
        assert_eq!(
            found("partner=https://b.example,app=https://c.example"),
            ["the issuer app has a URL both in the policy and in ISSUER_URLS"]
        );
    }

    #[test]
    fn an_arn_tells_its_account() {
        let arn = RoleArn::parse("arn:aws-cn:iam::123456789012:role/x").unwrap();
        assert_eq!(arn.account_id(), "123456789012");
    }
}
