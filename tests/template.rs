//! What template.yaml promises beside its roles: reservations, retention, wiring by parameter.

use std::collections::BTreeMap;

use emulator::template::{Settings, Template};
use serde_json::{Value, json};

/// The template under some parameters; the others keep their defaults.
fn template(parameters: &[(&str, &str)]) -> Template {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");
    let parameters = parameters.iter();
    let settings = Settings {
        parameters: parameters
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..local::settings()
    };
    Template::load(path.as_ref(), &settings).unwrap()
}

/// A property of every function, where it is set.
fn of_functions(template: &Template, property: &str) -> BTreeMap<String, Value> {
    let functions = template.resources("AWS::Serverless::Function");
    functions
        .filter_map(|function| {
            let value = function.properties.get(property)?.clone();
            Some((function.logical_id.clone(), value))
        })
        .collect()
}

#[test]
fn no_concurrency_is_reserved_unless_a_parameter_says_so() {
    let reserved = "ReservedConcurrentExecutions";
    assert!(of_functions(&template(&[]), reserved).is_empty());
    for (parameter, function) in [
        ("MigrationReservedConcurrency", "UserMigrationFunction"),
        ("VendorReservedConcurrency", "IdentityVendorFunction"),
    ] {
        let found = of_functions(&template(&[(parameter, "20")]), reserved);
        let expected = BTreeMap::from([(function.to_owned(), json!("20"))]);
        assert_eq!(found, expected, "{parameter}");
    }
}

/// Resources on which somebody's data hangs: by their identifiers it is found again.
const DURABLE: [&str; 7] = [
    "AWS::Cognito::IdentityPool",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
];

/// Logs of AWS services, which hold no audit line and go with the stack.
const SERVICE_LOGS: [&str; 2] = ["HttpApiLogGroup", "OutboxPipeLogGroup"];

#[test]
fn what_data_hangs_on_outlives_the_stack_and_its_replacement() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml"));
    let text = text.unwrap();
    // As written: a resource's two policies are no properties.
    let (_, resources) = text.split_once("\nResources:\n").unwrap();
    let mut durable = 0;
    for resource in template(&[("CustomerManagedKey", "true")]).all() {
        let id = &resource.logical_id;
        let audit = resource.kind == "AWS::Logs::LogGroup" && !SERVICE_LOGS.contains(&id.as_str());
        if !DURABLE.contains(&resource.kind.as_str()) && !audit || id == "DataTable" {
            continue;
        }
        durable += 1;
        let (_, written) = resources.split_once(&format!("  {id}:\n")).unwrap();
        let written = written.split("\n    Properties:").next().unwrap();
        assert!(written.contains("    DeletionPolicy: Retain"), "{id}");
        assert!(written.contains("    UpdateReplacePolicy: Retain"), "{id}");
    }
    assert!(durable >= 13, "{durable}");
}

#[test]
fn retained_resources_have_no_name_that_a_later_stack_would_need() {
    for group in template(&[]).resources("AWS::Logs::LogGroup") {
        let named = group.properties.get("LogGroupName");
        let of_service = SERVICE_LOGS.contains(&group.logical_id.as_str());
        assert!(named.is_none() || of_service, "{}", group.logical_id);
    }
}

#[test]
fn names_that_span_regions_or_streams_say_which() {
    let template = template(&[]);
    let name = |id: &str, key: &str| template.get(id).unwrap().properties[key].clone();
    let dashboard = name("Dashboard", "DashboardName");
    assert_eq!(dashboard, json!("poolkeeper-us-east-1"));
    let pipe = name("OutboxPipe", "Name");
    assert_eq!(pipe, json!("poolkeeper-outbox-2026-01-01T00-00-00.000"));
}

#[test]
fn api_gateways_permission_rests_on_nothing_that_it_does_not_send() {
    let template = template(&[]);
    let permissions = template.resources("AWS::Lambda::Permission");
    let of_api: Vec<_> = permissions
        .filter(|permission| permission.properties["Principal"] == "apigateway.amazonaws.com")
        .collect();
    assert!(!of_api.is_empty());
    for permission in of_api {
        let properties = &permission.properties;
        assert!(properties.get("SourceAccount").is_none());
        let arn = properties["SourceArn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:execute-api:us-east-1:123456789012:"));
    }
}

#[test]
fn every_route_has_a_throttle_of_its_own() {
    let template = template(&[("ApiRateLimit", "7"), ("ApiBurstLimit", "9")]);
    let stage = template.get("HttpApiStage").unwrap();
    let throttle = json!({"ThrottlingRateLimit": "7", "ThrottlingBurstLimit": "9"});
    for route in template.resources("AWS::ApiGatewayV2::Route") {
        let key = route.properties["RouteKey"].as_str().unwrap();
        assert_eq!(stage.properties["RouteSettings"][key], throttle, "{key}");
    }
}

#[test]
fn grants_on_the_key_are_for_services_and_never_for_vended_sessions() {
    let template = template(&[("CustomerManagedKey", "true")]);
    let policy = &template.get("EncryptionKey").unwrap().properties["KeyPolicy"];
    let statements = policy["Statement"].as_array().unwrap();
    let granting: Vec<_> = statements
        .iter()
        .filter(|statement| statement["Action"].to_string().contains("kms:CreateGrant"))
        .collect();
    assert_eq!(granting.len(), 1);
    let condition = &granting[0]["Condition"];
    assert_eq!(condition["Bool"]["kms:GrantIsForAWSResource"], "true");
    assert_eq!(condition["Null"]["aws:FederatedProvider"], "true");
}

#[test]
fn everybody_calls_the_alias_which_a_digest_moves() {
    let digest = "0".repeat(64);
    let template = template(&[("ReleaseDigest", &digest)]);
    let functions = of_functions(&template, "AutoPublishCodeSha256");
    assert_eq!(functions.len(), template.functions().len());
    assert!(functions.values().all(|value| *value == json!(digest)));
    for function in template.functions() {
        // Without a changed environment Lambda answers that the version exists.
        assert_eq!(function.environment["RELEASE_DIGEST"], digest);
    }
    let called: Vec<String> = template
        .resources("AWS::Lambda::Permission")
        .map(|permission| &permission.properties["FunctionName"])
        .chain(
            template
                .resources("AWS::ApiGatewayV2::Integration")
                .map(|integration| &integration.properties["IntegrationUri"]),
        )
        .chain(
            template.get("UserPool").unwrap().properties["LambdaConfig"]
                .as_object()
                .unwrap()
                .values(),
        )
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    assert!(called.len() >= 8, "{called:?}");
    for name in called {
        assert!(name.ends_with(":live"), "{name}");
    }
}

#[test]
fn the_demonstration_is_made_only_when_asked_for() {
    let with_data = |template: &Template| template.get("DataTable").is_some();
    assert!(!with_data(&template(&[])));
    let demonstration = template(&[("WithDemoDataPlane", "true")]);
    assert!(with_data(&demonstration) && demonstration.get("DataBucket").is_some());
}

#[test]
fn the_client_shows_passwords_while_users_move_in_and_none_afterwards() {
    let flows = |moving: &str| {
        let template = template(&[("UsersStillMoveIn", moving)]);
        let client = template.get("UserPoolClient").unwrap();
        client.properties["ExplicitAuthFlows"].clone()
    };
    let with = |flow: &str| json!([flow, "ALLOW_REFRESH_TOKEN_AUTH"]);
    assert_eq!(flows("true"), with("ALLOW_USER_PASSWORD_AUTH"));
    assert_eq!(flows("false"), with("ALLOW_USER_SRP_AUTH"));
}

#[test]
fn an_existing_user_pool_is_served_and_no_other_is_made() {
    let template = template(&[
        ("ExistingUserPoolId", "us-east-1_Existing1"),
        ("ExistingUserPoolClientId", "0client0"),
    ]);
    for kind in [
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup",
    ] {
        assert_eq!(template.resources(kind).count(), 0, "{kind}");
    }
    // Wherever the pool is named, it is that one.
    let names: Vec<String> = template
        .all()
        .map(|resource| resource.properties.to_string())
        .filter(|properties| properties.contains("us-east-1_"))
        .collect();
    assert!(names.len() >= 8, "{}", names.len());
    for properties in names {
        assert!(!properties.contains("us-east-1_Poolkeepr"), "{properties}");
    }
    let permissions = template.resources("AWS::Lambda::Permission");
    let arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Existing1";
    let of_pool = permissions.filter(|permission| permission.properties["SourceArn"] == arn);
    assert_eq!(of_pool.count(), 3);
    assert_eq!(template.output("UserPoolId"), Some("us-east-1_Existing1"));
    assert_eq!(template.output("UserPoolClientId"), Some("0client0"));
}

#[test]
fn every_role_function_bus_queue_and_log_group_is_an_output() {
    let template = template(&[]);
    let mut outputs = 0;
    for resource in template.all() {
        let expected = match resource.kind.as_str() {
            "AWS::IAM::Role" if resource.logical_id == "OutboxPipeRole" => continue,
            // The name follows from the alias.
            "AWS::IAM::Role" if resource.properties.get("RoleName").is_some() => {
                let prefix = template.output("VendedRoleNamePrefix").unwrap();
                assert!(resource.reference.starts_with(prefix), "{resource:?}");
                continue;
            }
            "AWS::IAM::Role" | "AWS::Logs::LogGroup" | "AWS::Events::EventBus" => "Name",
            "AWS::Serverless::Function" => "Arn",
            "AWS::SQS::Queue" => "Url",
            _ => continue,
        };
        let output = format!("{}{expected}", resource.logical_id);
        let value = template.output(&output);
        assert!(value.is_some(), "{output}");
        outputs += 1;
    }
    assert!(outputs > 15, "{outputs}");
}

#[test]
fn alarms_need_no_data_of_every_metric_and_no_duration_without_the_cold_start() {
    let template = template(&[]);
    let alarms: Vec<_> = template.resources("AWS::CloudWatch::Alarm").collect();
    assert!(alarms.len() >= 14, "{}", alarms.len());
    for alarm in alarms {
        let (id, properties) = (&alarm.logical_id, alarm.properties.to_string());
        assert!(!properties.contains("\"Duration\""), "{id}");
        let metrics = alarm.properties["Metrics"].as_array();
        let metrics: Vec<_> = metrics.into_iter().flatten().collect();
        let Some(expression) = metrics
            .iter()
            .find_map(|metric| metric["Expression"].as_str())
        else {
            continue;
        };
        assert!(!expression.contains('['), "{id}: {expression}");
        for metric in metrics
            .iter()
            .filter(|metric| metric["ReturnData"] == false)
        {
            let filled = format!("FILL({}, 0)", metric["Id"].as_str().unwrap());
            assert!(expression.contains(&filled), "{id}: {expression}");
        }
    }
}

#[test]
fn the_pools_own_client_is_an_audience_where_the_pool_is_the_issuer() {
    let audiences = |parameters: &[(&str, &str)]| {
        let template = template(parameters);
        let mut functions = template.functions().iter();
        let vendor = functions.find(|function| function.binary == "identity-vendor");
        vendor.unwrap().environment.get("ISSUER_AUDIENCES").cloned()
    };
    let client = template(&[]).output("UserPoolClientId").unwrap().to_owned();
    assert_eq!(audiences(&[]), Some(format!("app={client}")));
    let elsewhere = ("AppIssuerUrl", "https://auth.example.com");
    assert_eq!(audiences(&[elsewhere]), None);
}

#[test]
fn the_vendor_knows_how_long_the_vended_roles_sessions_may_be() {
    let template = template(&[("MaxSessionSeconds", "7200")]);
    let mut functions = template.functions().iter();
    let vendor = functions.find(|function| function.binary == "identity-vendor");
    assert_eq!(vendor.unwrap().environment["MAX_SESSION_SECONDS"], "7200");
    for role in ["MemberRole", "PublisherRole"] {
        let seconds = &template.get(role).unwrap().properties["MaxSessionDuration"];
        assert_eq!(*seconds, json!("7200"), "{role}");
    }
}
