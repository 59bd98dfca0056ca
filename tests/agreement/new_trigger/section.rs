//! `[custom-message]`: what the subjects of messages are. In a tree that has the trigger this file is
//! shared/src/policy/custom_message.rs, and `Entry::of::<Subjects>()` a line of `SECTIONS`.

use std::collections::BTreeMap;

use shared::policy::{Findings, Rules};

/// The rules of custom-message.
#[derive(Debug)]
pub(crate) struct Subjects {
    /// The subject of the message that confirms a sign-up.
    pub(crate) sign_up: Option<String>,
}

impl Rules for Subjects {
    const SECTION: &'static str = "custom-message";

    type Section = BTreeMap<String, String>;

    fn compile(mut section: BTreeMap<String, String>, _: &mut Findings) -> Option<Self> {
        let sign_up = section.remove("sign_up");
        Some(Self { sign_up })
    }
}
