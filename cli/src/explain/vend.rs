//! `poolkeeper explain vend`: which role the vendor's rules give to somebody, and why.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use serde_json::{Map, Value, json};
use shared::{
    policy::{IdentityVendor, Name, PolicyFile},
    vending::{Caller, Choice, Claims, Passed, Role, Tag, Verdict, choose, tags},
    wiring::Bindings,
};

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper explain vend --policy FILE --claims FILE --source NAME [--role ALIAS]
                        [--role-arns ALIAS=ARN,…]

Decides by the vendor's own code what the rules of FILE give to a caller with these claims, a JSON object, and
answers with a JSON object: the decision, and each rule that did not decide, with the reason. No token is looked
at: the claims count as verified.

  --policy FILE   the policy
  --claims FILE   the claims of the caller's token
  --source NAME   the source that vouches for them, by its name in the policy
  --role ALIAS    the role that the caller asks for
  --role-arns …   the ARNs behind the aliases, as ALIAS=ARN,ALIAS=ARN, for rules with role_from_token

Exit codes: 0 a role is granted, 1 none is, 2 it could not be told.";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, files that cannot be read, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short};

    let (mut policy, mut claims, mut source, mut role) = (None, None, None, None);
    let mut role_arns = BTreeMap::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("policy") => policy = Some(PathBuf::from(parser.value()?)),
            Long("claims") => claims = Some(PathBuf::from(parser.value()?)),
            Long("source") => source = Some(name("source", &mut parser)?),
            Long("role") => role = Some(name("role", &mut parser)?),
            Long("role-arns") => role_arns = arns(&mut parser)?,
            other => return Err(other.unexpected().into()),
        }
    }
    let missing = |option| Error::Option {
        option,
        problem: "is missing".to_owned(),
    };
    let policy = policy.ok_or_else(|| missing("policy"))?;
    let claims = claims.ok_or_else(|| missing("claims"))?;
    let source = source.ok_or_else(|| missing("source"))?;
    let mut policy: IdentityVendor = PolicyFile::read(&policy)
        .and_then(|file| file.section())
        .map_err(|errors| Error::Option {
            option: "policy",
            problem: errors.to_string(),
        })?;
    if !policy.knows_source(&source) {
        return Err(Error::Option {
            option: "source",
            problem: "the policy has no such source".to_owned(),
        });
    }
    policy.rules.role_arns = role_arns;
    let caller = Caller {
        source,
        subject: "explained".to_owned(),
        claims: read_claims(claims)?,
        issued_at: 0,
        expires_at: 0,
        bound_to_proof: false,
        guest_identity: None,
    };
    explain(&policy, &caller, role.as_ref())
}

fn explain(
    policy: &IdentityVendor,
    caller: &Caller,
    role: Option<&Name>,
) -> Result<Outcome, Error> {
    let decision = choose(&policy.rules, caller, role);
    let passed: Vec<Value> = decision
        .steps
        .iter()
        .map(|step| json!({"rule": step.rule, "why": reason(&step.passed)}))
        .collect();
    let (decided, outcome) = match decision.choice {
        Choice::Role(alias, rule) => {
            let role = policy.rules.roles.get(alias);
            let vended = role.map(|role| describe(role, caller)).transpose();
            match vended {
                Ok(vended) => {
                    let decided = json!({"granted": alias, "rule": rule, "vended": vended});
                    (decided, Outcome::Clean)
                }
                Err(refused) => {
                    let decided = json!({"denied": true, "rule": rule, "why": refused});
                    (decided, Outcome::Findings)
                }
            }
        }
        Choice::Denied(rule) => (json!({"denied": true, "rule": rule}), Outcome::Findings),
        Choice::NoRole => (json!({"denied": true, "rule": null}), Outcome::Findings),
    };
    let answer = json!({"decision": decided, "passed_over": passed});
    writeln!(io::stdout(), "{answer:#}").map_err(Error::Output)?;
    Ok(outcome)
}

fn reason(passed: &Passed<'_>) -> String {
    match passed {
        Passed::OtherSource => "it is about another source".to_owned(),
        Passed::OtherRole => "it grants another role than the one asked for".to_owned(),
        Passed::NoRoleInToken => {
            "the token names no role that is bound, or not the one asked for".to_owned()
        }
        Passed::Reported(Choice::Role(alias, _)) => {
            format!("it only reports: it would grant {alias}")
        }
        Passed::Reported(_) => "it only reports: it would deny".to_owned(),
        Passed::Condition(claim, verdict) => {
            let why = match verdict {
                Verdict::Met => "holds",
                Verdict::NotMet => "has another value",
                Verdict::Missing => "is missing",
                Verdict::UnexpectedType => "is of a type that the test is not for",
            };
            format!("the claim {claim} {why}")
        }
    }
}

/// What the role's sessions are like for `caller`, or why there can be none.
fn describe(role: &Role, caller: &Caller) -> Result<Value, String> {
    let tags = tags(role.tags(), caller).map_err(|refused| refused.to_string())?;
    let policy = role.session_policy().map(|policy| policy.render(caller));
    let policy = policy.transpose().map_err(|refused| refused.to_string())?;
    let policy: Option<Value> = policy.and_then(|text| serde_json::from_str(&text).ok());
    let source_identity = role.source_identity(caller);
    let source_identity = source_identity.map_err(|refused| refused.to_string())?;
    let keys = |marked: fn(&Tag) -> bool| -> Vec<&str> {
        let tags = role.tags().iter().filter(|(_, tag)| marked(tag));
        tags.map(|(key, _)| key.as_str()).collect()
    };
    let seconds = role.duration_seconds();
    Ok(match role {
        Role::Token { token_seconds, .. } => {
            json!({"flow": "token", "token_seconds": token_seconds, "tags": tags})
        }
        Role::Credentials { .. } => json!({
            "flow": "credentials",
            "duration_seconds": seconds,
            "tags": tags,
            "droppable_tags": keys(|tag| tag.droppable),
            "session_policy": policy,
        }),
        Role::Direct { .. } => json!({
            "flow": "direct",
            "duration_seconds": seconds,
            "tags": tags,
            "transitive_tags": keys(|tag| tag.transitive),
            "droppable_tags": keys(|tag| tag.droppable),
            "session_policy": policy,
            "source_identity": source_identity,
        }),
    })
}

fn name(option: &'static str, parser: &mut lexopt::Parser) -> Result<Name, Error> {
    let text = parser.value()?.into_string().unwrap_or_default();
    Name::try_from(text).map_err(|expected| Error::Option {
        option,
        problem: expected.to_owned(),
    })
}

fn arns(parser: &mut lexopt::Parser) -> Result<BTreeMap<Name, String>, Error> {
    let problem = |_| Error::Option {
        option: "role-arns",
        problem: "expected ALIAS=ARN,ALIAS=ARN".to_owned(),
    };
    let text = parser.value()?.into_string().unwrap_or_default();
    let bindings: Bindings = text.parse().map_err(|_| problem(""))?;
    let bound = bindings.0.into_iter();
    bound
        .map(|(alias, arn)| Ok((Name::try_from(alias).map_err(problem)?, arn)))
        .collect()
}

fn read_claims(path: PathBuf) -> Result<Claims, Error> {
    let text = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
    let claims: Result<Map<String, Value>, _> = serde_json::from_str(&text);
    // Not serde's own words: they quote what they could not read.
    claims.map(Claims).map_err(|_| Error::Option {
        option: "claims",
        problem: "expected a JSON object".to_owned(),
    })
}
