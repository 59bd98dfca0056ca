//! Environment variables: what the template sets is what the code reads.

use std::collections::BTreeSet;

use crate::agreement::{
    suite::{Code, Suite},
    tokens::Token,
};

/// What Lambda itself sets: "Defined runtime environment variables" and "Advanced logging controls" of
/// the Lambda developer guide.
const LAMBDA_SETS: [&str; 5] = [
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_RUNTIME_API",
];

/// Read where something else than this suite sets it, if anything: a company's proxy.
const FOREIGN: [&str; 1] = ["AWS_CA_BUNDLE"];

/// Set for its change alone, which makes a version of the function worth publishing.
const READ_BY_NOBODY: [&str; 1] = ["RELEASE_DIGEST"];

/// Where a variable's name is an argument: the reader itself.
const READERS: [&str; 2] = ["shared/src/wiring.rs", "shared/src/telemetry/mod.rs"];

#[derive(Default)]
struct Reads {
    required: BTreeSet<String>,
    optional: BTreeSet<String>,
    obstacles: Vec<String>,
}

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let mut findings = Vec::new();
    for function in suite.template().functions() {
        let Some(code) = suite.code(&function.binary) else {
            continue;
        };
        let (id, reads) = (&function.logical_id, reads(code));
        findings.extend(reads.obstacles);
        let known = |name: &String| LAMBDA_SETS.contains(&name.as_str());
        let set = |name: &String| {
            function
                .environment
                .get(name)
                .is_some_and(|value| !value.is_empty())
        };
        for name in reads
            .required
            .iter()
            .filter(|name| !known(name) && !set(name))
        {
            findings.push(format!(
                "{id} requires {name}, which the template does not set"
            ));
        }
        let foreign = |name: &String| FOREIGN.contains(&name.as_str());
        let given = |name: &String| function.environment.contains_key(name);
        for name in reads
            .optional
            .iter()
            .filter(|name| !known(name) && !given(name) && !foreign(name))
        {
            findings.push(format!(
                "{id} reads {name}, which the template does not set"
            ));
        }
        let unread = function.environment.keys();
        let unread = unread
            .filter(|name| !reads.required.contains(*name) && !reads.optional.contains(*name))
            .filter(|name| !READ_BY_NOBODY.contains(&name.as_str()));
        for name in unread {
            findings.push(format!("{id} is given {name}, which nothing in it reads"));
        }
    }
    findings
}

fn reads(code: &Code) -> Reads {
    let mut reads = Reads::default();
    for (path, tokens) in &code.files {
        for (index, token) in tokens.iter().enumerate() {
            let Some(reader) = token.ident() else {
                continue;
            };
            let method = index > 0 && tokens[index - 1].is('.');
            let required = match reader {
                "required" if method => true,
                "optional" if method => false,
                "var" | "var_os" | "variable" => false,
                _ => continue,
            };
            let Some(argument) = first_argument(&tokens[index + 1..]) else {
                continue;
            };
            match argument.text() {
                Some(name) if required => drop(reads.required.insert(name.to_owned())),
                Some(name) => drop(reads.optional.insert(name.to_owned())),
                None if READERS.contains(&path.as_str()) => {}
                None => reads.obstacles.push(format!(
                    "{path}: {reader} is given a name that is no literal"
                )),
            }
        }
    }
    reads
}

/// `a` of `(a, …)` and `::<T>(a, …)`.
fn first_argument(after: &[Token]) -> Option<&Token> {
    let open = if after.first()?.is('(') {
        0
    } else if after.first()?.is(':') && after.get(2)?.is('<') {
        after.iter().position(|token| token.is('('))?
    } else {
        return None;
    };
    after.get(open + 1)
}
