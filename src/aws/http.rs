//! The HTTP client of the AWS clients, and the certificates that it trusts.
//!
//! By default the SDK reads and parses the system's certificate store for every client, and again at the first
//! request, which is most of a function's start-up time. AWS's endpoints need five roots. The price: if Amazon adds a
//! root, the copier needs a new release, or `SSL_CERT_FILE=/etc/pki/tls/certs/ca-bundle.crt` until then.

use std::fs;
use std::time::Duration;

use aws_sdk_rekognition::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::environment::variable;

const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("`AWS_CA_BUNDLE` is `{path}`: set it to a file of PEM certificates, or leave it out: {why}")]
pub struct BadBundle {
    path: String,
    why: String,
}

/// A client that trusts the certificates in `AWS_CA_BUNDLE`; else, with `SSL_CERT_FILE` or `SSL_CERT_DIR`, those that
/// they name; else Amazon's roots.
///
/// An idle connection is not used again after `idle_timeout`; `None` is the SDK's own.
///
/// # Errors
/// If `AWS_CA_BUNDLE` names a file that cannot be used.
pub fn client(idle_timeout: Option<Duration>) -> Result<SharedHttpClient, BadBundle> {
    let trusted = match variable("AWS_CA_BUNDLE") {
        Some(path) => TrustStore::empty().with_pem_certificate(bundle(path)?),
        None if variable("SSL_CERT_FILE").or(variable("SSL_CERT_DIR")).is_some() => TrustStore::default(),
        None => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
    };
    let context = TlsContext::builder().with_trust_store(trusted).build();
    // The certificates are sound, so this does not fail. If it ever does, no other certificates may be trusted
    // instead.
    let context = context.map_err(|error| BadBundle {
        path: variable("AWS_CA_BUNDLE").unwrap_or_default(),
        why: error.to_string(),
    })?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.clone())
            .proxy_config(ProxyConfig::from_env());
        // Set here, because `Builder` does not pass its own time-out on to a connector that it does not make.
        connector.set_pool_idle_timeout(idle_timeout.map(Some));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    });
    Ok(SharedHttpClient::new(WhenNeeded(client)))
}

/// The file's bytes, checked first, because the SDK would panic on a bad file.
fn bundle(path: String) -> Result<Vec<u8>, BadBundle> {
    let read = fs::read(&path).map_err(|error| error.to_string()).and_then(|pem| match roots(&pem) {
        Ok(0) => Err("it holds no certificate".to_owned()),
        Ok(_) => Ok(pem),
        Err(why) => Err(why),
    });
    read.map_err(|why| BadBundle { path, why })
}

/// How many roots a PEM file holds.
fn roots(pem: &[u8]) -> Result<usize, String> {
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        webpki::anchor_from_trusted_cert(&certificate).map_err(|error| error.to_string())?;
        count += 1;
    }
    Ok(count)
}

/// Builds its connector at the first request, not for every AWS client.
#[derive(Debug)]
struct WhenNeeded(SharedHttpClient);

impl HttpClient for WhenNeeded {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// From <https://www.amazontrust.com/repository/>.
    const PUBLISHED: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let fingerprints: Vec<String> = CertificateDer::pem_slice_iter(AMAZON_ROOTS)
            .map(|certificate| {
                Sha256::digest(certificate.unwrap()).iter().map(|b| format!("{b:02x}")).collect()
            })
            .collect();
        assert_eq!(fingerprints, PUBLISHED);
        assert_eq!(roots(AMAZON_ROOTS), Ok(5));
    }

    #[test]
    fn a_bundle_that_would_make_the_sdk_panic_is_refused_with_its_name() {
        let none = bundle(format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(none.to_string().contains("it holds no certificate"), "{none}");
        let missing = bundle("no-such-file.pem".to_owned()).unwrap_err();
        assert!(missing.to_string().starts_with("`AWS_CA_BUNDLE` is `no-such-file.pem`: "), "{missing}");
        let nonsense = b"-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
        assert!(roots(nonsense).is_err());
    }
}
