//! Rules of a bus and what polls their queues, by hand: a caller hands an event to a rule, which puts it into its
//! queue, and says when Lambda polls. Nothing here waits for a visibility timeout.
//!
//! Source: EventBridge user guide, "Event patterns" and "Permissions for Amazon SQS"; Lambda developer guide, "Using
//! Lambda with Amazon SQS".

use serde_json::{Value, json};

use super::Stack;
use crate::{
    iam::{Caller, Context, JsonError},
    lambda::InvokeError,
};

/// What a function's role needs so that Lambda may poll by it.
const POLLING: [&str; 3] = [
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// What became of a message that Lambda polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// There was none to be seen.
    Nothing,
    /// The function took it, and it is deleted.
    Done,
    /// The function failed, and it comes again.
    Failed,
}

/// Why an event could not be put, or a queue not be polled.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The template has no such rule with a pattern of lists of texts and a queue as its target.
    #[error(
        "{0} is no AWS::Events::Rule whose target is a queue and whose EventPattern is made of lists of texts"
    )]
    Unknown(String),
    /// No policy of the queue lets the rule send.
    #[error("no policy of its queue lets {0} send")]
    NotPermitted(String),
    /// The template has no such function with an event of type `SQS`.
    #[error("{0} is no function with an event of type SQS")]
    NoSource(String),
    /// The function's role does not let Lambda poll.
    #[error("the role of {0} does not let Lambda poll its queue")]
    MayNotPoll(String),
    /// Lambda refused.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The queue refused.
    #[error("the queue: {0}")]
    Queue(String),
}

impl Stack {
    /// Hands an event of the bus to the rule of this name; whether its pattern matches, and the queue has it.
    ///
    /// # Errors
    /// There is no such rule, or its queue does not let it send.
    pub fn deliver(&self, rule: &str, event: &Value) -> Result<bool, RuleError> {
        let unknown = || RuleError::Unknown(rule.to_owned());
        let resource = self.template.get(rule).ok_or_else(unknown)?;
        let pattern = resource.properties.get("EventPattern");
        let pattern = pattern.and_then(Value::as_object).ok_or_else(unknown)?;
        for (member, expected) in pattern {
            let texts = expected.as_array();
            let texts = texts.filter(|texts| texts.iter().all(Value::is_string));
            let texts = texts.ok_or_else(unknown)?;
            if !event.get(member).is_some_and(|value| texts.contains(value)) {
                return Ok(false);
            }
        }
        let queue = resource.properties.pointer("/Targets/0/Arn");
        let queue = queue.and_then(Value::as_str).ok_or_else(unknown)?;
        let arn = self.rule_arn(resource);
        let lets = json!({
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
        });
        let mut policies = self.template.resources("AWS::SQS::QueuePolicy");
        let permitted = policies.any(|policy| {
            let statements = policy.properties.pointer("/PolicyDocument/Statement");
            statements
                .and_then(Value::as_array)
                .is_some_and(|statements| statements.contains(&lets))
        });
        if !permitted {
            return Err(RuleError::NotPermitted(rule.to_owned()));
        }
        self.sqs
            .put(name_of(queue), event.to_string())
            .map_err(refused)?;
        Ok(true)
    }

    /// Lets Lambda poll the queue of a function once: one message, by the function's role. What has been received as
    /// often as the queue allows goes to its dead-letter queue first.
    ///
    /// # Errors
    /// There is no such function, its role does not allow it, or it may not be invoked.
    pub async fn poll(&self, function: &str) -> Result<Polled, RuleError> {
        let no_source = || RuleError::NoSource(function.to_owned());
        let mut functions = self.template.functions().iter();
        let definition = functions.find(|it| it.logical_id == function);
        let definition = definition.ok_or_else(no_source)?;
        let resource = self.template.get(function).ok_or_else(no_source)?;
        let events = resource.properties.get("Events").and_then(Value::as_object);
        let is_queue = |event: &&Value| event.get("Type") == Some(&json!("SQS"));
        let event = events.and_then(|events| events.values().find(is_queue));
        let arn = event.and_then(|event| event.pointer("/Properties/Queue"));
        let arn = arn.and_then(Value::as_str).ok_or_else(no_source)?;
        let may_not = || RuleError::MayNotPoll(function.to_owned());
        let session = self.iam.session_for_role(&definition.role_arn, function);
        let caller = Caller::Session(session.map_err(|_| may_not())?);
        for action in POLLING {
            self.iam
                .authorize(&caller, action, arn, &Context::new())
                .map_err(|_| may_not())?;
        }
        let name = name_of(arn);
        self.redrive(name).map_err(refused)?;
        let Some(message) = self.sqs.take(name).map_err(refused)? else {
            return Ok(Polled::Nothing);
        };
        let text = |member: &str| {
            message
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let records = json!({ "Records": [{
            "messageId": text("MessageId"),
            "receiptHandle": text("ReceiptHandle"),
            "body": text("Body"),
            "attributes": message.get("Attributes"),
            "messageAttributes": {},
            "md5OfBody": text("MD5OfBody"),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": self.template.place().region,
        }]});
        let qualifier = definition.alias.iter().map(|alias| format!(":{alias}"));
        let alias = format!("{}{}", definition.arn, qualifier.collect::<String>());
        let invocation = self.lambda.invoke(&alias, records.to_string().into_bytes());
        if invocation.await?.function_error.is_some() {
            return Ok(Polled::Failed);
        }
        self.sqs
            .remove(name, text("ReceiptHandle"))
            .map_err(refused)?;
        Ok(Polled::Done)
    }

    /// Moves what was received too often, if the queue has a dead-letter queue.
    fn redrive(&self, name: &str) -> Result<(), JsonError> {
        let mut queues = self.template.resources("AWS::SQS::Queue");
        let queue = queues.find(|queue| queue.reference.ends_with(&format!("/{name}")));
        let policy = queue.and_then(|queue| queue.properties.get("RedrivePolicy"));
        let setting = |member| policy.and_then(|policy| policy.get(member));
        let most = setting("maxReceiveCount").and_then(Value::as_u64);
        let dead = setting("deadLetterTargetArn").and_then(Value::as_str);
        match most.zip(dead) {
            Some((most, dead)) => self.sqs.redrive(name, name_of(dead), most),
            None => Ok(()),
        }
    }
}

fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn refused(error: JsonError) -> RuleError {
    RuleError::Queue(error.message)
}
