//! Where a pass over the pool is: an item of the directory table, written after each page.
//!
//! Its revision grows with each write, and a write needs the revision that was read: of two runs at once the
//! one that began first finds out at its next page, and stops. `completed_at` says that the directory knows
//! every user of the pool, which checks of uniqueness wait for: a pass in which a write was refused does not say so.

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{self, N},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, Item, key_item, number, read_number, read_text, rfc3339, text},
};
use time::OffsetDateTime;

use crate::{counts::Counts, prefix, seen::Parts};

/// What a pass is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The pool's users, by what their `sub` begins with.
    List {
        prefix: String,
        token: Option<String>,
    },
    /// The directory's items, from after this one.
    Sweep { after: Option<DirectoryKey> },
}

/// Where a pass is.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    pub(crate) stage: Stage,
    /// Which pass it is of.
    pub(crate) pass: String,
    /// The revision at which was kept whom the pass has seen.
    pub(crate) kept: Option<i64>,
    /// Parts of whom it may have forgotten some.
    pub(crate) forgotten: Parts,
    /// A service has refused some user's records in this pass.
    pub(crate) refused: bool,
    revision: i64,
}

/// Whether this run may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saved {
    Yes,
    /// Another run has begun since.
    Overtaken,
}

impl Stage {
    /// Of a new pass.
    pub(crate) fn first() -> Self {
        Self::List {
            prefix: prefix::FIRST.to_owned(),
            token: None,
        }
    }
}

impl Cursor {
    /// Of a pass that leaves no trace.
    pub(crate) fn unsaved() -> Self {
        Self {
            stage: Stage::first(),
            pass: String::new(),
            kept: None,
            forgotten: Parts::default(),
            refused: false,
            revision: 0,
        }
    }

    /// A new pass, which has seen nobody.
    pub(crate) fn begin(&mut self) {
        self.pass = OffsetDateTime::now_utc().unix_timestamp_nanos().to_string();
        self.kept = None;
        self.forgotten = Parts::default();
        self.refused = false;
    }

    /// Whether the pass is where it was when it was kept whom it has seen.
    pub(crate) fn is_as_kept(&self) -> bool {
        self.kept == Some(self.revision)
    }

    /// The revision that the next save writes.
    pub(crate) fn next_revision(&self) -> i64 {
        self.revision.saturating_add(1)
    }

    fn read(item: Option<&Item>) -> Self {
        let Some(item) = item else {
            return Self::unsaved();
        };
        let own = |name| read_text(item, name).map(str::to_owned);
        let stage = match read_text(item, "stage") {
            Some("sweep") => Stage::Sweep {
                after: own("after_pk")
                    .zip(own("after_sk"))
                    .map(|(pk, sk)| DirectoryKey { pk, sk }),
            },
            Some("list") => Stage::List {
                prefix: own("prefix").unwrap_or_else(|| prefix::FIRST.to_owned()),
                token: own("token"),
            },
            _ => Stage::first(),
        };
        Self {
            stage,
            pass: own("pass").unwrap_or_default(),
            kept: read_number(item, "kept"),
            forgotten: Parts(
                read_number(item, "forgotten")
                    .and_then(|parts| u16::try_from(parts).ok())
                    .unwrap_or_default(),
            ),
            refused: item.get("refused") == Some(&AttributeValue::Bool(true)),
            revision: read_number(item, "revision").unwrap_or_default(),
        }
    }
}

/// The cursor of one pool, in the table.
pub(crate) struct CursorItem<'a> {
    pub(crate) client: &'a Client,
    pub(crate) table: &'a str,
    pub(crate) pool_id: &'a str,
}

impl CursorItem<'_> {
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub(crate) async fn load(&self, deadline: Deadline) -> Result<Cursor, ServiceError> {
        let got = self
            .client
            .get_item()
            .table_name(self.table)
            .set_key(Some(key_item(&DirectoryKey::reconcile(self.pool_id))))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        let got = got.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(Cursor::read(got.item.as_ref()))
    }

    /// Writes where the pass is, with what this run has done so far.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn save(
        &self,
        cursor: &mut Cursor,
        counts: &Counts,
        completed: bool,
        deadline: Deadline,
    ) -> Result<Saved, ServiceError> {
        let now = rfc3339(OffsetDateTime::now_utc());
        let mut set = vec![
            number("revision", cursor.next_revision()),
            text("saved_at", now.as_str()),
            text("user_pool_id", self.pool_id),
            text("pass", &cursor.pass),
            number("forgotten", cursor.forgotten.0.into()),
            ("counts".to_owned(), counted(counts)),
            ("refused".to_owned(), AttributeValue::Bool(cursor.refused)),
        ];
        let mut remove = Vec::new();
        match cursor.kept {
            Some(revision) => set.push(number("kept", revision)),
            None => remove.push("kept"),
        }
        match &cursor.stage {
            Stage::List { prefix, token } => {
                set.extend([text("stage", "list"), text("prefix", prefix)]);
                match token {
                    Some(token) => set.push(text("token", token)),
                    None => remove.push("token"),
                }
                remove.extend(["after_pk", "after_sk"]);
            }
            Stage::Sweep { after } => {
                set.push(text("stage", "sweep"));
                match after {
                    Some(key) => set.extend([text("after_pk", &key.pk), text("after_sk", &key.sk)]),
                    None => remove.extend(["after_pk", "after_sk"]),
                }
                remove.extend(["prefix", "token"]);
            }
        }
        if completed && !cursor.refused {
            set.push(text("completed_at", now.as_str()));
        }
        let (expression, names, mut values) = update(set, &remove);
        values.insert(":known".to_owned(), N(cursor.revision.to_string()));
        let sent = self
            .client
            .update_item()
            .table_name(self.table)
            .set_key(Some(key_item(&DirectoryKey::reconcile(self.pool_id))))
            .update_expression(expression)
            .condition_expression("attribute_not_exists(pk) OR #revision = :known")
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match sent {
            Ok(_) => {
                cursor.revision = cursor.next_revision();
                Ok(Saved::Yes)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Saved::Overtaken),
                _ => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
            },
        }
    }
}

type Names = std::collections::HashMap<String, String>;

/// `SET #a = :a, … REMOVE #b, …`: no name of an attribute meets DynamoDB's reserved words.
fn update(set: Vec<(String, AttributeValue)>, remove: &[&str]) -> (String, Names, Item) {
    let assigned: Vec<String> = set
        .iter()
        .map(|(name, _)| format!("#{name} = :{name}"))
        .collect();
    let removed: Vec<String> = remove.iter().map(|name| format!("#{name}")).collect();
    let mut expression = format!("SET {}", assigned.join(", "));
    if !removed.is_empty() {
        expression = format!("{expression} REMOVE {}", removed.join(", "));
    }
    let named = set
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(remove.iter().copied());
    let names = named
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect();
    let values = set
        .into_iter()
        .map(|(name, value)| (format!(":{name}"), value));
    (expression, names, values.collect())
}

fn counted(counts: &Counts) -> AttributeValue {
    let counts = counts.named().into_iter();
    AttributeValue::M(
        counts
            .map(|(name, count)| (name.to_owned(), N(count.to_string())))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use AttributeValue::S;

    use super::*;

    #[test]
    fn what_is_there_and_cannot_be_read_is_a_new_pass() {
        let item = Item::from([
            ("stage".to_owned(), S("canary".to_owned())),
            number("revision", 7),
        ]);
        let cursor = Cursor::read(Some(&item));
        assert_eq!((cursor.stage, cursor.revision), (Stage::first(), 7));
    }

    #[test]
    fn an_update_names_every_attribute() {
        let (expression, names, values) = update(vec![text("token", "t")], &["prefix"]);
        assert_eq!(expression, "SET #token = :token REMOVE #prefix");
        assert_eq!((names.len(), values.len()), (2, 1));
    }
}
