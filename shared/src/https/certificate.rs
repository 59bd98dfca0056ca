//! Why a server's certificate is not believed: in words of our own, for the library's quote the certificate.

use std::{error::Error, io};

use rustls::CertificateError;

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It has expired, or begins later.
    #[error("is not valid now")]
    Time,
    /// It is for other hosts than the one that was asked.
    #[error("is of another name")]
    Name,
    /// No authority vouches for it that is trusted here.
    #[error("is of no trusted authority")]
    Authority,
    /// Anything else.
    #[error("cannot be believed")]
    Other,
}

impl CertificateFault {
    /// Of an error, if that is why there is no connection.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(rustls::Error::InvalidCertificate(invalid)) = error.downcast_ref() {
                return Some(invalid.into());
            }
            // What an I/O error wraps is not its source, but in its place.
            let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }
}

impl From<&CertificateError> for CertificateFault {
    fn from(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Name
            }
            CertificateError::UnknownIssuer => Self::Authority,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fault_of_a_certificate_is_found_below_whatever_wraps_it() {
        for (error, fault) in [
            (CertificateError::Expired, CertificateFault::Time),
            (CertificateError::NotValidYet, CertificateFault::Time),
            (CertificateError::NotValidForName, CertificateFault::Name),
            (CertificateError::UnknownIssuer, CertificateFault::Authority),
            (CertificateError::BadEncoding, CertificateFault::Other),
        ] {
            let error = rustls::Error::InvalidCertificate(error);
            let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
            assert_eq!(CertificateFault::of(&wrapped), Some(fault));
        }
        assert_eq!(CertificateFault::of(&io::Error::other("reset")), None);
        assert_eq!(CertificateFault::of(&rustls::Error::EncryptError), None);
    }
}
