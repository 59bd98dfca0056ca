//! The reason codes that LOGGING.md lists.

use std::collections::BTreeSet;

use super::tree;

/// Every code of the table under "Reasons".
pub(crate) fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(tree("LOGGING.md")).unwrap();
    let (_, table) = text
        .split_once("\n## Reasons\n")
        .expect("a table of reasons");
    let table = table.split("\n## ").next().unwrap();
    let codes = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(code, _)| code.to_owned());
    codes.collect()
}
