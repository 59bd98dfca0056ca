//! Rules of a bus, by hand: a caller hands an event to a rule, and its function is invoked as Lambda does it
//! asynchronously, without the minutes between two tries. What fails goes to the queue that the template names, by the
//! function's own role.
//!
//! Not here: EventBridge's retries of what Lambda does not take, and the rule's own dead-letter queue.
//!
//! Source: Lambda developer guide, "Asynchronous invocation"; EventBridge user guide, "Event patterns".

use serde_json::{Value, json};

use super::Stack;
use crate::{
    iam::{Caller, Context},
    lambda::{Invocation, InvokeError, permissions::Source},
    template::FunctionDefinition,
};

/// How often Lambda tries again unless `MaximumRetryAttempts` says otherwise.
const RETRIES: u64 = 2;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The rule's pattern does not match it.
    NotMatched,
    /// The function took it.
    Done,
    /// Each try failed, and the queue has it.
    Kept,
    /// Each try failed, and nobody has it.
    Dropped,
}

/// Why an event could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The template has no such rule with an `EventPattern` and a function as target.
    #[error("{0} is no AWS::Events::Rule with an EventPattern and a function as its target")]
    Unknown(String),
    /// The pattern is not made of lists of texts.
    #[error("{0} has an EventPattern that is not read here: expected lists of texts")]
    Pattern(String),
    /// The function does not let the rule invoke it.
    #[error("{0} may not invoke its target")]
    NotPermitted(String),
    /// The function's role does not let Lambda send to the queue.
    #[error("the role of {0} may not send to the queue of what fails")]
    MayNotKeep(String),
    /// Lambda refused.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The queue refused.
    #[error("the queue of what fails: {0}")]
    Queue(String),
}

impl Stack {
    /// Hands an event of the bus to the rule of this name.
    ///
    /// # Errors
    /// There is no such rule, it may not invoke its function, or what failed cannot be kept.
    pub async fn deliver(&self, rule: &str, event: &Value) -> Result<Delivery, RuleError> {
        let unknown = || RuleError::Unknown(rule.to_owned());
        let resource = self.template.get(rule).ok_or_else(unknown)?;
        let pattern = resource.properties.get("EventPattern");
        let pattern = pattern.and_then(Value::as_object).ok_or_else(unknown)?;
        for (member, expected) in pattern {
            let expected = expected
                .as_array()
                .filter(|of| of.iter().all(Value::is_string));
            let expected = expected.ok_or_else(|| RuleError::Pattern(rule.to_owned()))?;
            if !event
                .get(member)
                .is_some_and(|value| expected.contains(value))
            {
                return Ok(Delivery::NotMatched);
            }
        }
        let target = resource.properties.pointer("/Targets/0/Arn");
        let target = target.and_then(Value::as_str).ok_or_else(unknown)?;
        let is_of = |function: &&FunctionDefinition| {
            let qualifier = target.strip_prefix(&function.arn);
            qualifier.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        let function = self.template.functions().iter().find(is_of);
        let function = function.ok_or_else(unknown)?;
        let source = Source {
            service: "events.amazonaws.com",
            arn: &self.rule_arn(resource),
            account: Some(&self.template.place().account_id),
        };
        if !self.lambda.permissions().allow(target, source) {
            return Err(RuleError::NotPermitted(rule.to_owned()));
        }
        self.invoke_asynchronously(function, target, event).await
    }

    async fn invoke_asynchronously(
        &self,
        function: &FunctionDefinition,
        arn: &str,
        event: &Value,
    ) -> Result<Delivery, RuleError> {
        let resource = self.template.get(&function.logical_id);
        let settings = resource.and_then(|resource| resource.properties.get("EventInvokeConfig"));
        let setting = |path| settings.and_then(|settings| settings.pointer(path));
        let retries = setting("/MaximumRetryAttempts").and_then(Value::as_u64);
        let retries = retries.unwrap_or(RETRIES);
        let mut tries = 0;
        let failed = loop {
            let invocation = self.lambda.invoke(arn, event.to_string().into_bytes());
            let invocation = invocation.await?;
            tries += 1;
            if invocation.function_error.is_none() {
                return Ok(Delivery::Done);
            }
            if tries > retries {
                break invocation;
            }
        };
        let queue = setting("/DestinationConfig/OnFailure/Destination");
        let Some(queue) = queue.and_then(Value::as_str) else {
            return Ok(Delivery::Dropped);
        };
        let may_not = || RuleError::MayNotKeep(function.logical_id.clone());
        let session = self
            .iam
            .session_for_role(&function.role_arn, &function.name);
        let caller = Caller::Session(session.map_err(|_| may_not())?);
        self.iam
            .authorize(&caller, "sqs:SendMessage", queue, &Context::new())
            .map_err(|_| may_not())?;
        let name = queue.rsplit(':').next().unwrap_or(queue);
        let kept = record(&failed, arn, tries, event).to_string();
        self.sqs
            .put(name, kept)
            .map_err(|error| RuleError::Queue(error.message))?;
        Ok(Delivery::Kept)
    }
}

/// Lambda's record of an invocation that failed.
fn record(failed: &Invocation, arn: &str, tries: u64, event: &Value) -> Value {
    let payload: Value = serde_json::from_slice(&failed.payload).unwrap_or_default();
    json!({
        "version": "1.0",
        "requestContext": {
            "requestId": failed.request_id,
            "functionArn": arn,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": tries,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": failed.function_error,
        },
        "responsePayload": payload,
    })
}
