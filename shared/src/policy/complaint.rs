//! What serde complains of, without the value that its wording quotes.

/// A message of serde or toml, read for what was expected.
///
/// serde writes `invalid type: string "hunter2", expected a map`: whatever stands in the wrong place is in
/// the text, and a policy holds secrets. Only the part that comes from our code survives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complaint<'m> {
    /// A required key is not there.
    Missing(&'m str),
    /// A key that the table does not have. What it has, in serde's words.
    UnknownKey(&'m str),
    /// A value that is not what belongs there.
    Unexpected(&'m str),
    /// A message of a type of ours, or of the syntax. It quotes nothing.
    Other(&'m str),
}

impl<'m> Complaint<'m> {
    pub(super) fn read(message: &'m str) -> Self {
        // The value may hold the same words, and comes first: the last ones are serde's own.
        let expected = |separator| message.rsplit_once(separator).map_or("", |(_, rest)| rest);
        let starts = |prefixes: &[&str]| prefixes.iter().any(|it| message.starts_with(it));
        if starts(&["unknown field `"]) {
            Self::UnknownKey(expected(", expected "))
        } else if starts(&["unexpected keys in table: "]) {
            Self::UnknownKey(expected(", available keys: "))
        } else if starts(&[
            "invalid type: ",
            "invalid value: ",
            "invalid length: ",
            "unknown variant `",
            "expected table key `",
        ]) {
            Self::Unexpected(expected(", expected "))
        } else if let Some(rest) = message.strip_prefix("missing field `") {
            Self::Missing(rest.trim_end_matches('`'))
        } else {
            Self::Other(message)
        }
    }

    /// What the error says.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Missing(key) => format!("the key `{key}` is missing"),
            Self::UnknownKey("") => "unknown key, expected none".to_owned(),
            Self::UnknownKey(keys) => format!("unknown key, expected {keys}"),
            Self::Unexpected("") => "expected something else".to_owned(),
            Self::Unexpected(form) => format!("expected {form}"),
            Self::Other(message) => message.replace('\n', "; "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quoted_value_survives() {
        for (message, told) in [
            (
                "invalid type: string \"S3CRET, expected S3CRET\", expected a map",
                "expected a map",
            ),
            (
                "invalid type: integer `7`, expected a string",
                "expected a string",
            ),
            (
                "unknown variant `S3CRET`, expected `a` or `b`",
                "expected `a` or `b`",
            ),
            (
                "unknown variant `S3CRET`, there are no variants",
                "expected something else",
            ),
            (
                "unknown field `S3CRET`, expected one of `a`, `b`",
                "unknown key, expected one of `a`, `b`",
            ),
            (
                "unknown field `S3CRET`, there are no fields",
                "unknown key, expected none",
            ),
            (
                "unexpected keys in table: S3CRET, available keys: a, b",
                "unknown key, expected a, b",
            ),
            ("missing field `a`", "the key `a` is missing"),
            ("a name is 1 to 64 of a-z", "a name is 1 to 64 of a-z"),
        ] {
            assert_eq!(Complaint::read(message).message(), told, "{message}");
        }
    }
}
