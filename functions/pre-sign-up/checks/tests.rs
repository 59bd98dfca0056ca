//! The checks as a table: what each finds under a policy.

use serde_json::{Value, json, value::to_raw_value};
use shared::{
    deadline::Deadline,
    policy::{PolicyFile, SignUpKind},
    trigger::TriggerEvent,
};

use super::*;
use crate::{Request, sign_up_kind};

/// The checks of `[[pre-sign-up.checks]]` tables, each without its header line.
fn checks(tables: &[&str]) -> Checks {
    let mut text = "version = 1\n[pre-sign-up]\n[pre-sign-up.clients.web]\nids = [\"web1\"]\n\
        [pre-sign-up.clients.office]\nids = [\"office1\", \"office2\"]\n"
        .to_owned();
    for (number, table) in tables.iter().enumerate() {
        text += &format!("[[pre-sign-up.checks]]\nname = \"check{number}\"\n{table}\n");
    }
    let policy = PolicyFile::parse("policy.toml", text).section().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy");
    Checks::new(policy, &folder, None).unwrap()
}

/// `pass`, `report …` or `refuse …` of each check that was heard.
async fn rulings(checks: &Checks, event: &Value) -> Vec<String> {
    let event = TriggerEvent::parse(&to_raw_value(event).unwrap()).unwrap();
    let request: Request = event.request().unwrap();
    let kind = sign_up_kind(event.source()).unwrap();
    let applicant = Applicant::new(&event, &request, kind);
    let deadline = Deadline::after(std::time::Duration::from_secs(4));
    let mut rulings = Vec::new();
    let heard = |heard: &Heard<'_>| {
        rulings.push(match heard.ruling {
            Ruling::Pass => "pass".to_owned(),
            Ruling::Report(reason) => format!("report {reason}"),
            Ruling::Refuse(reason) => format!("refuse {reason}"),
        });
    };
    let _ = checks.hear(&applicant, deadline, heard).await;
    rulings
}

fn sign_up(attributes: Value) -> Value {
    json!({
        "triggerSource": "PreSignUp_SignUp",
        "userPoolId": "eu-west-1_pool",
        "userName": "ana",
        "callerContext": {"clientId": "web1"},
        "request": {"userAttributes": attributes},
    })
}

/// Asserts what one check says of each value of an attribute.
async fn assert_table(table: &str, attribute: &str, rows: &[(&str, &str)]) {
    let checks = checks(&[table]);
    for (value, expected) in rows {
        let ruling = rulings(&checks, &sign_up(json!({attribute: value}))).await;
        assert_eq!(ruling, [*expected], "{table}: {value:?}");
    }
}

#[tokio::test]
async fn e_mail_domains() {
    let table = "email_domain = { allow = [\"example.com\", \"*.example.org\", \"bücher.example\"], deny = [\"old.example.org\"] }";
    let not_allowed = "refuse email-domain-not-allowed";
    let denied = "refuse email-domain-denied";
    let invalid = "refuse invalid-email";
    assert_table(
        table,
        "email",
        &[
            ("ana@example.com", "pass"),
            ("ANA@EXAMPLE.COM", "pass"),
            ("ana@mail.example.org", "pass"),
            ("ana@a.b.example.org", "pass"),
            ("ana@BÜCHER.example", "pass"),
            ("ana@xn--bcher-kva.example", "pass"),
            ("ana@evilexample.com", not_allowed),
            ("ana@example.com.evil.net", not_allowed),
            ("ana@sub.example.com", not_allowed),
            ("ana@example.org", not_allowed),
            ("ana@exаmple.com", not_allowed), // a Cyrillic letter
            ("ana@old.example.org", denied),
            ("ana@mail.old.example.org", denied),
            ("ana", invalid),
            ("a@example.com@evil.net", invalid),
            ("ana@evil.net\n@example.com", invalid),
            ("", "refuse no-email"),
        ],
    )
    .await;
    let lax = format!("on_undecided = \"allow\"\n{table}");
    let rows = [("", "report no-email"), ("ana@evil.net", not_allowed)];
    assert_table(&lax, "email", &rows).await;
}

#[tokio::test]
async fn disposable_domains() {
    let table = "disposable_domain = { allow = [\"yopmail.com\"] }";
    let disposable = "refuse disposable-email-domain";
    assert_table(
        table,
        "email",
        &[
            ("ana@example.com", "pass"),
            ("ana@mailinator.com", disposable),
            ("ana@eu.MAILINATOR.com", disposable),
            ("ana@notatallmailinator.com", "pass"),
            ("ana@yopmail.com", "pass"),
            ("ana", "refuse invalid-email"),
        ],
    )
    .await;
}

#[tokio::test]
async fn attributes() {
    let table =
        "attribute = { name = \"custom:tier\", required = true, values = [\"free\", \"paid\"] }";
    assert_table(
        table,
        "custom:tier",
        &[
            ("free", "pass"),
            ("Free", "refuse attribute-value"),
            ("", "refuse attribute-missing"),
        ],
    )
    .await;
    let table = "attribute = { name = \"name\", pattern = \"[A-Z][a-z]+|X\", min_length = 2, max_length = 5 }";
    assert_table(
        table,
        "name",
        &[
            ("Ana", "pass"),
            ("", "pass"),
            ("X", "refuse attribute-too-short"),
            ("Ananas", "refuse attribute-too-long"),
            ("ana", "refuse attribute-pattern"),
            ("Ana X", "refuse attribute-pattern"),
            ("Ana\n", "refuse attribute-pattern"),
        ],
    )
    .await;
}

#[tokio::test]
async fn phone_numbers() {
    let table = "phone_number = { allow = [\"+43\", \"+1\"], deny = [\"+4393\", \"+1876\"] }";
    assert_table(
        table,
        "phone_number",
        &[
            ("+436601234567", "pass"),
            ("+12025550100", "pass"),
            ("+18765550100", "refuse phone-prefix-denied"),
            ("+4393012345", "refuse phone-prefix-denied"),
            ("+491701234567", "refuse phone-prefix-not-allowed"),
            ("", "pass"),
            ("0043660", "refuse invalid-phone-number"),
            ("+43 660 1234567", "refuse invalid-phone-number"),
            ("+1234567890123456", "refuse invalid-phone-number"),
        ],
    )
    .await;
    // A longer prefix that is allowed beats a shorter one that is denied.
    let table = "phone_number = { allow = [\"+88216\"], deny = [\"+882\"] }";
    let rows = [
        ("+882161234", "pass"),
        ("+882991234", "refuse phone-prefix-denied"),
    ];
    assert_table(table, "phone_number", &rows).await;
}

#[tokio::test]
async fn countries_of_phone_numbers() {
    let table = "phone_number = { allow = [\"AT\", \"US\", \"+44\"], deny = [\"JE\", \"+1907\", \"+43720\"] }";
    let not_allowed = "refuse phone-country-not-allowed";
    assert_table(
        table,
        "phone_number",
        &[
            ("+436601234567", "pass"),
            ("+12025550100", "pass"),
            ("+14165550100", not_allowed),
            ("+18765550100", not_allowed),
            ("+491701234567", not_allowed),
            ("+447400123456", "pass"),
            ("+441534123456", "refuse phone-country-denied"),
            // A denied prefix as long as what tells the country, and one that is longer.
            ("+19075550100", "refuse phone-prefix-denied"),
            ("+43720123456", "refuse phone-prefix-denied"),
            ("+10005550100", "refuse phone-country-unknown"),
            ("+999123456", "refuse phone-country-unknown"),
            ("+881612345678", not_allowed),
            ("", "pass"),
        ],
    )
    .await;
    // A longer prefix that is allowed beats a country that is denied, and the country a shorter prefix.
    let table = "phone_number = { allow = [\"+1\", \"+18769\"], deny = [\"JM\", \"001\"] }";
    let rows = [
        ("+18769550100", "pass"),
        ("+18765550100", "refuse phone-country-denied"),
        ("+12025550100", "pass"),
        ("+881612345678", "refuse phone-country-denied"),
        // It could be one of Jamaica's by now.
        ("+10005550100", "refuse phone-country-unknown"),
        ("+436601234567", "refuse phone-prefix-not-allowed"),
    ];
    assert_table(table, "phone_number", &rows).await;
    let lax = "on_undecided = \"allow\"\nphone_number = { deny = [\"CU\"] }";
    let rows = [
        ("+5351234567", "refuse phone-country-denied"),
        ("+999123456", "report phone-country-unknown"),
        ("+436601234567", "pass"),
    ];
    assert_table(lax, "phone_number", &rows).await;
    // What is let in by its prefix needs no country where none is denied.
    let table = "phone_number = { allow = [\"+999\", \"AT\"] }";
    let rows = [
        ("+999123456", "pass"),
        ("+998123456", "refuse phone-country-not-allowed"),
    ];
    assert_table(table, "phone_number", &rows).await;
}

#[tokio::test]
async fn user_names() {
    let table = "user_name = { pattern = \"[a-z][a-z0-9]*\", min_length = 2, max_length = 8, reserved = [\"Admin\", \"root\"] }";
    let checks = checks(&[table]);
    for (name, expected) in [
        ("ana", "pass"),
        ("a", "refuse user-name-too-short"),
        ("anaanaana", "refuse user-name-too-long"),
        ("1ana", "refuse user-name-pattern"),
        ("ADMIN", "refuse user-name-reserved"),
        ("", "refuse no-user-name"),
    ] {
        let mut event = sign_up(json!({}));
        event["userName"] = json!(name);
        assert_eq!(rulings(&checks, &event).await, [expected], "{name}");
    }
}

#[tokio::test]
async fn a_check_that_is_off_is_not_there() {
    let off = "mode = \"off\"\ndisposable_domain = { list = \"no-such-file\" }";
    assert_eq!(checks(&[off]).checks.len(), 0);
}

#[tokio::test]
async fn every_report_is_heard_and_the_first_that_refuses_ends_it() {
    let no_evil = "email_domain = { deny = [\"evil.net\"] }";
    let report = format!("mode = \"report\"\n{no_evil}");
    let checks = checks(&[&report, &report, no_evil, no_evil]);
    let heard = rulings(&checks, &sign_up(json!({"email": "ana@evil.net"}))).await;
    let reported = "report email-domain-denied";
    assert_eq!(heard, [reported, reported, "refuse email-domain-denied"]);
}

#[tokio::test]
async fn an_administrator_s_user_is_checked_for_its_attributes_only_unless_the_policy_says_so() {
    let required = "attribute = { name = \"custom:tier\", required = true }";
    let email = "email_domain = { allow = [\"example.com\"] }";
    let strict = format!("applies_to = [\"admin_create_user\"]\n{email}");
    let names = "user_name = { reserved = [\"ana\"] }";
    let mut event = sign_up(json!({"email": "ana@evil.net", "custom:tier": "x"}));
    event["triggerSource"] = json!("PreSignUp_AdminCreateUser");
    let heard = rulings(&checks(&[required, email, names, &strict]), &event).await;
    assert_eq!(heard, ["pass", "refuse email-domain-not-allowed"]);
}

#[tokio::test]
async fn a_check_looks_at_the_app_clients_that_it_names() {
    let of =
        |clients: &str| format!("clients = [{clients}]\nuser_name = {{ reserved = [\"ana\"] }}");
    let refused = ["refuse user-name-reserved"];
    let not_heard: [&str; 0] = [];
    for (clients, id, heard) in [
        ("\"web\"", Some("web1"), &refused[..]),
        ("\"web\"", Some("office2"), &not_heard[..]),
        ("\"web\"", Some("other"), &not_heard[..]),
        ("\"web\"", None, &not_heard[..]),
        ("\"unknown\"", Some("web1"), &not_heard[..]),
        ("\"unknown\"", Some("other"), &refused[..]),
        ("\"unknown\"", None, &refused[..]),
        ("\"office\", \"unknown\"", Some("office2"), &refused[..]),
    ] {
        let mut event = sign_up(json!({}));
        event["callerContext"]["clientId"] = json!(id);
        let told = rulings(&checks(&[&of(clients)]), &event).await;
        assert_eq!(told, heard, "{clients} {id:?}");
    }
}

#[test]
fn an_unknown_way_into_the_pool_is_a_sign_up_and_another_trigger_is_none() {
    let kind = |text| sign_up_kind(shared::trigger::TriggerSource::new(text));
    assert_eq!(kind("PreSignUp_New"), Some(SignUpKind::SignUp));
    assert_eq!(kind("PreSignUpNew"), None);
    assert_eq!(kind("PostConfirmation_ConfirmSignUp"), None);
}
