//! A row of the table, read whatever the types of its attributes are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use super::Columns;
use crate::legacy::{LegacyUser, row::Row};

impl Row {
    /// Reads an item. Whatever has another type than the schema says gives the user nothing.
    pub(super) fn of_item(
        columns: &Columns,
        record_id: String,
        mut item: HashMap<String, AttributeValue>,
    ) -> Self {
        let flag = |name: &String, default| match item.get(name) {
            Some(AttributeValue::Bool(value)) => *value,
            // Anything but a boolean is an import gone wrong: read as the safer of both.
            Some(_) => false,
            None => default,
        };
        let email_verified = flag(&columns.email_verified, false);
        let phone_number_verified = flag(&columns.phone_number_verified, false);
        let enabled = flag(&columns.enabled, true);
        let mfa = flag(&columns.mfa, false);
        let groups = match item.remove(&columns.groups) {
            Some(AttributeValue::Ss(names)) => names.into_iter().collect(),
            Some(AttributeValue::L(names)) => names.into_iter().filter_map(scalar).collect(),
            _ => BTreeSet::new(),
        };
        let password_hash = match item.remove(&columns.password_hash) {
            Some(AttributeValue::S(text)) => text.into_bytes(),
            Some(AttributeValue::B(octets)) => octets.into_inner(),
            _ => Vec::new(),
        };
        let hash_scheme = item.remove(&columns.hash_scheme).and_then(scalar);
        let attributes = match item.remove(&columns.attributes) {
            Some(AttributeValue::M(map)) => map
                .into_iter()
                .filter_map(|(name, value)| Some((name, scalar(value)?)))
                .collect(),
            _ => BTreeMap::new(),
        };
        Self {
            user: LegacyUser {
                record_id,
                attributes,
                email_verified,
                phone_number_verified,
                groups,
                mfa,
                scheme: None,
            },
            password_hash,
            hash_scheme,
            enabled,
        }
    }
}

fn scalar(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
        AttributeValue::N(number) => Some(number),
        AttributeValue::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use password::{SchemeHint, StoredHash};
    use proptest::{collection, option, prelude::*, sample::select};

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let known = select(vec![
            "",
            "true",
            "0",
            "bcrypt",
            "django",
            "canary",
            "ana@example.com",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "md5$salt$8b7ce5ab1c1d8e0ddd9b7d3b7b4b6a1c",
        ]);
        let known = known.prop_map(str::to_owned);
        let any = collection::vec(any::<char>(), 0..9).prop_map(String::from_iter);
        prop_oneof![3 => known, 1 => any]
    }

    fn octets() -> impl Strategy<Value = Blob> {
        prop_oneof![
            text().prop_map(String::into_bytes),
            collection::vec(any::<u8>(), 0..40)
        ]
        .prop_map(Blob::new)
    }

    /// A value of any of the types that a table has.
    fn value() -> impl Strategy<Value = AttributeValue> {
        let leaf = prop_oneof![
            3 => text().prop_map(AttributeValue::S),
            1 => text().prop_map(AttributeValue::N),
            1 => octets().prop_map(AttributeValue::B),
            2 => any::<bool>().prop_map(AttributeValue::Bool),
            1 => any::<bool>().prop_map(AttributeValue::Null),
            1 => collection::vec(text(), 0..3).prop_map(AttributeValue::Ss),
            1 => collection::vec(text(), 0..3).prop_map(AttributeValue::Ns),
            1 => collection::vec(octets(), 0..3).prop_map(AttributeValue::Bs),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..3).prop_map(AttributeValue::L),
                collection::hash_map(text(), inner, 0..3).prop_map(AttributeValue::M),
            ]
        })
    }

    fn item() -> impl Strategy<Value = HashMap<String, AttributeValue>> {
        let names = [
            "password_hash",
            "hash_scheme",
            "attributes",
            "email_verified",
            "phone_number_verified",
            "enabled",
        ];
        names
            .map(|_| option::weighted(0.8, value()))
            .prop_map(move |values| {
                let columns = names.iter().zip(values);
                columns
                    .filter_map(|(name, value)| Some(((*name).to_owned(), value?)))
                    .collect()
            })
    }

    /// No hint, and those without options.
    fn hints() -> Vec<Option<SchemeHint>> {
        let names = ["django", "joomla", "magento", "meteor", "werkzeug", "clerk"];
        let hints = names.map(|scheme| {
            let hint = serde_json::from_value(serde_json::json!({ "scheme": scheme }));
            Some(hint.unwrap())
        });
        std::iter::once(None).chain(hints).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_of_any_types_is_read_and_what_has_a_wrong_type_gives_nothing(item in item()) {
            let row = Row::of_item(&Columns::default(), "ana".to_owned(), item.clone());
            prop_assert_eq!(row.user.record_id.as_str(), "ana");
            let is_true = |name, default| {
                item.get(name).map_or(default, |value| *value == AttributeValue::Bool(true))
            };
            prop_assert_eq!(row.enabled, is_true("enabled", true));
            prop_assert_eq!(row.user.email_verified, is_true("email_verified", false));
            prop_assert_eq!(row.user.phone_number_verified, is_true("phone_number_verified", false));

            let text_or_octets = match item.get("password_hash") {
                Some(AttributeValue::S(text)) => text.as_bytes(),
                Some(AttributeValue::B(octets)) => octets.as_ref(),
                _ => b"",
            };
            prop_assert_eq!(row.password_hash.as_slice(), text_or_octets);
            for hint in hints() {
                let scheme = row.hash_scheme.as_deref();
                let stored = StoredHash::parse_row(&row.password_hash, scheme, hint.as_ref());
                prop_assert!(stored.is_err() || !text_or_octets.is_empty(), "{:?} {:?}", scheme, hint);
            }

            let known = match item.get("attributes") {
                Some(AttributeValue::M(known)) => known.clone(),
                _ => HashMap::new(),
            };
            for (name, value) in &row.user.attributes {
                let told = match &known[name] {
                    AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
                    AttributeValue::Bool(flag) => flag.to_string(),
                    other => panic!("{other:?}"),
                };
                prop_assert_eq!(value, &told);
            }
        }
    }
}
