//! Which functions a pool should call: named one by one, or by the outputs of Poolkeeper's stack.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::PathBuf,
};

use lexopt::ValueExt as _;
use serde_json::Value;
use shared::user_pool::{FunctionArn, Trigger, Triggers};

use crate::error::Error;

/// What the options say so far.
#[derive(Default)]
pub(super) struct Wanted {
    outputs: Option<PathBuf>,
    named: BTreeMap<Trigger, FunctionArn>,
}

/// What is deployed.
pub(super) struct Deployed {
    /// What the pool should call.
    pub(super) triggers: Triggers,
    /// The vendor, where the outputs name it.
    pub(super) vendor: Option<FunctionArn>,
}

impl Wanted {
    /// Reads the option `--name` if it is one of these. Answers whether it was.
    pub(super) fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<bool, Error> {
        let (trigger, option) = match name {
            "outputs" => {
                self.outputs = Some(PathBuf::from(parser.value()?));
                return Ok(true);
            }
            "pre-sign-up" => (Trigger::PreSignUp, "pre-sign-up"),
            "post-confirmation" => (Trigger::PostConfirmation, "post-confirmation"),
            "user-migration" => (Trigger::UserMigration, "user-migration"),
            _ => return Ok(false),
        };
        let arn = parser.value()?.string()?.parse();
        let arn = arn.map_err(|error: shared::user_pool::InvalidArn| Error::Option {
            option,
            problem: error.to_string(),
        })?;
        self.named.insert(trigger, arn);
        Ok(true)
    }

    /// The functions; of the outputs those that are not named one by one.
    pub(super) fn read(self) -> Result<Triggers, Error> {
        Ok(self.deployed()?.triggers)
    }

    /// The functions, with the one that no trigger calls.
    pub(super) fn deployed(self) -> Result<Deployed, Error> {
        let outputs = self.outputs.map(Outputs::read).transpose()?;
        let mut triggers = outputs.as_ref().map(Outputs::triggers).unwrap_or_default();
        triggers.extend(self.named);
        if triggers.is_empty() {
            return Err(Error::Option {
                option: "outputs",
                problem:
                    "is missing, and no function is named: nothing says what the pool should call"
                        .to_owned(),
            });
        }
        let vendor = outputs.and_then(|outputs| outputs.function("IdentityVendor"));
        Ok(Deployed {
            triggers: Triggers(triggers),
            vendor,
        })
    }
}

/// What CloudFormation tells of a stack.
struct Outputs(Vec<Value>);

impl Outputs {
    fn read(path: PathBuf) -> Result<Self, Error> {
        let mut text = String::new();
        let read = if path.as_os_str() == "-" {
            io::stdin().read_to_string(&mut text).map(drop)
        } else {
            fs::read_to_string(&path).map(|read| text = read)
        };
        read.map_err(|source| Error::File { path, source })?;
        let problem = |problem: &str| Error::Option {
            option: "outputs",
            problem: problem.to_owned(),
        };
        let answer: Value = serde_json::from_str(&text).map_err(|_| {
            problem("expected the JSON that `aws cloudformation describe-stacks` prints")
        })?;
        let outputs = answer
            .pointer("/Stacks/0/Outputs")
            .and_then(Value::as_array);
        let outputs = outputs.ok_or_else(|| problem("expected Stacks[0].Outputs"))?;
        Ok(Self(outputs.clone()))
    }

    fn function(&self, name: &str) -> Option<FunctionArn> {
        let key = format!("{name}FunctionArn");
        let mut outputs = self.0.iter();
        let named = outputs.find(|output| output.get("OutputKey").is_some_and(|it| *it == key));
        named?.get("OutputValue")?.as_str()?.parse().ok()
    }

    fn triggers(&self) -> BTreeMap<Trigger, FunctionArn> {
        let functions = Trigger::ALL
            .into_iter()
            .filter_map(|trigger| Some((trigger, self.function(&trigger.to_string())?)));
        functions.collect()
    }
}
