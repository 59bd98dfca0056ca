//! The row of a user, by the names of its columns.

use std::collections::BTreeMap;

use super::{Column, SqlColumns, SqlError, cell::Cell};
use crate::legacy::{row::Row, user::LegacyUser};

/// Longest id of a record, octets.
const MAX_ID: usize = 256;

/// The values of a row by the names of their columns.
pub(super) type Cells = BTreeMap<String, Cell>;

impl Row {
    /// Reads a row; none without an id. Whatever else has a type that means nothing gives the user nothing.
    pub(super) fn of_cells(columns: &SqlColumns, mut cells: Cells) -> Option<Self> {
        let record_id = cells.get(&columns.id.name).cloned()?.into_text()?;
        if record_id.is_empty() || record_id.len() > MAX_ID {
            return None;
        }
        let mut take = |column: &Column| cells.remove(&column.name);
        let is_true = |cell: Option<Cell>| cell.is_some_and(|cell| cell.is_true());
        let password_hash = take(&columns.password_hash).map(Cell::into_octets);
        let hash_scheme = take(&columns.hash_scheme).and_then(Cell::into_text);
        let email_verified = is_true(take(&columns.email_verified));
        let phone_number_verified = is_true(take(&columns.phone_number_verified));
        let enabled = take(&columns.enabled).is_none_or(|cell| cell.is_true());
        let groups = take(&columns.groups).map(Cell::into_names);
        let mfa = is_true(take(&columns.mfa));
        let attributes = cells.into_iter();
        let attributes = attributes.filter_map(|(name, cell)| Some((name, cell.into_text()?)));
        Some(Self {
            user: LegacyUser {
                record_id,
                attributes: attributes.collect(),
                email_verified,
                phone_number_verified,
                groups: groups.unwrap_or_default(),
                mfa,
                scheme: None,
            },
            password_hash: password_hash.unwrap_or_default(),
            hash_scheme,
            enabled,
        })
    }
}

/// Whether a query with columns of these names means by them what the policy does: id and hash are there and whatever else
/// the policy names, each once, and none in another case. Otherwise a locked account would be as good as any, or a record
/// somebody else's.
///
/// # Errors
/// For the first column of which that is not so.
pub(super) fn check_columns<'a>(
    columns: &SqlColumns,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), SqlError> {
    let meant = [
        ("id", &columns.id),
        ("password_hash", &columns.password_hash),
        ("hash_scheme", &columns.hash_scheme),
        ("email_verified", &columns.email_verified),
        ("phone_number_verified", &columns.phone_number_verified),
        ("enabled", &columns.enabled),
        ("groups", &columns.groups),
        ("mfa", &columns.mfa),
    ];
    for (key, column) in meant {
        let alike = names
            .clone()
            .filter(|given| given.eq_ignore_ascii_case(&column.name));
        let needed = column.is_written || matches!(key, "id" | "password_hash");
        match alike.collect::<Vec<_>>().as_slice() {
            [] if needed => return Err(SqlError::Column(key)),
            [] => {}
            [given] if *given == column.name => {}
            [_] => return Err(SqlError::ColumnCase(key)),
            _ => return Err(SqlError::Columns(key)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection, option, prelude::*};

    use super::*;

    fn cells(cells: &[(&str, Cell)]) -> Cells {
        let cells = cells.iter();
        let cells = cells.map(|(name, cell)| ((*name).to_owned(), cell.clone()));
        cells.collect()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_row_is_read_by_the_names_of_its_columns() {
        let row = cells(&[
            ("id", Cell::Integer(17)),
            ("password_hash", text("$2a$")),
            ("email", text("ana@example.com")),
            ("email_verified", Cell::Integer(1)),
            ("age", Cell::Integer(40)),
            ("born", Cell::Nothing),
            ("groups", text("writers, staff,")),
        ]);
        let row = Row::of_cells(&SqlColumns::default(), row).unwrap();
        assert_eq!(row.user.record_id, "17");
        assert!(row.user.email_verified && row.enabled && !row.user.mfa);
        assert_eq!(row.password_hash, b"$2a$");
        let attributes: Vec<_> = row.user.attributes.into_iter().collect();
        let expected = [("age", "40"), ("email", "ana@example.com"), ("id", "17")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(attributes, expected);
        let groups = ["staff", "writers"].map(str::to_owned);
        assert_eq!(row.user.groups, BTreeSet::from(groups));
    }

    #[test]
    fn columns_have_the_names_that_the_policy_gives_them() {
        let columns = SqlColumns {
            id: Column::from("uid".to_owned()),
            password_hash: Column::from("pw".to_owned()),
            groups: Column::from("roles".to_owned()),
            ..SqlColumns::default()
        };
        let row = cells(&[
            ("uid", text("u-1")),
            ("pw", Cell::Octets(vec![0xff, 0])),
            ("roles", Cell::Texts(vec!["a, b".to_owned()])),
        ]);
        let row = Row::of_cells(&columns, row).unwrap();
        assert_eq!(row.password_hash, [0xff, 0]);
        assert!(row.user.groups.contains("a, b"));
        let names: Vec<&str> = row.user.attributes.keys().map(String::as_str).collect();
        assert_eq!(names, ["uid"]);
    }

    #[test]
    fn a_wrong_type_gives_nothing_and_a_row_without_an_id_is_nobodys() {
        let odd = cells(&[
            ("id", text("17")),
            ("enabled", text("yes")),
            ("email_verified", Cell::Octets(vec![1])),
            ("mfa", Cell::Texts(Vec::new())),
            ("password_hash", Cell::Integer(5)),
        ]);
        let row = Row::of_cells(&SqlColumns::default(), odd).unwrap();
        assert!(!row.enabled && !row.user.email_verified && !row.user.mfa);
        assert!(row.password_hash.is_empty());
        let null = cells(&[("id", text("17")), ("enabled", Cell::Nothing)]);
        assert!(!Row::of_cells(&SqlColumns::default(), null).unwrap().enabled);
        let long = "x".repeat(MAX_ID + 1);
        for id in [
            Cell::Nothing,
            text(""),
            text(&long),
            Cell::Texts(Vec::new()),
        ] {
            let row = cells(&[("id", id)]);
            assert!(Row::of_cells(&SqlColumns::default(), row).is_none());
        }
        assert!(Row::of_cells(&SqlColumns::default(), Cells::new()).is_none());
    }

    #[test]
    fn a_query_without_id_or_hash_is_told() {
        let check = |names: &[&str]| check_columns(&SqlColumns::default(), names.iter().copied());
        assert_eq!(check(&["id", "password_hash"]), Ok(()));
        assert_eq!(
            check(&["id", "email"]),
            Err(SqlError::Column("password_hash"))
        );
        assert_eq!(check(&[]), Err(SqlError::Column("id")));
    }

    #[test]
    fn a_column_that_the_policy_names_is_there_once_and_written_so() {
        let columns: SqlColumns = serde_json::from_str(r#"{ "enabled": "allowed" }"#).unwrap();
        let check = |columns: &SqlColumns, more: &[&str]| {
            check_columns(columns, ["id", "password_hash"].iter().chain(more).copied())
        };
        assert_eq!(check(&columns, &["allowed"]), Ok(()));
        let missing = Err(SqlError::Column("enabled"));
        assert_eq!(check(&columns, &["active"]), missing);
        // Not named in the policy, it may be absent, but not be called nearly so.
        let columns = SqlColumns::default();
        assert_eq!(check(&columns, &["email"]), Ok(()));
        let case = Err(SqlError::ColumnCase("enabled"));
        assert_eq!(check(&columns, &["Enabled"]), case);
        // Of two tables that were joined.
        for (twice, key) in [
            ("id", "id"),
            ("ID", "id"),
            ("password_hash", "password_hash"),
        ] {
            assert_eq!(check(&columns, &[twice]), Err(SqlError::Columns(key)));
        }
        let twice = Err(SqlError::Columns("enabled"));
        assert_eq!(check(&columns, &["enabled", "enabled"]), twice);
        assert_eq!(check(&columns, &["email", "email"]), Ok(()));
    }

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Nothing),
            ".{0,9}".prop_map(Cell::Text),
            collection::vec(any::<u8>(), 0..9).prop_map(Cell::Octets),
            prop_oneof![Just(0), Just(1), any::<i64>()].prop_map(Cell::Integer),
            any::<bool>().prop_map(Cell::Boolean),
            collection::vec(".{0,5}", 0..3).prop_map(Cell::Texts),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_of_any_types_is_read_and_says_yes_to_true_and_one_only(
            values in collection::vec(option::weighted(0.8, cell()), 8)
        ) {
            let names = ["id", "password_hash", "hash_scheme", "email_verified", "phone_number_verified", "enabled",
                "groups", "mfa"];
            let given = names.iter().zip(values);
            let given: Cells = given
                .filter_map(|(name, cell)| Some(((*name).to_owned(), cell?)))
                .collect();
            let yes = |name: &str, absent| given.get(name).map_or(absent, |cell| {
                *cell == Cell::Boolean(true) || *cell == Cell::Integer(1)
            });
            if let Some(row) = Row::of_cells(&SqlColumns::default(), given.clone()) {
                prop_assert!(!row.user.record_id.is_empty());
                prop_assert_eq!(row.enabled, yes("enabled", true));
                prop_assert_eq!(row.user.email_verified, yes("email_verified", false));
                prop_assert_eq!(row.user.mfa, yes("mfa", false));
                prop_assert!(!row.user.attributes.contains_key("password_hash"));
            }
        }
    }
}
