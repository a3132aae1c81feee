use std::{cell::RefCell, sync::LazyLock};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header::HeaderValue},
};
use sandbox::{Clock, Sandbox, World};
use tokio::runtime::Runtime;
use tower_service::Service;

const METHODS: &[&str] = &["POST", "GET", "PUT", "DELETE", "OPTIONS", "BREW"];
const PATHS: &[&str] = &[
    "/",
    "/_sandbox/announcements",
    "/_sandbox/calls",
    "/_sandbox/clock",
    "/_sandbox/faults",
    "/_sandbox/reset",
    "/_sandbox/settings",
    "/_sandbox/status",
    "/_sandbox/world",
    "/nothing",
];
const TARGETS: &[&str] = &[
    "RekognitionService.CopyProjectVersion",
    "RekognitionService.CreateProject",
    "RekognitionService.CreateProjectVersion",
    "RekognitionService.DeleteProject",
    "RekognitionService.DeleteProjectPolicy",
    "RekognitionService.DeleteProjectVersion",
    "RekognitionService.DescribeProjectVersions",
    "RekognitionService.DescribeProjects",
    "RekognitionService.ListProjectPolicies",
    "RekognitionService.ListTagsForResource",
    "RekognitionService.PutProjectPolicy",
    "RekognitionService.StartProjectVersion",
    "RekognitionService.StopProjectVersion",
    "RekognitionService.TagResource",
    "RekognitionService.UntagResource",
    "AWSEvents.PutEvents",
    "DynamoDB_20120810.PutItem",
    "DynamoDB_20120810.GetItem",
    "DynamoDB_20120810.Query",
    "DynamoDB_20120810.UpdateItem",
    "Nobody.Nothing",
    "",
];
const CONTENT_TYPES: &[&str] = &[
    "application/x-amz-json-1.1",
    "application/x-amz-json-1.0; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
];
const SIGNATURES: &[&str] = &[
    "AWS4-HMAC-SHA256 Credential=444455556666/20261124/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "AWS4-HMAC-SHA256 Credential=111122223333/20261124/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "AWS4-HMAC-SHA256 Credential=ASIAX/20261124/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "AWS4-HMAC-SHA256 Credential=",
    "",
];

/// How many requests meet one world. Also keeps the record of calls from growing for ever.
const REQUESTS: u32 = 500;

struct Target {
    sandbox: Sandbox,
    router: Router,
    requests: u32,
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap());

thread_local! {
    static TARGET: RefCell<Target> = RefCell::new(start());
}

fn start() -> Target {
    let clock = Clock::paused_at("2026-11-24T12:00:00Z".parse().unwrap());
    let (sandbox, router) = Sandbox::builder(World::small()).clock(clock).in_process().unwrap();
    sandbox.create_ledger("444455556666", "ledger").unwrap();
    Target { sandbox, router, requests: 0 }
}

/// Takes what a request is made of off the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn pick(&mut self, from: &[&'a str]) -> &'a str {
        let Some((first, rest)) = self.0.split_first() else { return from[0] };
        self.0 = rest;
        if *first == 0xff { self.line() } else { from[usize::from(*first) % from.len()] }
    }

    fn line(&mut self) -> &'a str {
        let end = self.0.iter().position(|byte| *byte == b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        std::str::from_utf8(line).unwrap_or_default()
    }
}

fn request(data: &[u8]) -> Option<(Request<Body>, bool)> {
    let mut input = Input(data);
    let method = Method::from_bytes(input.pick(METHODS).as_bytes()).ok()?;
    let path = input.pick(PATHS);
    let target = input.pick(TARGETS);
    let content_type = input.pick(CONTENT_TYPES);
    let service = match target.split('.').next() {
        Some("AWSEvents") => "events",
        Some("DynamoDB_20120810") => "dynamodb",
        Some("RekognitionService") => "rekognition",
        _ => "sts",
    };
    let signature = input.pick(SIGNATURES).replace("SERVICE", service);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in
        [("x-amz-target", target), ("content-type", content_type), ("authorization", signature.as_str())]
    {
        if !value.is_empty() {
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
    }
    let request = request.body(Body::from(input.0.to_vec())).ok()?;
    Some((request, path == "/_sandbox/faults"))
}

/// The sandbox's whole HTTP surface, in process: any method, path, headers and body. Whatever comes, it answers, and
/// the answer is HTTP with a body that its content type promises.
///
/// An input's first bytes pick method, path, target, content type and signature from lists (some good, some broken);
/// `0xff` takes a line of the input instead. The rest is the body. That way a mutation of a body still reaches the
/// operation, and a mutation of a header reaches the front door.
pub fn sandbox_http(data: &[u8]) {
    let Some((request, faults)) = request(data) else { return };
    TARGET.with_borrow_mut(|target| {
        let answer = async {
            let response = target.router.call(request).await.unwrap_or_else(|never| match never {});
            let (head, body) = response.into_parts();
            // The stream of changes has no end.
            if head.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
                return;
            }
            let body = to_bytes(body, usize::MAX).await.expect("a body that can be read");
            let content_type = head.headers.get("content-type").map(|value| value.as_bytes().to_vec());
            if content_type.is_some_and(|kind| kind.starts_with(b"application/")) && !body.is_empty() {
                let text = std::str::from_utf8(&body).expect("JSON is UTF-8");
                assert!(text.starts_with(['{', '[']), "no JSON: {text}");
            }
            assert!(
                head.status.as_u16() < 500 || faults,
                "{}: {}",
                head.status,
                String::from_utf8_lossy(&body)
            );
        };
        RUNTIME.block_on(answer);
        // A fault may ask for any error and for hours of delay: it is set, seen to be set, and removed.
        if faults {
            target.sandbox.clear_faults();
        }
        target.requests += 1;
        if target.requests % REQUESTS == 0 {
            target.sandbox.reset().expect("the first world can always be had again");
        }
    });
}
