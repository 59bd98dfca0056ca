//! The commands that are printed for an operator to run, run against the embedded table.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use emulator::stack::Stack;
use serde_json::Value;
use shared::{
    invitation::{Invitation, Standing, address_digest},
    state::{DirectoryKey, Item, key_item, read_text},
};
use time::OffsetDateTime;

use crate::support::{Folder, poolkeeper};

const ADA: &str = "ada@example.com";

/// The embedded stack, and its directory table.
struct Table {
    stack: Stack,
    name: String,
    _folder: Folder,
}

impl Table {
    async fn start() -> Self {
        let folder = Folder::new();
        let mut options = local::Options::new(folder.root().to_owned());
        options.check_binaries = false;
        let stack = local::start(&options).await.unwrap();
        let name = stack.physical_name("DirectoryTable");
        Self {
            stack,
            name,
            _folder: folder,
        }
    }

    /// Prints a command and runs it; what it answers, and what was told beside it.
    async fn run(&self, arguments: &[&str]) -> (Result<Vec<Item>, String>, String) {
        let arguments = [arguments, &["--table", &self.name]].concat();
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, 0, "{}", run.stderr);
        (self.perform(&words(&run.stdout)).await, run.stderr)
    }

    /// What the AWS CLI does with these words: options become members of the request.
    async fn perform(&self, words: &[String]) -> Result<Vec<Item>, String> {
        let [aws, dynamodb, command, options @ ..] = words else {
            panic!("{words:?}");
        };
        assert_eq!((aws.as_str(), dynamodb.as_str()), ("aws", "dynamodb"));
        let mut options: HashMap<&str, &str> = options
            .chunks(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let mut item = |option| options.remove(option).map(item);
        let (put, key, values) = (
            item("--item"),
            item("--key"),
            item("--expression-attribute-values"),
        );
        let mut text = |option| options.remove(option).map(str::to_owned);
        let (table, condition) = (text("--table-name"), text("--condition-expression"));
        let (filter, shown) = (text("--filter-expression"), text("--projection-expression"));
        assert!(options.is_empty(), "{options:?}");
        let tables = Client::new(&self.stack.sdk_config(Stack::admin()));
        match command.as_str() {
            "put-item" => {
                let put = tables.put_item().set_table_name(table).set_item(put);
                let put = put.set_condition_expression(condition).send().await;
                put.map(|_| Vec::new())
                    .map_err(|error| format!("{error:?}"))
            }
            "delete-item" => {
                let delete = tables.delete_item().set_table_name(table).set_key(key);
                let deleted = delete.send().await;
                deleted
                    .map(|_| Vec::new())
                    .map_err(|error| format!("{error:?}"))
            }
            "scan" => {
                let scan = tables
                    .scan()
                    .set_table_name(table)
                    .set_filter_expression(filter);
                let scan = scan.set_expression_attribute_values(values);
                let found = scan.set_projection_expression(shown).send().await;
                let found = found.map_err(|error| format!("{error:?}"))?;
                Ok(found.items.unwrap_or_default())
            }
            other => panic!("{other}"),
        }
    }

    async fn item(&self, key: &DirectoryKey) -> Option<Item> {
        let tables = Client::new(&self.stack.sdk_config(Stack::admin()));
        let get = tables.get_item().table_name(&self.name);
        get.set_key(Some(key_item(key))).send().await.unwrap().item
    }
}

/// The words of a command line, of which some stand in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let word = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.0.to_owned());
        rest = word.1.trim_start();
    }
    words
}

/// DynamoDB's JSON, of the types that the commands use.
fn item(text: &str) -> Item {
    let item: HashMap<String, HashMap<String, Value>> = serde_json::from_str(text).unwrap();
    let attribute = |value: HashMap<String, Value>| {
        let (kind, value) = value.into_iter().next().unwrap();
        match (kind.as_str(), value) {
            ("S", Value::String(text)) => AttributeValue::S(text),
            ("N", Value::String(number)) => AttributeValue::N(number),
            ("SS", texts) => AttributeValue::Ss(serde_json::from_value(texts).unwrap()),
            other => panic!("{other:?}"),
        }
    };
    item.into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_written_listed_and_taken_back() {
    let table = Table::start().await;
    let invite = ["invite", "--email", "Ada@Example.com", "--group", "editors"];
    let (written, told) = table.run(&invite).await;
    written.unwrap();
    let (_, code) = told.trim_end().rsplit_once(": ").unwrap();
    let key = DirectoryKey::invitation(code);
    let invitation = Invitation::read(&table.item(&key).await.unwrap());
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let standing = |address: &str| invitation.standing(&address_digest(address), now);
    assert_eq!(standing(ADA), Standing::Usable);
    assert_eq!(standing("eve@example.com"), Standing::Foreign);
    assert_eq!(invitation.groups, ["editors"]);

    let (listed, _) = table.run(&["invite", "--list"]).await;
    let listed = listed.unwrap();
    let keys: Vec<_> = listed
        .iter()
        .map(|item| read_text(item, "pk").unwrap())
        .collect();
    assert_eq!(keys, [key.pk.as_str()]);
    let (revoked, _) = table.run(&["invite", "--revoke", keys[0]]).await;
    revoked.unwrap();
    assert_eq!(table.item(&key).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_written_invitation_is_not_written_over() {
    let table = Table::start().await;
    let arguments = ["invite", "--table", &table.name];
    let command = words(&poolkeeper(&arguments, "").stdout);
    table.perform(&command).await.unwrap();
    let again = table.perform(&command).await.unwrap_err();
    assert!(again.contains("ConditionalCheckFailed"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_set_and_lifted() {
    let table = Table::start().await;
    let key = DirectoryKey::block("domain", "spam.example");
    let domain = ["--domain", "Spam.example"];
    let (set, _) = table
        .run(&[&["block"][..], &domain, &["--days", "2"]].concat())
        .await;
    set.unwrap();
    let item = table.item(&key).await.unwrap();
    assert!(item.contains_key("expires_at"), "{item:?}");
    let (lifted, _) = table.run(&[&["unblock"][..], &domain].concat()).await;
    lifted.unwrap();
    assert_eq!(table.item(&key).await, None);
}
