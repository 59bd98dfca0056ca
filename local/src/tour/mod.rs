//! The main job, played once from end to end by real SDK clients: each step says what was asked, what
//! answered, and why it matters.

mod parts;
mod tenants;

use std::io::Write;

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentityprovider::Client as UserPoolClient;
use aws_sdk_dynamodb::Client as DynamoDbClient;
use emulator::{stack::Stack, user_pool::Purpose};
use serde_json::{Value, json};

use parts::{attribute, credentials_of, describe_tokens, text, text_of};

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
    tour.vend().await?;
    tour.keep_tenants_apart().await
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
