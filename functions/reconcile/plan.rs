//! What is to be done about one user: a pure comparison of the pool with the directory.

use std::collections::BTreeMap;

use shared::{policy::PostConfirmation, state::DirectoryKey};

use crate::{known::Known, pool::PoolUser};

/// One thing to do. Each may be done again, and what comes later matters less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The profile is missing.
    Create,
    /// The mailbox is claimed by nobody, or the user has not been told that another has it.
    Claim,
    /// The claim with this key is of an address that is the user's no more.
    Release(String),
    /// The profile has other attributes, another claim or a flag that holds no more.
    Update,
    /// Groups are to be joined, or an invitation to be redeemed, unless the mailbox turns out to be another's.
    Enrol,
    /// The groups do not follow the tier yet.
    Tier,
}

/// The steps for `user`, in their order.
pub(crate) fn plan(
    user: &PoolUser,
    known: &Known,
    pool_id: &str,
    policy: &PostConfirmation,
) -> Vec<Step> {
    let mailbox = user.mailbox().filter(|_| policy.claim_email);
    let Some(profile) = &known.profile else {
        let claim = mailbox.map(|_| Step::Claim);
        let enrol = policy.enrols().then_some(Step::Enrol);
        return [Step::Create]
            .into_iter()
            .chain(claim)
            .chain(enrol)
            .collect();
    };
    let wanted = mailbox.map(|mailbox| DirectoryKey::email_claim(pool_id, &mailbox).pk);
    let held = known.holder.as_deref() == Some(user.sub.as_str());
    if profile.erased {
        // A confirmation that was under way when they were erased has claimed it since.
        let since = wanted.filter(|_| held).map(Step::Release);
        return since.into_iter().collect();
    }
    let mut steps = Vec::new();
    let told = profile.mailbox_taken && known.holder.is_some() && profile.claim == wanted;
    if wanted.is_some() && !held && !told {
        steps.push(Step::Claim);
    }
    // An address that is not verified yet does not end the claim of the one before.
    let moved = wanted.is_some() && profile.claim != wanted;
    if let Some(before) = profile.claim.clone().filter(|_| moved) {
        steps.push(Step::Release(before));
    }
    let unflag = profile.mailbox_taken && (held || known.holder.is_none());
    if moved || unflag || profile.attributes != kept(user, policy) {
        steps.push(Step::Update);
    }
    if !profile.pending.is_empty() {
        steps.push(Step::Enrol);
    }
    if profile.tier_pending {
        steps.push(Step::Tier);
    }
    steps
}

/// The attributes that the profile keeps.
pub(crate) fn kept(user: &PoolUser, policy: &PostConfirmation) -> BTreeMap<String, String> {
    let attributes = user.attributes.iter();
    attributes
        .filter(|(name, value)| policy.keeps(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::Profile;

    const POOL: &str = "us-east-1_Pool";

    fn user(email: &str, verified: &str) -> PoolUser {
        PoolUser {
            sub: "s".to_owned(),
            user_name: "s".to_owned(),
            confirmed: true,
            created: 0,
            modified: 0,
            attributes: BTreeMap::from(
                [
                    ("email", email),
                    ("email_verified", verified),
                    ("custom:x", "y"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
        }
    }

    fn claim(email: &str) -> Option<String> {
        Some(DirectoryKey::email_claim(POOL, email).pk)
    }

    /// What the directory knows of `user` once everything is done.
    fn settled(user: &PoolUser) -> Known {
        let profile = Profile {
            attributes: kept(user, &PostConfirmation::default()),
            claim: user.mailbox().and_then(|mailbox| claim(&mailbox)),
            ..Profile::default()
        };
        Known {
            profile: Some(profile),
            holder: Some(user.sub.clone()),
        }
    }

    fn steps(user: &PoolUser, bend: impl FnOnce(&mut Known, &mut Profile)) -> Vec<Step> {
        let mut known = settled(user);
        let mut profile = known.profile.take().unwrap();
        bend(&mut known, &mut profile);
        known.profile.get_or_insert(profile);
        plan(user, &known, POOL, &PostConfirmation::default())
    }

    #[test]
    fn whoever_is_as_the_pool_says_is_left_alone() {
        assert_eq!(steps(&user("a@example.com", "true"), |_, _| ()), []);
    }

    #[test]
    fn whoever_has_no_profile_gets_one_and_the_claim_of_a_verified_address() {
        let nothing = Known::default();
        let policy = PostConfirmation::default();
        for (verified, expected) in [
            ("true", vec![Step::Create, Step::Claim]),
            ("false", vec![Step::Create]),
        ] {
            let user = user("a@example.com", verified);
            assert_eq!(plan(&user, &nothing, POOL, &policy), expected);
        }
    }

    #[test]
    fn a_claim_that_is_missing_is_made_and_one_of_another_is_told_once() {
        let user = user("a@example.com", "true");
        assert_eq!(steps(&user, |known, _| known.holder = None), [Step::Claim]);
        let other = |known: &mut Known| known.holder = Some("t".to_owned());
        assert_eq!(steps(&user, |known, _| other(known)), [Step::Claim]);
        let told = steps(&user, |known, profile| {
            other(known);
            profile.mailbox_taken = true;
        });
        assert_eq!(told, []);
    }

    #[test]
    fn a_mailbox_that_came_free_is_claimed_and_the_flag_goes() {
        let freed = steps(&user("a@example.com", "true"), |known, profile| {
            known.holder = None;
            profile.mailbox_taken = true;
        });
        assert_eq!(freed, [Step::Claim, Step::Update]);
    }

    #[test]
    fn a_changed_address_moves_the_claim_once_it_is_verified() {
        let before = claim("before@example.com");
        let moved = |verified| {
            steps(&user("a@example.com", verified), |known, profile| {
                known.holder = None;
                profile.claim = before.clone();
                profile
                    .attributes
                    .insert("email".to_owned(), "before@example.com".to_owned());
            })
        };
        let release = Step::Release(before.clone().unwrap());
        assert_eq!(moved("true"), [Step::Claim, release, Step::Update]);
        assert_eq!(moved("false"), [Step::Update]);
    }

    #[test]
    fn an_attribute_that_is_not_kept_changes_nothing_and_one_that_is_does() {
        let user = user("a@example.com", "true");
        let changed = |name: &'static str| {
            steps(&user, |_, profile| {
                profile.attributes.insert(name.to_owned(), "z".to_owned());
            })
        };
        assert_eq!(changed("name"), [Step::Update]);
        let kept = kept(&user, &PostConfirmation::default());
        assert!(!kept.contains_key("custom:x"), "{kept:?}");
    }

    #[test]
    fn what_is_pending_is_done_last() {
        let pending = steps(&user("a@example.com", "true"), |known, profile| {
            known.holder = None;
            profile.pending.groups.insert("staff".to_owned());
        });
        assert_eq!(pending, [Step::Claim, Step::Enrol]);
    }

    #[test]
    fn whoever_was_erased_stays_so() {
        let erased = steps(&user("a@example.com", "true"), |known, profile| {
            known.holder = None;
            profile.erased = true;
            profile.attributes.clear();
        });
        assert_eq!(erased, []);
        let claimed_since = steps(&user("a@example.com", "true"), |_, profile| {
            profile.erased = true;
            profile.claim = None;
        });
        let claim = claim("a@example.com").unwrap();
        assert_eq!(claimed_since, [Step::Release(claim)]);
    }
}
