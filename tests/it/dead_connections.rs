//! Tests that CopyProjectVersion never uses a connection that may have died while it was idle. The call is not retried, so a
//! call without an answer delays the start by 20 minutes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::support::{COPY, Copier, minutes, request};
use sandbox::{Effect, Fault};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// A proxy before Rekognition. It drops its connections as a firewall does: it sends nothing at first, and answers the next
/// write with a reset.
struct Proxy {
    address: SocketAddr,
    rekognition: Arc<OnceLock<String>>,
    times_dropped: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self { address, rekognition: Arc::default(), times_dropped: Arc::default() };
        let (rekognition, times_dropped) = (Arc::clone(&proxy.rekognition), Arc::clone(&proxy.times_dropped));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(rekognition.get().unwrap()).await.unwrap();
                tokio::spawn(forward(client, server, Arc::clone(&times_dropped)));
            }
        });
        proxy
    }

    async fn copier(&self) -> Copier {
        let endpoint = format!("http://{}", self.address);
        let copier = Copier::deployed_with(&[("AWS_ENDPOINT_URL_REKOGNITION", &endpoint)]).await;
        let rekognition = copier.sandbox().endpoint();
        self.rekognition.set(rekognition.strip_prefix("http://").unwrap().to_owned()).unwrap();
        copier
    }

    /// Drops every connection, and waits until the functions no longer use theirs. hyper's connection pool measures idle time
    /// in real time.
    async fn drop_connections(&self) {
        self.times_dropped.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
}

/// Forwards bytes until the connection is dropped. Then it answers the first write of the client with a reset.
async fn forward(client: TcpStream, server: TcpStream, times_dropped: Arc<AtomicUsize>) {
    let opened_after = times_dropped.load(Ordering::Relaxed);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers =
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await.map(|_| to_client) });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        if times_dropped.load(Ordering::Relaxed) > opened_after {
            from_client.as_ref().set_zero_linger().unwrap();
            answers.abort();
            return;
        }
        to_server.write_all(&buffer[..count]).await.unwrap();
    }
}

#[tokio::test]
async fn both_functions_open_a_new_connection_after_a_pause() {
    let proxy = Proxy::start().await;
    let copier = proxy.copier().await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).times(2));
    copier.send([request("v1")]).await;
    copier.sweep_after(minutes(5)).await;
    assert_eq!(copier.statuses("v1"), ["QUEUED"]);
    proxy.drop_connections().await;
    copier.send([request("v2")]).await;
    assert_eq!((copier.statuses("v2"), copier.calls(COPY)), (vec!["STARTED".to_owned()], 3));
    copier.sweep_after(minutes(5)).await;
    assert_eq!((copier.last("v1")["status"].as_str(), copier.calls(COPY)), (Some("STARTED"), 4));
}
