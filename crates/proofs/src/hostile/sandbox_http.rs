//! The fuzz target `sandbox_http`: any HTTP request to the sandbox, in process.

use std::cell::RefCell;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use sandbox::{Clock, Sandbox, World};
use tower_service::Service;

use super::RUNTIME;

/// How many requests one world gets. Each makes the record of calls longer.
const REQUESTS_PER_WORLD: u32 = 500;

struct Target {
    sandbox: Sandbox,
    router: Router,
    requests: u32,
}

thread_local! {
    static TARGET: RefCell<Target> = RefCell::new(start());
}

fn start() -> Target {
    let clock = Clock::paused_at("2026-11-24T12:00:00Z".parse().expect("a time"));
    let (sandbox, router) = Sandbox::builder(World::small()).clock(clock).in_process().expect("a sandbox");
    sandbox.create_ledger("444455556666", "ledger").expect("a table");
    Target { sandbox, router, requests: 0 }
}

/// Reads a request: a line with method and path, a line for each header, an empty line and the body. The line
/// `key: KEY SERVICE` stands for the header `authorization` with that access key.
fn read_request(data: &[u8]) -> Option<Request<Body>> {
    let end = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let (head, body) = data.split_at(end);
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).ok()?).uri(path);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = match value.split_once(' ') {
            Some((key, service)) if name == "key" => request.header("authorization", sign(key, service)),
            _ => request.header(name, value),
        };
    }
    request.body(Body::from(body.get(2..).unwrap_or_default().to_vec())).ok()
}

fn sign(key: &str, service: &str) -> String {
    let signature = "0123456789abcdef".repeat(4);
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261124/us-east-1/{service}/aws4_request, SignedHeaders=host, \
         Signature={signature}"
    )
}

/// Sends a request. The sandbox answers it with a body of the answer's content type, and with a server error only if a fault
/// asks for one.
pub(super) fn sandbox_http(data: &[u8]) -> bool {
    let Some(request) = read_request(data) else { return false };
    let sets_fault = request.uri().path() == "/_sandbox/faults";
    TARGET.with_borrow_mut(|target| {
        let is_accepted = RUNTIME.block_on(send(&mut target.router, request, sets_fault));
        // A fault may cause any error and hours of delay.
        if sets_fault {
            target.sandbox.clear_faults();
        }
        target.requests += 1;
        if target.requests % REQUESTS_PER_WORLD == 0 {
            target.sandbox.reset().expect("a reset");
        }
        is_accepted
    })
}

async fn send(router: &mut Router, request: Request<Body>, may_fail: bool) -> bool {
    let response = router.call(request).await.unwrap_or_else(|never| match never {});
    let (head, body) = response.into_parts();
    let content_type = head.headers.get("content-type").map(|value| value.as_bytes().to_vec());
    // The stream of changes has no end.
    if content_type.as_deref() == Some(b"text/event-stream") {
        return true;
    }
    let body = to_bytes(body, usize::MAX).await.expect("a body that can be read");
    if content_type.is_some_and(|kind| kind.starts_with(b"application/")) && !body.is_empty() {
        let text = std::str::from_utf8(&body).expect("JSON is UTF-8");
        assert!(text.starts_with(['{', '[']), "no JSON: {text}");
    }
    assert!(head.status.as_u16() < 500 || may_fail, "{}: {body:?}", head.status);
    head.status.is_success()
}
