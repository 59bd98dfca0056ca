//! Where policy and wiring meet: each name of the policy gets what the stack has made of it.

use std::{collections::BTreeMap, fmt, path::Path};

use shared::{
    jwt::{Fetcher, Issuer, IssuerUrl, Keys},
    policy::{IdentityVendor, Name, VendorSource},
    wiring::Bindings,
};

use crate::{authenticate::Source, role_arn::RoleArn, settings::Settings};

/// What the policy names, as the deployment binds it.
pub(crate) struct Bound {
    pub(crate) issuers: Vec<Source>,
    pub(crate) role_arns: BTreeMap<Name, RoleArn>,
}

/// The policy and the environment disagree: every point on which they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disagreements(Vec<String>);

impl fmt::Display for Disagreements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy and environment disagree: {}", self.0.join("; "))
    }
}

impl std::error::Error for Disagreements {}

impl Bound {
    /// Binds roles to ARNs and sources to URLs, audiences and files of keys in `folder`. Other keys will be fetched
    /// by `fetcher`.
    ///
    /// # Errors
    /// When something is bound to nothing, or to what cannot be meant.
    pub(crate) fn new(
        policy: &IdentityVendor,
        settings: &Settings,
        fetcher: &Fetcher,
        folder: &Path,
    ) -> Result<Self, Disagreements> {
        let mut disagreements = Vec::new();
        let role_arns = bind_roles(policy, settings, &mut disagreements);
        let sources = bind_sources(policy, settings, folder, &mut disagreements);
        if !disagreements.is_empty() {
            return Err(Disagreements(disagreements));
        }
        let sources = sources.into_iter().map(|(name, source)| {
            let verifier = |url| Issuer::new(url, source.tokens.clone(), fetcher.clone());
            let issuers = source.issuers.iter().cloned().map(verifier).collect();
            Source {
                name,
                issuers,
                single_use: source.single_use,
                bound_to_proof: source.bound_to_proof,
            }
        });
        Ok(Self {
            issuers: sources.collect(),
            role_arns,
        })
    }
}

fn bind_roles(
    policy: &IdentityVendor,
    settings: &Settings,
    disagreements: &mut Vec<String>,
) -> BTreeMap<Name, RoleArn> {
    let mut bound = BTreeMap::new();
    for (alias, role) in &policy.rules.roles {
        let seconds = role.duration_seconds();
        if let Some(most) = settings.max_session_seconds.filter(|most| seconds > *most) {
            disagreements.push(format!(
                "credentials of the role {alias} live {seconds} s, its sessions {most} s at most \
                 (MAX_SESSION_SECONDS)"
            ));
        }
        let by_name = || Some(format!("{}{alias}", settings.role_arn_prefix.as_ref()?));
        let named = settings.role_arns.0.get(alias.as_str());
        let (variable, text) = match named {
            Some(arn) => ("ROLE_ARNS", Some(arn.clone())),
            None => ("ROLE_ARN_PREFIX", by_name()),
        };
        match text.map(|text| RoleArn::parse(&text)) {
            Some(Some(arn)) => {
                bound.insert(alias.clone(), arn);
            }
            Some(None) => {
                disagreements.push(format!("{variable}: {alias} is bound to no role ARN"));
            }
            None => disagreements.push(format!(
                "the role {alias} has no ARN: ROLE_ARNS does not name it, and there is no ROLE_ARN_PREFIX"
            )),
        }
    }
    bound
}

/// The sources with the URLs and audiences that the wiring adds.
fn bind_sources(
    policy: &IdentityVendor,
    settings: &Settings,
    folder: &Path,
    disagreements: &mut Vec<String>,
) -> BTreeMap<Name, VendorSource> {
    let mut bound: BTreeMap<Name, VendorSource> = BTreeMap::new();
    for (name, source) in &policy.sources {
        let mut source = source.clone();
        // What the policy says itself counts.
        if source.issuers.is_empty() {
            match issuer_url(name, &settings.issuer_urls) {
                Ok(url) => source.issuers.push(url),
                Err(disagreement) => disagreements.push(disagreement),
            }
        }
        match source.keys_in(folder) {
            Ok(Some(keys)) => source.tokens.keys = Keys::Pinned(keys),
            Ok(None) => {}
            Err(problem) => disagreements.push(format!("the source {name}: {problem}")),
        }
        let audiences = settings.issuer_audiences.0.get(name.as_str());
        let audiences = audiences.into_iter().flat_map(|all| all.split_whitespace());
        source.tokens.audiences.extend(audiences.map(str::to_owned));
        if source.tokens.audiences.is_empty() {
            disagreements.push(format!(
                "the source {name} has no audience, in the policy or in ISSUER_AUDIENCES"
            ));
        }
        for url in &source.issuers {
            let has = |(_, other): &(&Name, &VendorSource)| other.issuers.contains(url);
            if let Some((other, _)) = bound.iter().find(has) {
                disagreements.push(format!(
                    "the sources {other} and {name} have the same issuer URL"
                ));
            }
        }
        bound.insert(name.clone(), source);
    }
    bound
}

fn issuer_url(name: &Name, bindings: &Bindings) -> Result<IssuerUrl, String> {
    let text = bindings.0.get(name.as_str()).ok_or_else(|| {
        format!("the source {name} has no issuer URL, in the policy or in ISSUER_URLS")
    })?;
    IssuerUrl::try_from(text.clone()).map_err(|expected| format!("ISSUER_URLS: {name}: {expected}"))
}

#[cfg(test)]
mod tests {
    use shared::{policy::PolicyFile, wiring::Wiring};

    use super::*;

    const POLICY: &str = r#"
        version = 1
        [identity-vendor.sources.app]
        [identity-vendor.roles.member]
        flow = "token"
    "#;
    const MEMBER: (&str, &str) = ("ROLE_ARNS", "member=arn:aws:iam::123456789012:role/x/y");
    const APP: (&str, &str) = ("ISSUER_URLS", "app=https://a.example");
    const AUDIENCE: (&str, &str) = ("ISSUER_AUDIENCES", "app=poolkeeper");

    fn disagreements(policy: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let (policy, settings) = read(policy, variables);
        let mut found = Vec::new();
        bind_roles(&policy, &settings, &mut found);
        bind_sources(&policy, &settings, Path::new("/nowhere"), &mut found);
        found
    }

    fn read(policy: &str, variables: &[(&str, &str)]) -> (IdentityVendor, Settings) {
        let file = PolicyFile::parse("policy.toml", policy.to_owned());
        let policy = file.section().unwrap();
        let required = [
            "DIRECTORY_TABLE",
            "EPHEMERAL_TABLE",
            "IDENTITY_POOL_ID",
            "DEVELOPER_PROVIDER_NAME",
        ];
        let variables = required
            .iter()
            .map(|name| (*name, "x"))
            .chain(variables.iter().copied());
        let variables: BTreeMap<String, String> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut wiring = Wiring::from_map(&variables);
        let settings = Settings::from_wiring(&mut wiring);
        (policy, wiring.finish(settings).unwrap())
    }

    #[test]
    fn what_agrees_is_bound() {
        let found = disagreements(POLICY, &[MEMBER, APP, AUDIENCE]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_disagreement_is_reported_at_once() {
        assert_eq!(
            disagreements(POLICY, &[]),
            [
                "the role member has no ARN: ROLE_ARNS does not name it, and there is no ROLE_ARN_PREFIX",
                "the source app has no issuer URL, in the policy or in ISSUER_URLS",
                "the source app has no audience, in the policy or in ISSUER_AUDIENCES",
            ]
        );
        let wrong = [
            ("ROLE_ARNS", "member=arn:aws:iam::1:user/x"),
            ("ISSUER_URLS", "app=http://a.example"),
            AUDIENCE,
        ];
        let found = disagreements(POLICY, &wrong);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_role_goes_by_its_alias_unless_it_is_called_otherwise() {
        let bound = |variables: &[(&str, &str)]| {
            let (policy, settings) = read(POLICY, variables);
            let mut found = Vec::new();
            let bound = bind_roles(&policy, &settings, &mut found);
            let arns = bound.values().map(|arn| arn.as_str().to_owned());
            (arns.collect::<Vec<_>>(), found)
        };
        let prefix = ("ROLE_ARN_PREFIX", "arn:aws:iam::123456789012:role/stack-");
        let by_name = "arn:aws:iam::123456789012:role/stack-member".to_owned();
        assert_eq!(bound(&[prefix]), (vec![by_name], vec![]));
        let otherwise = MEMBER.1.trim_start_matches("member=").to_owned();
        assert_eq!(bound(&[prefix, MEMBER]), (vec![otherwise], vec![]));
        let wrong = "ROLE_ARN_PREFIX: member is bound to no role ARN".to_owned();
        assert_eq!(
            bound(&[("ROLE_ARN_PREFIX", "stack-")]),
            (vec![], vec![wrong])
        );
    }

    #[test]
    fn a_url_in_the_policy_counts_and_belongs_to_one_source() {
        let policy = POLICY.replace(
            "[identity-vendor.sources.app]",
            "[identity-vendor.sources.app]\nissuer = \"https://a.example\"\n\
             [identity-vendor.sources.partner]",
        );
        let found = |issuer_urls: &str| {
            let audiences = ("ISSUER_AUDIENCES", "app=x,partner=x");
            disagreements(&policy, &[MEMBER, ("ISSUER_URLS", issuer_urls), audiences])
        };
        assert_eq!(
            found("partner=https://b.example,app=https://b.example"),
            Vec::<String>::new()
        );
        assert_eq!(
            found("partner=https://a.example/"),
            ["the sources app and partner have the same issuer URL"]
        );
    }

    #[test]
    fn credentials_live_no_longer_than_the_roles_sessions() {
        let most = |seconds| {
            disagreements(
                POLICY,
                &[MEMBER, APP, AUDIENCE, ("MAX_SESSION_SECONDS", seconds)],
            )
        };
        assert_eq!(most("3600"), Vec::<String>::new());
        assert_eq!(
            most("1800"),
            [
                "credentials of the role member live 3600 s, its sessions 1800 s at most (MAX_SESSION_SECONDS)"
            ]
        );
    }
}
