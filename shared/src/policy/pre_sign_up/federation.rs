//! `federation`: the providers whose users come in, and what each may assert.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;

use super::{super::Findings, DomainPattern, text::Pattern};
use crate::email::Domain;

/// Longest name of a provider (Amazon Cognito API reference, CreateIdentityProvider).
const MAX_NAME: usize = 32;

/// The providers whose users come in.
#[derive(Debug, Clone)]
pub struct Federation {
    /// No two of them have the same name.
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
    /// What the ids of its users are like, as the pool writes them.
    ids: Option<Pattern>,
}

/// Whose user has a name.
#[derive(Debug, Clone, Copy)]
pub enum ProviderOf<'a> {
    /// Of this provider.
    One(ProviderUser<'a>),
    /// Of none that is listed.
    None,
    /// Of one of several: an id of the one, read with the name of the other.
    Several,
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
    /// A regular expression (Rust's `regex` syntax, without Unicode classes) that must fit the whole id of each of its
    /// users, as the pool writes it. It tells providers apart whose names begin alike.
    ids: Option<Pattern>,
}

impl Federation {
    /// Whose user has this name. Of providers whose names begin alike (`my` and `my_idp`), a name may be read as
    /// either's: Cognito writes `my_idp_7` for `idp_7` of the one and for `7` of the other.
    pub fn provider_of<'a>(&'a self, user_name: &'a str) -> ProviderOf<'a> {
        let mut users = self
            .providers
            .iter()
            .filter_map(|provider| provider.user(user_name));
        match (users.next(), users.next()) {
            (None, _) => ProviderOf::None,
            (Some(user), None) => ProviderOf::One(user),
            (Some(_), Some(_)) => ProviderOf::Several,
        }
    }

    /// Whether a provider's users are joined to accounts.
    pub fn links(&self) -> bool {
        self.providers.iter().any(|provider| provider.link)
    }
}

impl Provider {
    /// Who has this name, if it can be one of its users'.
    fn user<'a>(&'a self, user_name: &'a str) -> Option<ProviderUser<'a>> {
        let (name, rest) = user_name.split_at_checked(self.name.len())?;
        let subject = rest
            .strip_prefix('_')
            .filter(|subject| !subject.is_empty())?;
        let fits = self.ids.as_ref().is_none_or(|ids| ids.fits(subject));
        (name.eq_ignore_ascii_case(&self.name) && fits).then_some(ProviderUser {
            provider: self,
            subject,
            spelling_kept: name == self.name,
        })
    }

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
            let same = |other: &Provider| other.name.eq_ignore_ascii_case(&name);
            if providers.iter().any(same) {
                wrong("expected providers whose names differ by more than case");
            }
            providers.push(Provider {
                name,
                domains: written.domains,
                link: written.link,
                ids: written.ids,
            });
        }
        Federation { providers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn federation(names: &[(&str, Option<&str>)]) -> (Federation, bool) {
        let provider = |ids: &Option<&str>| WrittenProvider {
            domains: None,
            any_domain: true,
            link: false,
            ids: ids.map(|ids| ids.to_owned().try_into().unwrap()),
        };
        let providers = names.iter();
        let providers = providers.map(|(name, ids)| ((*name).to_owned(), provider(ids)));
        let written = WrittenFederation {
            providers: providers.collect(),
        };
        let mut findings = Findings::default();
        let federation = written.compile(&(0..0), &mut findings);
        (federation, findings.is_empty())
    }

    /// Provider, id and whether the spelling was kept; `None` for no provider, three dots for several.
    fn read<'a>(federation: &'a Federation, name: &'a str) -> Option<(&'a str, &'a str, bool)> {
        match federation.provider_of(name) {
            ProviderOf::One(user) => Some((
                user.provider.name.as_str(),
                user.subject,
                user.spelling_kept,
            )),
            ProviderOf::None => None,
            ProviderOf::Several => Some(("…", "", false)),
        }
    }

    #[test]
    fn a_user_name_tells_provider_and_id_whatever_either_is_made_of() {
        let (federation, valid) = federation(&[("Google", None), ("My_IdP", None), ("Ä", None)]);
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
            assert_eq!(read(&federation, name), expected, "{name}");
        }
    }

    #[test]
    fn a_user_name_that_two_providers_could_have_is_neither_s_unless_ids_tell() {
        let several = Some(("…", "", false));
        let (both, valid) = federation(&[("my", None), ("my_idp", None)]);
        assert!(valid);
        assert_eq!(read(&both, "my_7"), Some(("my", "7", true)));
        assert_eq!(read(&both, "my_idp_7"), several);
        assert_eq!(read(&both, "MY_IDP_7"), several);
        // What is left of `my_idp` is no id of its: only `my` can have it.
        assert_eq!(read(&both, "my_idp"), Some(("my", "idp", true)));
        assert_eq!(read(&both, "my_idp_"), Some(("my", "idp_", true)));
        let (told, _) = federation(&[("my", Some("[0-9]+")), ("my_idp", None)]);
        assert_eq!(read(&told, "my_7"), Some(("my", "7", true)));
        assert_eq!(read(&told, "my_idp_7"), Some(("my_idp", "7", true)));
        // A provider of the pool that is not listed is not taken for the one that is.
        let (alone, _) = federation(&[("my", Some("[0-9]+"))]);
        assert_eq!(read(&alone, "my_idp_7"), None);
    }

    #[test]
    fn providers_whose_names_differ_by_case_alone_are_refused() {
        for (names, valid) in [
            (&[("my", None), ("my_idp", None)][..], true),
            (&[("idp", None), ("IDP", None)], false),
            (&[("idp", None), ("idp2", None)], true),
            (&[], false),
            (&[("", None)], false),
        ] {
            assert_eq!(federation(names).1, valid, "{names:?}");
        }
    }
}
