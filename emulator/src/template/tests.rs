//! Templates as SAM and CloudFormation read them, resource by resource.

use serde_json::json;

use super::*;

const FIXTURE: &str = include_str!("../../tests/fixtures/template.yaml");

fn fixture() -> Template {
    Template::parse(FIXTURE, &Settings::default()).unwrap()
}

fn without_data() -> Settings {
    Settings {
        parameters: BTreeMap::from([("DemoDataPlane".to_owned(), "false".to_owned())]),
        ..Settings::default()
    }
}

fn function<'t>(template: &'t Template, logical_id: &str) -> &'t FunctionDefinition {
    let mut functions = template.functions().iter();
    functions
        .find(|function| function.logical_id == logical_id)
        .unwrap()
}

fn role<'t>(template: &'t Template, name: &str) -> &'t RoleDefinition {
    template
        .roles()
        .iter()
        .find(|role| role.name == name)
        .unwrap()
}

fn fault(text: &str) -> String {
    match Template::parse(text, &Settings::default()) {
        Ok(_) => panic!("the template was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_function_has_its_binary_its_role_and_the_globals_it_does_not_override() {
    let template = fixture();
    let vendor = function(&template, "IdentityVendorFunction");
    assert_eq!(vendor.name, "example-IdentityVendorFunction");
    assert_eq!(vendor.binary, "identity-vendor");
    assert_eq!((vendor.timeout, vendor.memory_mb), (10, 128));
    assert_eq!(
        vendor.role_arn,
        "arn:aws:iam::123456789012:role/example-IdentityVendorRole"
    );
    let trigger = function(&template, "PreSignUpFunction");
    assert_eq!(trigger.timeout, 5);
    assert_eq!(
        trigger.role_arn,
        "arn:aws:iam::123456789012:role/example-PreSignUpFunctionRole"
    );
    assert!(
        template
            .roles()
            .iter()
            .any(|role| role.arn == trigger.role_arn)
    );
}

#[test]
fn an_environment_variable_is_what_its_intrinsics_make_of_it() {
    let template = fixture();
    let environment = &function(&template, "IdentityVendorFunction").environment;
    let expected = [
        ("DIRECTORY_TABLE", "example-DirectoryTable"),
        ("IDENTITY_POOL_ID", &template.identity_pool().unwrap().id),
        ("DEVELOPER_PROVIDER_NAME", "app.example"),
        (
            "ROLE_ARNS",
            "member=arn:aws:iam::123456789012:role/example-MemberRole,\
             publisher=arn:aws:iam::123456789012:role/example-PublisherRole",
        ),
        ("DATA_TABLE", "example-DataTable"),
        ("FIRST", "b"),
        ("STACK", "example.us-east-1.amazonaws.com"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ];
    for (name, value) in expected {
        assert_eq!(
            environment.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    assert!(!environment.contains_key("NONE"));
}

#[test]
fn a_dynamic_reference_is_a_stable_value_long_enough_for_a_key() {
    let (once, again) = (fixture(), fixture());
    let key = |template: &Template| {
        function(template, "PreSignUpFunction").environment["LOG_KEY"].clone()
    };
    assert!(key(&once).len() >= 32 && !key(&once).contains("resolve"));
    assert_eq!(key(&once), key(&again));
}

#[test]
fn a_resource_whose_condition_is_false_is_gone_with_its_output_and_policy() {
    let template = Template::parse(FIXTURE, &without_data()).unwrap();
    assert!(template.get("DataTable").is_none());
    assert_eq!(template.output("DataTableName"), None);
    assert!(role(&template, "example-MemberRole").policies.is_empty());
    let environment = &function(&template, "IdentityVendorFunction").environment;
    assert!(!environment.contains_key("DATA_TABLE"));
}

#[test]
fn a_policy_attached_from_elsewhere_is_the_roles() {
    let template = fixture();
    let member = role(&template, "example-MemberRole");
    assert_eq!(member.max_session_duration, 7200);
    let condition = member.policies[0]
        .pointer("/Statement/0/Condition")
        .unwrap();
    assert_eq!(
        condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"],
        json!(["${cognito-identity.amazonaws.com:sub}"])
    );
}

#[test]
fn a_table_is_a_create_table_request_with_its_ttl_beside() {
    let template = fixture();
    let table = |id: &str| {
        let mut tables = template.tables().iter();
        tables.find(|table| table.logical_id == id).unwrap()
    };
    let directory = table("DirectoryTable");
    assert_eq!(
        directory.create_table["StreamSpecification"],
        json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"})
    );
    assert_eq!(directory.ttl_attribute, None);
    assert_eq!(
        table("EphemeralTable").ttl_attribute.as_deref(),
        Some("expires_at")
    );
}

#[test]
fn the_pools_know_their_ids_triggers_and_default_roles() {
    let template = fixture();
    let users = template.user_pool().unwrap();
    assert_eq!(users.id, "us-east-1_Examplepl");
    assert_eq!(users.client_id.as_deref(), Some("1example23456789example"));
    assert!(users.triggers["PreSignUp"].ends_with("function:example-PreSignUpFunction"));
    let identities = template.identity_pool().unwrap();
    assert_eq!(
        identities.developer_provider_name.as_deref(),
        Some("app.example")
    );
    assert!(!identities.allow_unauthenticated);
    assert_eq!(
        identities.authenticated_role_arn.as_deref(),
        Some("arn:aws:iam::123456789012:role/example-DefaultAuthenticatedRole")
    );
}

#[test]
fn a_literal_in_a_substitution_keeps_its_braces_for_iam() {
    let template = Template::parse(
        "Resources: {}\nOutputs: {O: {Value: !Sub '${AWS::Region}/${!aws:PrincipalTag/x}'}}",
        &Settings::default(),
    );
    assert_eq!(
        template.unwrap().output("O"),
        Some("us-east-1/${aws:PrincipalTag/x}")
    );
}

#[test]
fn a_fault_names_the_logical_id_and_what_was_expected() {
    let cases = [
        (
            "Resources: {T: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Ref Nope}}}",
            "T.TableName.Ref: Nope is no parameter and no resource",
        ),
        (
            "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Timeout: 5}}}",
            "F: expected CodeUri: target/lambda/<binary>/",
        ),
        (
            "Resources: {R: {Type: 'AWS::IAM::Role'}}",
            "R: expected AssumeRolePolicyDocument",
        ),
        (
            "Parameters: {P: {Type: String}}\nResources: {}",
            "parameter P: has no default and was not given",
        ),
        (
            "Conditions: {A: !Condition A}\nResources: {X: {Type: T, Condition: A}}",
            "refers to itself",
        ),
        (
            "Resources: {}\nOutputs: {O: {Value: !ImportValue x}}",
            "Outputs.O.Fn::ImportValue: is an intrinsic not known here",
        ),
    ];
    for (text, expected) in cases {
        let found = fault(text);
        assert!(found.ends_with(expected), "{found}");
    }
}

#[test]
fn a_parameter_outside_its_allowed_values_is_refused() {
    let mut settings = without_data();
    settings
        .parameters
        .insert("DemoDataPlane".to_owned(), "maybe".to_owned());
    let error = Template::parse(FIXTURE, &settings).unwrap_err().to_string();
    assert_eq!(
        error,
        r#"parameter DemoDataPlane: expected one of ["true","false"]"#
    );
}

#[test]
fn what_is_not_run_here_is_refused_with_the_resource_and_the_reason() {
    let function = "      CodeUri: target/lambda/identity-vendor/\n";
    for (more, reason) in [
        (
            "      Runtime: python3.13\n",
            "expected Runtime: provided.al2023",
        ),
        ("      PackageType: Image\n", "expected PackageType: Zip"),
        (
            "      Events: { Jobs: { Type: SNS } }\n",
            "event Jobs is of type SNS, which nothing here fires",
        ),
    ] {
        assert!(FIXTURE.contains(function));
        let text = FIXTURE.replace(function, &format!("{function}{more}"));
        let error = Template::parse(&text, &Settings::default()).unwrap_err();
        assert_eq!(error.at, "IdentityVendorFunction");
        assert!(error.reason.starts_with(reason), "{error}");
    }
    let nested = FIXTURE.replace(
        "Resources:\n",
        "Resources:\n  Other: { Type: AWS::CloudFormation::Stack }\n",
    );
    let error = Template::parse(&nested, &Settings::default()).unwrap_err();
    assert_eq!(error.to_string(), "Other: nested stacks are not run here");
}

#[test]
fn a_rule_of_the_template_refuses_parameters_that_do_not_go_together() {
    let text = "Parameters: {From: {Type: String, Default: ''}, Arn: {Type: String, Default: ''}}
Rules:
  ASenderHasAnIdentity:
    RuleCondition: !Not [!Equals [!Ref From, '']]
    Assertions:
      - Assert: !Not [!Equals [!Ref Arn, '']]
        AssertDescription: From needs Arn
      - Assert: !Contains [[x, y], !Ref Arn]
Resources: {}";
    let parse = |given: &[(&str, &str)]| {
        let given = given.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings {
            parameters: given.collect(),
            ..Settings::default()
        };
        Template::parse(text, &settings).map_err(|error| error.to_string())
    };
    assert!(parse(&[]).is_ok());
    assert!(parse(&[("From", "a"), ("Arn", "y")]).is_ok());
    let alone = parse(&[("From", "a")]).unwrap_err();
    assert_eq!(alone, "Rules.ASenderHasAnIdentity: From needs Arn");
    let other = parse(&[("From", "a"), ("Arn", "z")]).unwrap_err();
    assert_eq!(other, "Rules.ASenderHasAnIdentity: does not hold");
}

#[test]
fn a_function_that_cloudformation_does_not_know_in_rules_is_refused() {
    let text = "Parameters: {Ids: {Type: CommaDelimitedList, Default: ''}}
Rules:
  AtLeastOne:
    Assertions:
      - Assert: !Not [!Equals [!Join ['', !Ref Ids], '']]
Resources: {}";
    let error = Template::parse(text, &Settings::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Rules.AtLeastOne: Fn::Join is not supported in Rules"
    );
}
