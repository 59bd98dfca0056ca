//! What the vendor does before the first request: connections are open, keys are there, and nothing depends on it.

use std::time::{Duration, Instant};

use super::*;
use crate::common::policy_file;
use emulator::oidc_issuer::OidcIssuer;

/// The suite with a server before each host that the vendor calls.
struct World {
    stack: Stack,
    dynamodb: Faulty,
    cognito: Faulty,
    sts: Faulty,
    issuer: OidcIssuer,
    issuers_front: Faulty,
    issuers_upstream: String,
}

impl World {
    async fn new(policy: impl Fn(&str) -> String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuers_upstream = listener.local_addr().unwrap().to_string();
        let issuers_front = Faulty::start(Behaviour::Close).await;
        let issuer = OidcIssuer::new(&issuers_front.url, "poolkeeper").unwrap();
        let router = issuer.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let dynamodb = Faulty::start(Behaviour::Close).await;
        let cognito = Faulty::start(Behaviour::Close).await;
        let sts = Faulty::start(Behaviour::Close).await;
        let mut options = options();
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url.as_str()),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY", &cognito.url),
            ("AWS_ENDPOINT_URL_STS", &sts.url),
            ("ISSUER_URLS", &format!("app={}", issuer.issuer())),
        ];
        options.environment = environment(FUNCTION, &variables);
        let shipped = std::fs::read_to_string(crate::common::tree("policy/policy.toml")).unwrap();
        options.policy = policy_file(&policy(&shipped));
        let stack = local::start(&options).await.unwrap();
        for aws in [&dynamodb, &cognito, &sts] {
            aws.behave(Behaviour::Forward(stack.aws_url.clone()));
        }
        issuers_front.behave(Behaviour::Forward(issuers_upstream.clone()));
        Self {
            stack,
            dynamodb,
            cognito,
            sts,
            issuer,
            issuers_front,
            issuers_upstream,
        }
    }

    /// The environment has started, and nobody has asked it for anything that would need a connection.
    async fn start(&self) {
        health(&self.stack).await;
    }

    fn connections(&self) -> [usize; 4] {
        let hosts = [
            &self.dynamodb,
            &self.cognito,
            &self.sts,
            &self.issuers_front,
        ];
        hosts.map(Faulty::connections)
    }

    fn jwt(&self) -> String {
        let claims = json!({"sub": "ana", "cognito:groups": ["publishers"]});
        self.issuer.mint(claims).unwrap()
    }
}

async fn health(stack: &Stack) {
    let url = format!("{}/health", stack.api_url);
    let answer = send("GET", &url, &[], "").await.unwrap();
    assert_eq!(answer.status, 200, "{}", log_text(stack));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_keys_are_there_before_the_first_request_and_serve_it() {
    let world = World::new(str::to_owned).await;
    world.start().await;
    assert_eq!(world.connections(), [1, 1, 1, 1]);
    for aws in [&world.dynamodb, &world.cognito, &world.sts] {
        assert_eq!((aws.opened().len(), aws.requests()), (1, 0));
    }
    assert_eq!(world.issuer.jwks_requests(), 1);
    let answer = credentials(&world.stack, &world.jwt(), "/publisher").await;
    assert_eq!(answer.status, 200, "{}", log_text(&world.stack));
    // No further connection was made, so the calls went over those.
    assert_eq!(world.connections(), [1, 1, 1, 1]);
    for aws in [&world.dynamodb, &world.cognito, &world.sts] {
        assert_eq!(aws.requests(), 1, "one connection brought all of them");
    }
    assert_eq!(world.issuer.jwks_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_opened_by_a_request_that_asks_for_nothing() {
    let world = World::new(str::to_owned).await;
    world.start().await;
    for aws in [&world.dynamodb, &world.cognito, &world.sts] {
        let said = aws.opened().remove(0).to_ascii_lowercase();
        assert!(said.starts_with("get / http/1.1\r\n"), "{said}");
        assert!(
            !said.contains("authorization") && !said.contains("x-amz-"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_is_left_alone_where_no_role_needs_it() {
    let direct = |policy: &str| {
        let policy = policy.replace("flow = \"token\"", "flow = \"direct\"");
        policy.replace("flow = \"credentials\"", "flow = \"direct\"")
    };
    let world = World::new(direct).await;
    world.start().await;
    assert_eq!(world.connections(), [1, 0, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_take_the_connection_and_say_nothing_do_not_keep_the_function_from_starting() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let issuer = format!("app={url}");
    let variables = [("AWS_ENDPOINT_URL", url.as_str()), ("ISSUER_URLS", &issuer)];
    let stack = stack_with(FUNCTION, &variables).await;
    health(&stack).await;
    assert_eq!(last_decision(&stack), "answered healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_fails_at_the_start_is_asked_again_for_the_first_token() {
    let world = World::new(str::to_owned).await;
    world.issuers_front.behave(Behaviour::Close);
    world.start().await;
    assert_eq!(world.issuer.jwks_requests(), 0);
    let there = Behaviour::Forward(world.issuers_upstream.clone());
    world.issuers_front.behave(there);
    let answer = credentials(&world.stack, &world.jwt(), "").await;
    assert_eq!(answer.status, 200, "{}", log_text(&world.stack));
}

/// Passes connections on, and holds back each connection and each request for `delay`: a network.
async fn network(upstream: &str, delay: Duration) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let upstream = upstream.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                tokio::time::sleep(delay).await;
                let service = tokio::net::TcpStream::connect(upstream).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_service, mut to_service) = service.into_split();
                let answers = tokio::io::copy(&mut from_service, &mut to_client);
                let asks = async {
                    let mut part = [0; 16 * 1024];
                    while let Ok(read @ 1..) = from_client.read(&mut part).await {
                        tokio::time::sleep(delay).await;
                        if to_service.write_all(&part[..read]).await.is_err() {
                            return;
                        }
                    }
                };
                tokio::join!(answers, asks)
            });
        }
    });
    url
}

#[expect(clippy::print_stderr, reason = "the figures are for whoever runs it")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "asserts no time: cargo test --workspace --test suite -- --ignored first_request_waits --nocapture"]
async fn how_long_the_first_request_waits() {
    const ROUND_TRIP: Duration = Duration::from_millis(5);
    const ROUNDS: usize = 15;
    let issuers = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let front = network(&issuers.local_addr().unwrap().to_string(), ROUND_TRIP).await;
    let issuer = OidcIssuer::new(&front, "poolkeeper").unwrap();
    let router = issuer.router();
    tokio::spawn(async move { axum::serve(issuers, router).await });
    let front_of_aws = Faulty::start(Behaviour::Close).await;
    let aws = network(&front_of_aws.url, ROUND_TRIP).await;
    let urls = format!("app={}", issuer.issuer());
    let variables = [("AWS_ENDPOINT_URL", aws.as_str()), ("ISSUER_URLS", &urls)];
    let stack = stack_with(FUNCTION, &variables).await;
    front_of_aws.behave(Behaviour::Forward(stack.aws_url.clone()));
    let jwt = issuer
        .mint(json!({"sub": "ana", "cognito:groups": ["publishers"]}))
        .unwrap();
    let ask = async || {
        let began = Instant::now();
        let answer = credentials(&stack, &jwt, "/publisher").await;
        assert_eq!(answer.status, 200, "{}", log_text(&stack));
        began.elapsed()
    };
    let (mut cold, mut ready, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let new = async || stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
        new().await;
        cold.push(ask().await);
        warm.push(ask().await);
        new().await;
        health(&stack).await;
        ready.push(ask().await);
    }
    for (what, mut times) in [
        ("in a new environment, its start included", cold),
        ("the first of an environment that has started", ready),
        ("any later one", warm),
    ] {
        times.sort_unstable();
        eprintln!("{what}: {:.1?} (median of {ROUNDS})", times[ROUNDS / 2]);
    }
}
