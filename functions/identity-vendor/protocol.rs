//! The names of the wire protocols, which requests and answers share.

/// RFC 8693, section 2.1.
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693, section 3.
pub(crate) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// RFC 8693, section 3: a JWT, by any of the names that it goes by.
pub(crate) const JWT_TYPES: [&str; 3] = [
    JWT,
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:access_token",
];
/// Temporary AWS credentials; a name of our own, for RFC 8693 has none.
pub(crate) const AWS_CREDENTIALS: &str = "urn:poolkeeper:params:oauth:token-type:aws-credentials";

/// Whom an error is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An OAuth 2.0 client: RFC 6749, section 5.2.
    OAuth,
    /// An AWS SDK. JS reads `Code` and `Message` of an error, Go `code` and `message`; boto3 shows the text.
    Sdk,
}
