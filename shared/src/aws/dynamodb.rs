//! What every call to DynamoDB has in common: its time-outs, and that an empty answer is none.

use aws_sdk_dynamodb::config::{
    Builder, ConfigBag, Intercept, RuntimeComponents,
    interceptors::AfterDeserializationInterceptorContextRef,
};
use aws_smithy_runtime_api::box_error::BoxError;

use super::timeouts;
use crate::deadline::Deadline;

/// The overrides of one call, for `.customize().config_override(…)`: it ends with `deadline`.
pub fn dynamodb_call(deadline: Deadline) -> Builder {
    Builder::new()
        .timeout_config(timeouts(deadline))
        .interceptor(NotEmpty)
}

/// Refuses an answer without a body. The SDK reads one as `{}`: a write that succeeded, a read that found
/// nothing. DynamoDB always sends at least `{}`, so it came from something in between.
#[derive(Debug)]
struct NotEmpty;

/// The answer has no body.
#[derive(Debug, thiserror::Error)]
#[error("the answer has no body")]
struct EmptyAnswer;

impl Intercept for NotEmpty {
    fn name(&self) -> &'static str {
        "NotEmpty"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().body().bytes() {
            Some([]) => Err(EmptyAnswer.into()),
            _ => Ok(()),
        }
    }
}
