//! Whether a drifted pool is put right without being asked. Pure.
//!
//! Once: what takes the triggers off again is a pipeline that knows nothing of them, and two that undo each
//! other's work every hour serve nobody. After that, and for everything else, an alarm.

use super::{Finding, Severity, Triggers};
use crate::state::digest;

/// What to do about what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Healing {
    /// All is as it should be.
    Nothing,
    /// Put the triggers back, after marking that it was done.
    Once,
    /// Tell somebody.
    Alarm,
}

/// What is marked when these triggers have been put back: other triggers (a new deployment) may be again.
pub fn mark(wanted: &Triggers) -> String {
    let wanted = wanted
        .0
        .iter()
        .map(|(trigger, arn)| format!("{trigger}={arn}"));
    let wanted: Vec<String> = wanted.collect();
    let parts: Vec<&str> = wanted.iter().map(String::as_str).collect();
    digest("healed", &parts)
}

/// Decides by the findings and by what was healed before, as [`mark`] has it.
pub fn heal(found: &[Finding], wanted: &Triggers, healed_before: Option<&str>) -> Healing {
    let mut faults = found
        .iter()
        .filter(|finding| finding.severity == Severity::Fault)
        .peekable();
    if faults.peek().is_none() {
        return Healing::Nothing;
    }
    // Somebody else's function is never replaced, and a permission is the stack's.
    let curable = |code: &str| ["trigger-missing", "trigger-without-alias"].contains(&code);
    if faults.all(|fault| curable(fault.code)) && healed_before != Some(mark(wanted).as_str()) {
        Healing::Once
    } else {
        Healing::Alarm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(codes: &[&'static str]) -> Vec<Finding> {
        let finding = |code: &&'static str| Finding::fault(code, String::new(), String::new());
        codes.iter().map(finding).collect()
    }

    fn wanted(name: &str) -> Triggers {
        let arn = format!("PreSignUp=arn:aws:lambda:us-east-1:123456789012:function:{name}:live");
        arn.parse().unwrap()
    }

    #[test]
    fn a_pool_in_order_is_left_alone() {
        let advice = Finding::advice("existence-told", String::new(), String::new());
        assert_eq!(heal(&[advice], &wanted("f"), None), Healing::Nothing);
    }

    #[test]
    fn triggers_that_are_gone_are_put_back_once() {
        let gone = found(&["trigger-missing", "trigger-without-alias"]);
        let healed = mark(&wanted("f"));
        assert_eq!(heal(&gone, &wanted("f"), None), Healing::Once);
        assert_eq!(heal(&gone, &wanted("f"), Some(&healed)), Healing::Alarm);
        // After a deployment of other functions.
        assert_eq!(heal(&gone, &wanted("g"), Some(&healed)), Healing::Once);
    }

    #[test]
    fn whatever_else_is_wrong_is_for_somebody_to_look_at() {
        for codes in [
            &["trigger-foreign"][..],
            &["permission-missing"],
            &["trigger-missing", "trigger-foreign"],
        ] {
            assert_eq!(
                heal(&found(codes), &wanted("f"), None),
                Healing::Alarm,
                "{codes:?}"
            );
        }
    }
}
