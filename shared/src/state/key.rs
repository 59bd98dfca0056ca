//! Keys of the state tables, each made in one place.

use sha2::{Digest, Sha256};

/// A key of the directory table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl DirectoryKey {
    /// The profile of a user.
    pub fn profile(user_pool_id: &str, sub: &str) -> Self {
        Self::of_user(user_pool_id, sub, "PROFILE".to_owned())
    }

    /// An outbox event of a user, in the partition of the profile so that one transaction writes both.
    pub fn event(user_pool_id: &str, sub: &str, event_id: &str) -> Self {
        Self::of_user(user_pool_id, sub, format!("EVENT#{event_id}"))
    }

    /// The record that binds a subject of a source, by the source's name in the policy, to an identity of the
    /// identity pool. The pool is part of the key, for another pool knows none of its identities.
    pub fn identity(identity_pool_id: &str, source: &str, subject: &str) -> Self {
        let subject = digest("identity", &[identity_pool_id, source, subject]);
        Self {
            pk: format!("IDENTITY#{identity_pool_id}#{source}#{subject}"),
            sk: "IDENTITY".to_owned(),
        }
    }

    /// The claim of a mailbox: which user of the pool was confirmed with this address first.
    pub fn email_claim(user_pool_id: &str, canonical_email: &str) -> Self {
        let email = digest("email", &[canonical_email]);
        Self {
            pk: format!("EMAIL#{user_pool_id}#{email}"),
            sk: "CLAIM".to_owned(),
        }
    }

    /// That a user of a legacy store has been offered to a pool, or has moved in.
    pub fn moved(user_pool_id: &str, store: &str, record_id: &str) -> Self {
        let record = digest("moved", &[store, record_id]);
        Self {
            pk: format!("MOVED#{user_pool_id}#{store}#{record}"),
            sk: "MOVED".to_owned(),
        }
    }

    /// An invitation, by the code that its bearer shows.
    pub fn invitation(code: &str) -> Self {
        Self::invitation_by_digest(&digest("invitation", &[code]))
    }

    /// An invitation, by what stands in its key for the code.
    pub fn invitation_by_digest(digest: &str) -> Self {
        Self {
            pk: format!("INVITE#{digest}"),
            sk: "INVITATION".to_owned(),
        }
    }

    /// That something may not sign up: `kind` says what `value` is.
    pub fn block(kind: &str, value: &str) -> Self {
        let value = digest("block", &[kind, value]);
        Self {
            pk: format!("BLOCK#{kind}#{value}"),
            sk: "BLOCK".to_owned(),
        }
    }

    /// What the partition key of every such record of a pool begins with.
    pub fn moved_prefix(user_pool_id: &str) -> String {
        format!("MOVED#{user_pool_id}#")
    }

    /// Where `reconcile` stopped in a pool.
    pub fn reconcile(user_pool_id: &str) -> Self {
        Self {
            pk: format!("RECONCILE#{user_pool_id}"),
            sk: "RECONCILE".to_owned(),
        }
    }

    /// A piece of what `reconcile` remembers of the users whom it has listed.
    pub fn reconcile_seen(user_pool_id: &str, piece: usize) -> Self {
        Self {
            sk: format!("SEEN#{piece}"),
            ..Self::reconcile(user_pool_id)
        }
    }

    /// That proofs of a source, or for a role, are no longer good if they were made before a time. `kind` is
    /// `source` or `role`, `value` the name that the policy has for it.
    pub fn revoked(kind: &str, value: &str) -> Self {
        Self {
            pk: format!("REVOKED#{kind}#{value}"),
            sk: "REVOKED".to_owned(),
        }
    }

    /// Whose a guest's identity has become.
    pub fn guest(identity_pool_id: &str, identity_id: &str) -> Self {
        let identity = digest("guest", &[identity_pool_id, identity_id]);
        Self {
            pk: format!("GUEST#{identity_pool_id}#{identity}"),
            sk: "GUEST".to_owned(),
        }
    }

    /// That pool-watch has put the triggers of a pool back.
    pub fn watch(user_pool_id: &str) -> Self {
        Self {
            pk: format!("WATCH#{user_pool_id}"),
            sk: "WATCH".to_owned(),
        }
    }

    /// That somebody was erased at a time: a user of a pool, by `sub`, or a subject of a source of the vendor's.
    pub fn erasure(pool_or_source: &str, subject: &str, at: &str) -> Self {
        let subject = digest("erasure", &[pool_or_source, subject]);
        Self {
            pk: format!("ERASURE#{subject}"),
            sk: at.to_owned(),
        }
    }

    fn of_user(user_pool_id: &str, sub: &str, sk: String) -> Self {
        let pk = format!("USER#{user_pool_id}#{sub}");
        Self { pk, sk }
    }
}

/// A key of the ephemeral table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EphemeralKey(pub String);

impl EphemeralKey {
    /// The bucket of a limit of `function`, called `limit`, on what `parts` name.
    pub fn limit(function: &str, limit: &str, parts: &[&str]) -> Self {
        let digest = digest("limit", parts);
        Self(format!("LIMIT#{function}#{limit}#{digest}"))
    }

    /// The mark that a token of a source has been used, by its `jti`.
    pub fn used_token(source: &str, jti: &str) -> Self {
        let digest = digest("jti", &[source, jti]);
        Self(format!("JTI#{source}#{digest}"))
    }

    /// The mark that an event without an id has been seen within its window.
    pub fn recent(function: &str, kind: &str, parts: &[&str]) -> Self {
        let digest = digest("recent", parts);
        Self(format!("RECENT#{function}#{kind}#{digest}"))
    }

    /// What a sign-up holds until it is confirmed, of a `kind`, for whom `parts` name.
    pub fn reserved(kind: &str, parts: &[&str]) -> Self {
        let digest = digest("reserved", parts);
        Self(format!("RESERVED#{kind}#{digest}"))
    }

    /// That the sign-up which `parts` name has passed a `kind` of check that nobody passes twice with the same
    /// token.
    pub fn passed(kind: &str, parts: &[&str]) -> Self {
        let digest = digest("passed", parts);
        Self(format!("PASSED#{kind}#{digest}"))
    }
}

/// SHA-256 of `parts` within `domain`, hex. Each part counts with its length: no two lists of parts
/// share a digest, and no two domains do.
pub fn digest(domain: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in std::iter::once("poolkeeper")
        .chain([domain])
        .chain(parts.iter().copied())
    {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    base16ct::lower::encode_string(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_domains_and_parts_apart() {
        let one = digest("a", &["bc", "d"]);
        assert_eq!(one.len(), 64);
        for other in [
            digest("a", &["b", "cd"]),
            digest("a", &["bc", "d", ""]),
            digest("ab", &["c", "d"]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_subject_is_not_readable_in_its_key() {
        let key = DirectoryKey::identity("r:p", "app", "canary@example.com");
        assert!(key.pk.starts_with("IDENTITY#r:p#app#") && !key.pk.contains("canary"));
    }

    #[test]
    fn a_code_a_number_and_a_token_are_not_readable_in_their_keys() {
        let invitation = DirectoryKey::invitation("canary");
        assert!(invitation.pk.starts_with("INVITE#") && !invitation.pk.contains("canary"));
        let block = DirectoryKey::block("phone", "canary");
        assert!(block.pk.starts_with("BLOCK#phone#") && !block.pk.contains("canary"));
        let parts = ["pool", "canary"];
        let reserved = EphemeralKey::reserved("invitation", &parts).0;
        assert!(reserved.starts_with("RESERVED#invitation#") && !reserved.contains("canary"));
        let passed = EphemeralKey::passed("captcha", &parts).0;
        assert!(passed.starts_with("PASSED#captcha#") && !passed.contains("canary"));
    }

    #[test]
    fn keys_do_not_change() {
        let key = DirectoryKey::identity("us-east-1:p", "app", "user-1");
        // By hand: SHA-256 over "poolkeeper", "identity", "us-east-1:p", "app", "user-1", each behind its length in 8 octets.
        assert_eq!(
            key.pk,
            "IDENTITY#us-east-1:p#app#92b5710bfa431a83d462c4f54e59357d6bab63b00e61248d2da7be24081e76ed"
        );
        assert_eq!(DirectoryKey::profile("p", "s").pk, "USER#p#s");
        assert_eq!(DirectoryKey::event("p", "s", "e").sk, "EVENT#e");
    }

    /// Every key of these parts, with what it is for.
    fn keys([a, b, c]: [&str; 3]) -> Vec<(&'static str, Vec<String>, String)> {
        let of = |kind, parts: &[&str], key: String| {
            let parts = parts.iter().map(|part| (*part).to_owned()).collect();
            (kind, parts, key)
        };
        // User pool ids and names of the policy have no #: what may have one is hashed.
        let plain = |text: &str| text.replace('#', "-");
        let (pool, name) = (&*plain(a), &*plain(b));
        let all = [a, b, c];
        vec![
            of(
                "identity",
                &[pool, name, c],
                DirectoryKey::identity(pool, name, c).pk,
            ),
            of("email", &[pool, c], DirectoryKey::email_claim(pool, c).pk),
            of(
                "moved",
                &[pool, name, c],
                DirectoryKey::moved(pool, name, c).pk,
            ),
            of("invitation", &[c], DirectoryKey::invitation(c).pk),
            of("block", &[name, c], DirectoryKey::block(name, c).pk),
            of("erasure", &[b, c], DirectoryKey::erasure(b, c, "").pk),
            of("limit", &all, EphemeralKey::limit("f", "l", &all).0),
            of("recent", &all, EphemeralKey::recent("f", "k", &all).0),
            of("reserved", &all, EphemeralKey::reserved("k", &all).0),
            of("passed", &all, EphemeralKey::passed("k", &all).0),
        ]
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

        /// So two sources never share an identity, nor two pools, nor two subjects.
        #[test]
        fn two_things_never_share_a_key(
            one in ["[ab#]{0,2}", "[ab#]{0,2}", "[ab#]{0,2}"],
            other in ["[ab#]{0,2}", "[ab#]{0,2}", "[ab#]{0,2}"],
        ) {
            let keys = [keys(one.each_ref().map(String::as_str)), keys(other.each_ref().map(String::as_str))];
            for (kind, parts, key) in &keys[0] {
                for (other_kind, other_parts, other_key) in &keys[1] {
                    let same = kind == other_kind && parts == other_parts;
                    proptest::prop_assert_eq!(key == other_key, same, "{} {}", key, other_key);
                }
            }
        }
    }
}
