//! The guard against other web sites: it refuses requests that a browser sends here on behalf of a page of another site.
//!
//! A browser lets every page send requests to 127.0.0.1. A page whose name resolves to 127.0.0.1 could also read the answers
//! (DNS rebinding); the `Host` of its requests is that name. A page that sends requests across sites is named in `Origin`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use serde_json::json;

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The router behind the guard. The guard accepts `hosts` and the names of the loopback as `Host`, with any port.
pub(crate) fn guarded(router: Router, hosts: Vec<String>) -> Router {
    let hosts: Arc<[String]> = hosts.into_iter().map(|host| name(&host).unwrap_or(host)).collect();
    router.layer(from_fn_with_state(hosts, guard))
}

async fn guard(State(hosts): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    match refusal(&hosts, request.method(), request.uri(), request.headers()) {
        None => next.run(request).await,
        // AWS clients show `__type` and `message` to their users.
        Some((code, message)) => {
            let body = json!({"error": message, "__type": code, "message": message});
            (StatusCode::FORBIDDEN, Json(body)).into_response()
        }
    }
}

/// The code and the message with which a request is refused.
fn refusal(
    hosts: &[String],
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<(&'static str, String)> {
    let texts = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
    let named: Vec<&str> =
        uri.authority().map(Authority::as_str).into_iter().chain(texts(header::HOST)).collect();
    if let Some(host) = named.iter().find(|host| !is_allowed(hosts, host)) {
        let message = match name(host) {
            Some(name) => format!("the host `{name}` is not this machine; `--allow-host {name}` allows it"),
            None => format!("the host `{host}` is no name of a host"),
        };
        return Some(("ForeignHost", message));
    }
    // A browser sends AWS calls across sites only with a CORS permission, which the sandbox never gives.
    if uri.path() == "/" && ![Method::GET, Method::HEAD].contains(method) {
        return None;
    }
    let is_own = |origin: &str| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| named.iter().any(|host| host.eq_ignore_ascii_case(authority)))
    };
    let origin = texts(header::ORIGIN).find(|origin| !is_own(origin))?;
    Some(("ForeignOrigin", format!("a page of `{origin}` may not use the sandbox")))
}

/// A host without its port.
fn name(host: &str) -> Option<String> {
    host.parse::<Authority>().ok().map(|authority| authority.host().to_owned())
}

fn is_allowed(hosts: &[String], host: &str) -> bool {
    let Some(name) = name(host) else { return false };
    let mut allowed = LOOPBACK.into_iter().chain(hosts.iter().map(String::as_str));
    allowed.any(|allowed| allowed.eq_ignore_ascii_case(&name))
}
