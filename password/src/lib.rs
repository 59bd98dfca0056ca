//! Verifying the passwords of an old system by the hashes that it stored.
//!
//! Three steps, so that each can be refused before the next one costs anything:
//! 1. [`StoredHash::parse`] reads the stored string: scheme, parameters, salt, digest. It computes nothing,
//!    and takes any bytes at all.
//! 2. [`StoredHash::cost`] says what a verification would take, and [`Budget`] what it may take.
//! 3. [`StoredHash::verify`] refuses what is over the caps of the scheme or over the budget, before it
//!    allocates, then computes and compares in constant time.
//!
//! A string names its scheme where its syntax is unambiguous. Where several systems write the same syntax
//! and mean different things (`sha1$salt$hex` is salted SHA-1 to Django and HMAC to old Werkzeug), the
//! operator names the scheme by a [`SchemeHint`]; nothing is guessed.
//!
//! ```
//! # use std::time::Duration;
//! use poolkeeper_password::{Budget, FunctionMemory, Password, StoredHash};
//!
//! let stored = "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC";
//! let stored = StoredHash::parse(stored.as_bytes(), None)?;
//! let password = Password::parse("pässwörd".to_owned())?;
//! let budget = Budget::for_function(FunctionMemory::ONE_CORE, Duration::from_secs(4));
//! assert!(stored.verify(&password, &budget)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The layers, each of which knows those below it only: `primitives` (hash functions, encodings, costs, errors),
//! `formats` (a file a family: its exact syntax, where that comes from, what it computes), `detect` and `hint` (which
//! family a string is of), [`StoredHash`].
//!
//! Callers answer [`UnsupportedHash`] and [`Refused`] as they answer a wrong password.

mod detect;
mod dummy;
mod formats;
mod hint;
mod primitives;
mod stored_hash;

pub use self::{
    dummy::DummyHash,
    formats::{
        firebase::FirebaseProject,
        generic::{Descriptor, HmacKey, Pepper, Position, Rehash, Salt, SaltEncoding, SaltStored},
        symfony::SymfonyOptions,
    },
    hint::{SchemeHint, UnknownSecret},
    primitives::{
        cost::{Budget, Cost, FunctionMemory},
        error::{Reason, Refused, UnsupportedHash},
        hash_function::HashFunction,
        prepare::PasswordEncoding,
        scheme::Scheme,
        secret::{InvalidPassword, MAX_PASSWORD_BYTES, Password},
        secret_value::SecretValue,
        text::DigestEncoding,
    },
    stored_hash::{MAX_STORED_BYTES, StoredHash},
};
