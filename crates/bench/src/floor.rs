//! Measures the floor of a warm request: the five calls that start-copy makes, of the same size and one after the other,
//! over a bare socket. What start-copy takes above that is the SDK's and the copier's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Outcome;

/// Service, operation and bytes of body of each call, as start-copy makes them for `events/copy-requested.json`.
const CALLS: [(&str, &str, usize); 5] = [
    ("DYNAMODB", "DynamoDB_20120810.PutItem", 1909),
    ("REKOGNITION", "RekognitionService.CopyProjectVersion", 584),
    ("DYNAMODB", "DynamoDB_20120810.PutItem", 3717),
    ("EVENTBRIDGE", "AWSEvents.PutEvents", 1530),
    ("DYNAMODB", "DynamoDB_20120810.PutItem", 2261),
];
/// Bytes of the headers that the SDK adds to each: signature, user agents, date, attempt.
const HEADERS: usize = 800;

trait Connection: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Connection for T {}

/// How long the five calls take, `times` over, on connections that are open. They are made in a thread of their own, as
/// a function is a process of its own.
pub(crate) fn times(
    environment: &BTreeMap<String, String>,
    authority_pem: Option<&str>,
    times: usize,
) -> Outcome<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measure = || {
        runtime.block_on(async {
            let mut connections = BTreeMap::new();
            for (service, ..) in CALLS {
                let url = environment.get(&format!("AWS_ENDPOINT_URL_{service}")).ok_or("no endpoint")?;
                connections.insert(service, connect(url, authority_pem).await?);
            }
            let mut measured = Vec::new();
            for _ in 0..times {
                let began = Instant::now();
                for (service, target, body) in CALLS {
                    call(connections.get_mut(service).ok_or("no connection")?, target, body).await?;
                }
                measured.push(began.elapsed());
            }
            Ok(measured)
        })
    };
    thread::scope(|scope| scope.spawn(measure).join()).map_err(|_| "the raw calls panicked")?
}

async fn connect(url: &str, authority_pem: Option<&str>) -> Outcome<Box<dyn Connection>> {
    let (_, host) = url.rsplit_once('/').ok_or("no host")?;
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let Some(pem) = authority_pem else { return Ok(Box::new(stream)) };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| error.to_string())?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}

async fn call(connection: &mut Box<dyn Connection>, target: &str, body: usize) -> Outcome<()> {
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: {target}\r\nauthorization: {}\r\ncontent-length: {body}\r\n\r\n{}",
        "a".repeat(HEADERS),
        "b".repeat(body)
    );
    connection.write_all(request.as_bytes()).await?;
    connection.flush().await?;
    let mut answer = Vec::new();
    while !is_whole(&answer) {
        if connection.read_buf(&mut answer).await? == 0 {
            return Err("the connection ended within an answer".into());
        }
    }
    Ok(())
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
