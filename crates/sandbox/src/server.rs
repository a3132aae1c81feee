//! The HTTP/1.1 server below the routes. It is not axum's, because a fault must be able to close a connection without an
//! answer.

use std::time::Duration;

use axum::{Router, body::Body, http::Response};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Marks a response that must not be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

#[derive(Debug, thiserror::Error)]
#[error("a fault swallowed the answer")]
struct SwallowedAnswer;

/// A running server. It stops, and closes every connection, when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, router: Router) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, router));
        Self { _tasks: tasks }
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            // Removes closed connections, so that the set does not grow.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let answer = router.call(request);
        async move {
            let response: Response<Body> = answer.await.map_err(|infallible| match infallible {})?;
            match response.extensions().get::<NoAnswer>() {
                Some(NoAnswer) => Err(SwallowedAnswer),
                None => Ok(response),
            }
        }
    });
    let served =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
