//! Schedules, by hand: nothing here waits for an hour, a caller says that one has come.
//!
//! Source: EventBridge user guide, "Scheduled events"; EventBridge Scheduler user guide, "Lambda targets".

use serde_json::{Value, json};

use super::Stack;
use crate::{
    lambda::{Invocation, InvokeError, permissions::Source},
    random,
    template::Resource,
};

/// Why a schedule did not invoke its function.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The template has no such schedule.
    #[error(
        "{0} is no AWS::Scheduler::Schedule, no AWS::Events::Rule and no Schedule event of a function"
    )]
    Unknown(String),
    /// `State` is `DISABLED`.
    #[error("{0} is disabled")]
    Disabled(String),
    /// The schedule names no function.
    #[error("{0} has no target")]
    NoTarget(String),
    /// The function, or the schedule's role, does not let it.
    #[error("{0} may not invoke its target")]
    NotPermitted(String),
    /// Lambda refused.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// No random bytes for the event's id.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl Stack {
    /// Invokes the target of a schedule, once, as if its time had come. `logical_id` names an
    /// `AWS::Scheduler::Schedule` or an `AWS::Events::Rule`; an event of type `Schedule` or
    /// `ScheduleV2` of a function goes by the name that SAM gives it, function and event together.
    ///
    /// # Errors
    /// There is no such schedule, it is disabled, or it may not invoke.
    pub async fn invoke_schedule(&self, logical_id: &str) -> Result<Invocation, ScheduleError> {
        let own = |text: &str| text.to_owned();
        let (properties, target, rule) = match self.template.get(logical_id) {
            Some(resource) if resource.kind == "AWS::Scheduler::Schedule" => {
                let target = resource.properties.get("Target").cloned();
                let target = target.ok_or_else(|| ScheduleError::NoTarget(own(logical_id)))?;
                self.role_may_invoke(logical_id, &target)?;
                (resource.properties.clone(), target, None)
            }
            Some(resource) if resource.kind == "AWS::Events::Rule" => {
                let target = resource.properties.pointer("/Targets/0").cloned();
                let target = target.ok_or_else(|| ScheduleError::NoTarget(own(logical_id)))?;
                let arn = self.rule_arn(resource);
                (resource.properties.clone(), target, Some(arn))
            }
            _ => {
                let (properties, function) = self
                    .schedule_event(logical_id)
                    .ok_or_else(|| ScheduleError::Unknown(own(logical_id)))?;
                let target = json!({ "Arn": function, "Input": properties.get("Input") });
                (properties, target, None)
            }
        };
        let disabled = properties.get("State") == Some(&json!("DISABLED"))
            || properties.get("Enabled") == Some(&json!(false));
        if disabled {
            return Err(ScheduleError::Disabled(own(logical_id)));
        }
        let function = target.get("Arn").and_then(Value::as_str);
        let function = function.ok_or_else(|| ScheduleError::NoTarget(own(logical_id)))?;
        if let Some(arn) = &rule {
            let source = Source {
                service: "events.amazonaws.com",
                arn,
                account: Some(&self.template.place().account_id),
            };
            if !self.lambda.permissions().allow(function, source) {
                return Err(ScheduleError::NotPermitted(own(logical_id)));
            }
        }
        let event = match target.get("Input").and_then(Value::as_str) {
            Some(input) => input.as_bytes().to_vec(),
            None => self.scheduled_event(rule.as_deref())?,
        };
        Ok(self.lambda.invoke(function, event).await?)
    }

    /// Properties of a function's `Schedule` event, and the function's ARN; SAM makes the permission.
    fn schedule_event(&self, logical_id: &str) -> Option<(Value, String)> {
        self.template.functions().iter().find_map(|function| {
            let name = logical_id.strip_prefix(function.logical_id.as_str())?;
            let resource = self.template.get(&function.logical_id)?;
            let event = resource.properties.get("Events")?.get(name)?;
            let kind = event.get("Type").and_then(Value::as_str);
            let properties = event.get("Properties").cloned().unwrap_or_default();
            let qualifier = function.alias.iter().map(|alias| format!(":{alias}"));
            let arn = format!("{}{}", function.arn, qualifier.collect::<String>());
            matches!(kind, Some("Schedule" | "ScheduleV2")).then_some((properties, arn))
        })
    }

    /// A schedule of EventBridge Scheduler acts by its role, not by the function's policy.
    fn role_may_invoke(&self, logical_id: &str, target: &Value) -> Result<(), ScheduleError> {
        let denied = || ScheduleError::NotPermitted(logical_id.to_owned());
        let text = |name: &str| target.get(name).and_then(Value::as_str);
        let (role, function) = text("RoleArn").zip(text("Arn")).ok_or_else(denied)?;
        let session = self
            .iam
            .session_for_service(role, "scheduler.amazonaws.com", logical_id)
            .map_err(|_| denied())?;
        let caller = crate::iam::Caller::Session(session);
        let request = crate::iam::Context::new();
        self.iam
            .authorize(&caller, "lambda:InvokeFunction", function, &request)
            .map_err(|_| denied())
    }

    /// Now, by the stack's clock, as RFC 3339 writes it.
    fn time_now(&self) -> Option<String> {
        let seconds = i64::try_from(self.iam.now()).ok()?;
        let now = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        now.format(&time::format_description::well_known::Rfc3339)
            .ok()
    }

    pub(super) fn rule_arn(&self, rule: &Resource) -> String {
        let place = self.template.place();
        place.arn("events", &format!("rule/{}", rule.reference))
    }

    fn scheduled_event(&self, rule: Option<&str>) -> Result<Vec<u8>, ScheduleError> {
        let place = self.template.place();
        let id = random::uuid().map_err(|_| ScheduleError::NoRandomness)?;
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": place.account_id,
            "time": self.time_now(),
            "region": place.region,
            "resources": rule.into_iter().collect::<Vec<_>>(),
            "detail": {},
        });
        Ok(event.to_string().into_bytes())
    }
}
