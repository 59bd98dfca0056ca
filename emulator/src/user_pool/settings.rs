//! What a user pool and its one app client are set to.

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
    /// The shortest password, in characters.
    pub password_minimum_length: usize,
    /// The app client's `PreventUserExistenceErrors` is `ENABLED`.
    pub prevent_user_existence_errors: bool,
    /// The pool's Lambda functions.
    pub triggers: Triggers,
    /// Whether a migration also fires `PreSignUp_AdminCreateUser`. Reports differ on what AWS does.
    pub migration_fires_pre_sign_up: bool,
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
    /// characters, the service's default.
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
            password_minimum_length: 8,
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
