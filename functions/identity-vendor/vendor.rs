//! One request from beginning to end: read, authenticate, choose, issue, answer.

use std::{convert::Infallible, time::Duration};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use shared::{
    aws::Ahead,
    deadline::Deadline,
    invocation::{Decision, Handler, Interrupted, Invocation},
    policy::Name,
    telemetry::Outcome,
    vending::{self, Choice, Passed, Role, Rules, choose},
};

use crate::{
    address::Address,
    authenticate::{Repeats, Sources},
    denial::{Denial, Denied},
    issue::{Grant, Issue, Vended},
    limits::Limits,
    protocol::Shape,
    request::{self, Asked},
    respond,
    route::Route,
};

/// What a token exchange may take: an HTTP API waits for 30 s, a client seldom more than 10.
const EXCHANGE_BUDGET: Duration = Duration::from_secs(8);

/// What `GET /credentials` may take, the start of a cold environment included: boto3 gives up after 2 s and tries
/// twice more, so a later answer would only hold an environment. The rest is for the way there and back.
const CREDENTIALS_BUDGET: Duration = Duration::from_millis(1800);

/// What may be done ahead of the first request, which waits for it. Connections within a Region take some
/// milliseconds, an issuer's keys some hundred.
const AHEAD_BUDGET: Duration = Duration::from_millis(500);

/// The function.
pub(crate) struct IdentityVendor {
    sources: Sources,
    rules: Rules,
    limits: Limits,
    issue: Issue,
}

/// What a request comes to that is not denied.
pub(crate) enum Answer {
    /// A token or credentials.
    Vended(Vended),
    /// The function is there, with its rules.
    Healthy,
}

/// The payload is not an HTTP request.
#[derive(Debug, thiserror::Error)]
#[error("expected an HTTP API event, payload format 2.0")]
pub(crate) struct NotHttp;

impl IdentityVendor {
    pub(crate) fn new(sources: Sources, rules: Rules, limits: Limits, issue: Issue) -> Self {
        Self {
            sources,
            rules,
            limits,
            issue,
        }
    }

    /// Opens the connections that requests need and fetches the issuers' keys, all at the same time, while Lambda
    /// gives the whole of its processor. What fails, or is not there in time, is left to the request that needs it.
    pub(crate) async fn get_ready(&self, ahead: &Ahead) {
        let deadline = Deadline::after(AHEAD_BUDGET);
        let mut roles = self.rules.roles.values();
        let asks_cognito = roles.any(Role::asks_cognito);
        let opening = async {
            tokio::join!(
                self.limits.open(ahead, deadline),
                self.issue.open(ahead, asks_cognito, deadline),
                self.sources.fetch_keys(deadline),
            )
        };
        let _ = deadline.bound(opening).await;
    }

    async fn answer(
        &self,
        event: &Result<ApiGatewayV2httpRequest, NotHttp>,
        invocation: &Invocation,
    ) -> Result<(Answer, Option<Name>), Denied> {
        let Ok(event) = event else {
            let denial = Denial::InvalidRequest("the request cannot be read");
            return Err(Denied::because(denial, NotHttp));
        };
        let request = match request::parse(event)? {
            Asked::Vend(request) => request,
            Asked::Health => return Ok((Answer::Healthy, None)),
        };
        // A role that no policy names may be anything, an address even.
        let known = |alias: &&Name| self.rules.roles.contains_key(*alias);
        if let Some(alias) = request.role.as_ref().filter(known) {
            invocation.note(|line, _| line.for_role(alias.as_str()));
        }
        let repeats = match Route::of(event)?.route {
            Route::Token | Route::Vouch => Repeats::No,
            _ => Repeats::Yes,
        };
        let (deadline, limits) = (invocation.deadline(), &self.limits);
        let address = Address::of(event, limits.trusted_hops());
        let guest = request.guest_token.as_ref();
        let authenticated = self
            .sources
            .authenticate(&request.proof, guest, invocation)
            .await;
        let proven = match authenticated {
            Ok(proven) => proven,
            Err(denied) if denied.denial.is_of_the_proof() => {
                let address = address.as_ref();
                return Err(limits.proof_failed(denied, address, deadline).await);
            }
            Err(denied) => return Err(denied),
        };
        let grant = self.choose(proven.caller(), request.role.as_ref(), invocation)?;
        invocation.note(|line, _| line.for_role(grant.alias.as_str()));
        let admitted = limits
            .admit(proven.caller(), grant.role, address.as_ref(), deadline)
            .await?;
        let caller = self.sources.use_up(proven, repeats, deadline).await?;
        let wanted = request.requested_token_type;
        let vended = self
            .issue
            .issue(&caller, &grant, wanted, &admitted, invocation)
            .await?;
        invocation.note(|line, _| line.issued(vended.secret().expose_secret()));
        Ok((Answer::Vended(vended), grant.rule.cloned()))
    }

    fn choose(
        &self,
        caller: &vending::Caller,
        requested: Option<&Name>,
        invocation: &Invocation,
    ) -> Result<Grant<'_>, Denied> {
        let decision = choose(&self.rules, caller, requested);
        for step in &decision.steps {
            if let Passed::Reported(would_be) = step.passed {
                let reason = match would_be {
                    Choice::Denied(_) => "would-deny",
                    Choice::Role(..) | Choice::NoRole => "would-grant",
                };
                invocation.note(|line, _| line.reported(step.rule.as_str(), reason));
            }
        }
        match decision.choice {
            Choice::Role(alias, rule) => match self.rules.roles.get(alias) {
                Some(role) => Ok(Grant { alias, role, rule }),
                None => Err(Denial::NoRole.into()),
            },
            Choice::Denied(rule) => Err(Denied::by_rule(rule)),
            Choice::NoRole => Err(Denial::NoRole.into()),
        }
    }
}

impl Handler for IdentityVendor {
    const FUNCTION: &'static str = "identity-vendor";
    type Request = Result<ApiGatewayV2httpRequest, NotHttp>;
    type Answer = Result<Answer, Denial>;
    type Response = ApiGatewayV2httpResponse;
    type Error = Infallible;

    fn read(payload: Box<RawValue>) -> Self::Request {
        serde_json::from_str(payload.get()).map_err(|_| NotHttp)
    }

    fn budget(&self, request: &Self::Request) -> Duration {
        match route(request) {
            Some(Route::Credentials | Route::RoleCredentials) => CREDENTIALS_BUDGET,
            _ => EXCHANGE_BUDGET,
        }
    }

    async fn decide(
        &self,
        request: &Self::Request,
        invocation: &Invocation,
    ) -> Decision<Self::Answer> {
        let denied = match self.answer(request, invocation).await {
            Ok((answer, rule)) => {
                let mut decision = Decision::new(answer.outcome(), answer.reason(), Ok(answer));
                decision.rule = rule.map(|rule| rule.to_string());
                return decision;
            }
            Err(denied) => denied,
        };
        let denial = denied.denial;
        let mut decision = Decision::new(denial.outcome(), denial.reason(), Err(denial));
        decision.rule = denied.rule.map(|rule| rule.to_string());
        decision.cause = denied.cause;
        decision
    }

    fn settle(&self, _: &Self::Request, interrupted: &Interrupted) -> Decision<Self::Answer> {
        let denial = match interrupted {
            Interrupted::DeadlineExceeded(_) => Denial::Unavailable,
            Interrupted::Panicked(_) => Denial::Internal,
        };
        Decision::new(Outcome::Failed, interrupted.reason(), Err(denial))
    }

    fn respond(
        &self,
        request: &Self::Request,
        decision: Decision<Self::Answer>,
        invocation: &Invocation,
    ) -> Result<Self::Response, Infallible> {
        Ok(match decision.answer {
            Ok(Answer::Vended(vended)) => respond::vended(&vended, route(request)),
            Ok(Answer::Healthy) => respond::healthy(),
            Err(denial) => respond::denial(denial, shape(request), invocation.request_id()),
        })
    }
}

impl Answer {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Vended(_) => Outcome::Issued,
            Self::Healthy => Outcome::Answered,
        }
    }

    /// A stable code for the audit line.
    fn reason(&self) -> &'static str {
        match self {
            Self::Vended(vended) => vended.reason(),
            Self::Healthy => "healthy",
        }
    }
}

fn route(request: &Result<ApiGatewayV2httpRequest, NotHttp>) -> Option<Route> {
    let routed = Route::of(request.as_ref().ok()?).ok()?;
    Some(routed.route)
}

/// How an error is to look; known before anything else.
fn shape(request: &Result<ApiGatewayV2httpRequest, NotHttp>) -> Shape {
    request.as_ref().map_or(Shape::OAuth, Route::shape_of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
    use shared::{
        https::Https,
        jwt::{Fetcher, install_crypto_provider},
        limit::Limiter,
        policy::{self, PolicyFile},
    };
    use tokio::{
        net::TcpListener,
        time::{Instant, timeout},
    };

    use super::*;
    use crate::{
        authenticate::{Guests, UsedTokens},
        issue::{IdentityPool, IdentityRecords, Sts},
        limits::Levels,
    };

    const POLICY: &str = r#"
        version = 1
        [identity-vendor.sources.app]
        [identity-vendor.roles.member]
        flow = "token"
    "#;

    /// A vendor whose every host is at `url`, and what opens its connections.
    fn vendor_at(url: &str) -> (IdentityVendor, Ahead) {
        install_crypto_provider();
        let credentials = Credentials::new("id", "secret", None, None, "a test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(url)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let policy = PolicyFile::parse("policy.toml", POLICY.to_owned());
        let policy: policy::IdentityVendor = policy.section().unwrap();
        let name = |name: &str| name.to_owned();
        let client = aws_sdk_dynamodb::Client::new(&config);
        let levels = Levels::new(client.clone(), name("ephemeral"));
        let limiter = Limiter::new(client, name("ephemeral"));
        let fetcher = Fetcher::new(Https::new().unwrap(), None);
        let sources = Sources {
            issuers: Vec::new(),
            back_ends: BTreeMap::new(),
            used: UsedTokens::new(&config, name("ephemeral")),
            guests: Some(Guests::new("pool", Some(url), fetcher).unwrap()),
        };
        let issue = Issue::new(
            IdentityRecords::new(&config, name("directory"), name("pool")),
            IdentityPool::new(&config, name("pool"), name("provider")),
            Sts::new(&config),
            BTreeMap::new(),
        );
        let limits = Limits::new(levels, limiter, policy.limits, "pool");
        let vendor = IdentityVendor::new(sources, policy.rules, limits, issue);
        (vendor, Ahead::new(&config).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_take_the_connection_and_say_nothing_delay_a_start_by_half_a_second() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let (vendor, ahead) = vendor_at(&url);
        let began = Instant::now();
        vendor.get_ready(&ahead).await;
        // By tokio's clock, which stands still until everybody waits, and knows milliseconds.
        let took = began.elapsed().as_millis();
        assert!((500..=501).contains(&took), "{took}");
        // DynamoDB, Cognito, STS and the issuer of guests' tokens were all asked.
        for _ in 0..4 {
            let connection = timeout(Duration::from_secs(1), silent.accept()).await;
            connection.unwrap().unwrap();
        }
    }
}
