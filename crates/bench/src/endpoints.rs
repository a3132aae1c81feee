//! Fake endpoints of AWS's three services, at three ports, without or with TLS. They answer every call at once.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::{self, kx_group};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use crate::Outcome;

/// Returns the answer of a call with this `x-amz-target` and this body.
pub(crate) type Answer = dyn Fn(&str, &[u8]) -> String + Send + Sync;

/// A certificate for `localhost`, and the authority that a client must trust.
pub(crate) struct Certificates {
    /// The authority's certificate.
    pub(crate) authority_pem: String,
    acceptor: TlsAcceptor,
}

impl Certificates {
    pub(crate) fn generate() -> Outcome<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // By default both have the same name, so a client takes the certificate for self-signed.
        authority.distinguished_name.push(DnType::CommonName, "the benchmark's authority");
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?
            .signed_by(&key, &Issuer::new(authority, authority_key))?;
        // All clients know this key exchange, so the server's part of each handshake takes the same time.
        let provider = CryptoProvider { kx_groups: vec![kx_group::X25519], ..ring::default_provider() };
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )?;
        Ok(Self { authority_pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// Starts the endpoints, and returns the variables that make an SDK use them.
pub(crate) async fn start(
    answer: Arc<Answer>,
    tls: Option<&Certificates>,
) -> Outcome<BTreeMap<String, String>> {
    let mut environment: BTreeMap<String, String> = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "444455556666"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_SESSION_TOKEN", "none"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for service in ["DYNAMODB", "REKOGNITION", "EVENTBRIDGE"] {
        let answer = Arc::clone(&answer);
        let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
            let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
            ([("content-type", "application/x-amz-json-1.1")], answer(target.unwrap_or_default(), &body))
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let scheme = if let Some(certificates) = tls {
            let acceptor = certificates.acceptor.clone();
            tokio::spawn(axum::serve(TlsListener { listener, acceptor }, router).into_future());
            "https"
        } else {
            tokio::spawn(axum::serve(listener, router).into_future());
            "http"
        };
        environment.insert(format!("AWS_ENDPOINT_URL_{service}"), format!("{scheme}://localhost:{port}"));
    }
    Ok(environment)
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            // A client that does not trust the certificate closes the connection.
            if stream.set_nodelay(true).is_ok()
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
