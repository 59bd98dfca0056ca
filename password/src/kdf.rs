//! The computation of a stored hash: one variant a family, each with its cost, its cap and its digest.

use zeroize::Zeroizing;

use super::{
    argon2::Argon2, bcrypt::Bcrypt, cost::Cost, des_crypt::DesCrypt, digest::Digest,
    error::Refused, firebase::Firebase, md5_crypt::Md5Crypt, pbkdf2::Pbkdf2, phpass::Phpass,
    scrypt::Scrypt, sha_crypt::ShaCrypt, shop::Magento, yescrypt::Yescrypt,
};

/// The function that was applied, with its parameters and its salt.
#[derive(Clone)]
pub(super) enum Kdf {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    DesCrypt(DesCrypt),
    Digest(Digest),
    Firebase(Firebase),
    Magento(Magento),
    Md5Crypt(Md5Crypt),
    Pbkdf2(Pbkdf2),
    Phpass(Phpass),
    Scrypt(Scrypt),
    ShaCrypt(ShaCrypt),
    Yescrypt(Yescrypt),
}

impl Kdf {
    /// What it takes for a prepared password of this length.
    pub(super) fn cost(&self, password_bytes: usize) -> Cost {
        match self {
            Self::Argon2(argon2) => argon2.cost(),
            Self::Bcrypt(bcrypt) => bcrypt.cost(),
            Self::DesCrypt(des_crypt) => des_crypt.cost(password_bytes),
            Self::Digest(digest) => digest.cost(password_bytes),
            Self::Firebase(firebase) => firebase.cost(),
            Self::Magento(magento) => magento.cost(password_bytes),
            Self::Md5Crypt(md5_crypt) => md5_crypt.cost(password_bytes),
            Self::Pbkdf2(pbkdf2) => pbkdf2.cost(),
            Self::Phpass(phpass) => phpass.cost(password_bytes),
            Self::Scrypt(scrypt) => scrypt.cost(),
            Self::ShaCrypt(sha_crypt) => sha_crypt.cost(password_bytes),
            Self::Yescrypt(yescrypt) => yescrypt.cost(),
        }
    }

    /// # Errors
    /// [`Refused::CostOverCap`] for parameters that no budget buys.
    pub(super) fn cap(&self) -> Result<(), Refused> {
        let within = match self {
            Self::Argon2(argon2) => argon2.within_cap(),
            Self::Bcrypt(bcrypt) => bcrypt.within_cap(),
            Self::DesCrypt(des_crypt) => des_crypt.within_cap(),
            Self::Digest(digest) => digest.within_cap(),
            Self::Firebase(firebase) => firebase.within_cap(),
            Self::Magento(magento) => magento.within_cap(),
            Self::Md5Crypt(_) => true,
            Self::Pbkdf2(pbkdf2) => pbkdf2.within_cap(),
            Self::Phpass(phpass) => phpass.within_cap(),
            Self::Scrypt(scrypt) => scrypt.within_cap(),
            Self::ShaCrypt(sha_crypt) => sha_crypt.within_cap(),
            Self::Yescrypt(yescrypt) => yescrypt.within_cap(),
        };
        within.then_some(()).ok_or(Refused::CostOverCap)
    }

    /// The shortest digest that any scheme on this function stores, in bytes or in characters where the
    /// text is compared.
    pub(super) fn least_digest_bytes(&self) -> usize {
        match self {
            // 64 bits, all that DES has.
            Self::DesCrypt(_) => 11,
            _ => 16,
        }
    }

    /// The digest of a prepared password, in the form in which it is stored.
    ///
    /// # Errors
    /// [`Refused::Interrupted`] where the function refuses parameters that its parser let through.
    pub(super) fn derive(
        &self,
        password: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match self {
            Self::Argon2(argon2) => argon2.derive(password, length),
            Self::Bcrypt(bcrypt) => Ok(bcrypt.derive(password)),
            Self::DesCrypt(des_crypt) => Ok(des_crypt.derive(password)),
            Self::Digest(digest) => Ok(digest.derive(password)),
            Self::Firebase(firebase) => firebase.derive(password),
            Self::Magento(magento) => magento.derive(password),
            Self::Md5Crypt(md5_crypt) => Ok(md5_crypt.derive(password)),
            Self::Pbkdf2(pbkdf2) => Ok(pbkdf2.derive(password)),
            Self::Phpass(phpass) => Ok(phpass.derive(password)),
            Self::Scrypt(scrypt) => scrypt.derive(password, length),
            Self::ShaCrypt(sha_crypt) => sha_crypt.derive(password),
            Self::Yescrypt(yescrypt) => yescrypt.derive(password),
        }
    }
}
