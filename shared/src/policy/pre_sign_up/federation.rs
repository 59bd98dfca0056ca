//! `federation`: the providers whose users come in, and what each may assert.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;

use super::{super::Findings, DomainPattern};
use crate::email::Domain;

/// Longest name of a provider (Amazon Cognito API reference, CreateIdentityProvider).
const MAX_NAME: usize = 32;

/// The providers whose users come in.
#[derive(Debug, Clone)]
pub struct Federation {
    /// No two of them begin alike: of a user name it is certain whose it is.
    providers: Vec<Provider>,
}

/// A provider, as the pool knows it.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name, in the pool's own spelling.
    pub name: String,
    /// The domains of the addresses that it may assert; all of them where there is no list.
    pub domains: Option<Vec<DomainPattern>>,
    /// Whether its word joins its user to the account that has the address.
    pub link: bool,
}

/// A user name of a provider's user: `<provider>_<the user's id there>`.
#[derive(Debug, Clone, Copy)]
pub struct ProviderUser<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The user's id there, in any case if `spelling_kept` is not.
    pub subject: &'a str,
    /// Whether the name has the provider's own spelling. A pool whose user names have no case writes them in
    /// lower case, and with them ids that may have had capitals.
    pub spelling_kept: bool,
}

/// The providers whose users come in; those of every other are kept out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Federation")
)]
pub(super) struct WrittenFederation {
    /// The providers, by their names in the pool.
    providers: BTreeMap<String, WrittenProvider>,
}

/// What a provider may assert. Exactly one of `domains` and `any_domain`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "FederatedProvider")
)]
struct WrittenProvider {
    /// The domains of the e-mail addresses that it may assert, as `email_domain` writes them.
    domains: Option<Vec<DomainPattern>>,
    /// That it may assert addresses of every domain: it verifies each before it does.
    #[serde(default)]
    any_domain: bool,
    /// Whether its user is joined to the account of the pool that has the same address, if both say that the
    /// address is verified. Only for a provider whose word opens those accounts.
    #[serde(default)]
    link: bool,
}

impl Federation {
    /// Whose user has this name; `None` for a provider that is not known.
    pub fn provider_of<'a>(&'a self, user_name: &'a str) -> Option<ProviderUser<'a>> {
        self.providers.iter().find_map(|provider| {
            let (name, rest) = user_name.split_at_checked(provider.name.len())?;
            let subject = rest.strip_prefix('_')?;
            (name.eq_ignore_ascii_case(&provider.name) && !subject.is_empty()).then_some(
                ProviderUser {
                    provider,
                    subject,
                    spelling_kept: name == provider.name,
                },
            )
        })
    }

    /// Whether a provider's users are joined to accounts.
    pub fn links(&self) -> bool {
        self.providers.iter().any(|provider| provider.link)
    }
}

impl Provider {
    /// Whether it may assert an address of `domain`.
    pub fn may_assert(&self, domain: &Domain) -> bool {
        let listed = |list: &Vec<DomainPattern>| list.iter().any(|it| it.matches(domain));
        self.domains.as_ref().is_none_or(listed)
    }
}

impl WrittenFederation {
    pub(super) fn compile(self, at: &Range<usize>, findings: &mut Findings) -> Federation {
        let mut wrong = |text: &str| findings.at(at.clone(), text);
        if self.providers.is_empty() {
            wrong("expected at least one provider");
        }
        let mut providers: Vec<Provider> = Vec::new();
        for (name, written) in self.providers {
            if name.is_empty() || name.chars().count() > MAX_NAME {
                wrong("expected a provider's name in the pool, 1 to 32 characters");
            }
            if written.domains.is_some() == written.any_domain {
                wrong("expected exactly one of domains and any_domain = true for each provider");
            }
            let lower = format!("{}_", name.to_lowercase());
            let alike = |other: &Provider| {
                let other = format!("{}_", other.name.to_lowercase());
                other.starts_with(&lower) || lower.starts_with(&other)
            };
            if providers.iter().any(alike) {
                wrong("expected providers that do not begin alike: their user names would");
            }
            providers.push(Provider {
                name,
                domains: written.domains,
                link: written.link,
            });
        }
        Federation { providers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn federation(names: &[&str]) -> (Federation, bool) {
        let provider = || WrittenProvider {
            domains: None,
            any_domain: true,
            link: false,
        };
        let providers = names.iter().map(|name| ((*name).to_owned(), provider()));
        let written = WrittenFederation {
            providers: providers.collect(),
        };
        let mut findings = Findings::default();
        let federation = written.compile(&(0..0), &mut findings);
        (federation, findings.is_empty())
    }

    #[test]
    fn a_user_name_tells_provider_and_id_whatever_either_is_made_of() {
        let (federation, valid) = federation(&["Google", "My_IdP", "Ä"]);
        assert!(valid);
        for (name, expected) in [
            ("Google_123", Some(("Google", "123", true))),
            ("google_123", Some(("Google", "123", false))),
            ("Google_a_B@c", Some(("Google", "a_B@c", true))),
            ("My_IdP_7_x", Some(("My_IdP", "7_x", true))),
            ("my_idp_7", Some(("My_IdP", "7", false))),
            ("Ä_1", Some(("Ä", "1", true))),
            ("Google", None),
            ("Google_", None),
            ("Googles_1", None),
            ("My_1", None),
            ("Öa_1", None),
            ("", None),
        ] {
            let found = federation.provider_of(name);
            let found = found.map(|it| (it.provider.name.as_str(), it.subject, it.spelling_kept));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn providers_whose_user_names_could_be_each_other_s_are_refused() {
        for (names, valid) in [
            (&["my", "my_idp"][..], false),
            (&["MY_IDP", "my"], false),
            (&["idp", "IDP"], false),
            (&["idp", "idp2"], true),
            (&[], false),
            (&[""], false),
        ] {
            assert_eq!(federation(names).1, valid, "{names:?}");
        }
    }
}
