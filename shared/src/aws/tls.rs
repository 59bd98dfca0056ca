//! Whose certificates are believed.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};

/// The five roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>), PEM. Embedded,
/// for reading a machine's 145 roots costs more than all the rest of a function's start.
const AMAZON_ROOTS: &[u8] = include_bytes!("../../roots/amazon.pem");

/// Where the trusted roots come from, unless `AWS_CA_BUNDLE` names a file (a proxy's, or another
/// partition's).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedRoots {
    /// Embedded, for AWS endpoints.
    Amazon,
    /// The operating system's, for everybody else's.
    System,
}

/// `AWS_CA_BUNDLE` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment: AWS_CA_BUNDLE is wrong: expected a readable file of PEM certificates ({0})")]
pub struct InvalidCaBundle(String);

/// The TLS settings of a client that trusts `roots`.
pub(super) fn context(roots: TrustedRoots) -> Result<TlsContext, InvalidCaBundle> {
    let bundle = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
    let store = match (bundle, roots) {
        (Some(path), _) => {
            let pem = std::fs::read(path).map_err(|error| InvalidCaBundle(error.to_string()))?;
            from_pem(&pem)?
        }
        (None, TrustedRoots::Amazon) => from_pem(AMAZON_ROOTS)?,
        (None, TrustedRoots::System) => TrustStore::default(),
    };
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| InvalidCaBundle(error.to_string()))
}

/// Each certificate is read here first: the SDK's client panics on one that it cannot read.
fn from_pem(pem: &[u8]) -> Result<TrustStore, InvalidCaBundle> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        count += 1;
        let certificate = certificate
            .map_err(|error| InvalidCaBundle(format!("certificate {count}: {error}")))?;
        webpki::anchor_from_trusted_cert(&certificate)
            .map_err(|error| InvalidCaBundle(format!("certificate {count}: {error}")))?;
    }
    if count == 0 {
        return Err(InvalidCaBundle("it holds no certificate".to_owned()));
    }
    Ok(TrustStore::empty().with_pem_certificate(pem))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_embedded_roots_are_five_and_readable() {
        assert_eq!(CertificateDer::pem_slice_iter(AMAZON_ROOTS).count(), 5);
        from_pem(AMAZON_ROOTS).unwrap();
    }

    #[test]
    fn a_bundle_that_is_none_is_an_error_and_no_panic() {
        for pem in [
            "",
            "no certificate",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n",
        ] {
            assert!(from_pem(pem.as_bytes()).is_err(), "{pem}");
        }
    }
}
