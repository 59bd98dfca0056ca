//! Where a claim is: by name, or below one by JSON pointer.

use std::fmt;

use serde_json::Value;

use super::Claims;

/// A claim's name, or a JSON pointer (RFC 6901) to a claim within another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimPath {
    /// A claim by its name, `groups` or `https://example.com/roles`.
    Name(String),
    /// A value within a claim, `/realm_access/roles`.
    Pointer(String),
}

impl ClaimPath {
    /// Reads a name, or a pointer, which begins with a slash.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(tokens) = text.strip_prefix('/') else {
            return if text.is_empty() {
                Err("expected a claim's name, or a JSON pointer such as /realm_access/roles")
            } else {
                Ok(Self::Name(text.to_owned()))
            };
        };
        // RFC 6901, section 3: a tilde is ~0 or ~1.
        let escapes = tokens.split('~').skip(1);
        if escapes.clone().all(|after| after.starts_with(['0', '1'])) {
            Ok(Self::Pointer(text.to_owned()))
        } else {
            Err("expected a JSON pointer in which ~ is written ~0 and / is written ~1")
        }
    }

    /// The value, if it is there.
    pub fn find<'c>(&self, claims: &'c Claims) -> Option<&'c Value> {
        match self {
            Self::Name(name) => claims.0.get(name),
            Self::Pointer(pointer) => {
                let path = pointer.strip_prefix('/')?;
                let (first, rest) = match path.find('/') {
                    Some(slash) => path.split_at(slash),
                    None => (path, ""),
                };
                let name = first.replace("~1", "/").replace("~0", "~");
                claims.0.get(&name)?.pointer(rest)
            }
        }
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Name(text) | Self::Pointer(text)) = self;
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_leads_into_a_claim_and_a_name_does_not() {
        let claims = json!({
            "groups": ["a"],
            "realm_access": {"roles": ["admin"], "a/b~c": 7},
            "https://example.com/roles": ["x"],
            "a.b": 1,
        });
        let claims = Claims(claims.as_object().unwrap().clone());
        let found = |path: &str| ClaimPath::parse(path).unwrap().find(&claims).cloned();
        assert_eq!(found("groups"), Some(json!(["a"])));
        assert_eq!(found("/realm_access/roles"), Some(json!(["admin"])));
        assert_eq!(found("/realm_access/roles/0"), Some(json!("admin")));
        assert_eq!(found("/realm_access/a~1b~0c"), Some(json!(7)));
        assert_eq!(found("/groups"), Some(json!(["a"])));
        assert_eq!(found("https://example.com/roles"), Some(json!(["x"])));
        assert_eq!(found("a.b"), Some(json!(1)));
        for absent in ["a", "roles", "/realm_access/none", "/realm_access/roles/1"] {
            assert_eq!(found(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused() {
        for wrong in ["", "/a~2", "/a~"] {
            assert!(ClaimPath::parse(wrong).is_err(), "{wrong}");
        }
    }
}
