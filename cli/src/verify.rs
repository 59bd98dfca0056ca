//! `poolkeeper verify`: "does it understand my hashes?", before anything is deployed.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
};

use password::{InvalidPassword, Password, Scheme};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use zeroize::Zeroizing;

use crate::{
    Outcome,
    error::Error,
    hash::{Function, InvalidOptions, Named, PrintedCost},
    help,
    input::{Line, read_line},
};

const USAGE: &str = "\
poolkeeper verify [options] < lines.jsonl

Reads lines of JSON {\"hash\": …, \"password\": …, \"scheme\": …, \"options\": {…}} and answers each with a line:
match, mismatch, unsupported: REASON, or invalid: WHAT for a line that cannot be read. Hash and password are never
printed. scheme and options are as the hint in policy.toml has them, and may be absent.
";

/// An answer to a line.
#[derive(Serialize)]
struct Answer {
    line: u64,
    result: String,
    #[serde(flatten)]
    hash: Option<OfHash>,
}

/// What was read of the hash.
#[derive(Serialize)]
struct OfHash {
    scheme: Option<&'static str>,
    cost: Option<PrintedCost>,
}

impl OfHash {
    fn claimed(scheme: Option<Scheme>) -> Self {
        Self {
            scheme: scheme.map(Scheme::name),
            cost: None,
        }
    }
}

/// A line that asks nothing: what is wrong with it.
type Invalid = &'static str;

struct Question {
    hash: Zeroizing<String>,
    named: Named,
    password: Password,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and where stdin or stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short};

    let mut function = Function::default();
    while let Some(argument) = parser.next()? {
        let name = match argument {
            Short('h') | Long("help") => return help(&[USAGE, Function::USAGE].concat()),
            Long(name) => name.to_owned(),
            other => return Err(other.unexpected().into()),
        };
        if !function.option(&name, &mut parser)? {
            return Err(lexopt::Error::UnexpectedOption(format!("--{name}")).into());
        }
    }
    answer_all(&mut io::stdin().lock(), &mut io::stdout().lock(), function)
}

fn answer_all(
    input: &mut impl BufRead,
    output: &mut impl Write,
    function: Function,
) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Clean;
    let mut buffer = Zeroizing::new(Vec::new());
    for line in 1.. {
        let read = read_line(input, &mut buffer);
        let question = match read.map_err(|source| Error::Input { line, source })? {
            Line::End => break,
            Line::TooLong => Err("too-long"),
            Line::Whole if buffer.trim_ascii().is_empty() => continue,
            Line::Whole => question(&buffer),
        };
        let (result, hash) = match question {
            Ok(question) => answer(&question, function),
            Err(what) => (format!("invalid: {what}"), None),
        };
        if result != "match" {
            outcome = Outcome::Findings;
        }
        let answer = Answer { line, result, hash };
        serde_json::to_writer(&mut *output, &answer)
            .map_err(|error| Error::Output(error.into()))?;
        output.write_all(b"\n").map_err(Error::Output)?;
    }
    output.flush().map_err(Error::Output)?;
    Ok(outcome)
}

/// Reads each member by itself, so that what is wrong can be said without serde's words: they quote.
fn question(line: &[u8]) -> Result<Question, Invalid> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(line).map_err(|error| {
        if error.is_data() {
            "not-an-object"
        } else {
            "not-json"
        }
    })?;
    let known = ["hash", "scheme", "options", "password"];
    if members.keys().any(|name| !known.contains(&name.as_str())) {
        return Err("unknown-member");
    }
    let text = |name, wrong| match members.get(name) {
        Some(raw) => serde_json::from_str::<Option<String>>(raw.get()).map_err(|_| wrong),
        None => Ok(None),
    };
    let hash = text("hash", "hash-not-a-string")?.ok_or("hash-missing")?;
    let password = text("password", "password-not-a-string")?.ok_or("password-missing")?;
    let password = Password::parse(password).map_err(|invalid| match invalid {
        InvalidPassword::ContainsNul => "password-contains-nul",
        InvalidPassword::TooLong => "password-too-long",
    })?;
    let options: Option<Map<String, Value>> = match members.get("options") {
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| "options-not-an-object")?,
        None => None,
    };
    let scheme = text("scheme", "scheme-not-a-string")?;
    let named = Named::new(scheme.as_deref(), options.unwrap_or_default());
    Ok(Question {
        hash: hash.into(),
        named: named.map_err(|InvalidOptions| "options")?,
        password,
    })
}

fn answer(question: &Question, function: Function) -> (String, Option<OfHash>) {
    let hash = match question.named.read(question.hash.as_bytes(), None) {
        Ok(hash) => hash,
        Err(unsupported) => {
            let claimed = OfHash::claimed(unsupported.scheme());
            return (
                format!("unsupported: {}", unsupported.reason_code()),
                Some(claimed),
            );
        }
    };
    let result = match hash.verify(&question.password, &function.budget()) {
        Ok(true) => "match".to_owned(),
        Ok(false) => "mismatch".to_owned(),
        Err(refused) => format!("unsupported: {}", refused.reason_code()),
    };
    let of_hash = OfHash {
        scheme: Some(hash.scheme().name()),
        cost: Some(hash.cost().on(function.memory()).into()),
    };
    (result, Some(of_hash))
}
