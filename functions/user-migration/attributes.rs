//! From the old system's attributes to the user pool's.

use std::collections::BTreeMap;

use shared::{legacy::LegacyUser, phone::is_e164, policy::UserMigration};

/// Longest attribute value that Cognito takes, characters (Amazon Cognito developer guide, "Working with
/// user attributes").
const MAX_VALUE: usize = 2048;

/// The user attributes that the policy maps, of those that the legacy user has.
///
/// A value that is empty or too long is left out, and a phone number that is not one: Cognito would refuse
/// the whole user for it. `username` is set only where the name that was typed is an alias of the user: Cognito refuses it elsewhere.
pub(crate) fn map(
    policy: &UserMigration,
    user: &LegacyUser,
    typed: &str,
) -> BTreeMap<String, String> {
    let mut mapped: BTreeMap<String, String> = policy
        .attributes
        .iter()
        .filter_map(|(name, legacy)| Some((name, user.attributes.get(legacy.get_ref())?)))
        .filter(|(name, value)| acceptable(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // A pool compares aliases without regard to case, unless it was made otherwise.
    let is_alias = ["email", "phone_number"].iter().any(|alias| {
        let value = mapped.get(*alias);
        value.is_some_and(|value| value.to_lowercase() == typed.to_lowercase())
    });
    if !is_alias {
        mapped.remove("username");
    }
    if mapped.contains_key("email") {
        mapped.insert("email_verified".to_owned(), user.email_verified.to_string());
    }
    mapped
}

fn acceptable(name: &str, value: &str) -> bool {
    let number = name != "phone_number" || is_e164(value);
    number && !value.is_empty() && value.chars().count() <= MAX_VALUE
}

/// Whether Cognito has somewhere to send a code to: it sends none to what is not verified.
pub(crate) fn reachable(attributes: &BTreeMap<String, String>) -> bool {
    let verified = |flag: &str| attributes.get(flag).is_some_and(|value| value == "true");
    (attributes.contains_key("email") && verified("email_verified"))
        || (attributes.contains_key("phone_number") && verified("phone_number_verified"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use shared::policy::PolicyFile;

    use super::*;

    fn policy() -> UserMigration {
        let text = "version = 1\n[user-migration]\nattributes = { email = \"mail\", name = \"full_name\", username = \"login\" }";
        PolicyFile::parse("policy.toml", text.to_owned())
            .section()
            .unwrap()
    }

    fn user(attributes: &[(&str, &str)]) -> LegacyUser {
        LegacyUser {
            password_hash: Vec::new(),
            hash_scheme: None,
            attributes: attributes
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            email_verified: true,
            enabled: true,
        }
    }

    #[test]
    fn only_what_the_policy_maps_moves_in() {
        let user = user(&[
            ("mail", "ana@example.com"),
            ("full_name", "Ana"),
            ("role", "admin"),
        ]);
        let mapped = map(&policy(), &user, "ana");
        let expected = [
            ("email", "ana@example.com"),
            ("email_verified", "true"),
            ("name", "Ana"),
        ];
        assert!(
            mapped
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .eq(expected)
        );
    }

    #[test]
    fn a_value_that_cognito_would_refuse_is_left_out() {
        let long = "x".repeat(2049);
        let mapped = map(
            &policy(),
            &user(&[("mail", ""), ("full_name", &long)]),
            "ana",
        );
        assert!(mapped.is_empty());
    }

    #[test]
    fn a_user_name_is_set_only_behind_an_alias() {
        let user = user(&[("mail", "ana@example.com"), ("login", "ana")]);
        assert_eq!(map(&policy(), &user, "ana").get("username"), None);
        let mapped = map(&policy(), &user, "ana@example.com");
        assert_eq!(mapped.get("username").unwrap(), "ana");
    }

    #[test]
    fn a_phone_number_that_cognito_would_refuse_is_left_out() {
        let mut policy = policy();
        let column = toml::Spanned::new(0..0, "tel".to_owned());
        policy.attributes.insert("phone_number".to_owned(), column);
        let mapped = |number| map(&policy, &user(&[("tel", number)]), "ana");
        for number in ["030 123456", "+49 30 123456", "+0123456", "004930123456"] {
            assert_eq!(mapped(number).get("phone_number"), None, "{number}");
        }
        assert_eq!(mapped("+4930123456").len(), 1);
    }

    #[test]
    fn an_alias_is_recognised_in_any_case() {
        let user = user(&[("mail", "ana@example.com"), ("login", "ana")]);
        let mapped = map(&policy(), &user, "Ana@Example.COM");
        assert_eq!(mapped.get("username").unwrap(), "ana");
    }

    #[test]
    fn a_code_needs_a_verified_destination() {
        let mut user = user(&[("mail", "ana@example.com")]);
        assert!(reachable(&map(&policy(), &user, "ana")));
        user.email_verified = false;
        assert!(!reachable(&map(&policy(), &user, "ana")));
    }
}
