//! The order by which somebody asks whether a function starts that neither a trigger nor an API calls.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Whether the payload is `{"health": true}` and nothing else. Who sends it hears that the function has started; no
/// service is asked, and nothing is done.
pub fn asks_for_health(payload: &RawValue) -> bool {
    let asked: Result<BTreeMap<&str, bool>, _> = serde_json::from_str(payload.get());
    asked.is_ok_and(|asked| asked == BTreeMap::from([("health", true)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_order_is_one() {
        let is_one = |payload: &str| {
            let payload: Box<RawValue> = serde_json::from_str(payload).unwrap();
            asks_for_health(&payload)
        };
        assert!(is_one(r#" {"health": true} "#));
        for other in [
            "{}",
            "[true]",
            r#"{"health":false}"#,
            r#"{"health":1}"#,
            r#"{"health":true,"dry_run":true}"#,
        ] {
            assert!(!is_one(other), "{other}");
        }
    }
}
