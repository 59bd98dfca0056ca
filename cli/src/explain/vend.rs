//! `poolkeeper explain vend`: which role the vendor's rules give to somebody, and why.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use serde_json::{Map, Value, json};
use shared::{
    policy::{IdentityVendor, Name, PolicyFile},
    vending::{Caller, Choice, Claims, Passed, Role, Verdict, choose, tags},
};

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper explain vend --policy FILE --claims FILE --source NAME [--role ALIAS]

Decides by the vendor's own code what the rules of FILE give to a caller with these claims, a JSON object, and
answers with a JSON object: the decision, and each rule that did not decide, with the reason. No token is looked
at: the claims count as verified.

  --policy FILE   the policy
  --claims FILE   the claims of the caller's token
  --source NAME   the source that vouches for them, by its name in the policy
  --role ALIAS    the role that the caller asks for

Exit codes: 0 a role is granted, 1 none is, 2 it could not be told.";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, files that cannot be read, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short};

    let (mut policy, mut claims, mut source, mut role) = (None, None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("policy") => policy = Some(PathBuf::from(parser.value()?)),
            Long("claims") => claims = Some(PathBuf::from(parser.value()?)),
            Long("source") => source = Some(name("source", &mut parser)?),
            Long("role") => role = Some(name("role", &mut parser)?),
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
    let policy: IdentityVendor = PolicyFile::read(&policy)
        .and_then(|file| file.section())
        .map_err(|errors| Error::Option {
            option: "policy",
            problem: errors.to_string(),
        })?;
    if !policy.sources.contains_key(&source) {
        return Err(Error::Option {
            option: "source",
            problem: "the policy has no such source".to_owned(),
        });
    }
    let caller = Caller {
        source,
        subject: "explained".to_owned(),
        claims: read_claims(claims)?,
        issued_at: 0,
        expires_at: 0,
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
    Ok(match role {
        Role::Token { token_seconds, .. } => {
            json!({"flow": "token", "token_seconds": token_seconds, "tags": tags})
        }
        Role::Credentials {
            duration_seconds,
            session_policy,
            ..
        } => {
            let policy = session_policy.as_ref().map(|policy| policy.render(caller));
            let policy = policy.transpose().map_err(|refused| refused.to_string())?;
            let policy: Option<Value> = policy.and_then(|text| serde_json::from_str(&text).ok());
            json!({
                "flow": "credentials",
                "duration_seconds": duration_seconds,
                "tags": tags,
                "session_policy": policy,
            })
        }
    })
}

fn name(option: &'static str, parser: &mut lexopt::Parser) -> Result<Name, Error> {
    let text = parser.value()?.into_string().unwrap_or_default();
    Name::try_from(text).map_err(|expected| Error::Option {
        option,
        problem: expected.to_owned(),
    })
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
