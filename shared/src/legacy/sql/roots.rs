//! Whose certificates a database may show.

use std::path::Path;

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use super::SqlError;

/// Certificates of authorities, each of them readable.
pub(super) type Roots = Vec<CertificateDer<'static>>;

/// Those in the file, or else the operating system's.
///
/// # Errors
/// When the file holds anything that is no certificate, or the operating system has none.
pub(super) fn read(ca_bundle: Option<&Path>) -> Result<Roots, SqlError> {
    match ca_bundle {
        Some(path) => {
            let pem = std::fs::read(path).map_err(|_| SqlError::CaBundle)?;
            from_pem(&pem)
        }
        None => {
            let found = rustls_native_certs::load_native_certs().certs.into_iter();
            let roots: Roots = found.filter(is_readable).collect();
            if roots.is_empty() {
                return Err(SqlError::NoSystemRoots);
            }
            Ok(roots)
        }
    }
}

fn from_pem(pem: &[u8]) -> Result<Roots, SqlError> {
    let roots: Result<Roots, _> = CertificateDer::pem_slice_iter(pem).collect();
    let roots = roots.map_err(|_| SqlError::CaBundle)?;
    if roots.is_empty() || !roots.iter().all(is_readable) {
        return Err(SqlError::CaBundle);
    }
    Ok(roots)
}

fn is_readable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMAZON: &[u8] = include_bytes!("../../../roots/amazon.pem");

    #[test]
    fn a_bundle_is_read_whole_or_not_at_all() {
        assert_eq!(from_pem(AMAZON).unwrap().len(), 5);
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let mut half = AMAZON.to_vec();
        half.extend(broken.as_bytes());
        for pem in [&b""[..], b"no certificate", broken.as_bytes(), &half] {
            assert_eq!(from_pem(pem), Err(SqlError::CaBundle));
        }
        let absent = Path::new("/nowhere/at/all.pem");
        assert_eq!(read(Some(absent)), Err(SqlError::CaBundle));
    }
}
