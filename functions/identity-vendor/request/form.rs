//! `application/x-www-form-urlencoded` parameters (RFC 6749, appendix B).

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use super::body::{ContentType, octets};
use crate::denial::Denial;

/// The most parameters of a form: a token exchange has nine.
const MAX_PARAMETERS: usize = 100;

/// The parameters, in order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body.
    pub(super) fn parse(event: &ApiGatewayV2httpRequest) -> Result<Self, Denial> {
        let octets = octets(event, ContentType::Form)?;
        let parameters = form_urlencoded::parse(&octets).into_owned();
        let parameters: Vec<_> = parameters.take(MAX_PARAMETERS + 1).collect();
        if parameters.len() > MAX_PARAMETERS {
            let text = "the form has more than 100 parameters";
            return Err(Denial::InvalidRequest(text));
        }
        Ok(Self(parameters))
    }

    /// Every value of the parameter. One without a value counts as left out (RFC 6749, section 3.2).
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(key, _)| key == name);
        let values = named.map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty()).collect()
    }

    /// Each value of a parameter that may be repeated (RFC 8693, section 2.1), once.
    pub(super) fn distinct(&self, name: &str) -> Vec<&str> {
        let mut values = self.all(name);
        values.sort_unstable();
        values.dedup();
        values
    }

    /// The value of a parameter that must not be repeated.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Denial> {
        match self.all(name).as_slice() {
            [] => Ok(None),
            [value] => Ok(Some(*value)),
            _ => Err(Denial::InvalidRequest("a parameter is repeated")),
        }
    }
}
