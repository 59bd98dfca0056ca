//! yescrypt, the default of Debian 11, Fedora 35 and Ubuntu 22.04.
//!
//! | syntax | source |
//! | --- | --- |
//! | `$y$settings$salt$digest`, crypt's base 64, digest 43 | Openwall yescrypt, `yescrypt-common.c`; crypt(5) |
//!
//! The settings are numbers of one or more characters each: flavour, log₂N, r and, where a further number says
//! so, p and t. The crate parses them too, and allocates N·r·128 bytes at once: hence the reader here, the caps,
//! and the refusal of what no library writes (a hash upgrade `g`, a ROM, flavours other than the default).

use yescrypt::{Mode, Params};
use zeroize::Zeroizing;

use crate::primitives::{
    cost::Cost,
    crypt64,
    error::{Reason, Refused, UnsupportedHash},
    parsed::{Kdf, Parsed},
    prepare::Prepare,
    scheme::Scheme,
    text::fields,
};

/// N·r·p·(t + 1) that is ever computed: 1 s on the reference machine, and 128 MiB.
const MAX_WORK: u64 = 1 << 20;
/// Of one unit of N·r, measured at `j9T` (N 4096, r 32).
const WORK_NANOSECONDS: u64 = 1000;
/// `YESCRYPT_DEFAULTS`: read-write, 6 rounds, gather 4, simple 2, S-boxes of 12 KiB.
const DEFAULT_FLAVOUR: u32 = 0b10_1111;
/// yescrypt's own limit.
const MAX_SALT_BYTES: usize = 64;
/// The S-boxes of one lane (`Sbytes`), and its buffers.
const LANE_BYTES: u64 = 16 << 10;

/// Parameters of a yescrypt.
#[derive(Clone)]
pub(crate) struct Yescrypt {
    log_n: u32,
    r: u32,
    p: u32,
    t: u32,
    salt: Vec<u8>,
}

impl Yescrypt {
    fn work(&self) -> u64 {
        (1_u64 << self.log_n)
            .saturating_mul(self.r.into())
            .saturating_mul(self.p.into())
            .saturating_mul(u64::from(self.t) + 1)
    }
}

impl Kdf for Yescrypt {
    fn cost(&self, _password_bytes: usize) -> Cost {
        let lanes = u64::from(self.p);
        let table = (1_u64 << self.log_n).saturating_add(lanes + 2);
        let memory = table
            .saturating_mul(u64::from(self.r) * 128)
            .saturating_add(lanes * LANE_BYTES);
        Cost::time(self.work(), WORK_NANOSECONDS).with_memory(memory)
    }

    fn within_cap(&self) -> bool {
        self.work() <= MAX_WORK
    }

    fn derive(&self, password: &[u8], _length: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let n = 1_u64 << self.log_n;
        let params = Params::new_with_all_params(Mode::Rw, n, self.r, self.p, self.t, 0)
            .map_err(|_| Refused::Interrupted)?;
        let mut digest = Zeroizing::new([0; 32]);
        yescrypt::yescrypt(password, &self.salt, &params, digest.as_mut_slice())
            .map_err(|_| Refused::Interrupted)?;
        Ok(crypt64::encode(digest.as_slice()))
    }
}

/// Reads `$y$…`.
pub(crate) fn read(text: &str) -> Result<Parsed, UnsupportedHash> {
    let parse = || {
        let ["", "y", settings, salt, digest] = *fields(text, '$') else {
            return Err(Reason::Malformed);
        };
        let mut numbers = Numbers(settings.as_bytes());
        let flavour = numbers.next(0)?;
        let (log_n, r) = (numbers.next(1)?, numbers.next(1)?);
        let (mut p, mut t) = (1, 0);
        if !numbers.0.is_empty() {
            let have = numbers.next(1)?;
            if have & 1 != 0 {
                p = numbers.next(2)?;
            }
            if have & 2 != 0 {
                t = numbers.next(1)?;
            }
            if have > 3 {
                return Err(Reason::UnsupportedVariant);
            }
        }
        if !numbers.0.is_empty() || log_n > 63 {
            return Err(Reason::Malformed);
        }
        if flavour != DEFAULT_FLAVOUR {
            return Err(Reason::UnsupportedVariant);
        }
        let salt = crypt64::decode(salt)?;
        if salt.len() > MAX_SALT_BYTES {
            return Err(Reason::Malformed);
        }
        let digest = crypt64::crypt_digest(digest, 43)?;
        Ok((
            Yescrypt {
                log_n,
                r,
                p,
                t,
                salt,
            },
            digest,
        ))
    };
    let scheme = Scheme::Yescrypt;
    let (yescrypt, digest) = parse().map_err(|reason| UnsupportedHash::from(reason).of(scheme))?;
    Parsed::new(scheme, Prepare::Raw, yescrypt, digest)
}

/// `decode64_uint32` of yescrypt: the first character of a number also says how many follow.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn next(&mut self, least: u32) -> Result<u32, Reason> {
        let first = self.character()?;
        let (mut start, mut end, mut bits) = (0, 47, 0);
        let mut number = least;
        let add = |number: u32, units: u32, bits: u32| {
            let units = u64::from(units) << bits;
            let units = u32::try_from(units).map_err(|_| Reason::Malformed)?;
            number.checked_add(units).ok_or(Reason::Malformed)
        };
        while first > end {
            number = add(number, end + 1 - start, bits)?;
            start = end + 1;
            end = start + (62 - end) / 2;
            bits += 6;
        }
        number = add(number, first - start, bits)?;
        while bits > 0 {
            bits -= 6;
            number = add(number, self.character()?, bits)?;
        }
        Ok(number)
    }

    fn character(&mut self) -> Result<u32, Reason> {
        let (first, rest) = self.0.split_first().ok_or(Reason::Malformed)?;
        self.0 = rest;
        crypt64::value(*first).ok_or(Reason::Malformed)
    }
}
