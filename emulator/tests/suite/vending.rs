//! Tokens and sessions: what the identity pool and STS give, and to whom, seen through the real SDK.

use emulator::{dynamodb::Storage, identity_pool::Claims};

use crate::support::{self, Aws, PROVIDER, START, admin, code, credentials, refusal};

/// A token of the pool's own key whose claims are bent.
async fn bent(aws: &Aws, bend: impl FnOnce(&mut Claims)) -> String {
    let (_, token) = aws.token("ada", Some("member")).await;
    let mut claims = aws.key.verify(&token, START).unwrap();
    bend(&mut claims);
    aws.key.sign(&claims).unwrap()
}

#[tokio::test]
async fn a_developer_user_has_one_identity_and_a_token_as_cognito_makes_them() {
    let aws = Aws::start().await;
    let (identity_id, token) = aws.token("ada", Some("member")).await;
    assert_eq!(aws.token("ada", None).await.0, identity_id);
    assert_ne!(aws.token("bob", None).await.0, identity_id);
    let claims = aws.key.verify(&token, START).unwrap();
    assert_eq!(claims.sub, identity_id);
    assert_eq!(claims.aud, aws.pool_id());
    assert_eq!(claims.exp - claims.iat, 900);
    assert_eq!(
        claims.amr,
        [
            "authenticated".to_owned(),
            PROVIDER.to_owned(),
            format!("{PROVIDER}:{}:ada", aws.pool_id())
        ]
    );
}

#[tokio::test]
async fn the_token_opens_the_role_that_its_tag_names() {
    let aws = Aws::start().await;
    let (identity_id, token) = aws.token("ada", Some("member")).await;
    let answer = aws
        .assume("MemberRole", &token)
        .duration_seconds(900)
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.subject_from_web_identity_token(),
        Some(identity_id.as_str())
    );
    assert_eq!(answer.provider(), Some("cognito-identity.amazonaws.com"));
    assert_eq!(answer.audience(), Some(aws.pool_id().as_str()));
    let issued = answer.credentials.unwrap();
    assert_eq!(
        issued.expiration().secs(),
        i64::try_from(START).unwrap() + 900
    );
    let who = aws
        .sts(Some(support::of_sts(issued)))
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert_eq!(
        who.arn(),
        Some("arn:aws:sts::123456789012:assumed-role/example-MemberRole/test-session")
    );
    assert_eq!(who.account(), Some("123456789012"));
}

#[tokio::test]
async fn a_stolen_token_does_not_open_another_aliass_role() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("member")).await;
    let (code, message) = refusal(aws.assume("PublisherRole", &token).send().await);
    assert_eq!(code, "AccessDenied");
    assert_eq!(
        message,
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
}

#[tokio::test]
async fn each_alias_opens_its_own_role() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("publisher")).await;
    aws.assume("PublisherRole", &token).send().await.unwrap();
    assert_eq!(
        code(aws.assume("MemberRole", &token).send().await),
        "AccessDenied"
    );
}

#[tokio::test]
async fn a_function_gets_credentials_only_of_a_role_that_trusts_lambda() {
    let aws = Aws::start().await;
    let session = |role: &str| aws.iam.session_for_role(&aws.role(role), "f");
    assert!(session("IdentityVendorRole").is_ok());
    assert!(session("MemberRole").is_err());
}

#[tokio::test]
async fn a_token_without_vend_alias_opens_no_aliass_role() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", None).await;
    assert_eq!(
        code(aws.assume("MemberRole", &token).send().await),
        "AccessDenied"
    );
}

#[tokio::test]
async fn a_role_that_does_not_exist_is_refused_like_one_that_does() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("member")).await;
    assert_eq!(
        code(aws.assume("NoSuchRole", &token).send().await),
        "AccessDenied"
    );
}

#[tokio::test]
async fn a_token_of_a_foreign_pool_or_provider_is_refused_by_the_trust_policy() {
    let aws = Aws::start().await;
    let foreign = bent(&aws, |claims| {
        claims.aud = "us-east-1:another-pool".to_owned()
    })
    .await;
    assert_eq!(
        code(aws.assume("MemberRole", &foreign).send().await),
        "AccessDenied"
    );
    let guest = bent(&aws, |claims| {
        claims.amr = vec!["unauthenticated".to_owned()]
    })
    .await;
    assert_eq!(
        code(aws.assume("MemberRole", &guest).send().await),
        "AccessDenied"
    );
}

#[tokio::test]
async fn an_expired_token_and_a_tampered_one_have_their_codes() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("member")).await;
    let other = bent(&aws, |claims| {
        claims.sub = "us-east-1:someone-else".to_owned()
    })
    .await;
    let signature = token.rsplit_once('.').unwrap().1;
    let tampered = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    let refused = code(aws.assume("MemberRole", &tampered).send().await);
    assert_eq!(refused, "InvalidIdentityToken");
    aws.advance(900);
    let refused = code(aws.assume("MemberRole", &token).send().await);
    assert_eq!(refused, "ExpiredTokenException");
}

#[tokio::test]
async fn a_role_request_outside_the_limits_says_which() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("member")).await;
    let ask = || aws.assume("MemberRole", &token);
    let cases = [
        (
            ask().duration_seconds(899),
            "ValidationError",
            "at 'durationSeconds'",
        ),
        (
            ask().duration_seconds(43_201),
            "ValidationError",
            "at 'durationSeconds'",
        ),
        (
            ask().duration_seconds(7201),
            "ValidationError",
            "MaxSessionDuration",
        ),
        (
            ask().role_session_name("us-east-1:x"),
            "ValidationError",
            "at 'roleSessionName'",
        ),
        (
            ask().role_session_name("x"),
            "ValidationError",
            "at 'roleSessionName'",
        ),
        (ask().policy("{"), "MalformedPolicyDocument", "invalid Json"),
        (
            ask().policy(r#"{"Statement":[]}"#),
            "MalformedPolicyDocument",
            "Statement",
        ),
        (ask().policy("x".repeat(2049)), "ValidationError", "2048"),
        (
            ask().web_identity_token("nonsense"),
            "InvalidIdentityToken",
            "JWT",
        ),
    ];
    for (request, expected, words) in cases {
        let (code, message) = refusal(request.send().await);
        assert_eq!(code, expected, "{message}");
        assert!(message.contains(words), "{message}");
    }
    ask().duration_seconds(7200).send().await.unwrap();
}

#[tokio::test]
async fn a_policy_and_tags_that_do_not_pack_are_too_large() {
    let aws = Aws::start().await;
    let (_, token) = aws.token("ada", Some("member")).await;
    let policy = |length: usize| {
        let start = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":""#;
        let end = r#""}]}"#;
        format!(
            "{start}{}{end}",
            "x".repeat(length - start.len() - end.len())
        )
    };
    let fits = aws
        .assume("MemberRole", &token)
        .policy(policy(1024))
        .send()
        .await;
    fits.unwrap();
    let refused = aws
        .assume("MemberRole", &token)
        .policy(policy(2048))
        .send()
        .await;
    assert_eq!(code(refused), "PackedPolicyTooLarge");
}

#[tokio::test]
async fn the_developer_call_needs_a_signed_caller_whose_role_allows_it() {
    let aws = Aws::start().await;
    let (_, member) = aws.member("ada").await;
    let call = async |client: aws_sdk_cognitoidentity::Client| {
        client
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(aws.pool_id())
            .logins(PROVIDER, "eve")
            .send()
            .await
    };
    let (code_of_member, message) = refusal(call(aws.cognito(Some(member))).await);
    assert_eq!(code_of_member, "AccessDeniedException");
    assert!(message.contains(&format!("identitypool/{}", aws.pool_id())));
    let unknown = credentials("AKIANOBODY0000000000", "secret", None);
    let refused = call(aws.cognito(Some(unknown))).await;
    assert_eq!(code(refused), "UnrecognizedClientException");
    call(aws.cognito(Some(admin()))).await.unwrap();
}

#[tokio::test]
async fn a_developer_request_outside_the_limits_has_its_documented_error() {
    let aws = Aws::start().await;
    let client = aws.cognito(Some(aws.vendor()));
    let ask = || {
        client
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(aws.pool_id())
            .logins(PROVIDER, "ada")
    };
    let (bob, _) = aws.token("bob", None).await;
    aws.token("ada", None).await;
    let cases = [
        (ask().token_duration(86_401), "InvalidParameterException"),
        (ask().principal_tags("k", ""), "InvalidParameterException"),
        (
            ask().logins("graph.facebook.com", "x"),
            "InvalidParameterException",
        ),
        (
            ask().identity_pool_id("us-east-1:other"),
            "ResourceNotFoundException",
        ),
        (
            ask().identity_id("us-east-1:other"),
            "ResourceNotFoundException",
        ),
        (
            ask().identity_id(bob),
            "DeveloperUserAlreadyRegisteredException",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(code(request.send().await), expected);
    }
    let fifty_one = (0..51).fold(ask(), |ask, n| ask.principal_tags(format!("k{n}"), "v"));
    assert_eq!(code(fifty_one.send().await), "InvalidParameterException");
}

#[tokio::test]
async fn assume_role_is_for_whom_the_trust_policy_names() {
    let trusting = |text: &mut String| {
        let role = r#"
  PartnerRole:
    Type: AWS::IAM::Role
    Properties:
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: { AWS: !GetAtt IdentityVendorRole.Arn }
            Action: sts:AssumeRole
Outputs:"#;
        *text = text.replace("\nOutputs:", role);
    };
    let aws = Aws::start_with(trusting, Storage::Memory).await;
    let (_, member) = aws.member("ada").await;
    let ask = |who| {
        let client = aws.sts(Some(who)).assume_role();
        client
            .role_arn(aws.role("PartnerRole"))
            .role_session_name("partner")
    };
    let assumed = ask(aws.vendor())
        .send()
        .await
        .unwrap()
        .assumed_role_user
        .unwrap();
    assert!(
        assumed
            .arn()
            .ends_with(":assumed-role/example-PartnerRole/partner")
    );
    let chained = ask(aws.vendor()).duration_seconds(3601).send().await;
    assert_eq!(code(chained), "ValidationError");
    let (code, message) = refusal(ask(member).send().await);
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("is not authorized to perform: sts:AssumeRole on resource:"));
}

#[tokio::test]
async fn sts_has_its_own_codes_for_keys_it_does_not_accept() {
    let aws = Aws::start().await;
    let (_, member) = aws.member("ada").await;
    let who = async |credentials| {
        aws.sts(Some(credentials))
            .get_caller_identity()
            .send()
            .await
    };
    let wrong = credentials(admin().access_key_id(), "another", None);
    assert_eq!(code(who(wrong).await), "SignatureDoesNotMatch");
    let nobody = credentials("AKIANOBODY0000000000", "x", None);
    assert_eq!(code(who(nobody).await), "InvalidClientTokenId");
    aws.advance(3600);
    assert_eq!(code(who(member).await), "ExpiredToken");
    assert_eq!(
        who(admin()).await.unwrap().arn(),
        Some("arn:aws:iam::123456789012:root")
    );
}
