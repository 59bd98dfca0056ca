//! `poolkeeper explain pre-sign-up`: what the function would say of an event, check by check, by its own code
//! and without AWS.

use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use lexopt::prelude::{Long, Short};
use pre_sign_up::{
    Applicant, Confirmation, Finding, Heard, Request, Ruling, answer_to, checks::Checks,
    may_be_confirmed, sign_up_kind,
};
use serde_json::value::RawValue;
use shared::{
    deadline::Deadline,
    policy::PolicyFile,
    trigger::{Answer, TriggerEvent},
};

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper explain pre-sign-up --policy FILE < event.json

Says what pre-sign-up would answer to the event on stdin: each check that applies, what it finds, what that
comes to, and the time that it took. Nothing is asked of AWS. Exits with 1 where the sign-up is refused.

  --policy FILE   the policy (policy/policy.toml); the files that it names are looked for beside it";

/// Runs the command.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    let mut policy = PathBuf::from("policy/policy.toml");
    while let Some(argument) = parser.next()? {
        match argument {
            Long("policy") => policy = parser.value()?.into(),
            Short('h') | Long("help") => return help(USAGE),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|source| Error::Input { line: 1, source })?;
    let (lines, outcome) = explain(&policy, text)?;
    writeln!(io::stdout(), "{}", lines.join("\n")).map_err(Error::Output)?;
    Ok(outcome)
}

/// A line a check, and the answer.
fn explain(policy: &Path, text: String) -> Result<(Vec<String>, Outcome), Error> {
    let wrong = |problem: &dyn std::fmt::Display| Error::Explain(problem.to_string());
    let rules = PolicyFile::read(policy).and_then(|file| file.section());
    let rules = rules.map_err(|errors| wrong(&errors))?;
    let folder = policy.parent().unwrap_or(Path::new("."));
    let checks = Checks::new(rules, folder, None).map_err(|error| wrong(&error))?;
    let raw =
        RawValue::from_string(text).map_err(|_| wrong(&"stdin: expected one event in JSON"))?;
    let event = TriggerEvent::parse(&raw).map_err(|malformed| wrong(&malformed))?;
    let kind = sign_up_kind(event.source())
        .ok_or_else(|| wrong(&"event.triggerSource: expected one of PreSignUp's"))?;
    let request: Request = event.request().map_err(|malformed| wrong(&malformed))?;
    let applicant = Applicant::new(&event, &request, kind);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| wrong(&error))?;
    let mut lines = Vec::new();
    let (verdict, confirmation) = runtime.block_on(async {
        let deadline = Deadline::after(Duration::from_secs(60));
        let hear = checks.hear(&applicant, deadline, |heard| lines.push(line(heard)));
        let verdict = hear.await;
        // Nothing is done without AWS, so no invitation is held.
        let confirmation = match may_be_confirmed(event.source()) {
            true => checks.confirm(&applicant, &[], deadline).await,
            false => Confirmation::ByCode,
        };
        (verdict, confirmation)
    });
    let confirmed = match &confirmation {
        Confirmation::Automatic(rule) if rule.verify_email || rule.verify_phone_number => {
            Some(format!(
                "{}, unless what it verifies is another user's: not asked",
                rule.name
            ))
        }
        Confirmation::Automatic(rule) => Some(rule.name.to_string()),
        _ => None,
    };
    let decision = answer_to(verdict, confirmation, &applicant);
    Ok(match decision.answer {
        Answer::Refuse(message) => {
            lines.push(format!(
                "refused: PreSignUp failed with error {}.",
                message.0
            ));
            (lines, Outcome::Findings)
        }
        Answer::Unchanged | Answer::Respond(_) => {
            lines.push(format!("allowed: {}", decision.reason));
            lines.extend(confirmed.map(|rule| format!("confirmed without a code by {rule}")));
            (lines, Outcome::Clean)
        }
    })
}

fn line(heard: &Heard<'_>) -> String {
    let finding = match &heard.finding {
        Finding::NotAsked => return format!("{}: needs AWS: not asked", heard.check.name),
        Finding::Remark(reason) => format!("remark {reason}"),
        Finding::Clear => "clear".to_owned(),
        Finding::Objection(reason) => format!("objection {reason}"),
        Finding::Undecided { reason, .. } => format!("undecided {reason}"),
    };
    let ruling = match heard.ruling {
        Ruling::Pass => "passes",
        Ruling::Report(_) => "reports",
        Ruling::Refuse(_) => "refuses",
    };
    let micros = heard.took.as_micros();
    format!("{}: {finding}: {ruling} ({micros} µs)", heard.check.name)
}
