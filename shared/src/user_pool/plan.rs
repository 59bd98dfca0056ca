//! What UpdateUserPool is to be sent, or why nothing may be. Pure.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{FunctionArn, PoolSettings, Trigger, Triggers};

/// What may be done beyond the harmless.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Take the place of somebody else's function.
    pub replace: bool,
    /// What becomes of settings that nobody here knows.
    pub unknown: Unknown,
}

/// What becomes of settings that nobody here knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing is changed: UpdateUserPool may not take them, and would then reset them.
    #[default]
    Refuse,
    /// They are sent back as they came.
    Pass,
}

/// A change that can be made without another setting lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the pool will call, in the order of the triggers; empty where all is as it should be.
    pub changes: Vec<Change>,
    /// Triggers that are left, because the pool calls a function there that is not ours.
    pub left: Vec<Trigger>,
    /// `LambdaConfig` as it will be.
    pub lambda_config: Map<String, Value>,
    /// The request for UpdateUserPool.
    pub request: Value,
}

/// One trigger that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub trigger: Trigger,
    /// The function that is called now.
    pub from: Option<String>,
    /// The function that will be.
    pub to: Option<String>,
}

/// Why nothing may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The pool calls somebody else's function.
    Foreign(Trigger, String),
    /// A setting that nobody here knows.
    Unknown(String),
    /// The message template has two bodies, of which UpdateUserPool takes one.
    BothEmailBodies,
}

/// Every reason at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals(pub Vec<Refusal>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(trigger, arn) => write!(
                f,
                "{trigger} calls {arn}, which is not Poolkeeper's: --replace takes its place"
            ),
            Self::Unknown(name) => write!(
                f,
                "the pool has the setting {name}, which this version does not know and may not be able to send back \
                 unchanged: --pass-unknown sends it back as it is and tells whether it survived"
            ),
            Self::BothEmailBodies => f.write_str(
                "VerificationMessageTemplate has EmailMessage and EmailMessageByLink, and UpdateUserPool takes one of \
                 them: remove the one that is not used first",
            ),
        }
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(Refusal::to_string).collect();
        f.write_str(&told.join("; "))
    }
}

impl std::error::Error for Refusals {}

/// The pool that calls every function of `wanted`, every other setting as `found`.
///
/// # Errors
/// When something would be lost, or somebody else's function replaced.
pub fn attach(found: &PoolSettings, wanted: &Triggers, options: Options) -> Result<Plan, Refusals> {
    let mut refusals = unsendable(found, options);
    for (trigger, arn) in &wanted.0 {
        if let Some(called) = found.function_of(*trigger)
            && !arn.is_same_function(called)
            && !options.replace
        {
            refusals.push(Refusal::Foreign(*trigger, called.to_owned()));
        }
    }
    if !refusals.is_empty() {
        return Err(Refusals(refusals));
    }
    let mut config = found.lambda_config();
    for (trigger, arn) in &wanted.0 {
        config.insert(trigger.key().to_owned(), json!(arn.as_str()));
    }
    Ok(planned(found, config, Vec::new()))
}

/// The pool without the functions of `attached`: with those that `before` had in their place, if any.
/// A function that somebody else has put there since is left.
///
/// # Errors
/// When something would be lost.
pub fn detach(
    found: &PoolSettings,
    attached: &Triggers,
    before: Option<&PoolSettings>,
    options: Options,
) -> Result<Plan, Refusals> {
    let refusals = unsendable(found, options);
    if !refusals.is_empty() {
        return Err(Refusals(refusals));
    }
    let mut config = found.lambda_config();
    let mut left = Vec::new();
    for (trigger, arn) in &attached.0 {
        let Some(called) = found.function_of(*trigger) else {
            continue;
        };
        if !arn.is_same_function(called) {
            left.push(*trigger);
            continue;
        }
        match before.and_then(|before| before.function_of(*trigger)) {
            Some(earlier) => config.insert(trigger.key().to_owned(), json!(earlier)),
            None => config.remove(trigger.key()),
        };
    }
    Ok(planned(found, config, left))
}

/// The pool as it was `before`, every setting of it.
///
/// # Errors
/// When something of it cannot be sent.
pub fn restore(
    found: &PoolSettings,
    before: &PoolSettings,
    options: Options,
) -> Result<Plan, Refusals> {
    let refusals = unsendable(before, options);
    if !refusals.is_empty() {
        return Err(Refusals(refusals));
    }
    let config = before.lambda_config();
    let plan = planned(found, config.clone(), Vec::new());
    Ok(Plan {
        request: before.update_request(config),
        ..plan
    })
}

fn unsendable(found: &PoolSettings, options: Options) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if options.unknown == Unknown::Refuse {
        refusals.extend(
            found
                .unknown()
                .map(|name| Refusal::Unknown(name.to_owned())),
        );
    }
    if found.has_both_email_bodies() {
        refusals.push(Refusal::BothEmailBodies);
    }
    refusals
}

fn planned(found: &PoolSettings, config: Map<String, Value>, left: Vec<Trigger>) -> Plan {
    let to = |trigger: Trigger| Some(config.get(trigger.key())?.as_str()?.to_owned());
    let changes = Trigger::ALL.into_iter().map(|trigger| Change {
        trigger,
        from: found.function_of(trigger).map(str::to_owned),
        to: to(trigger),
    });
    Plan {
        changes: changes.filter(|change| change.from != change.to).collect(),
        left,
        request: found.update_request(config.clone()),
        lambda_config: config,
    }
}

impl Plan {
    /// The functions that this puts where none, or another, was.
    pub fn attaches(&self) -> Triggers {
        let put = self.changes.iter().filter_map(|change| {
            let arn: FunctionArn = change.to.as_deref()?.parse().ok()?;
            Some((change.trigger, arn))
        });
        Triggers(put.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "arn:aws:lambda:us-east-1:123456789012:function:ours:live";
    const BARE: &str = "arn:aws:lambda:us-east-1:123456789012:function:ours";
    const THEIRS: &str = "arn:aws:lambda:us-east-1:123456789012:function:theirs";

    fn pool(lambda_config: Value) -> PoolSettings {
        let pool = json!({ "Id": "p", "Arn": "a", "LambdaConfig": lambda_config });
        PoolSettings::of_answer(&json!({ "UserPool": pool })).unwrap()
    }

    fn wanted() -> Triggers {
        format!("PreSignUp={OURS}").parse().unwrap()
    }

    #[test]
    fn a_trigger_of_another_kind_and_its_version_stay() {
        let versioned = json!({ "LambdaVersion": "V2_0", "LambdaArn": THEIRS });
        let found = pool(json!({ "PreTokenGenerationConfig": versioned, "KMSKeyID": "k" }));
        let plan = attach(&found, &wanted(), Options::default()).unwrap();
        let config =
            json!({ "PreTokenGenerationConfig": versioned, "KMSKeyID": "k", "PreSignUp": OURS });
        assert_eq!(plan.request["LambdaConfig"], config);
        let change = Change {
            trigger: Trigger::PreSignUp,
            from: None,
            to: Some(OURS.to_owned()),
        };
        assert_eq!(plan.changes, [change]);
    }

    #[test]
    fn a_foreign_function_is_replaced_only_when_told_and_ours_by_itself() {
        let foreign = pool(json!({ "PreSignUp": THEIRS }));
        let refused = attach(&foreign, &wanted(), Options::default()).unwrap_err();
        assert_eq!(
            refused.0,
            [Refusal::Foreign(Trigger::PreSignUp, THEIRS.to_owned())]
        );
        let told = Options {
            replace: true,
            ..Options::default()
        };
        assert_eq!(attach(&foreign, &wanted(), told).unwrap().changes.len(), 1);
        // Without its alias it would stay on whatever was deployed last.
        let bare = pool(json!({ "PreSignUp": BARE }));
        let plan = attach(&bare, &wanted(), Options::default()).unwrap();
        assert_eq!(plan.request["LambdaConfig"]["PreSignUp"], OURS);
        let there = pool(json!({ "PreSignUp": OURS }));
        assert_eq!(
            attach(&there, &wanted(), Options::default())
                .unwrap()
                .changes,
            []
        );
    }

    #[test]
    fn a_setting_that_nobody_knows_stops_it_unless_it_may_pass() {
        let pool = json!({ "Id": "p", "Arn": "a", "Future": { "x": 1 } });
        let found = PoolSettings::of_answer(&json!({ "UserPool": pool })).unwrap();
        let refused = attach(&found, &wanted(), Options::default()).unwrap_err();
        assert_eq!(refused.0, [Refusal::Unknown("Future".to_owned())]);
        let pass = Options {
            unknown: Unknown::Pass,
            ..Options::default()
        };
        assert_eq!(
            attach(&found, &wanted(), pass).unwrap().request["Future"],
            json!({ "x": 1 })
        );
    }

    #[test]
    fn two_bodies_of_one_message_cannot_be_sent_back() {
        let template = json!({ "EmailMessage": "{####}", "EmailMessageByLink": "{##x##}" });
        let pool = json!({ "Id": "p", "Arn": "a", "VerificationMessageTemplate": template });
        let found = PoolSettings::of_answer(&json!({ "UserPool": pool })).unwrap();
        let refused = attach(&found, &wanted(), Options::default()).unwrap_err();
        assert_eq!(refused.0, [Refusal::BothEmailBodies]);
    }

    #[test]
    fn detaching_gives_back_what_was_there_and_leaves_what_came_since() {
        let before = pool(json!({ "PreSignUp": THEIRS }));
        let config = |found: Value, before: Option<&PoolSettings>| {
            let plan = detach(&pool(found), &wanted(), before, Options::default()).unwrap();
            (Value::Object(plan.lambda_config), plan.left)
        };
        let attached = json!({ "PreSignUp": OURS, "CustomMessage": THEIRS });
        assert_eq!(
            config(attached.clone(), Some(&before)),
            (
                json!({ "PreSignUp": THEIRS, "CustomMessage": THEIRS }),
                vec![]
            )
        );
        assert_eq!(
            config(attached, None),
            (json!({ "CustomMessage": THEIRS }), vec![])
        );
        let since = json!({ "PreSignUp": THEIRS });
        assert_eq!(
            config(since.clone(), None),
            (since, vec![Trigger::PreSignUp])
        );
    }
}
