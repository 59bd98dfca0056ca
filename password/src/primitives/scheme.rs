//! The names of the schemes, as logs, the audit and the policy write them.

use std::fmt;

macro_rules! schemes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A scheme that [`crate::StoredHash`] verifies.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Scheme {
            $($(#[$doc])* $variant,)*
        }

        impl Scheme {
            /// Every scheme, in the order of their names.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scheme of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Stable kebab-case name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

schemes! {
    /// `$apr1$`: Apache's MD5.
    Apr1 = "apr1",
    /// `$argon2d$`.
    Argon2d = "argon2d",
    /// `$argon2i$`.
    Argon2i = "argon2i",
    /// `$argon2id$`.
    Argon2id = "argon2id",
    /// ASP.NET Identity, format 0.
    AspnetIdentityV2 = "aspnet-identity-v2",
    /// ASP.NET (Core) Identity, format 1.
    AspnetIdentityV3 = "aspnet-identity-v3",
    /// `{PKCS5S2}`: Atlassian's Crowd and Jira.
    AtlassianPkcs5s2 = "atlassian-pkcs5s2",
    /// `$2a$`, `$2b$`, `$2y$`.
    Bcrypt = "bcrypt",
    /// Better Auth's scrypt.
    BetterAuth = "better-auth",
    /// `_`: BSDi's extended DES crypt.
    BsdiCrypt = "bsdi-crypt",
    /// Clerk's PBKDF2 with a base64 salt.
    ClerkPbkdf2 = "clerk-pbkdf2",
    /// `$p5k2$` of Cryptacular.
    CtaPbkdf2 = "cta-pbkdf2",
    /// Traditional crypt(3).
    DesCrypt = "des-crypt",
    /// Devise: bcrypt with a pepper.
    Devise = "devise",
    /// Django's `bcrypt_sha256$`.
    DjangoBcryptSha256 = "django-bcrypt-sha256",
    /// Django's `md5$salt$hex`.
    DjangoMd5 = "django-md5",
    /// Django's `pbkdf2_sha1$` and `pbkdf2_sha256$`.
    DjangoPbkdf2 = "django-pbkdf2",
    /// Django's `scrypt$`.
    DjangoScrypt = "django-scrypt",
    /// Django's `sha1$salt$hex`.
    DjangoSha1 = "django-sha1",
    /// `$p5k2$` of Dwayne Litzenberger.
    DlitzPbkdf2 = "dlitz-pbkdf2",
    /// Dovecot's `{PBKDF2}$1$`.
    DovecotPbkdf2 = "dovecot-pbkdf2",
    /// Drupal 7's `$S$`.
    Drupal7 = "drupal7",
    /// Drupal 6 hashes carried over: `U$S$`, `U$P$`, `U$H$`.
    Drupal7Md5 = "drupal7-md5",
    /// Firebase Authentication.
    FirebaseScrypt = "firebase-scrypt",
    /// What the descriptor of the policy says.
    Generic = "generic",
    /// `grub.pbkdf2.sha512.`.
    GrubPbkdf2 = "grub-pbkdf2",
    /// Joomla 1.0 to 2.5.
    Joomla = "joomla",
    /// Keycloak, with argon2.
    KeycloakArgon2 = "keycloak-argon2",
    /// Keycloak, with PBKDF2.
    KeycloakPbkdf2 = "keycloak-pbkdf2",
    /// `{MD5}`, `{SHA}`, `{SHA256}`, `{SHA384}`, `{SHA512}`, and Dovecot's names for them.
    LdapDigest = "ldap-digest",
    /// `{PBKDF2}`, `{PBKDF2-SHA256}`, `{PBKDF2-SHA512}`.
    LdapPbkdf2 = "ldap-pbkdf2",
    /// `{SMD5}`, `{SSHA}`, `{SSHA256}`, `{SSHA384}`, `{SSHA512}`.
    LdapSaltedDigest = "ldap-salted-digest",
    /// Magento 1 and 2.
    Magento = "magento",
    /// `$1$`.
    Md5Crypt = "md5-crypt",
    /// Meteor: bcrypt over SHA-256.
    Meteor = "meteor",
    /// SQL Server's `0x0100…` and `0x0200…`.
    Mssql = "mssql",
    /// MySQL's `*…`.
    Mysql = "mysql",
    /// Windows's and Dovecot's `{NTLM}`.
    NtHash = "nt-hash",
    /// Ory's `$md5$` and `$sha…$pf=`.
    OryDigest = "ory-digest",
    /// Ory's `$hmac-…$`.
    OryHmac = "ory-hmac",
    /// `$bcrypt-sha256$` of passlib.
    PasslibBcryptSha256 = "passlib-bcrypt-sha256",
    /// `$pbkdf2$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$` in passlib's syntax or PHC's.
    Pbkdf2 = "pbkdf2",
    /// `$P$` and `$H$`.
    Phpass = "phpass",
    /// SCRAM's stored key on SHA-1.
    ScramSha1 = "scram-sha-1",
    /// SCRAM's stored key on SHA-256.
    ScramSha256 = "scram-sha-256",
    /// `$scrypt$`.
    Scrypt = "scrypt",
    /// `$7$`.
    ScryptCrypt = "scrypt-crypt",
    /// `$sha1$` of NetBSD.
    Sha1Crypt = "sha1-crypt",
    /// `$5$`.
    Sha256Crypt = "sha256-crypt",
    /// `$6$`.
    Sha512Crypt = "sha512-crypt",
    /// Spring's MessageDigestPasswordEncoder: `{MD5}`, `{SHA-1}`, `{SHA-256}` and hex.
    SpringDigest = "spring-digest",
    /// Spring's `{noop}`: the clear password.
    SpringNoop = "spring-noop",
    /// Spring's `{pbkdf2}`.
    SpringPbkdf2 = "spring-pbkdf2",
    /// Spring's `{scrypt}`.
    SpringScrypt = "spring-scrypt",
    /// Spring's `{sha256}`: StandardPasswordEncoder.
    SpringSha256 = "spring-sha256",
    /// Symfony's MessageDigestPasswordEncoder.
    Symfony = "symfony",
    /// Werkzeug before 3: HMAC keyed with the salt.
    WerkzeugHmac = "werkzeug-hmac",
    /// `pbkdf2:sha256:…`.
    WerkzeugPbkdf2 = "werkzeug-pbkdf2",
    /// `scrypt:…`.
    WerkzeugScrypt = "werkzeug-scrypt",
    /// WordPress 6.8: `$wp$2y$`.
    WordpressBcrypt = "wordpress-bcrypt",
    /// `$y$`.
    Yescrypt = "yescrypt",
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_kebab_case() {
        let names: BTreeSet<_> = Scheme::ALL.iter().map(|scheme| scheme.name()).collect();
        assert_eq!(names.len(), Scheme::ALL.len());
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        }));
    }
}
