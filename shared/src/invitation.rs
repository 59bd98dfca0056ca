//! Invitations: what the item in the directory table says, and who may use one.
//!
//! An invitation serves one account. A sign-up holds it for an address until a time, so that another address cannot
//! show it meanwhile. The same address may sign up again, under another user name too: a pool in which people sign in
//! with an e-mail address makes a new one each time. Each sign-up leaves a reservation under its own user name, which
//! its confirmation follows, and of those the first to be confirmed redeems the invitation. No other ever does.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::state::{Item, digest, read_number, read_text};

/// How long, past the hold, a confirmation still finds which invitation it used: who confirms late redeems it
/// if nobody has followed, and is told from the invited otherwise.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Who may show an invitation, in the order in which a confirmation looks for what its sign-up held. Each kind has a
/// reservation of its own: one that anybody may show displaces none that is for an address, or who types the name of
/// somebody invited could take from them what they were invited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// Whose address it is for.
    Addressee,
    /// Who has the code.
    Anybody,
}

impl Bearer {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Addressee, Self::Anybody];

    /// As the key of a reservation has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Addressee => "addressee",
            Self::Anybody => "anybody",
        }
    }
}

/// An invitation, as the directory table keeps it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invitation {
    /// From when on it is void.
    pub expires_at: i64,
    /// The only address that it is for, by its [`address_digest`].
    pub email: Option<String>,
    /// The groups of the pool that its bearer joins.
    pub groups: Vec<String>,
    /// The `sub` of the user who has redeemed it.
    pub redeemed_by: Option<String>,
    /// The address that holds it, by its [`address_digest`], and until when.
    pub held: Option<(String, i64)>,
}

/// What an invitation is to a bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Theirs to use, or to use once more in the same sign-up.
    Usable,
    /// It is void by now.
    Expired,
    /// Somebody has redeemed it.
    Redeemed,
    /// It is for another address.
    Foreign,
    /// The sign-up of another address holds it.
    Held,
}

/// An address in an invitation: nobody reads there who was invited.
pub fn address_digest(canonical_email: &str) -> String {
    digest("invitation-address", &[canonical_email])
}

/// A user name in a reservation: some pools take it in any case and write it in lower case.
pub fn holder(user_name: &str) -> String {
    user_name.to_lowercase()
}

impl Invitation {
    /// Reads the item. One without a time of expiry is void: everything that is written here has one.
    pub fn read(item: &Item) -> Self {
        let text = |name| read_text(item, name).map(str::to_owned);
        let groups = item.get("groups").map(AttributeValue::as_ss);
        let groups = groups.and_then(Result::ok).cloned();
        Self {
            expires_at: read_number(item, "expires_at").unwrap_or_default(),
            email: text("email"),
            groups: groups.unwrap_or_default(),
            redeemed_by: text("redeemed_by"),
            held: text("reserved_for").zip(read_number(item, "reserved_until")),
        }
    }

    /// What it is at `now` to the bearer whose [`address_digest`] is `address`.
    pub fn standing(&self, address: &str, now: i64) -> Standing {
        if self.redeemed_by.is_some() {
            return Standing::Redeemed;
        }
        if self.expires_at <= now {
            return Standing::Expired;
        }
        if self.email.as_ref().is_some_and(|email| email != address) {
            return Standing::Foreign;
        }
        match &self.held {
            Some((holder, until)) if holder != address && *until > now => Standing::Held,
            _ => Standing::Usable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{number, text};

    const NOW: i64 = 1_000;

    fn standing(bend: impl FnOnce(&mut Invitation)) -> Standing {
        let mut invitation = Invitation {
            expires_at: NOW + 1,
            ..Invitation::default()
        };
        bend(&mut invitation);
        invitation.standing("me", NOW)
    }

    #[test]
    fn an_invitation_is_for_one_address_at_a_time_until_it_is_used_or_void() {
        let other = || "other".to_owned();
        assert_eq!(standing(|_| ()), Standing::Usable);
        assert_eq!(standing(|it| it.expires_at = NOW), Standing::Expired);
        let redeemed = standing(|it| it.redeemed_by = Some("sub".to_owned()));
        assert_eq!(redeemed, Standing::Redeemed);
        assert_eq!(standing(|it| it.email = Some(other())), Standing::Foreign);
        let mine = standing(|it| it.email = Some("me".to_owned()));
        assert_eq!(mine, Standing::Usable);
        let held = standing(|it| it.held = Some((other(), NOW + 1)));
        assert_eq!(held, Standing::Held);
        let over = standing(|it| it.held = Some((other(), NOW)));
        assert_eq!(over, Standing::Usable);
        let again = standing(|it| it.held = Some(("me".to_owned(), NOW + 1)));
        assert_eq!(again, Standing::Usable);
    }

    #[test]
    fn an_item_is_read_as_far_as_it_goes() {
        assert_eq!(Invitation::read(&Item::new()), Invitation::default());
        let groups = AttributeValue::Ss(vec!["editors".to_owned()]);
        let item = Item::from([
            number("expires_at", 7),
            text("email", "digest"),
            text("redeemed_by", "sub"),
            text("reserved_for", "digest"),
            number("reserved_until", 8),
            ("groups".to_owned(), groups),
        ]);
        let invitation = Invitation::read(&item);
        assert_eq!(invitation.held, Some(("digest".to_owned(), 8)));
        assert_eq!(invitation.groups, ["editors"]);
        assert_eq!(invitation.standing("digest", 6), Standing::Redeemed);
    }
}
