//! What a user pool and its one app client are set to.

use serde_json::{Map, Value};

/// A user pool with one app client that has no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `<region>_<id>`.
    pub pool_id: String,
    /// The region, as events name it.
    pub region: String,
    /// The id of the app client.
    pub client_id: String,
    /// Where the pool is reached, without a slash at the end. Tokens name
    /// `<base_url>/<pool_id>` as their issuer.
    pub base_url: String,
    /// What people sign in with *instead of* a user name: the user name is then a UUID, equal to
    /// `sub`, new at each sign-up.
    pub username_attributes: Vec<Contact>,
    /// What people may sign in with *besides* their user name, once it is verified.
    pub alias_attributes: Vec<Contact>,
    /// The schema's own attributes, each with its prefix `custom:`.
    pub custom_attributes: Vec<String>,
    /// What verification a sign-up sends a code for.
    pub auto_verified: Vec<Contact>,
    /// What a password must be.
    pub password: PasswordPolicy,
    /// Nobody signs up: administrators make the users.
    pub admin_creates_only: bool,
    /// How the app client may sign in.
    pub flows: Vec<Flow>,
    /// How long an access token lives.
    pub access_token_seconds: i64,
    /// How long an ID token lives.
    pub id_token_seconds: i64,
    /// How long a refresh token can be used.
    pub refresh_token_seconds: i64,
    /// `arn:aws:cognito-idp:…`; empty if nobody has said.
    pub pool_arn: String,
    /// The pool's groups at start, each as `GroupType`.
    pub groups: Vec<Value>,
    /// The pool as its API describes it, what is not obeyed included.
    pub pool: Map<String, Value>,
    /// What GetUserPoolMfaConfig tells beside `MfaConfiguration`.
    pub mfa: Map<String, Value>,
    /// The same of the client.
    pub client: Map<String, Value>,
    /// The app client's `PreventUserExistenceErrors` is `ENABLED`.
    pub prevent_user_existence_errors: bool,
    /// The pool's Lambda functions.
    pub triggers: Triggers,
    /// Whether a migration also fires `PreSignUp_AdminCreateUser`. Reports differ on what AWS does.
    pub migration_fires_pre_sign_up: bool,
}

/// `PasswordPolicyType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The shortest password, in characters.
    pub minimum_length: usize,
    /// Whether an upper-case letter must be in it.
    pub uppercase: bool,
    /// Whether a lower-case letter must be in it.
    pub lowercase: bool,
    /// Whether a digit must be in it.
    pub numbers: bool,
    /// Whether one of the symbols that the service names must be in it.
    pub symbols: bool,
}

/// How a client signs in: `ExplicitAuthFlows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// `USER_PASSWORD_AUTH`.
    UserPassword,
    /// `ADMIN_USER_PASSWORD_AUTH`.
    AdminUserPassword,
    /// `USER_SRP_AUTH`.
    Srp,
    /// `REFRESH_TOKEN_AUTH`.
    RefreshToken,
}

impl Flow {
    /// All that this pool knows.
    pub const ALL: [Self; 4] = [
        Self::UserPassword,
        Self::AdminUserPassword,
        Self::Srp,
        Self::RefreshToken,
    ];

    /// The value of `ExplicitAuthFlows` that admits it.
    pub fn allowed_by(self) -> &'static str {
        match self {
            Self::UserPassword => "ALLOW_USER_PASSWORD_AUTH",
            Self::AdminUserPassword => "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            Self::Srp => "ALLOW_USER_SRP_AUTH",
            Self::RefreshToken => "ALLOW_REFRESH_TOKEN_AUTH",
        }
    }
}

/// The name of the Lambda function behind each trigger, where there is one.
#[derive(Debug, Clone, Default)]
pub struct Triggers {
    /// Asked before an account is made.
    pub pre_sign_up: Option<String>,
    /// Told after an account was confirmed or its password reset.
    pub post_confirmation: Option<String>,
    /// Asked for a user whom the pool does not know.
    pub user_migration: Option<String>,
}

/// An attribute that a code can be sent to, and that can stand for a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// `email`.
    Email,
    /// `phone_number`.
    PhoneNumber,
}

impl Settings {
    /// A pool in which the e-mail address is the user name, without triggers; passwords have eight
    /// characters of any class, and the client may sign in by every flow.
    pub fn new(pool_id: &str, client_id: &str, base_url: &str) -> Self {
        let region = pool_id.split('_').next().unwrap_or_default();
        Self {
            pool_id: pool_id.into(),
            region: region.into(),
            client_id: client_id.into(),
            base_url: base_url.into(),
            username_attributes: vec![Contact::Email],
            alias_attributes: Vec::new(),
            custom_attributes: Vec::new(),
            auto_verified: Contact::ALL.to_vec(),
            password: PasswordPolicy {
                minimum_length: 8,
                uppercase: false,
                lowercase: false,
                numbers: false,
                symbols: false,
            },
            admin_creates_only: false,
            flows: Flow::ALL.to_vec(),
            access_token_seconds: 3600,
            id_token_seconds: 3600,
            refresh_token_seconds: 30 * 86_400,
            pool_arn: String::new(),
            groups: Vec::new(),
            pool: Map::new(),
            mfa: Map::new(),
            client: Map::new(),
            prevent_user_existence_errors: true,
            triggers: Triggers::default(),
            migration_fires_pre_sign_up: false,
        }
    }
}

impl Contact {
    /// Both, in the order in which the pool prefers them for a code.
    pub(super) const ALL: [Self; 2] = [Self::Email, Self::PhoneNumber];

    /// The attribute's name.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
        }
    }

    pub(super) fn verified_attribute(self) -> &'static str {
        match self {
            Self::Email => "email_verified",
            Self::PhoneNumber => "phone_number_verified",
        }
    }

    /// How a code gets there, as `DeliveryMedium` names it.
    pub fn medium(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::PhoneNumber => "SMS",
        }
    }

    /// What `name` looks like, if it is no plain user name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let digits = name.strip_prefix('+');
        if name.contains('@') {
            Some(Self::Email)
        } else if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(Self::PhoneNumber)
        } else {
            None
        }
    }
}
