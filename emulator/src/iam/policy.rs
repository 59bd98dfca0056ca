//! Policy evaluation: `iam-rs` does the matching, this file does what it leaves out.
//!
//! - It substitutes `${…}` in `Resource` only, and an absent key by nothing: variables are replaced
//!   here beforehand, and an `Allow` whose variable has no value grants nothing, as in AWS.
//! - It matches federated principals by prefix, and reads one kind of principal a statement:
//!   principals of trust policies are matched here, exactly.
//! - It calls the implicit deny `NotApplicable`, and knows no session policies: see
//!   [`super::Iam::authorize`], which asks for both.
//!
//! Source: IAM user guide, "Policy evaluation logic" and "Policy variables".

use iam_rs::{Arn, ContextValue, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use serde_json::{Value, json};

use super::{Context, variables};

/// What a set of policies says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Some statement allows, none denies.
    Allow,
    /// Some statement denies (or cannot be evaluated).
    ExplicitDeny,
    /// No statement applies.
    ImplicitDeny,
}

/// Who asks to become a role.
#[derive(Debug, Clone, Copy)]
pub enum Trusted<'a> {
    /// An identity provider: `cognito-identity.amazonaws.com`.
    Federated(&'a str),
    /// A service: `lambda.amazonaws.com`.
    Service(&'a str),
    /// An AWS principal, by any of its ARNs.
    Aws(&'a [&'a str]),
}

/// An invalid policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedPolicy(String);

/// Checks that a document is one that can be evaluated.
///
/// # Errors
/// The first reason why not.
pub fn check(document: &Value) -> Result<(), MalformedPolicy> {
    if !document.is_object() {
        return Err(MalformedPolicy("expected a JSON object".to_owned()));
    }
    let statements = statements(document);
    if statements.is_empty() {
        return Err(MalformedPolicy("expected a Statement".to_owned()));
    }
    for statement in statements {
        let has = |name: &str| statement.get(name).is_some();
        if !has("Action") && !has("NotAction") {
            return Err(MalformedPolicy(
                "expected an Action in every Statement".to_owned(),
            ));
        }
        let mut statement = statement.clone();
        if let Some(statement) = statement.as_object_mut() {
            statement.remove("Principal");
            statement.remove("NotPrincipal");
        }
        parse(vec![statement])?;
    }
    Ok(())
}

/// Identity-based (or session) policies, read once: a session asks them thousands of times.
#[derive(Debug, Clone)]
pub(super) struct Policies {
    /// The statements that say the same to everybody; none if some document cannot be evaluated.
    plain: Option<PolicyEvaluator>,
    /// Those with variables, which the context of a request binds.
    variable: Vec<Value>,
}

impl Policies {
    /// What some document says that cannot be evaluated is refused by [`Self::evaluate`].
    pub(super) fn read(documents: &[Value]) -> Self {
        let statements = documents.iter().flat_map(statements).cloned();
        let (variable, plain) = statements.partition(variables::any);
        let plain = parse(plain).ok();
        Self {
            plain: plain.map(|policy| PolicyEvaluator::with_policies(vec![policy])),
            variable,
        }
    }

    pub(super) fn evaluate(&self, action: &str, resource: &str, context: &Context) -> Decision {
        let Some(plain) = &self.plain else {
            return Decision::ExplicitDeny;
        };
        let Some(request) = request(action, resource, context) else {
            return Decision::ExplicitDeny;
        };
        match ask(plain, &request) {
            Decision::ExplicitDeny => Decision::ExplicitDeny,
            said => match (said, decide(self.variable.clone(), &request, context)) {
                (_, Decision::ExplicitDeny) => Decision::ExplicitDeny,
                (Decision::Allow, _) | (_, Decision::Allow) => Decision::Allow,
                _ => Decision::ImplicitDeny,
            },
        }
    }
}

/// What identity-based (or session) policies say to an action on a resource.
pub fn evaluate(policies: &[Value], action: &str, resource: &str, context: &Context) -> Decision {
    Policies::read(policies).evaluate(action, resource, context)
}

/// What a trust policy says to `principal` asking for `action`.
pub fn evaluate_trust(
    trust_policy: &Value,
    principal: Trusted<'_>,
    action: &str,
    context: &Context,
) -> Decision {
    let mut applicable = Vec::new();
    for statement in statements(trust_policy) {
        let Some(named) = statement.get("Principal") else {
            // `NotPrincipal` is not read here; to ignore an Allow or to heed a Deny is the safe side.
            if statement.get("Effect") == Some(&json!("Deny")) {
                return Decision::ExplicitDeny;
            }
            continue;
        };
        if !names(named, principal) {
            continue;
        }
        let mut statement = statement.clone();
        if let Some(statement) = statement.as_object_mut() {
            statement.remove("Principal");
            // A trust policy has no Resource: the role itself is meant.
            statement.insert("Resource".to_owned(), json!("*"));
        }
        applicable.push(statement);
    }
    let role = "arn:aws:iam::123456789012:role/this";
    match request(action, role, context) {
        Some(request) => decide(applicable, &request, context),
        None => Decision::ExplicitDeny,
    }
}

/// Binds the statements to the context and asks them.
fn decide(statements: Vec<Value>, request: &IAMRequest, context: &Context) -> Decision {
    let mut bound = Vec::new();
    for statement in statements {
        match variables::bind(&statement, context) {
            Some(statement) => bound.push(statement),
            None if statement.get("Effect") == Some(&json!("Allow")) => {}
            None => return Decision::ExplicitDeny,
        }
    }
    if bound.is_empty() {
        return Decision::ImplicitDeny;
    }
    match parse(bound) {
        Ok(policy) => ask(&PolicyEvaluator::with_policies(vec![policy]), request),
        Err(_) => Decision::ExplicitDeny,
    }
}

fn ask(policies: &PolicyEvaluator, request: &IAMRequest) -> Decision {
    match policies.evaluate(request).map(|said| said.decision) {
        Ok(iam_rs::Decision::Allow) => Decision::Allow,
        Ok(iam_rs::Decision::NotApplicable) => Decision::ImplicitDeny,
        Ok(iam_rs::Decision::Deny) | Err(_) => Decision::ExplicitDeny,
    }
}

/// The request as the library takes it; none for a resource that is no ARN.
fn request(action: &str, resource: &str, context: &Context) -> Option<IAMRequest> {
    let resource = Arn::parse(resource).ok()?;
    // Identity-based policies name no principal: any well-formed one will do.
    let nobody = Principal::Aws(PrincipalId::String("arn:aws:iam::123456789012:root".into()));
    let context = to_library(context);
    Some(IAMRequest::new_with_context(
        nobody, action, resource, context,
    ))
}

fn parse(statements: Vec<Value>) -> Result<IAMPolicy, MalformedPolicy> {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    serde_json::from_value(document).map_err(|error| MalformedPolicy(error.to_string()))
}

fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

fn names(element: &Value, principal: Trusted<'_>) -> bool {
    let among = |kind: &str, id: &str| match element.get(kind) {
        Some(Value::String(named)) => named == id,
        Some(Value::Array(named)) => named.contains(&json!(id)),
        _ => false,
    };
    element == "*"
        || match principal {
            Trusted::Federated(id) => among("Federated", id),
            Trusted::Service(id) => among("Service", id),
            Trusted::Aws(arns) => among("AWS", "*") || arns.iter().any(|arn| among("AWS", arn)),
        }
}

fn to_library(context: &Context) -> iam_rs::Context {
    let mut library = iam_rs::Context::new();
    for (key, values) in context {
        match values.as_slice() {
            [] => {}
            [one] => library.insert(key.clone(), ContextValue::String(one.clone())),
            many => library.insert(key.clone(), ContextValue::StringList(many.to_vec())),
        }
    }
    library
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/T";
    const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
    const SUB: &str = "cognito-identity.amazonaws.com:sub";

    fn own_rows(with_null: bool) -> Value {
        let mut condition = json!({
            "ForAllValues:StringEquals": { LEADING_KEYS: [format!("${{{SUB}}}")] },
        });
        if with_null {
            condition["Null"] = json!({ LEADING_KEYS: "false" });
        }
        json!({"Statement": [{
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": TABLE,
            "Condition": condition,
        }]})
    }

    fn context(sub: &str, keys: &[&str]) -> Context {
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        Context::from([
            (SUB.to_owned(), vec![sub.to_owned()]),
            (LEADING_KEYS.to_owned(), keys),
        ])
    }

    fn get(policy: &Value, context: &Context) -> Decision {
        evaluate(
            std::slice::from_ref(policy),
            "dynamodb:GetItem",
            TABLE,
            context,
        )
    }

    #[test]
    fn own_rows_are_allowed_and_no_mixture_with_others() {
        let policy = own_rows(true);
        assert_eq!(get(&policy, &context("me", &["me"])), Decision::Allow);
        assert_eq!(
            get(&policy, &context("me", &["you"])),
            Decision::ImplicitDeny
        );
        assert_eq!(
            get(&policy, &context("me", &["me", "you"])),
            Decision::ImplicitDeny
        );
    }

    #[test]
    fn for_all_values_is_true_of_an_absent_key_and_null_closes_that_hole() {
        assert_eq!(get(&own_rows(false), &context("me", &[])), Decision::Allow);
        assert_eq!(
            get(&own_rows(true), &context("me", &[])),
            Decision::ImplicitDeny
        );
    }

    #[test]
    fn a_variable_without_a_value_grants_nothing() {
        let mut nobody = context("me", &["me"]);
        nobody.remove(SUB);
        assert_eq!(get(&own_rows(true), &nobody), Decision::ImplicitDeny);
    }

    #[test]
    fn a_deny_outweighs_every_allow() {
        let deny = json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
        let decision = evaluate(
            &[own_rows(true), deny],
            "dynamodb:GetItem",
            TABLE,
            &context("me", &["me"]),
        );
        assert_eq!(decision, Decision::ExplicitDeny);
    }

    #[test]
    fn a_federated_principal_is_matched_whole_and_not_by_prefix() {
        let trust = |federated: &str| {
            json!({"Statement": [{
                "Effect": "Allow",
                "Principal": {"Federated": federated},
                "Action": "sts:AssumeRoleWithWebIdentity",
            }]})
        };
        let decide = |federated: &str| {
            let cognito = Trusted::Federated("cognito-identity.amazonaws.com");
            let action = "sts:AssumeRoleWithWebIdentity";
            evaluate_trust(&trust(federated), cognito, action, &Context::new())
        };
        assert_eq!(decide("cognito-identity.amazonaws.com"), Decision::Allow);
        assert_eq!(decide("cognito-identity"), Decision::ImplicitDeny);
        assert_eq!(decide("accounts.google.com"), Decision::ImplicitDeny);
    }

    #[test]
    fn a_document_without_statement_action_or_known_operator_is_malformed() {
        for document in [
            json!([]),
            json!({}),
            json!({"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
                                  "Condition": {"StringSoundsLike": {"a": "b"}}}]}),
        ] {
            assert!(check(&document).is_err(), "{document}");
        }
        assert_eq!(check(&own_rows(true)), Ok(()));
    }

    proptest! {
        #[test]
        fn a_row_is_reached_only_by_the_very_subject(sub in "\\PC{1,12}", key in "\\PC{1,12}") {
            let decision = get(&own_rows(true), &context(&sub, &[&key]));
            prop_assert!(decision != Decision::Allow || sub == key);
        }
    }
}
