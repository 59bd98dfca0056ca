//! The main job, played once from end to end by real SDK clients: each step says what was asked, what
//! answered, and why it matters.

use std::{error::Error, io::Write};

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentityprovider::{
    Client as UserPoolClient,
    error::{ProvideErrorMetadata, SdkError},
    operation::initiate_auth::{InitiateAuthError, InitiateAuthOutput},
    types::{AttributeType, AuthFlowType},
};
use aws_sdk_dynamodb::{Client as DynamoDbClient, types::AttributeValue};
use aws_sdk_sts::Client as StsClient;
use emulator::{
    http_client::{self, Answer},
    stack::Stack,
    user_pool::{Delivery, Purpose},
};
use serde_json::{Value, json};

/// The form of an RFC 8693 token exchange, but for the token itself.
const TOKEN_EXCHANGE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
    &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";

const NEW_PASSWORD: &str = "Correct-horse-1";
const OLD_PASSWORD: &str = "Tr0ub4dor&3-old";
const LUIS: &str = "luis@example.com";
const EVA: &str = "eva@example.com";

/// The tour stopped: a step did not go as it must.
#[derive(Debug, thiserror::Error)]
pub enum TourError {
    /// Another answer than the one that was due.
    #[error("step {step}: expected {expected}, but got {got}")]
    Unexpected {
        /// The step's number.
        step: usize,
        /// What was due.
        expected: String,
        /// What came.
        got: String,
    },
    /// The output cannot be written.
    #[error("cannot write")]
    Write(#[from] std::io::Error),
}

/// Plays the tour on `stack` and tells it on `out`.
///
/// # Errors
/// The first step that does not go as it must.
pub async fn play(stack: &Stack, out: &mut (dyn Write + Send)) -> Result<(), TourError> {
    let admin = stack.sdk_config(Stack::admin());
    let mut tour = Tour {
        stack,
        out,
        step: 0,
        pool: UserPoolClient::new(&admin),
        tables: DynamoDbClient::new(&admin),
    };
    tour.fill_the_legacy_table().await?;
    tour.sign_up_and_confirm().await?;
    tour.migrate_with_the_old_password().await?;
    tour.forget_passwords().await?;
    tour.vend().await
}

struct Tour<'a> {
    stack: &'a Stack,
    out: &'a mut (dyn Write + Send),
    step: usize,
    pool: UserPoolClient,
    tables: DynamoDbClient,
}

impl Tour<'_> {
    async fn sign_up_and_confirm(&mut self) -> Result<(), TourError> {
        self.chapter("A person signs up (pre-sign-up, post-confirmation)")?;
        let refused = self.sign_up("mallory@evil.example").await;
        let refused = self.error("a refusal", refused.map_err(|error| text_of(&error)))?;
        self.tell(
            "SignUp mallory@evil.example",
            &refused,
            "policy.toml admits example.com only; the text is all that a stranger learns",
        )?;

        let sub = self.sign_up("ana@example.com").await;
        let sub = self.good(sub.map_err(|error| text_of(&error)))?;
        let code = self.delivered("ana@example.com", Purpose::ConfirmSignUp)?;
        self.tell(
            "SignUp ana@example.com",
            &format!("sub {sub}; code {code} is on its way"),
            "the domain is admitted",
        )?;

        let confirmed = self
            .pool
            .confirm_sign_up()
            .client_id(&self.stack.user_pool.settings().client_id)
            .username("ana@example.com")
            .confirmation_code(&code)
            .send()
            .await;
        self.good(confirmed.map_err(|error| text_of(&error)))?;
        let rows = self.rows_of(&sub).await?;
        self.tell(
            "ConfirmSignUp with the code",
            &format!("confirmed; the directory table has {}", rows.join(" and ")),
            "profile and event are one transaction: a retry adds nothing, a crash loses nothing",
        )?;

        let signed_in = self.sign_in("ana@example.com", NEW_PASSWORD).await;
        let tokens = self.good(signed_in.map_err(|error| text_of(&error)))?;
        let tokens = describe_tokens(&tokens);
        self.tell(
            "InitiateAuth ana@example.com",
            &tokens,
            "an ordinary user of the pool from here on",
        )
    }

    async fn migrate_with_the_old_password(&mut self) -> Result<(), TourError> {
        self.chapter("A user of the old system moves in (user-migration)")?;
        let wrong = self.sign_in(LUIS, "not his password").await;
        let wrong = self.error("a refusal", wrong.map_err(|error| text_of(&error)))?;
        let unknown = self.sign_in("nobody@example.com", "whatever-1").await;
        let unknown = self.error("a refusal", unknown.map_err(|error| text_of(&error)))?;
        self.expect(
            wrong == unknown,
            "the same answer for wrong and unknown",
            &unknown,
        )?;
        self.tell(
            "InitiateAuth luis@example.com with a wrong password, then nobody@example.com",
            &format!("{wrong}, both times"),
            "the same words after the same time: who has an account is nobody's business",
        )?;

        let before = self.decisions("user-migration");
        let moved = self.sign_in(LUIS, OLD_PASSWORD).await;
        let moved = self.good(moved.map_err(|error| text_of(&error)))?;
        self.expect(
            self.decisions("user-migration") == before + 1,
            "one migration",
            "another number",
        )?;
        self.tell(
            "InitiateAuth luis@example.com with the old password",
            &describe_tokens(&moved),
            "verified against the old system's bcrypt hash; Luis notices nothing",
        )?;

        let again = self.sign_in(LUIS, OLD_PASSWORD).await;
        self.good(again.map_err(|error| text_of(&error)))?;
        self.expect(
            self.decisions("user-migration") == before + 1,
            "no second migration",
            "another one",
        )?;
        self.tell(
            "InitiateAuth luis@example.com once more",
            "tokens, and the trigger was not asked",
            "the pool has the password now: the old hash can go",
        )
    }

    /// Eva has not moved in, and a forgotten password does not move her: under the policy that ships, her
    /// answer is a stranger's. Luis, who has moved in, gets a code.
    async fn forget_passwords(&mut self) -> Result<(), TourError> {
        let eva = self.forget(EVA).await?;
        let nobody = self.forget("eve@example.com").await?;
        self.expect(
            eva == nobody,
            "the same answer for a legacy user and a stranger",
            &nobody,
        )?;
        self.tell(
            "ForgotPassword eva@example.com, then a stranger's eve@example.com",
            &format!("{eva}, both times, and no code is sent"),
            "moving in takes the old password: a code would tell who is in the old system",
        )?;

        self.forget(LUIS).await?;
        let code = self.delivered(LUIS, Purpose::ForgotPassword)?;
        let reset = self
            .pool
            .confirm_forgot_password()
            .client_id(&self.stack.user_pool.settings().client_id)
            .username(LUIS)
            .confirmation_code(&code)
            .password(NEW_PASSWORD)
            .send()
            .await;
        self.good(reset.map_err(|error| text_of(&error)))?;
        let signed_in = self.sign_in(LUIS, NEW_PASSWORD).await;
        let tokens = self.good(signed_in.map_err(|error| text_of(&error)))?;
        self.tell(
            "ForgotPassword luis@example.com, then ConfirmForgotPassword with the code",
            &describe_tokens(&tokens),
            "he has moved in, and is a user of the pool like any other",
        )
    }

    /// What ForgotPassword says of where the code goes.
    async fn forget(&mut self, name: &str) -> Result<String, TourError> {
        let forgot = self
            .pool
            .forgot_password()
            .client_id(&self.stack.user_pool.settings().client_id)
            .username(name)
            .send()
            .await;
        let forgot = self.good(forgot.map_err(|error| text_of(&error)))?;
        let details = forgot.code_delivery_details();
        let destination = details.and_then(|details| details.destination());
        Ok(destination.unwrap_or("no destination").to_owned())
    }

    async fn vend(&mut self) -> Result<(), TourError> {
        self.chapter("An application vends AWS access to its own users (identity-vendor)")?;
        let ana = self.mint(json!({"sub": "app-user-1"}))?;
        let exchanged = self.exchange(&ana).await?;
        let (identity_id, token) = (
            text(&exchanged, "identity_id"),
            text(&exchanged, "access_token"),
        );
        self.tell(
            "POST /token (RFC 8693) with the application's own JWT",
            &format!(
                "a Cognito OpenID token for {identity_id}, {} s",
                exchanged.get("expires_in").unwrap_or(&Value::Null)
            ),
            "the same user is the same identity for ever, by a record of our own",
        )?;

        let vended = self.get_credentials(&ana, "").await?;
        let credentials = credentials_of(&vended.json());
        let arn = self.caller(&credentials).await?;
        self.tell(
            "GET /credentials with the same JWT, as every AWS SDK does by itself",
            &format!(
                "credentials of {arn}, until {}",
                text(&vended.json(), "Expiration")
            ),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is all that an SDK needs to know",
        )?;
        self.own_row_and_a_stranger_s(&identity_id, credentials)
            .await?;

        let stolen = self.assume("PublisherRole", &token).await;
        let stolen = self.error("AccessDenied", stolen)?;
        self.expect(stolen.starts_with("AccessDenied"), "AccessDenied", &stolen)?;
        self.tell(
            "AssumeRoleWithWebIdentity for the role `publisher` with Ana's token",
            &stolen,
            "the role's trust policy wants the tag vend_role=publisher, which only the vendor can have signed",
        )?;

        let refused = self.get_credentials(&ana, "/publisher").await?;
        self.expect(
            refused.status == 403,
            "HTTP 403",
            &refused.status.to_string(),
        )?;
        let publisher =
            self.mint(json!({"sub": "app-user-2", "cognito:groups": ["publishers"]}))?;
        let granted = self.get_credentials(&publisher, "/publisher").await?;
        let arn = self.caller(&credentials_of(&granted.json())).await?;
        self.tell(
            "GET /credentials/publisher, as Ana, and as a member of the group `publishers`",
            &format!("403 {} — and {arn}", text(&refused.json(), "Message")),
            "no rule, no role",
        )
    }

    async fn own_row_and_a_stranger_s(
        &mut self,
        identity_id: &str,
        credentials: Credentials,
    ) -> Result<(), TourError> {
        let mine = DynamoDbClient::new(&self.stack.sdk_config(credentials));
        let table = self.stack.physical_name("DataTable");
        let own = [
            ("owner", identity_id),
            ("item", "note"),
            ("text", "mine alone"),
        ];
        let put = mine
            .put_item()
            .table_name(&table)
            .set_item(Some(own.map(attribute).into()))
            .send()
            .await;
        self.good(put.map_err(|error| text_of(&error)))?;
        let key = |owner: &str| Some([("owner", owner), ("item", "note")].map(attribute).into());
        let read = mine
            .get_item()
            .table_name(&table)
            .set_key(key(identity_id))
            .send()
            .await;
        let read = self.good(read.map_err(|error| text_of(&error)))?;
        let note = read
            .item()
            .and_then(|item| item.get("text")?.as_s().ok().cloned());
        let note = note.unwrap_or_default();
        self.expect(note == "mine alone", "the own row", &note)?;
        self.tell(
            "PutItem and GetItem, own row",
            &format!("\"{note}\""),
            "the row's key is the identity's id",
        )?;

        let stranger = "us-east-1:99999999-0000-4000-8000-000000000000";
        let read = mine
            .get_item()
            .table_name(&table)
            .set_key(key(stranger))
            .send()
            .await;
        let refused = self.error(
            "AccessDeniedException",
            read.map_err(|error| text_of(&error)),
        )?;
        self.expect(
            refused.starts_with("AccessDenied"),
            "AccessDeniedException",
            &refused,
        )?;
        self.tell(
            "GetItem, a stranger's row",
            &refused,
            "refused by IAM on ${cognito-identity.amazonaws.com:sub}: no code of ours stands in between",
        )
    }
}

/// What the steps are made of.
impl Tour<'_> {
    async fn fill_the_legacy_table(&mut self) -> Result<(), TourError> {
        let hash = bcrypt::hash(OLD_PASSWORD, 10).map_err(|error| error.to_string());
        let hash = self.good(hash)?;
        for (name, full_name) in [(LUIS, "Luis Ortega"), (EVA, "Eva Lindqvist")] {
            let known = [("email", name), ("full_name", full_name)].map(attribute);
            let row = self
                .tables
                .put_item()
                .table_name(self.stack.physical_name("LegacyUsersTable"))
                .item("username", AttributeValue::S(name.to_owned()))
                .item("password_hash", AttributeValue::S(hash.clone()))
                .item("email_verified", AttributeValue::Bool(true))
                .item("attributes", AttributeValue::M(known.into()))
                .send()
                .await;
            self.good(row.map_err(|error| text_of(&error)))?;
        }
        Ok(())
    }

    /// The new user's `sub`.
    async fn sign_up(
        &self,
        email: &str,
    ) -> Result<String, SdkError<aws_sdk_cognitoidentityprovider::operation::sign_up::SignUpError>>
    {
        // An attribute without a name cannot be built; this one has one.
        let email_attribute = AttributeType::builder()
            .name("email")
            .value(email)
            .build()
            .ok();
        let output = self
            .pool
            .sign_up()
            .client_id(&self.stack.user_pool.settings().client_id)
            .username(email)
            .password(NEW_PASSWORD)
            .set_user_attributes(email_attribute.map(|attribute| vec![attribute]))
            .send()
            .await?;
        Ok(output.user_sub)
    }

    async fn sign_in(
        &self,
        username: &str,
        password: &str,
    ) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
        self.pool
            .initiate_auth()
            .client_id(&self.stack.user_pool.settings().client_id)
            .auth_flow(AuthFlowType::UserPasswordAuth)
            .auth_parameters("USERNAME", username)
            .auth_parameters("PASSWORD", password)
            .send()
            .await
    }

    /// The last code that went to `email`.
    fn delivered(&self, email: &str, purpose: Purpose) -> Result<String, TourError> {
        let deliveries = self.stack.user_pool.mailbox().deliveries();
        let to_them =
            |delivery: &&Delivery| delivery.destination == email && delivery.purpose == purpose;
        let code = deliveries
            .iter()
            .rev()
            .find(to_them)
            .map(|delivery| delivery.code.clone());
        code.ok_or_else(|| self.unexpected("a code in the mailbox", "none"))
    }

    /// The sort keys of a user's items in the directory table.
    async fn rows_of(&self, sub: &str) -> Result<Vec<String>, TourError> {
        let pool_id = &self.stack.user_pool.settings().pool_id;
        let rows = self
            .tables
            .query()
            .table_name(self.stack.physical_name("DirectoryTable"))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{pool_id}#{sub}")))
            .send()
            .await;
        let rows = self.good(rows.map_err(|error| text_of(&error)))?;
        let keys: Vec<String> = rows
            .items()
            .iter()
            .filter_map(|item| item.get("sk")?.as_s().ok().cloned())
            .collect();
        self.expect(keys.len() == 2, "profile and event", &keys.join(", "))?;
        Ok(keys)
    }

    /// How many decisions a function has logged.
    fn decisions(&self, function: &str) -> usize {
        let lines = self.stack.lambda.logs().into_iter();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
        lines
            .filter(|line| line["type"] == "poolkeeper.audit" && line["function"] == function)
            .count()
    }

    fn mint(&self, claims: Value) -> Result<String, TourError> {
        self.good(
            self.stack
                .issuer
                .mint(claims)
                .map_err(|error| error.to_string()),
        )
    }

    async fn exchange(&self, jwt: &str) -> Result<Value, TourError> {
        let body = format!("{TOKEN_EXCHANGE}&subject_token={jwt}");
        let url = format!("{}/token", self.stack.api_url);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = http_client::send("POST", &url, &form, &body).await;
        let answer = self.good(answer.map_err(|error| error.to_string()))?;
        self.expect(
            answer.status == 200,
            "HTTP 200",
            &String::from_utf8_lossy(&answer.body),
        )?;
        Ok(answer.json())
    }

    async fn get_credentials(&self, jwt: &str, role: &str) -> Result<Answer, TourError> {
        let url = format!("{}/credentials{role}", self.stack.api_url);
        let bearer = format!("Bearer {jwt}");
        let answer = http_client::send("GET", &url, &[("authorization", &bearer)], "").await;
        self.good(answer.map_err(|error| error.to_string()))
    }

    async fn caller(&self, credentials: &Credentials) -> Result<String, TourError> {
        let sts = StsClient::new(&self.stack.sdk_config(credentials.clone()));
        let caller = sts.get_caller_identity().send().await;
        let caller = self.good(caller.map_err(|error| text_of(&error)))?;
        Ok(caller.arn.unwrap_or_default())
    }

    /// Tries a role with a token, as its holder could.
    async fn assume(&self, role: &str, token: &str) -> Result<(), String> {
        let place = self.stack.template.place();
        let role = format!(
            "arn:aws:iam::{}:role/{}",
            place.account_id,
            self.stack.physical_name(role)
        );
        let sts = StsClient::new(&self.stack.sdk_config(Stack::admin()));
        let assumed = sts
            .assume_role_with_web_identity()
            .role_arn(role)
            .role_session_name("thief")
            .web_identity_token(token)
            .send()
            .await;
        assumed.map(drop).map_err(|error| text_of(&error))
    }

    fn good<T>(&self, result: Result<T, String>) -> Result<T, TourError> {
        result.map_err(|error| self.unexpected("success", &error))
    }

    fn error<T>(&self, expected: &str, result: Result<T, String>) -> Result<String, TourError> {
        match result {
            Ok(_) => Err(self.unexpected(expected, "success")),
            Err(error) => Ok(error),
        }
    }

    fn expect(&self, holds: bool, expected: &str, got: &str) -> Result<(), TourError> {
        if holds {
            Ok(())
        } else {
            Err(self.unexpected(expected, got))
        }
    }

    fn unexpected(&self, expected: &str, got: &str) -> TourError {
        TourError::Unexpected {
            step: self.step + 1,
            expected: expected.to_owned(),
            got: got.to_owned(),
        }
    }

    fn chapter(&mut self, title: &str) -> Result<(), TourError> {
        Ok(writeln!(self.out, "\n{title}")?)
    }

    fn tell(&mut self, asked: &str, answered: &str, why: &str) -> Result<(), TourError> {
        self.step += 1;
        let number = self.step;
        writeln!(
            self.out,
            "{number:>4}. {asked}\n      → {answered}\n        {why}"
        )?;
        Ok(self.out.flush()?)
    }
}

/// `Code: message`, as AWS's command line shows an error.
fn text_of<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    let service = error.as_service_error();
    match service.and_then(|service| service.code().zip(service.message())) {
        Some((code, message)) => format!("{code}: {message}"),
        None => shared::telemetry::error_chain(&std::io::Error::other(error.to_string())),
    }
}

fn describe_tokens(output: &InitiateAuthOutput) -> String {
    let result = output.authentication_result();
    let kinds = [
        ("ID", result.and_then(|result| result.id_token())),
        ("access", result.and_then(|result| result.access_token())),
        ("refresh", result.and_then(|result| result.refresh_token())),
    ];
    let present: Vec<&str> = kinds
        .iter()
        .filter(|(_, token)| token.is_some())
        .map(|(kind, _)| *kind)
        .collect();
    format!("{} token", present.join(", "))
}

fn credentials_of(answer: &Value) -> Credentials {
    let (id, secret) = (text(answer, "AccessKeyId"), text(answer, "SecretAccessKey"));
    Credentials::new(id, secret, Some(text(answer, "Token")), None, "vended")
}

fn attribute((name, value): (&str, &str)) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.to_owned()))
}

fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
