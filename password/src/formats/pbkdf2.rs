//! PBKDF2 (RFC 8018), in the syntaxes of those who write nothing else with it.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$pbkdf2-sha256$i=N,l=BYTES$salt$digest`, base64; `l` may be absent; also `sha1`, `sha224`, `sha384`, `sha512` | PHC string format; Ory Kratos, `hash_comparator.go` |
//! | `$pbkdf2$N$salt$digest` (SHA-1), `$pbkdf2-sha256$…`, `$pbkdf2-sha512$…`, base64 with `.` for `+` | passlib, `pbkdf2_sha1` and its kin |
//! | `{PBKDF2}N$salt$digest`, `{PBKDF2-SHA256}`, `{PBKDF2-SHA512}`, the same fields | passlib, `ldap_pbkdf2_sha1`; OpenLDAP `pw-pbkdf2` (`{PBKDF2-SHA1}` too) |
//! | `{PKCS5S2}` base64(salt 16 ‖ digest 32), SHA-1, 10000 rounds | Atlassian, `DefaultPasswordEncoder`; passlib, `atlassian_pbkdf2_sha1` |
//! | `$p5k2$N$salt$digest`, N in hex, base64 with `-` and `_`, 20 bytes | Cryptacular; passlib, `cta_pbkdf2_sha1` |
//! | the same, 24 bytes in base64 with `.` and `/`; `$p5k2$N$salt` is the salt, and no N means 400 | Dwayne Litzenberger; passlib, `dlitz_pbkdf2_sha1` |
//! | `grub.pbkdf2.sha512.N.SALT.DIGEST`, hex | GRUB, `grub-mkpasswd-pbkdf2` |
//!
//! Django's, Werkzeug's, Clerk's, Keycloak's, Spring's and ASP.NET's are in files of their own. A digest is a
//! prefix of the longer one of the same parameters: so its length is checked exactly.

use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    error::{Reason, Refused, UnsupportedHash},
    hash_function::HashFunction,
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::{STANDARD, URL_SAFE, ab64, base64, digest_of, fields, hex, number, parameters},
};

/// The most iterations that are ever computed; the time of them is capped by the budget.
const MAX_ITERATIONS: u32 = 10_000_000;
/// A longer output is no password digest, and each block of it costs all iterations again.
const MAX_DIGEST_BYTES: usize = 512;

/// Parameters of a PBKDF2.
#[derive(Clone)]
pub(crate) struct Pbkdf2 {
    pub(crate) function: HashFunction,
    /// At least one.
    pub(crate) iterations: u32,
    pub(crate) salt: Vec<u8>,
    pub(crate) digest_bytes: usize,
}

impl Kdf for Pbkdf2 {
    fn cost(&self, _password_bytes: usize) -> Cost {
        // An iteration is an HMAC with a prepared key: two compressions, for each block of the output.
        let blocks = self.digest_bytes.div_ceil(self.function.digest_bytes());
        let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
        let compressions = u64::from(self.iterations).saturating_mul(blocks) * 2;
        Cost::time(compressions, self.function.block_nanoseconds())
    }

    fn within_cap(&self) -> bool {
        self.iterations <= MAX_ITERATIONS
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let mut digest = Zeroizing::new(vec![0; self.digest_bytes]);
        let (salt, iterations, out) = (&self.salt, self.iterations, digest.as_mut_slice());
        match self.function {
            HashFunction::Md4 => pbkdf2::pbkdf2_hmac::<md4::Md4>(password, salt, iterations, out),
            HashFunction::Md5 => pbkdf2::pbkdf2_hmac::<md5::Md5>(password, salt, iterations, out),
            HashFunction::Sha1 => {
                pbkdf2::pbkdf2_hmac::<sha1::Sha1>(password, salt, iterations, out);
            }
            HashFunction::Sha224 => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha224>(password, salt, iterations, out);
            }
            HashFunction::Sha256 => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, out);
            }
            HashFunction::Sha384 => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha384>(password, salt, iterations, out);
            }
            HashFunction::Sha512 => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, iterations, out);
            }
        }
        Ok(digest)
    }
}

/// A stored PBKDF2, once its fields are read.
pub(crate) fn stored(
    scheme: Scheme,
    function: HashFunction,
    iterations: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
) -> Result<Parsed, UnsupportedHash> {
    if iterations == 0 || digest.len() > MAX_DIGEST_BYTES {
        return Err(UnsupportedHash::from(Reason::Malformed).of(scheme));
    }
    let kdf = Pbkdf2 {
        function,
        iterations,
        salt,
        digest_bytes: digest.len(),
    };
    Parsed::new(scheme, Prepare::Raw, kdf, digest)
}

/// The hash function that follows `pbkdf2` in a name, and the scheme's default without one.
fn function(name: &str) -> Option<HashFunction> {
    match name {
        "" | "-sha1" => Some(HashFunction::Sha1),
        "-sha224" => Some(HashFunction::Sha224),
        "-sha256" => Some(HashFunction::Sha256),
        "-sha384" => Some(HashFunction::Sha384),
        "-sha512" => Some(HashFunction::Sha512),
        _ => None,
    }
}

/// Reads `$pbkdf2…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let fields = fields(text, '$');
    let ["", name, settings, salt, digest] = *fields else {
        return Err(UnsupportedHash::from(Reason::Malformed).of(Scheme::Pbkdf2));
    };
    let name = name.strip_prefix("pbkdf2").and_then(function);
    let function = name.ok_or(Reason::UnknownFormat)?;
    let parse = || {
        if !settings.contains('=') {
            return passlib(function, settings, salt, digest);
        }
        let [Some(iterations), length] = parameters(settings, ["i", "l"])? else {
            return Err(Reason::Malformed);
        };
        let length = length.map_or(Ok(function.digest_bytes()), number)?;
        let digest = digest_of(&[length], base64(&STANDARD, digest)?)?;
        Ok((number(iterations)?, base64(&STANDARD, salt)?, digest))
    };
    finish(Scheme::Pbkdf2, function, parse())
}

/// Reads `{PBKDF2…}`, given by its scheme name in lower case and the rest.
pub(crate) fn read_ldap(name: &str, rest: &str) -> Result<Parsed, UnsupportedHash> {
    let name = name.strip_prefix("pbkdf2").and_then(function);
    let function = name.ok_or(Reason::UnknownFormat)?;
    let parse = match *fields(rest, '$') {
        [iterations, salt, digest] => passlib(function, iterations, salt, digest),
        _ => Err(Reason::Malformed),
    };
    finish(Scheme::LdapPbkdf2, function, parse)
}

/// Reads what follows `{PKCS5S2}`.
pub(crate) fn read_atlassian(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let bytes = base64(&STANDARD, rest)?;
        let (salt, digest) = bytes.split_at_checked(16).ok_or(Reason::TruncatedDigest)?;
        let digest = digest_of(&[32], digest.to_vec())?;
        Ok((10_000, salt.to_vec(), digest))
    };
    finish(Scheme::AtlassianPkcs5s2, HashFunction::Sha1, parse())
}

/// Reads `$p5k2$…`, which two libraries write. The lengths of their digests tell them apart.
pub(crate) fn read_p5k2(text: &str) -> Result<Parsed, UnsupportedHash> {
    let ["", _, iterations, salt, digest] = *fields(text, '$') else {
        return Err(UnsupportedHash::from(Reason::Malformed).of(Scheme::CtaPbkdf2));
    };
    let number = || {
        let in_hex = iterations.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(iterations, 16);
        number.ok().filter(|_| in_hex).ok_or(Reason::Malformed)
    };
    if digest.len() < 32 {
        let parse = || {
            let digest = digest_of(&[20], base64(&URL_SAFE, digest)?)?;
            Ok((number()?, base64(&URL_SAFE, salt)?, digest))
        };
        return finish(Scheme::CtaPbkdf2, HashFunction::Sha1, parse());
    }
    let parse = || {
        let iterations = match iterations {
            "" => 400,
            _ => number()?,
        };
        let digest = digest_of(&[24], ab64(digest)?)?;
        let setting = text.rsplit_once('$').map(|(setting, _)| setting);
        let setting = setting.unwrap_or_default().as_bytes().to_vec();
        Ok((iterations, setting, digest))
    };
    finish(Scheme::DlitzPbkdf2, HashFunction::Sha1, parse())
}

/// Reads what follows `grub.pbkdf2.sha512.`.
pub(crate) fn read_grub(rest: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || match *fields(rest, '.') {
        [iterations, salt, digest] => {
            let digest = digest_of(&[64], hex(digest)?)?;
            Ok((number(iterations)?, hex(salt)?, digest))
        }
        _ => Err(Reason::Malformed),
    };
    finish(Scheme::GrubPbkdf2, HashFunction::Sha512, parse())
}

fn passlib(
    function: HashFunction,
    iterations: &str,
    salt: &str,
    digest: &str,
) -> Result<(u32, Vec<u8>, Vec<u8>), Reason> {
    let digest = digest_of(&[function.digest_bytes()], ab64(digest)?)?;
    Ok((number(iterations)?, ab64(salt)?, digest))
}

fn finish(
    scheme: Scheme,
    function: HashFunction,
    parsed: Result<(u32, Vec<u8>, Vec<u8>), Reason>,
) -> Result<Parsed, UnsupportedHash> {
    let (iterations, salt, digest) =
        parsed.map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    stored(scheme, function, iterations, salt, digest)
}
