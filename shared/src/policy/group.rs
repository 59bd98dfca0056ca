//! `[[post-confirmation.groups]]`: which group of the pool a confirmed user joins.
//!
//! A group may lead to an IAM role. So a rule looks only at what a user cannot set: a verified address, the
//! provider who vouches, an app client that holds a secret.

use std::{collections::BTreeSet, ops::Range};

use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use super::{DomainPattern, Findings};
use crate::email::EmailAddress;

/// The longest name of a group (Amazon Cognito API reference, CreateGroup).
const LONGEST_NAME: usize = 128;

/// A rule: whoever meets all of its conditions joins the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    group: String,
    email_domains: Option<Vec<DomainPattern>>,
    providers: Option<BTreeSet<String>>,
    confidential_clients: Option<BTreeSet<String>>,
}

/// What rules may look at.
#[derive(Debug, Clone, Default)]
pub struct Vouched<'a> {
    /// The e-mail address, if it is verified.
    pub email: Option<&'a EmailAddress>,
    /// The providers whom the pool has linked with the user.
    pub providers: BTreeSet<String>,
    /// The app client.
    pub client_id: Option<&'a str>,
}

/// A group that confirmed users join. At least one condition is needed, and all that are given must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "GroupRule")
)]
pub(super) struct WrittenRule {
    /// The group of the user pool.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    group: Spanned<String>,
    /// The domain of the verified e-mail address: `example.com`, or `*.example.com` for all below it.
    email_domains: Option<Vec<DomainPattern>>,
    /// The provider through whom the user came, by its name in the pool.
    providers: Option<BTreeSet<String>>,
    /// The app client's id. Only clients with a secret: the id of any other is public.
    confidential_clients: Option<BTreeSet<String>>,
    /// Refused with a reason: whoever thinks of it should know why.
    #[cfg_attr(feature = "schema", schemars(skip))]
    attribute: Option<Spanned<IgnoredAny>>,
}

impl GroupRule {
    /// `None` goes with a finding.
    pub(super) fn compile(written: WrittenRule, findings: &mut Findings) -> Option<Self> {
        let at = written.group.span();
        if let Some(attribute) = written.attribute {
            let expected = "users set attributes themselves: expected email_domains, providers or confidential_clients";
            findings.at(attribute.span(), expected);
            return None;
        }
        let group = written.group.into_inner();
        if !is_name(&group, at.clone(), findings) {
            return None;
        }
        let empty = [
            written.email_domains.as_ref().map(Vec::is_empty),
            written.providers.as_ref().map(BTreeSet::is_empty),
            written
                .confidential_clients
                .as_ref()
                .map(BTreeSet::is_empty),
        ];
        if empty.iter().all(Option::is_none) || empty.contains(&Some(true)) {
            let expected = "expected at least one of email_domains, providers and confidential_clients, and none of them empty";
            findings.at(at, expected);
            return None;
        }
        Some(Self {
            group,
            email_domains: written.email_domains,
            providers: written.providers,
            confidential_clients: written.confidential_clients,
        })
    }

    /// The group that is earned.
    pub(super) fn group(&self) -> &str {
        &self.group
    }

    /// The group, if all conditions hold.
    pub(super) fn earned(&self, vouched: &Vouched<'_>) -> Option<&str> {
        let email = self.email_domains.as_ref().is_none_or(|domains| {
            vouched
                .email
                .is_some_and(|email| domains.iter().any(|it| it.matches(email.domain())))
        });
        let provider = self
            .providers
            .as_ref()
            .is_none_or(|providers| !providers.is_disjoint(&vouched.providers));
        let client = self
            .confidential_clients
            .as_ref()
            .is_none_or(|clients| vouched.client_id.is_some_and(|id| clients.contains(id)));
        (email && provider && client).then_some(self.group.as_str())
    }
}

/// Whether a pool may have a group of this name; if not, there is a finding.
pub(super) fn is_name(group: &str, at: Range<usize>, findings: &mut Findings) -> bool {
    let is_one = !group.is_empty() && group.chars().count() <= LONGEST_NAME;
    if !is_one {
        findings.at(at, "expected the name of a group, of 1 to 128 characters");
    }
    is_one
}

/// The names of the providers in the attribute `identities`, which Cognito alone sets.
pub fn providers(identities: Option<&str>) -> BTreeSet<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Identity {
        provider_name: String,
    }
    let identities = identities.and_then(|text| serde_json::from_str::<Vec<Identity>>(text).ok());
    let identities = identities.unwrap_or_default().into_iter();
    identities.map(|identity| identity.provider_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PolicyFile, PostConfirmation};

    fn policy(rules: &str) -> Result<PostConfirmation, String> {
        let text = format!("version = 1\n[post-confirmation]\n{rules}");
        let file = PolicyFile::parse("policy.toml", text);
        file.section().map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_group_is_earned_by_what_a_user_cannot_set() {
        let policy = policy(
            "groups = [{ group = 'staff', email_domains = ['example.com'] },\n\
             { group = 'corp', providers = ['Corp'], email_domains = ['*.example.com'] },\n\
             { group = 'back-office', confidential_clients = ['client1'] }]",
        )
        .unwrap();
        let email = |text: &str| text.parse::<EmailAddress>().unwrap();
        let (staff, below) = (email("a@example.com"), email("a@x.example.com"));
        let corp = || providers(Some(r#"[{"providerName":"Corp","userId":"1"}]"#));
        for (vouched, groups) in [
            (Vouched::default(), vec![]),
            (
                Vouched {
                    email: Some(&staff),
                    ..Vouched::default()
                },
                vec!["staff"],
            ),
            (
                Vouched {
                    email: Some(&below),
                    ..Vouched::default()
                },
                vec![],
            ),
            (
                Vouched {
                    email: Some(&below),
                    providers: corp(),
                    client_id: None,
                },
                vec!["corp"],
            ),
            (
                Vouched {
                    providers: corp(),
                    ..Vouched::default()
                },
                vec![],
            ),
            (
                Vouched {
                    client_id: Some("client1"),
                    ..Vouched::default()
                },
                vec!["back-office"],
            ),
            (
                Vouched {
                    client_id: Some("client2"),
                    ..Vouched::default()
                },
                vec![],
            ),
        ] {
            let earned: Vec<&str> = policy.groups_of(&vouched).into_iter().collect();
            assert_eq!(earned, groups, "{vouched:?}");
        }
    }

    #[test]
    fn the_group_of_a_tier_is_nobody_elses_to_give() {
        let tiers = "tiers = { gold = 'gold-members' }";
        assert_eq!(policy(tiers).unwrap().tiers["gold"], "gold-members");
        for more in [
            "invited_groups = ['gold-members']",
            "groups = [{ group = 'gold-members', email_domains = ['example.com'] }]",
        ] {
            let error = policy(&format!("{more}\n{tiers}")).unwrap_err();
            assert!(
                error.contains("expected a group of the tier's own"),
                "{error}"
            );
        }
        let nameless = policy("tiers = { gold = '' }").unwrap_err();
        assert!(nameless.contains("of 1 to 128 characters"), "{nameless}");
    }

    #[test]
    fn a_rule_that_anybody_could_meet_is_refused() {
        for (rule, expected) in [
            ("{ group = 'staff' }", "at least one of"),
            ("{ group = 'staff', providers = [] }", "none of them empty"),
            (
                "{ group = '', providers = ['Corp'] }",
                "the name of a group",
            ),
            (
                "{ group = 'staff', attribute = { name = 'custom:role' } }",
                "users set attributes themselves",
            ),
            (
                "{ group = 'staff', clients = ['x'] }",
                "confidential_clients",
            ),
        ] {
            let error = policy(&format!("groups = [{rule}]")).unwrap_err();
            assert!(error.contains(expected), "{rule}: {error}");
        }
    }

    #[test]
    fn identities_that_cannot_be_read_name_nobody() {
        for text in [None, Some(""), Some("{}"), Some("[{}]"), Some("[1]")] {
            assert!(providers(text).is_empty(), "{text:?}");
        }
    }
}
