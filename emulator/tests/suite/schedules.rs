//! Schedules that are invoked by hand: only what the template schedules, and only if it may.

use emulator::{dynamodb::Storage, stack::ScheduleError};

use crate::support::Aws;

const ROLE: &str = "  Scheduler:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{ Effect: Allow, Principal: { Service: scheduler.amazonaws.com }, Action: sts:AssumeRole }]
      Policies:
        - PolicyName: invoke
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{ Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt PreSignUpFunction.Arn }]
";

const SCHEDULE: &str = "  Hourly:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt PreSignUpFunction.Arn, RoleArn: !GetAtt Scheduler.Arn, Input: '{\"hour\":1}' }
";

async fn start(resources: &str) -> Aws {
    let bend = |text: &mut String| {
        *text = text.replace("Resources:\n", &format!("Resources:\n{resources}"));
    };
    Aws::start_with(bend, Storage::Memory).await
}

#[tokio::test]
async fn a_schedule_invokes_its_target_under_its_role() {
    let aws = start(&format!("{ROLE}{SCHEDULE}")).await;
    // The fixture has no binary: that the function fails to start shows that it was invoked.
    let invocation = aws.stack.invoke_schedule("Hourly").await.unwrap();
    assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"));
}

#[tokio::test]
async fn a_schedule_whose_role_may_not_invoke_does_not() {
    let role = ROLE.replace("PreSignUpFunction", "IdentityVendorFunction");
    let aws = start(&format!("{role}{SCHEDULE}")).await;
    let error = aws.stack.invoke_schedule("Hourly").await.unwrap_err();
    assert!(matches!(error, ScheduleError::NotPermitted(_)), "{error}");
}

#[tokio::test]
async fn a_rule_needs_the_functions_permission() {
    let rule = "  Daily:\n    Type: AWS::Events::Rule\n    Properties: { ScheduleExpression: rate(1 day), Targets: [{ Id: it, Arn: !GetAtt PreSignUpFunction.Arn }] }\n";
    let denied = start(rule).await;
    let error = denied.stack.invoke_schedule("Daily").await.unwrap_err();
    assert!(matches!(error, ScheduleError::NotPermitted(_)), "{error}");
    let permission = "  Allow:\n    Type: AWS::Lambda::Permission\n    Properties: { Action: lambda:InvokeFunction, FunctionName: !Ref PreSignUpFunction, Principal: events.amazonaws.com }\n";
    let allowed = start(&format!("{rule}{permission}")).await;
    assert!(allowed.stack.invoke_schedule("Daily").await.is_ok());
}

#[tokio::test]
async fn what_is_no_schedule_or_is_disabled_invokes_nothing() {
    let disabled = SCHEDULE.replace("rate(1 hour)", "rate(1 hour)\n      State: DISABLED");
    let aws = start(&format!("{ROLE}{disabled}")).await;
    let error = aws.stack.invoke_schedule("Hourly").await.unwrap_err();
    assert!(matches!(error, ScheduleError::Disabled(_)), "{error}");
    let error = aws
        .stack
        .invoke_schedule("PreSignUpFunction")
        .await
        .unwrap_err();
    assert!(matches!(error, ScheduleError::Unknown(_)), "{error}");
}
