//! From the old system's attributes to the user pool's.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::LegacyUser;
use crate::phone::{is_e164, to_e164};

/// Longest attribute value that Cognito takes, characters (Amazon Cognito developer guide, "Working with
/// user attributes").
const MAX_VALUE: usize = 2048;

/// Cognito attribute → where its value comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<String, Source>);

/// Where an attribute's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected a name of the store, or one of { constant = \"…\" }, { template = \"{first} {last}\" }, \
                 { e164 = \"phone\", country_code = \"49\" }"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Source {
    /// The value that the store has under this name.
    Column(String),
    /// The same for everybody.
    Constant {
        /// The value.
        constant: String,
    },
    /// Several values and text between them.
    Template {
        /// Names in braces, and text.
        template: Template,
    },
    /// A phone number, brought into the form that Cognito takes.
    PhoneNumber {
        /// The name under which the store has it.
        e164: String,
        /// The country code of numbers that are written without one, digits.
        country_code: Option<CountryCode>,
    },
}

/// `{first} {last}`: names of the store in braces, and text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String")
)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

/// One to three digits, the first of which is no zero (ITU-T E.164, section 6.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String")
)]
pub struct CountryCode(String);

/// What became of a user's attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// What Cognito is to take over.
    pub attributes: BTreeMap<String, String>,
    /// Attributes whose value Cognito would refuse, and the whole user with it.
    pub left_out: Vec<String>,
}

/// The attributes that a pool may let its users sign in with, instead of the user name.
/// Source: Amazon Cognito developer guide, "Customizing sign-in attributes".
const ALIASES: [&str; 3] = ["email", "phone_number", "preferred_username"];

impl Mapping {
    /// Of these attributes.
    pub fn new(sources: BTreeMap<String, Source>) -> Self {
        Self(sources)
    }

    /// The Cognito attributes that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The attributes of `user`, who typed `typed`.
    ///
    /// A value that Cognito would refuse is left out: it would refuse the whole user for it. `username` is
    /// set only where the name that was typed is an alias of the user: Cognito refuses it elsewhere. An
    /// address is as verified as the old system says, never more.
    pub fn apply(&self, user: &LegacyUser, typed: &str) -> Mapped {
        let mut mapped = Mapped::default();
        for (name, source) in &self.0 {
            match source.value(&user.attributes) {
                None => {}
                Some(value) if value.is_empty() => {}
                Some(value) if acceptable(name, &value) => {
                    mapped.attributes.insert(name.clone(), value);
                }
                Some(_) => mapped.left_out.push(name.clone()),
            }
        }
        let attributes = &mut mapped.attributes;
        // A pool compares aliases without regard to case, unless it was made otherwise (`poolkeeper doctor` says so).
        let is_alias = ALIASES.iter().any(|alias| {
            let value = attributes.get(*alias);
            value.is_some_and(|value| value.to_lowercase() == typed.to_lowercase())
        });
        if !is_alias {
            attributes.remove("username");
        }
        for (contact, flag, verified) in [
            ("email", "email_verified", user.email_verified),
            (
                "phone_number",
                "phone_number_verified",
                user.phone_number_verified,
            ),
        ] {
            if attributes.contains_key(contact) {
                attributes.insert(flag.to_owned(), verified.to_string());
            }
        }
        mapped
    }
}

impl Mapped {
    /// Whether Cognito has somewhere to send a code to: it sends none to what is not verified.
    pub fn reachable(&self) -> bool {
        let verified = |flag: &str| {
            let value = self.attributes.get(flag);
            value.is_some_and(|value| value == "true")
        };
        verified("email_verified") || verified("phone_number_verified")
    }
}

impl Source {
    fn value(&self, of: &BTreeMap<String, String>) -> Option<String> {
        match self {
            Self::Column(name) => of.get(name).cloned(),
            Self::Constant { constant } => Some(constant.clone()),
            Self::Template { template } => template.value(of),
            Self::PhoneNumber { e164, country_code } => {
                let code = country_code.as_ref().map(|code| code.0.as_str());
                let number = of.get(e164)?;
                // What cannot be read is kept as it is, to be left out with a word in the log.
                Some(to_e164(number, code).unwrap_or_else(|| number.clone()))
            }
        }
    }
}

impl Template {
    /// `None` where the user lacks one of the names: half a name is worse than none.
    fn value(&self, of: &BTreeMap<String, String>) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Column(name) => of.get(name).map(String::as_str),
        });
        parts.collect()
    }
}

impl TryFrom<String> for Template {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected text with names in braces, such as {first} {last}";
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or(EXPECTED)?;
            if before.contains('}') || name.is_empty() || name.contains('{') {
                return Err(EXPECTED);
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Column(name.to_owned()));
            rest = behind;
        }
        if parts.is_empty() || rest.contains('}') {
            return Err(EXPECTED);
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }
}

impl TryFrom<String> for CountryCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (1..=3).contains(&text.len()) && !text.starts_with('0') {
            Ok(Self(text))
        } else {
            Err("expected a country code of one to three digits, such as 49")
        }
    }
}

fn acceptable(name: &str, value: &str) -> bool {
    let well_formed = match name {
        "phone_number" => is_e164(value),
        "email" => value
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()),
        _ => true,
    };
    well_formed && value.chars().count() <= MAX_VALUE
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(sources: serde_json::Value) -> Mapping {
        Mapping(serde_json::from_value(sources).unwrap())
    }

    fn user(attributes: &[(&str, &str)]) -> LegacyUser {
        let attributes = attributes.iter();
        LegacyUser {
            record_id: "17".to_owned(),
            attributes: attributes
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            email_verified: true,
            ..LegacyUser::default()
        }
    }

    fn applied(
        sources: serde_json::Value,
        attributes: &[(&str, &str)],
        typed: &str,
    ) -> serde_json::Value {
        json!(mapping(sources).apply(&user(attributes), typed).attributes)
    }

    #[test]
    fn only_what_the_policy_maps_moves_in() {
        let mapped = applied(
            json!({"email": "mail", "name": "full_name", "username": "login"}),
            &[
                ("mail", "ana@example.com"),
                ("full_name", "Ana"),
                ("role", "admin"),
            ],
            "ana",
        );
        let expected = json!({"email": "ana@example.com", "email_verified": "true", "name": "Ana"});
        assert_eq!(mapped, expected);
    }

    #[test]
    fn a_value_that_cognito_would_refuse_is_left_out_and_named() {
        let long = "x".repeat(2049);
        let sources =
            json!({"email": "mail", "name": "name", "phone_number": "tel", "locale": "none"});
        let user = user(&[("mail", "no address"), ("name", &long), ("tel", "030 1234")]);
        let mapped = mapping(sources).apply(&user, "ana");
        assert!(mapped.attributes.is_empty());
        assert_eq!(mapped.left_out, ["email", "name", "phone_number"]);
    }

    #[test]
    fn a_user_name_is_set_only_behind_an_alias_in_any_case() {
        let sources = || json!({"email": "mail", "username": "login"});
        let known = [("mail", "ana@example.com"), ("login", "ana")];
        assert!(applied(sources(), &known, "ana").get("username").is_none());
        let mapped = applied(sources(), &known, "Ana@Example.COM");
        assert_eq!(mapped["username"], "ana");
        let sources = json!({"preferred_username": "nick", "username": "login"});
        let mapped = applied(sources, &[("nick", "anita"), ("login", "ana")], "Anita");
        assert_eq!(mapped["username"], "ana");
    }

    #[test]
    fn a_code_needs_a_verified_destination() {
        let mapping = mapping(json!({"email": "mail"}));
        let mut user = user(&[("mail", "ana@example.com")]);
        assert!(mapping.apply(&user, "ana").reachable());
        user.email_verified = false;
        assert!(!mapping.apply(&user, "ana").reachable());
    }

    #[test]
    fn a_phone_number_is_as_verified_as_the_old_system_says() {
        let mapping = mapping(json!({"phone_number": "tel"}));
        let mut user = user(&[("tel", "+4930123456")]);
        let flag = |user: &LegacyUser| {
            let mut mapped = mapping.apply(user, "ana");
            mapped.attributes.remove("phone_number_verified").unwrap()
        };
        assert_eq!(flag(&user), "false");
        user.phone_number_verified = true;
        assert_eq!(flag(&user), "true");
    }

    #[test]
    fn constants_templates_and_numbers_are_made_up_from_what_is_there() {
        let sources = || {
            json!({
                "locale": {"constant": "de"},
                "name": {"template": "{first} {last}"},
                "phone_number": {"e164": "tel", "country_code": "49"},
            })
        };
        let known = [("first", "Ana"), ("last", "Ruiz"), ("tel", "030/123 456")];
        let expected = json!({
            "locale": "de",
            "name": "Ana Ruiz",
            "phone_number": "+4930123456",
            "phone_number_verified": "false",
        });
        assert_eq!(applied(sources(), &known, "ana"), expected);
        let half = applied(sources(), &[("first", "Ana")], "ana");
        assert_eq!(half, json!({"locale": "de"}));
    }

    #[test]
    fn a_source_that_is_none_is_refused() {
        for wrong in [
            json!({"template": "no names"}),
            json!({"template": "{first"}),
            json!({"template": "first}"}),
            json!({"template": "{}"}),
            json!({"e164": "tel", "country_code": "+49"}),
            json!({"constant": "de", "template": "{a}"}),
            json!(7),
        ] {
            assert!(
                serde_json::from_value::<Source>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }
}
