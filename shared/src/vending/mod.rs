//! Which role a caller of the vendor may have. Pure: who was vouched for and the rules in, a choice out.
//!
//! The vendor and the operator's tool decide by this same code. The policy builds [`Rules`]; nothing here
//! knows of HTTP, of AWS or of the policy's file.

mod caller;
mod choose;
mod claim;
mod condition;
mod role;
mod session_policy;
mod tag;

pub use self::{
    caller::{Caller, Claims},
    choose::{Choice, Decision, Effect, Mode, Passed, Rule, Rules, Step, choose},
    claim::ClaimPath,
    condition::{Condition, IfMissing, Pattern, Scalar, Test, Verdict},
    role::{
        DEFAULT_DURATION_SECONDS, MAX_CHAINED_SECONDS, MAX_INTERNAL_TOKEN_SECONDS,
        MAX_TOKEN_SECONDS, ProofEndsTooSoon, Role, SourceIdentityRefused,
    },
    session_policy::{PolicyRefused, SessionPolicy},
    tag::{ROLE_TAG, Tag, TagKey, TagRefused, TagValue, Tags, is_tag_value, tags},
};
