//! `[post-confirmation]`: what is kept of a user who was confirmed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Findings, GroupRule, Rules, Vouched,
    bounded::Bounded,
    group::{WrittenRule, is_name},
};

/// Longest attribute value that a user pool holds (Amazon Cognito API reference, AttributeType). What is
/// longer is not an attribute of the user, and could make the profile larger than an item may be.
const MAX_ATTRIBUTE_CHARACTERS: usize = 2048;

/// The rules of post-confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostConfirmation {
    /// What happens to the user when the profile cannot be stored. They are confirmed already.
    pub on_failure: OnFailure,
    /// The attributes that the profile keeps, as Cognito names them.
    pub profile_attributes: BTreeSet<String>,
    /// Whether a confirmed user claims the mailbox of their verified e-mail address.
    pub claim_email: bool,
    /// Time within which a second password reset of the same user is the same event, delivered again.
    pub password_reset_window: Duration,
    /// Which groups users join.
    pub groups: Vec<GroupRule>,
    /// The groups that an invitation may name.
    pub invited_groups: BTreeSet<String>,
    /// Whether invitations are redeemed.
    pub redeem_invitations: bool,
    /// The group of each tier.
    pub tiers: BTreeMap<String, String>,
}

/// What is kept of a user who was confirmed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PostConfirmation")
)]
pub struct Section {
    /// What happens to the user when the profile cannot be stored. They are confirmed already.
    #[serde(default)]
    on_failure: OnFailure,
    /// The attributes that the profile keeps, as Cognito names them (`custom:` included).
    #[serde(default = "profile_attributes")]
    profile_attributes: BTreeSet<String>,
    /// Whether a confirmed user claims the mailbox of their verified e-mail address, so that another user
    /// of the pool with the same mailbox is noticed.
    #[serde(default = "claim_email")]
    claim_email: bool,
    /// Seconds within which a second password reset of the same user is the same event, delivered again.
    /// Cognito gives such events no id.
    #[serde(default = "password_reset_window_seconds")]
    password_reset_window_seconds: Bounded<1, 3600>,
    /// The groups that confirmed users join, by rule.
    #[serde(default)]
    groups: Vec<WrittenRule>,
    /// The groups that an invitation may name: its bearer joins those of its groups that are listed here.
    #[serde(default)]
    invited_groups: BTreeSet<String>,
    /// Whether a confirmed user redeems the invitation that their sign-up held. Set it with pre-sign-up's
    /// check `invitation`.
    #[serde(default)]
    redeem_invitations: bool,
    /// The groups of tiers, by the name that events give a tier. Whoever has a tier is in its group and in no
    /// other of these; no rule and no invitation may give one of them.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    tiers: BTreeMap<String, Spanned<String>>,
}

/// What happens when post-confirmation cannot do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnFailure {
    /// The user goes on; the audit line says `deferred`, to alarm on and to heal later.
    #[default]
    Confirm,
    /// The user sees an error, though they are confirmed.
    Fail,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::default(),
            profile_attributes: profile_attributes(),
            claim_email: claim_email(),
            password_reset_window_seconds: password_reset_window_seconds(),
            groups: Vec::new(),
            invited_groups: BTreeSet::new(),
            redeem_invitations: false,
            tiers: BTreeMap::new(),
        }
    }
}

impl PostConfirmation {
    /// The groups that a user joins, of whom this much is vouched for.
    pub fn groups_of(&self, vouched: &Vouched<'_>) -> BTreeSet<&str> {
        let rules = self.groups.iter();
        rules.filter_map(|rule| rule.earned(vouched)).collect()
    }

    /// Whether there is anything to do after a user is recorded and their mailbox claimed.
    pub fn enrols(&self) -> bool {
        self.redeem_invitations || !self.groups.is_empty()
    }

    /// Whether the profile keeps the attribute `name` with this value.
    pub fn keeps(&self, name: &str, value: &str) -> bool {
        self.profile_attributes.contains(name) && value.chars().count() <= MAX_ATTRIBUTE_CHARACTERS
    }
}

impl Default for PostConfirmation {
    /// What holds while the section cannot be read: the user goes on.
    fn default() -> Self {
        Self::of(Section::default(), Vec::new(), BTreeMap::new())
    }
}

impl PostConfirmation {
    fn of(section: Section, groups: Vec<GroupRule>, tiers: BTreeMap<String, String>) -> Self {
        let window = section.password_reset_window_seconds.get();
        Self {
            on_failure: section.on_failure,
            profile_attributes: section.profile_attributes,
            claim_email: section.claim_email,
            password_reset_window: Duration::from_secs(window.into()),
            groups,
            invited_groups: section.invited_groups,
            redeem_invitations: section.redeem_invitations,
            tiers,
        }
    }
}

impl Rules for PostConfirmation {
    const SECTION: &'static str = "post-confirmation";

    type Section = Section;

    fn compile(mut section: Section, findings: &mut Findings) -> Option<Self> {
        let written = std::mem::take(&mut section.groups).into_iter();
        let rules = written.filter_map(|rule| GroupRule::compile(rule, findings));
        let rules: Vec<GroupRule> = rules.collect();
        let tiers = std::mem::take(&mut section.tiers);
        let tiers = compile_tiers(tiers, &rules, &section.invited_groups, findings);
        Some(Self::of(section, rules, tiers))
    }

    /// It refuses nobody: without rules of its own, it records as it does by default.
    fn when_absent() -> Option<Self> {
        Some(Self::default())
    }
}

/// The group of each tier follows the tier alone: what a rule or an invitation gave, the next event would take.
fn compile_tiers(
    tiers: BTreeMap<String, Spanned<String>>,
    rules: &[GroupRule],
    invited: &BTreeSet<String>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut compiled = BTreeMap::new();
    for (tier, group) in tiers {
        let at = group.span();
        let group = group.into_inner();
        if invited.contains(&group) || rules.iter().any(|rule| rule.group() == group) {
            findings.at(
                at,
                "expected a group of the tier's own: groups or invited_groups names it too",
            );
        } else if is_name(&group, at, findings) {
            compiled.insert(tier, group);
        }
    }
    compiled
}

fn profile_attributes() -> BTreeSet<String> {
    [
        "email",
        "email_verified",
        "phone_number",
        "phone_number_verified",
        "name",
        "locale",
    ]
    .map(str::to_owned)
    .into()
}

fn claim_email() -> bool {
    true
}

fn password_reset_window_seconds() -> Bounded<1, 3600> {
    Bounded::new::<60>()
}
