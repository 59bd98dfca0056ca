//! What the policy's checks say of an e-mail address. Pure: no clock, no network.

use shared::{
    email::EmailAddress,
    policy::{Check, EmailDomain, Mode, PreSignUp, SignUpKind, Undecided},
};

/// What the checks come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// No check objects.
    Admit,
    /// A check that only reports would have refused, for this reason.
    Report(&'a str, &'static str),
    /// A check refuses: its name, the reason, and what the person reads.
    Refuse(&'a str, &'static str, Option<&'a str>),
}

/// Why a check objects.
const DOMAIN_DENIED: &str = "email-domain-denied";
const DOMAIN_NOT_ALLOWED: &str = "email-domain-not-allowed";
const NO_EMAIL: &str = "no-email";
const INVALID_EMAIL: &str = "invalid-email";

/// Runs the checks in order. The first that refuses decides; of those that report, the first is told.
pub(crate) fn judge<'a>(
    policy: &'a PreSignUp,
    kind: SignUpKind,
    email: Option<&str>,
) -> Verdict<'a> {
    let mut verdict = Verdict::Admit;
    for check in policy
        .checks
        .iter()
        .filter(|check| check.applies_to.contains(&kind))
    {
        let Some(reason) = objection(check, email) else {
            continue;
        };
        let name = check.name.get_ref().as_str();
        match check.mode {
            Mode::Enforce => {
                let message = check.message.as_ref().map(|message| message.as_str());
                return Verdict::Refuse(name, reason, message);
            }
            Mode::Report if verdict == Verdict::Admit => verdict = Verdict::Report(name, reason),
            Mode::Report | Mode::Off => {}
        }
    }
    verdict
}

fn objection(check: &Check, email: Option<&str>) -> Option<&'static str> {
    let undecided = |reason| match check.on_undecided {
        Undecided::Refuse => Some(reason),
        Undecided::Allow => None,
    };
    match email
        .filter(|email| !email.is_empty())
        .map(str::parse::<EmailAddress>)
    {
        None => undecided(NO_EMAIL),
        Some(Err(_)) => undecided(INVALID_EMAIL),
        Some(Ok(address)) => domain_objection(&check.email_domain, &address),
    }
}

fn domain_objection(domains: &EmailDomain, address: &EmailAddress) -> Option<&'static str> {
    let domain = address.domain();
    if domains.deny.iter().any(|pattern| pattern.covers(domain)) {
        return Some(DOMAIN_DENIED);
    }
    let listed = |allow: &Vec<_>| {
        allow
            .iter()
            .any(|pattern: &shared::policy::DomainPattern| pattern.matches(domain))
    };
    match &domains.allow {
        Some(allow) if !listed(allow) => Some(DOMAIN_NOT_ALLOWED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use shared::policy::PolicyFile;

    use super::*;

    const GOOD: &str = r#"
        version = 1
        [[pre-sign-up.checks]]
        name = "company"
        email_domain = { allow = ["example.com", "*.example.org", "bücher.example"], deny = ["old.example.org"] }
    "#;

    fn policy(text: &str) -> PreSignUp {
        PolicyFile::parse("policy.toml", text.to_owned())
            .section()
            .unwrap()
    }

    fn reason(policy: &PreSignUp, email: &str) -> Option<&'static str> {
        match judge(policy, SignUpKind::SignUp, Some(email)) {
            Verdict::Admit => None,
            Verdict::Report(_, reason) | Verdict::Refuse(_, reason, _) => Some(reason),
        }
    }

    #[test]
    fn an_allowed_domain_is_admitted_in_any_case_and_spelling() {
        let policy = policy(GOOD);
        for email in [
            "ana@example.com",
            "ANA@EXAMPLE.COM",
            "ana@mail.example.org",
            "ana@a.b.example.org",
            "ana@BÜCHER.example",
            "ana@xn--bcher-kva.example",
        ] {
            assert_eq!(reason(&policy, email), None, "{email}");
        }
    }

    #[test]
    fn a_domain_that_only_looks_allowed_is_not() {
        let policy = policy(GOOD);
        for email in [
            "ana@evilexample.com",
            "ana@example.com.evil.net",
            "ana@sub.example.com",
            "ana@example.org",
            "ana@exаmple.com", // a Cyrillic letter
        ] {
            assert_eq!(reason(&policy, email), Some(DOMAIN_NOT_ALLOWED), "{email}");
        }
    }

    #[test]
    fn deny_wins_over_allow() {
        assert_eq!(
            reason(&policy(GOOD), "ana@old.example.org"),
            Some(DOMAIN_DENIED)
        );
    }

    #[test]
    fn a_denied_domain_takes_its_subdomains_with_it() {
        let policy = policy(GOOD);
        for email in ["ana@mail.old.example.org", "ana@a.b.old.example.org"] {
            assert_eq!(reason(&policy, email), Some(DOMAIN_DENIED), "{email}");
        }
    }

    #[test]
    fn what_is_no_address_is_undecided_and_refused_by_default() {
        let policy = policy(GOOD);
        for email in [
            "ana",
            "a@example.com@evil.net",
            "ana@evil.net\n@example.com",
        ] {
            assert_eq!(reason(&policy, email), Some(INVALID_EMAIL), "{email}");
        }
        let verdict = judge(&policy, SignUpKind::SignUp, None);
        assert_eq!(verdict, Verdict::Refuse("company", NO_EMAIL, None));
    }

    #[test]
    fn undecided_can_be_let_in_by_choice() {
        let policy = policy(&GOOD.replace("name =", "on_undecided = \"allow\"\nname ="));
        assert_eq!(judge(&policy, SignUpKind::SignUp, None), Verdict::Admit);
        assert_eq!(reason(&policy, "ana@evil.net"), Some(DOMAIN_NOT_ALLOWED));
    }

    #[test]
    fn a_reporting_check_reports_and_an_inactive_one_is_not_run() {
        let report = policy(&GOOD.replace("name =", "mode = \"report\"\nname ="));
        let verdict = judge(&report, SignUpKind::SignUp, Some("ana@evil.net"));
        assert_eq!(verdict, Verdict::Report("company", DOMAIN_NOT_ALLOWED));
        let off = policy(&GOOD.replace("name =", "mode = \"off\"\nname ="));
        assert_eq!(reason(&off, "ana@evil.net"), None);
    }

    #[test]
    fn an_enforcing_check_behind_a_reporting_one_still_refuses() {
        let both = GOOD.replace("name =", "mode = \"report\"\nname =")
            + "[[pre-sign-up.checks]]\nname = \"second\"\nmessage = \"no\"\nemail_domain = { deny = [\"evil.net\"] }";
        let both = policy(&both);
        let verdict = judge(&both, SignUpKind::SignUp, Some("ana@evil.net"));
        assert_eq!(
            verdict,
            Verdict::Refuse("second", DOMAIN_DENIED, Some("no"))
        );
    }

    #[test]
    fn an_administrator_is_not_checked_unless_the_policy_says_so() {
        let kind = SignUpKind::AdminCreateUser;
        assert_eq!(
            judge(&policy(GOOD), kind, Some("ana@evil.net")),
            Verdict::Admit
        );
        let strict =
            policy(&GOOD.replace("name =", "applies_to = [\"admin_create_user\"]\nname ="));
        assert!(matches!(
            judge(&strict, kind, Some("ana@evil.net")),
            Verdict::Refuse(..)
        ));
    }
}
