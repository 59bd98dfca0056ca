//! Keys that are made up, and keys that change while callers come.

use super::*;
use crate::common::signer::Signer;

/// Tokens of this issuer by keys that it does not have, each with a name of its own.
fn invented(world: &World, count: usize) -> Vec<UnverifiedJwt> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let claims = json!({
        "iss": world.issuer.issuer(), "sub": "ana", "aud": "poolkeeper", "iat": now, "exp": now + 3600,
    });
    let mut signer = Signer::p256("");
    let tokens = (0..count).map(|number| {
        signer.kid = format!("invented-{number}");
        UnverifiedJwt::decode(&signer.token(&claims)).unwrap()
    });
    tokens.collect()
}

#[tokio::test]
async fn a_thousand_calls_with_unknown_keys_make_one_request_in_each_window() {
    let world = World::new().await;
    let known = world.token();
    assert_eq!(world.verify(&known).await, Ok(()));
    assert_eq!(world.issuer.jwks_requests(), 1);
    let tokens = invented(&world, 1000);
    for window in 1..=3 {
        let calls = tokens.iter().map(|jwt| world.verify(jwt));
        let results = futures_util::future::join_all(calls).await;
        let refused = results.iter().filter(|result| **result == UNKNOWN_KEY);
        assert_eq!(refused.count(), 1, "who made the request");
        let put_off = Err(VerifyError::KeyNotYetKnown);
        let put_off = results.iter().filter(|result| **result == put_off);
        assert_eq!(put_off.count(), 999);
        assert_eq!(world.issuer.jwks_requests(), 1 + window);
        assert_eq!(world.verify(&known).await, Ok(()), "known keys go on");
        later(11).await;
    }
}

#[tokio::test]
async fn keys_rotate_without_a_failed_call() {
    let world = World::new().await;
    let mut tokens = vec![world.token()];
    let mut kids = Vec::new();
    for rotation in 1..=5 {
        kids.push(world.issuer.rotate().unwrap());
        tokens.push(world.token());
        // Of every key so far, at once: those of the new one come first, in the middle and last.
        let newest = tokens.last().into_iter();
        let calls = newest.chain(tokens.iter()).chain(tokens.iter().rev());
        let calls: Vec<_> = calls.cycle().take(60).collect();
        let results =
            futures_util::future::join_all(calls.iter().map(|jwt| world.verify(jwt))).await;
        assert!(results.iter().all(Result::is_ok), "{rotation}: {results:?}");
        assert_eq!(
            world.issuer.jwks_requests(),
            rotation,
            "the first call and each new key"
        );
    }
    // The old keys go when their tokens have ended; nobody who holds a token of a newer one notices.
    for kid in kids.drain(..4) {
        assert!(world.issuer.withdraw(&kid));
        later(601).await;
        assert_eq!(world.verify(tokens.last().unwrap()).await, Ok(()));
    }
    assert_eq!(world.verify(&tokens[1]).await, UNKNOWN_KEY);
}

#[tokio::test]
async fn a_key_that_is_published_ahead_is_known_whoever_floods() {
    let world = World::new().await;
    let ahead = world.issuer.rotate().unwrap();
    let next = world.token();
    assert_eq!(
        world.verify(&next).await,
        Ok(()),
        "published and fetched, {ahead}"
    );
    for jwt in invented(&world, 50) {
        assert!(world.verify(&jwt).await.is_err());
        assert_eq!(world.verify(&next).await, Ok(()));
    }
    assert_eq!(world.issuer.jwks_requests(), 2);
}
