//! A guest signs in and keeps the identity: every state of both, and each attempt to take one over.

use super::*;
use aws_sdk_cognitoidentity::Client as Cognito;

/// The suite with guests in the vendor's pool.
async fn stack_with_guests(variables: &[(&str, &str)]) -> Stack {
    let mut options = options();
    options.environment = environment(FUNCTION, variables);
    options.policy = bent_policy("# guest_upgrade = false", "guest_upgrade = true");
    let role = "arn:aws:iam::123456789012:role/guests".to_owned();
    options
        .parameters
        .insert("VendorGuestRoleArn".to_owned(), role);
    local::start(&options).await.unwrap()
}

fn cognito(stack: &Stack) -> Cognito {
    Cognito::new(&stack.sdk_config(Stack::admin()))
}

/// A new guest: the identity, and the guest's own token.
pub(super) async fn guest(stack: &Stack) -> (String, String) {
    let client = cognito(stack);
    let pool = stack.physical_name("IdentityPool");
    let id = client.get_id().identity_pool_id(pool).send().await.unwrap();
    let id = id.identity_id.unwrap();
    let token = client
        .get_open_id_token()
        .identity_id(&id)
        .send()
        .await
        .unwrap();
    (id, token.token.unwrap())
}

pub(super) async fn upgrade(stack: &Stack, subject: &str, guest_token: &str) -> Answer {
    let jwt = mint(stack, json!({"sub": subject}));
    exchange(stack, &jwt, &format!("&guest_token={guest_token}")).await
}

/// The identity that the subject has without saying anything of a guest.
async fn identity_of(stack: &Stack, subject: &str) -> Value {
    let jwt = mint(stack, json!({"sub": subject}));
    let answer = exchange(stack, &jwt, "").await;
    assert_eq!(answer.status, 200, "{}", log_text(stack));
    answer.json()["identity_id"].clone()
}

async fn refused(stack: &Stack, answer: Answer, reason: &str) {
    assert_eq!(
        answer.status,
        400,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(last_decision(stack), format!("denied {reason}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_signs_in_keeps_the_identity_for_ever() {
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    for _ in 0..2 {
        let answer = upgrade(&stack, "ana", &token).await;
        assert_eq!(answer.status, 200, "{}", log_text(&stack));
        assert_eq!(answer.json()["identity_id"], id.as_str());
    }
    assert_eq!(identity_of(&stack, "ana").await, id.as_str());
    let asked = format!("&requested_token_type={AWS}");
    let credentials = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), &asked).await;
    assert_eq!(credentials.json()["identity_id"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_identity_becomes_one_subjects_and_nobody_elses() {
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    assert_eq!(upgrade(&stack, "ana", &token).await.status, 200);
    refused(
        &stack,
        upgrade(&stack, "eva", &token).await,
        "guest-not-upgradable",
    )
    .await;
    assert_ne!(identity_of(&stack, "eva").await, id.as_str());
    // She has an identity now: two are never merged.
    let (_, another) = guest(&stack).await;
    let own = identity_of(&stack, "eva").await;
    refused(
        &stack,
        upgrade(&stack, "eva", &another).await,
        "guest-not-upgradable",
    )
    .await;
    assert_eq!(identity_of(&stack, "eva").await, own);
    // And the other guest is still free.
    assert_eq!(upgrade(&stack, "bob", &another).await.status, 200);
    // Who upgraded one guest does not take a second.
    let (_, third) = guest(&stack).await;
    refused(
        &stack,
        upgrade(&stack, "ana", &third).await,
        "guest-not-upgradable",
    )
    .await;
    assert_eq!(identity_of(&stack, "ana").await, id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_take_a_guest_at_once_one_does() {
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    let subjects: Vec<String> = (0..8).map(|number| format!("subject-{number}")).collect();
    let attempts = subjects
        .iter()
        .map(|subject| upgrade(&stack, subject, &token));
    let answers = futures_util::future::join_all(attempts).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1);
    for (subject, answer) in subjects.iter().zip(&answers) {
        let own = identity_of(&stack, subject).await;
        assert_eq!(own == id.as_str(), answer.status == 200, "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_guests_token_takes_no_identity() {
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    let victim = exchange(&stack, &mint(&stack, json!({"sub": "bob"})), "")
        .await
        .json();
    let vended = victim["access_token"].as_str().unwrap();
    let (head, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{head}.{other}{}", &signature[1..]);
    let key = emulator::identity_pool::TokenKey::development("us-east-1").unwrap();
    let now = u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp()).unwrap();
    let claims = |aud: &str, amr: &[&str], exp: u64| emulator::identity_pool::Claims {
        sub: id.clone(),
        aud: aud.to_owned(),
        amr: amr.iter().map(|&method| method.to_owned()).collect(),
        iss: emulator::identity_pool::ISSUER.to_owned(),
        exp,
        iat: now - 60,
        tags: None,
    };
    let pool = stack.physical_name("IdentityPool");
    let signed = |claims| key.sign(&claims).unwrap();
    for (guest_token, why) in [
        (vended.to_owned(), "expected the amr unauthenticated"),
        (tampered, "the signature does not verify"),
        (id.clone(), "the guest token is not accepted"),
        (
            mint(&stack, json!({"sub": id, "amr": ["unauthenticated"]})),
            "expected",
        ),
        (
            signed(claims("us-east-1:another", &["unauthenticated"], now + 600)),
            "audience is not one",
        ),
        (
            signed(claims(&pool, &["unauthenticated"], now - 40)),
            "has expired",
        ),
        (
            signed(claims(&pool, &[], now + 600)),
            "expected the amr unauthenticated",
        ),
        (
            signed(claims(
                &pool,
                &["unauthenticated", "authenticated"],
                now + 600,
            )),
            "expected the amr unauthenticated",
        ),
    ] {
        let answer = upgrade(&stack, "eva", &guest_token).await;
        refused(&stack, answer, "guest-token-rejected").await;
        assert!(log_text(&stack).contains(why), "{why}");
    }
    let eva = identity_of(&stack, "eva").await;
    assert_ne!(eva, id.as_str());
    assert_ne!(eva, victim["identity_id"]);
    // An id proves nothing, wherever it stands.
    let said = format!("&identity_id={id}&IdentityId={id}");
    let jwt = mint(&stack, json!({"sub": "mia"}));
    assert_ne!(
        exchange(&stack, &jwt, &said).await.json()["identity_id"],
        id.as_str()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_broke_off_is_finished_by_the_next_call() {
    let service = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", service.url.as_str())];
    let stack = stack_with_guests(&endpoint).await;
    let (id, token) = guest(&stack).await;
    assert_eq!(upgrade(&stack, "ana", &token).await.status, 503);
    service.behave(Behaviour::Forward(stack.aws_url.clone()));
    assert_eq!(identity_of(&stack, "ana").await, id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_gone_is_refused_and_the_subject_goes_on() {
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    let delete = cognito(&stack)
        .delete_identities()
        .identity_ids_to_delete(&id);
    delete.send().await.unwrap();
    refused(
        &stack,
        upgrade(&stack, "ana", &token).await,
        "guest-not-upgradable",
    )
    .await;
    let own = identity_of(&stack, "ana").await;
    assert_ne!(own, id.as_str());
    assert_eq!(identity_of(&stack, "ana").await, own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_identity_than_the_guests_does_not_leave() {
    let answer =
        r#"{"IdentityId":"us-east-1:22222222-2222-4333-8444-555555555555","Token":"canary"}"#;
    let service = Faulty::start(http("200 OK", answer)).await;
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", service.url.as_str())];
    let stack = stack_with_guests(&endpoint).await;
    let (id, token) = guest(&stack).await;
    refused(
        &stack,
        upgrade(&stack, "ana", &token).await,
        "guest-not-upgradable",
    )
    .await;
    assert_eq!(service.requests(), 1);
    service.behave(Behaviour::Forward(stack.aws_url.clone()));
    assert_eq!(identity_of(&stack, "ana").await, id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_are_off_unless_the_policy_says_so_and_no_session_without_identity_takes_one() {
    let plain = stack().await;
    refused(
        &plain,
        upgrade(&plain, "ana", "e30.e30.c2ln").await,
        "invalid-request",
    )
    .await;
    let stack = stack_with_guests(&[]).await;
    let (id, token) = guest(&stack).await;
    let jwt = mint(&stack, json!({"sub": "ana", "tenant": "acme"}));
    let more = format!("&audience=tenant&guest_token={token}");
    refused(
        &stack,
        exchange(&stack, &jwt, &more).await,
        "invalid-target",
    )
    .await;
    assert_eq!(
        upgrade(&stack, "ana", &token).await.json()["identity_id"],
        id.as_str()
    );
}

/// One person with a login of the user pool and one of the application: two identities, in two pools.
#[tokio::test(flavor = "multi_thread")]
async fn the_identity_pools_of_users_and_of_the_vendor_share_no_identity() {
    let stack = stack_with_guests(&[]).await;
    let pools = [
        stack.physical_name("IdentityPool"),
        stack.physical_name("UserIdentityPool"),
    ];
    assert_ne!(pools[0], pools[1]);
    let own = identity_of(&stack, "ana").await;
    let key = emulator::identity_pool::TokenKey::development("us-east-1").unwrap();
    let now = u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp()).unwrap();
    let of_users = emulator::identity_pool::Claims {
        sub: "us-east-1:33333333-2222-4333-8444-555555555555".to_owned(),
        aud: pools[1].clone(),
        amr: vec!["unauthenticated".to_owned()],
        iss: emulator::identity_pool::ISSUER.to_owned(),
        exp: now + 600,
        iat: now,
        tags: None,
    };
    let token = key.sign(&of_users).unwrap();
    refused(
        &stack,
        upgrade(&stack, "new", &token).await,
        "guest-token-rejected",
    )
    .await;
    assert_eq!(identity_of(&stack, "ana").await, own);
}
