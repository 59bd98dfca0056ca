//! E-mail addresses, parsed once into a canonical form that checks and keys can compare.

use std::{fmt, str::FromStr};

/// Longest local part (RFC 5321, section 4.5.3.1.1), octets.
const MAX_LOCAL_PART: usize = 64;
/// Longest path without its angle brackets (RFC 5321, section 4.5.3.1.3), octets.
const MAX_ADDRESS: usize = 254;

/// A domain name in its canonical form: lower-case ASCII, IDNA labels as `xn--…` (UTS 46).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

/// Why a text is no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a domain name such as example.com")]
pub struct InvalidDomain;

impl Domain {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `self` lies strictly below `parent`, by whole labels: `a.example.com` is below
    /// `example.com`, `badexample.com` is not.
    pub fn is_below(&self, parent: &Domain) -> bool {
        self.0
            .strip_suffix(parent.as_str())
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }
}

impl FromStr for Domain {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        // Strict: a name that no resolver would take must not slip past a deny list.
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| InvalidDomain)?;
        let labels = ascii.split('.').count();
        let numeric = ascii
            .rsplit('.')
            .next()
            .is_none_or(|top| top.bytes().all(|b| b.is_ascii_digit()));
        if labels < 2 || numeric || ascii.split('.').any(str::is_empty) {
            return Err(InvalidDomain);
        }
        Ok(Self(ascii))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address whose parts are known to be sound. `Debug` shows the domain only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local_part: String,
    domain: Domain,
}

/// Why a text is no e-mail address. The text itself is never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// No `@`, or more than one.
    #[error("an e-mail address has exactly one @")]
    AtSign,
    /// The part before the `@` is empty, too long, quoted, or has characters outside RFC 5322 `dot-atom`.
    #[error("the part before the @ is not a dot-atom of 1 to 64 octets")]
    LocalPart,
    /// The part after the `@` is no domain name.
    #[error("the part after the @ is not a domain name")]
    Domain,
    /// Characters that are not seen (zero-width, soft hyphen, direction marks): two addresses that look
    /// alike.
    #[error("an e-mail address has no invisible characters")]
    Invisible,
    /// `%` or `!` in the local part: a mail server may deliver such an address to another host than the
    /// one behind the `@` (RFC 5321, appendix D.2 knows source routes; `%` and `!` are their older forms).
    #[error("the part before the @ does not route by % or !")]
    Routed,
    /// Longer than 254 octets.
    #[error("an e-mail address has at most 254 octets")]
    TooLong,
}

impl EmailAddress {
    /// The domain, canonical.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The whole address for keys and comparisons: local part in lower case, domain in ASCII. Mail
    /// servers may tell `A@x` from `a@x` (RFC 5321, section 2.4); in practice none does, and two
    /// accounts that differ by case only are the attack that a unique key must stop.
    pub fn canonical(&self) -> String {
        format!("{}@{}", self.local_part.to_lowercase(), self.domain)
    }
}

/// How a provider reads the local parts of its addresses.
struct Provider {
    /// Its domains, all of which name the same mailboxes if there are several.
    domains: &'static [&'static str],
    /// Characters that it does not look at.
    ignored: &'static [char],
}

/// Providers whose rules are public (their help pages on addresses and aliases). All of them deliver
/// `ana+tag` to `ana`; of others nothing is assumed, for `+` may be part of a name there.
const PROVIDERS: [Provider; 8] = [
    Provider::new(&["gmail.com", "googlemail.com"], &['.']),
    Provider::new(&["proton.me", "protonmail.com", "pm.me"], &['.', '-', '_']),
    Provider::new(&["outlook.com"], &[]),
    Provider::new(&["hotmail.com"], &[]),
    Provider::new(&["live.com"], &[]),
    Provider::new(&["icloud.com"], &[]),
    Provider::new(&["me.com"], &[]),
    Provider::new(&["fastmail.com"], &[]),
];

impl Provider {
    const fn new(domains: &'static [&'static str], ignored: &'static [char]) -> Self {
        Self { domains, ignored }
    }
}

impl EmailAddress {
    /// The mailbox behind the address, for keys: [`Self::canonical`], and where the provider's rules are
    /// known, without a `+tag` and the characters that it does not look at, at its first domain. One
    /// mailbox cannot confirm several accounts then.
    pub fn mailbox(&self) -> String {
        let domain = self.domain.as_str();
        let reads = |provider: &&Provider| provider.domains.contains(&domain);
        let Some(provider) = PROVIDERS.iter().find(reads) else {
            return self.canonical();
        };
        let domain = provider.domains.first().unwrap_or(&domain);
        let local_part = self.local_part.to_lowercase();
        let name = local_part.split('+').next().unwrap_or_default();
        let name = name.replace(provider.ignored, "");
        if name.is_empty() {
            return self.canonical();
        }
        format!("{name}@{domain}")
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        if text.len() > MAX_ADDRESS {
            return Err(InvalidEmail::TooLong);
        }
        // Before the domain is read: IDNA drops such characters silently.
        if text.chars().any(is_invisible) {
            return Err(InvalidEmail::Invisible);
        }
        let (local_part, domain) = text.split_once('@').ok_or(InvalidEmail::AtSign)?;
        if domain.contains('@') {
            return Err(InvalidEmail::AtSign);
        }
        if local_part.len() > MAX_LOCAL_PART || !is_dot_atom(local_part) {
            return Err(InvalidEmail::LocalPart);
        }
        if local_part.contains(['%', '!']) {
            return Err(InvalidEmail::Routed);
        }
        let domain = domain.parse().map_err(|_| InvalidEmail::Domain)?;
        Ok(Self {
            local_part: local_part.to_owned(),
            domain,
        })
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "***@{}", self.domain)
    }
}

/// Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties), and the interlinear annotation marks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// RFC 5322, section 3.2.3 `dot-atom-text`, with RFC 6532's UTF-8. Quoted local parts are refused:
/// Cognito refuses them too, and they hide a second `@`.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|c| {
                c.is_ascii_alphanumeric()
                    || "!#$%&'*+-/=?^_`{|}~".contains(c)
                    || (!c.is_ascii() && !c.is_whitespace() && !c.is_control())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_canonical_in_case_and_idn() {
        let address: EmailAddress = "Ana.B+x@BÜCHER.Example".parse().unwrap();
        assert_eq!(address.canonical(), "ana.b+x@xn--bcher-kva.example");
    }

    #[test]
    fn a_mailbox_is_one_however_its_address_is_written() {
        for (text, mailbox) in [
            ("Ana.B+x@gmail.com", "anab@gmail.com"),
            ("anab@GoogleMail.com", "anab@gmail.com"),
            ("ana-b_c.d+x@pm.me", "anabcd@proton.me"),
            ("Ana.B+x@outlook.com", "ana.b@outlook.com"),
            ("+x@gmail.com", "+x@gmail.com"),
            ("Ana.B+x@example.com", "ana.b+x@example.com"),
            ("ana.b@mail.gmail.com", "ana.b@mail.gmail.com"),
        ] {
            let address: EmailAddress = text.parse().unwrap();
            assert_eq!(address.mailbox(), mailbox, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_says_which_part_is_wrong() {
        for (text, error) in [
            ("", InvalidEmail::AtSign),
            ("ana", InvalidEmail::AtSign),
            ("a@b@example.com", InvalidEmail::AtSign),
            ("\"a@b\"@example.com", InvalidEmail::AtSign),
            ("@example.com", InvalidEmail::LocalPart),
            ("a b@example.com", InvalidEmail::LocalPart),
            ("a..b@example.com", InvalidEmail::LocalPart),
            ("a\u{0}@example.com", InvalidEmail::LocalPart),
            ("a@", InvalidEmail::Domain),
            ("a@localhost", InvalidEmail::Domain),
            ("a@example..com", InvalidEmail::Domain),
            ("a@example.com.", InvalidEmail::Domain),
            ("a@127.0.0.1", InvalidEmail::Domain),
            ("a@[127.0.0.1]", InvalidEmail::Domain),
            ("a@exa_mple.com", InvalidEmail::Domain),
            ("a@example.com\n", InvalidEmail::Domain),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(error), "{text:?}");
        }
        let long = format!("a@{}.com", "x".repeat(260));
        assert_eq!(long.parse::<EmailAddress>(), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn characters_that_nobody_sees_are_refused() {
        for hidden in [
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{2060}',
            '\u{feff}',
            '\u{202e}',
            '\u{e0041}',
        ] {
            for text in [
                format!("a{hidden}na@example.com"),
                format!("ana@exam{hidden}ple.com"),
            ] {
                let parsed = text.parse::<EmailAddress>();
                assert_eq!(parsed, Err(InvalidEmail::Invisible), "{text:?}");
            }
        }
        assert!("añá@bücher.example".parse::<EmailAddress>().is_ok());
    }

    #[test]
    fn an_address_that_routes_through_another_host_is_refused() {
        for text in ["ana%evil.net@example.com", "evil.net!ana@example.com"] {
            assert_eq!(
                text.parse::<EmailAddress>(),
                Err(InvalidEmail::Routed),
                "{text}"
            );
        }
    }

    #[test]
    fn below_a_domain_is_by_whole_labels() {
        let parent = domain("amazon.com");
        assert!(domain("mail.amazon.com").is_below(&parent));
        assert!(domain("a.b.amazon.com").is_below(&parent));
        assert!(!domain("amazon.com").is_below(&parent));
        assert!(!domain("evilamazon.com").is_below(&parent));
        assert!(!domain("amazon.com.evil.com").is_below(&parent));
    }

    #[test]
    fn debug_does_not_show_who_it_is() {
        let address: EmailAddress = "canary@example.com".parse().unwrap();
        assert_eq!(format!("{address:?}"), "***@example.com");
    }
}
