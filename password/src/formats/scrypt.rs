//! scrypt (RFC 7914), in the syntaxes of those who write nothing else with it.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$scrypt$ln=LOG2N,r=R,p=P$salt$digest`, base64 without padding | PHC string format; passlib, `scrypt` |
//! | `$scrypt$ln=N,r=R,p=P$salt$digest`, base64 with padding | Ory Kratos, `hash_comparator.go`: its `ln` is N itself. No log₂ is above 63, no N in use below 64 |
//! | `$7$`, log₂N (1 character), R (5), P (5), salt `$` digest 43, crypt's base 64; the salt is its text | Colin Percival's format; libxcrypt, passlib |
//! | hex salt `:` hex digest 64, hint `better-auth`: N 16384, r 16, p 1; the salt is its text, the password NFKC | Better Auth, `crypto/password.ts` |
//!
//! Django's, Werkzeug's, Spring's and Firebase's are in files of their own.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    error::{Reason, Refused, UnsupportedHash},
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, base64, digest_of, fields, hex, number, parameters},
};

/// N·r·p that is ever computed: 0.8 s on the reference machine, and 128 MiB.
const MAX_WORK: u64 = 1 << 20;
/// Of one unit of N·r·p, measured at N 2^15 and 2^17 with r 8.
const WORK_NANOSECONDS: u64 = 830;
/// The digests that are written: passlib's and Ory's 32, Django's, Werkzeug's and Node's 64. One is a prefix of
/// the other, so that nothing between is accepted.
const DIGEST_BYTES: &[usize] = &[32, 64];

/// Parameters of an scrypt.
#[derive(Clone)]
pub(crate) struct Scrypt {
    log_n: u8,
    r: u32,
    p: u32,
    salt: Vec<u8>,
}

impl Scrypt {
    /// # Errors
    /// [`Reason::Malformed`] for what RFC 7914 section 6 does not allow.
    pub(crate) fn new(log_n: u8, r: u32, p: u32, salt: Vec<u8>) -> Result<Self, Reason> {
        if !(1..=63).contains(&log_n) || r == 0 || p == 0 {
            return Err(Reason::Malformed);
        }
        Ok(Self { log_n, r, p, salt })
    }

    /// The same, from N itself.
    ///
    /// # Errors
    /// As [`Self::new`]; N is a power of two.
    pub(crate) fn from_n(n: u64, r: u32, p: u32, salt: Vec<u8>) -> Result<Self, Reason> {
        if !n.is_power_of_two() {
            return Err(Reason::Malformed);
        }
        let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| Reason::Malformed)?;
        Self::new(log_n, r, p, salt)
    }

    fn work(&self) -> u64 {
        (1_u64 << self.log_n)
            .saturating_mul(self.r.into())
            .saturating_mul(self.p.into())
    }

    /// For [`crate::DummyHash`].
    pub(crate) fn dummy(log_n: u8, r: u32, p: u32) -> Result<Parsed, UnsupportedHash> {
        let scrypt = Self::new(log_n, r, p, vec![0x5a; 16]);
        finish(
            Scheme::Scrypt,
            Prepare::Raw,
            scrypt.map(|scrypt| (scrypt, vec![0; 32])),
        )
    }
}

impl Kdf for Scrypt {
    fn cost(&self, _password_bytes: usize) -> Cost {
        let table = (1_u64 << self.log_n).saturating_add(self.p.into());
        let memory = table.saturating_mul(u64::from(self.r) * 128);
        Cost::time(self.work(), WORK_NANOSECONDS).with_memory(memory)
    }

    fn within_cap(&self) -> bool {
        self.work() <= MAX_WORK
    }

    fn derive(&self, password: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        // Under the cap `r * p`, which the crate multiplies unchecked, is below 2^20.
        let params = scrypt::Params::new(self.log_n, self.r, self.p);
        let params = params.map_err(|_| Refused::Interrupted)?;
        let mut digest = Zeroizing::new(vec![0; length]);
        scrypt::scrypt(password, &self.salt, &params, &mut digest)
            .map_err(|_| Refused::Interrupted)?;
        Ok(digest)
    }
}

/// Reads `$scrypt$…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let fields = fields(text, '$');
        let ["", "scrypt", settings, salt, digest] = *fields else {
            return Err(Reason::Malformed);
        };
        let [Some(ln), Some(r), Some(p)] = parameters(settings, ["ln", "r", "p"])? else {
            return Err(Reason::Malformed);
        };
        let (ln, r, p) = (number::<u64>(ln)?, number(r)?, number(p)?);
        let salt = base64(&STANDARD, salt)?;
        let scrypt = match u8::try_from(ln) {
            Ok(log_n @ ..=63) => Scrypt::new(log_n, r, p, salt)?,
            _ => Scrypt::from_n(ln, r, p, salt)?,
        };
        let digest = digest_of(DIGEST_BYTES, base64(&STANDARD, digest)?)?;
        Ok((scrypt, digest))
    };
    finish(Scheme::Scrypt, Prepare::Raw, parse())
}

/// Reads `$7$…`.
pub(crate) fn read_crypt(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let rest = text.strip_prefix("$7$").ok_or(Reason::Malformed)?;
        let (settings, digest) = rest.rsplit_once('$').ok_or(Reason::Malformed)?;
        let (log_n, settings) = settings.split_at_checked(1).ok_or(Reason::Malformed)?;
        let (r, settings) = settings.split_at_checked(5).ok_or(Reason::Malformed)?;
        let (p, salt) = settings.split_at_checked(5).ok_or(Reason::Malformed)?;
        let number = |text| crypt64::number(text).ok_or(Reason::Malformed);
        let log_n = u8::try_from(number(log_n)?).map_err(|_| Reason::Malformed)?;
        let salt = salt.as_bytes().to_vec();
        let scrypt = Scrypt::new(log_n, number(r)?, number(p)?, salt)?;
        let digest = match digest.len() {
            ..43 => Err(Reason::TruncatedDigest),
            43 => digest_of(&[32], crypt64::decode(digest)?),
            _ => Err(Reason::Malformed),
        };
        Ok((scrypt, digest?))
    };
    finish(Scheme::ScryptCrypt, Prepare::Raw, parse())
}

/// Better Auth's parameters.
///
/// # Errors
/// Never: they are in range.
pub(crate) fn better_auth(salt: Vec<u8>) -> Result<Scrypt, Reason> {
    Scrypt::new(14, 16, 1, salt)
}

/// Reads Better Auth's `salt:digest`; `None` for another syntax.
pub(crate) fn read_better_auth(text: &str) -> Option<Result<Parsed, UnsupportedHash>> {
    let (salt, digest) = text.split_once(':')?;
    let digest = hex(digest).ok()?;
    let parse = || {
        let scrypt = better_auth(salt.as_bytes().to_vec())?;
        Ok((scrypt, digest_of(&[64], digest)?))
    };
    Some(finish(Scheme::BetterAuth, Prepare::Nfkc, parse()))
}

/// A stored scrypt, once its fields are read.
pub(crate) fn finish(
    scheme: Scheme,
    prepare: Prepare,
    parsed: Result<(Scrypt, Vec<u8>), Reason>,
) -> Result<Parsed, UnsupportedHash> {
    let (scrypt, digest) = parsed.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, prepare, scrypt, digest)
}
