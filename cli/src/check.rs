//! `poolkeeper check`: whether every section of a policy file is valid.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use pre_sign_up::checks::Checks;
use shared::policy::{
    CheckKind, IdentityVendor, PolicyErrors, PolicyFile, PostConfirmation, PreSignUp,
};

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper check [FILE]

Checks every section of a policy file (default: policy/policy.toml) as the functions do at their start, and lists all
that is wrong with it or with the files that it names, a line each. Run it before a deployment.";
/// Where the repository has it.
const DEFAULT: &str = "policy/policy.toml";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short, Value};

    let mut file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.unwrap_or_else(|| PathBuf::from(DEFAULT));
    let findings = findings(&file);
    let mut output = io::stdout().lock();
    for finding in &findings {
        writeln!(output, "{finding}").map_err(Error::Output)?;
    }
    if !findings.is_empty() {
        return Ok(Outcome::Findings);
    }
    writeln!(output, "{}: valid", file.display()).map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// All that is wrong with the policy and with the files that it names.
fn findings(file: &Path) -> Vec<String> {
    let texts = |errors: PolicyErrors| errors.0.iter().map(ToString::to_string).collect();
    let policy = match PolicyFile::read(file) {
        Ok(policy) => policy,
        Err(errors) => return texts(errors),
    };
    let mut findings: Vec<String> = policy.check_all().map_or_else(texts, |()| Vec::new());
    // A vendor's section that is missing or wrong is told already, if it is to be told.
    let vendor = policy.section::<IdentityVendor>();
    let folder = file.parent().unwrap_or(Path::new(""));
    for (name, source) in vendor.iter().flat_map(|vendor| &vendor.sources) {
        if let Err(problem) = source.keys_in(folder) {
            let place = file.display();
            findings.push(format!(
                "{place}: identity-vendor.sources.{name}: {problem}"
            ));
        }
    }
    // A section that is wrong is told already.
    let checks = policy.section().ok();
    let checks = checks.map(|section: PreSignUp| Checks::new(section, folder, None));
    if let Some(Err(problem)) = checks {
        findings.push(format!("{}: pre-sign-up: {problem}", file.display()));
    }
    findings.extend(apart(&policy).map(|apart| format!("{}: {apart}", file.display())));
    findings
}

/// What sections say that does not go together. No function can tell: each reads its own. A section that is wrong is
/// told already.
fn apart(policy: &PolicyFile) -> Option<&'static str> {
    let sign_up: PreSignUp = policy.section().ok()?;
    let confirmation: PostConfirmation = policy.section().ok()?;
    let mut checks = sign_up.checks.iter();
    let asks = checks.any(|check| matches!(check.kind, CheckKind::Invitation(_)));
    match (asks, confirmation.redeem_invitations) {
        (true, false) => Some(
            "post-confirmation.redeem_invitations: expected true, for a check of pre-sign-up asks for invitations: \
             nobody redeems them, and each serves one account after the other",
        ),
        (false, true) => Some(
            "post-confirmation.redeem_invitations: expected a check `invitation` of pre-sign-up with it: without one \
             no sign-up holds an invitation that could be redeemed",
        ),
        _ => None,
    }
}
