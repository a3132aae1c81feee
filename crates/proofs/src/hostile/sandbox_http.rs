//! The sandbox's whole HTTP surface, in process.

use std::{cell::RefCell, sync::LazyLock};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, header::HeaderValue},
};
use sandbox::{Clock, Sandbox, World};
use tokio::runtime::Runtime;
use tower_service::Service;

const METHODS: &str = "POST GET PUT DELETE OPTIONS BREW";
const PATHS: &str = "/ /_sandbox/announcements /_sandbox/calls /_sandbox/clock /_sandbox/faults /_sandbox/reset \
    /_sandbox/settings /_sandbox/status /_sandbox/world /nothing /_sandbox/requests";
const TARGETS: &str = "RekognitionService.CopyProjectVersion RekognitionService.CreateProject \
    RekognitionService.CreateProjectVersion RekognitionService.DeleteProject RekognitionService.DeleteProjectPolicy \
    RekognitionService.DeleteProjectVersion RekognitionService.DescribeProjectVersions \
    RekognitionService.DescribeProjects RekognitionService.ListProjectPolicies \
    RekognitionService.ListTagsForResource RekognitionService.PutProjectPolicy \
    RekognitionService.StartProjectVersion RekognitionService.StopProjectVersion RekognitionService.TagResource \
    RekognitionService.UntagResource AWSEvents.PutEvents DynamoDB_20120810.PutItem DynamoDB_20120810.GetItem \
    DynamoDB_20120810.Query DynamoDB_20120810.UpdateItem Nobody.Nothing";
const CONTENT_TYPES: &str =
    "application/x-amz-json-1.1 application/x-amz-json-1.0 application/x-www-form-urlencoded text/plain";
/// Access keys: the destination account, the source account, and none.
const KEYS: &str = "444455556666 111122223333 ASIAX";

/// How many requests one world gets. The record of calls grows with each.
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
    fn pick(&mut self, from: &'static str) -> &'a str {
        let mut words = from.split(' ');
        let Some((first, rest)) = self.0.split_first() else { return words.next().unwrap_or_default() };
        self.0 = rest;
        if *first == 0xff {
            return self.line();
        }
        // One more than there are words: the empty one.
        let count = words.clone().count() + 1;
        words.nth(usize::from(*first) % count).unwrap_or_default()
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
    let signature = match input.pick(KEYS) {
        "" => String::new(),
        key => format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261124/us-east-1/{service}/aws4_request, SignedHeaders=host, \
             Signature={}",
            "0123456789abcdef".repeat(4)
        ),
    };
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

/// Sends any method, path, headers and body. The sandbox answers each, with a body of its content type, and with a
/// server error only where a fault asks for one.
///
/// The input's first five bytes choose method, path, target, content type and key from lists; `0xff` takes a line of the
/// input instead. The rest is the body. So a mutation of the body still reaches the operation.
pub fn sandbox_http(data: &[u8]) -> bool {
    let Some((request, faults)) = request(data) else { return false };
    TARGET.with_borrow_mut(|target| {
        let answer = async {
            let response = target.router.call(request).await.unwrap_or_else(|never| match never {});
            let (head, body) = response.into_parts();
            // The stream of changes has no end.
            if head.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
                return true;
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
            head.status.is_success()
        };
        let is_accepted = RUNTIME.block_on(answer);
        // A fault may ask for any error and for hours of delay, so it is removed at once.
        if faults {
            target.sandbox.clear_faults();
        }
        target.requests += 1;
        if target.requests % REQUESTS == 0 {
            target.sandbox.reset().expect("a reset");
        }
        is_accepted
    })
}
