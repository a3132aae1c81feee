//! An HTTP client for tests. Unlike an SDK it can send broken requests. Its signatures have the right form and no value.

use jiff::SignedDuration;
use sandbox::{Clock, Sandbox, Settings, World};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const SOURCE: &str = "111122223333";
pub(crate) const DESTINATION: &str = "444455556666";
pub(crate) const STRANGER: &str = "777788889999";

pub(crate) const FLOWERS: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
pub(crate) const FLOWERS_VERSION: &str =
    "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
pub(crate) const PRODUCTION: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000";
pub(crate) const STAGING: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/1761994800000";
pub(crate) const STAGING_VERSION: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/version/flowers.2026-11-01/1761998400000";

/// A sandbox with the small world and real time.
pub(crate) async fn start() -> Sandbox {
    Sandbox::start(World::small()).await.unwrap()
}

/// A sandbox with the small world, these settings, and a clock that is paused at noon.
pub(crate) async fn start_at_noon(change: impl FnOnce(&mut Settings)) -> Sandbox {
    let mut settings = Settings::default();
    change(&mut settings);
    let clock = Clock::paused_at("2026-11-24T12:00:00Z".parse().unwrap());
    Sandbox::builder(World::small()).settings(settings).clock(clock).start().await.unwrap()
}

/// Lets sandbox time pass.
pub(crate) fn pass(sandbox: &Sandbox, seconds: i64) {
    sandbox.clock().advance(SignedDuration::from_secs(seconds));
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The error's code without a namespace; empty for a success.
    pub(crate) fn code(&self) -> String {
        let kind = self.json()["__type"].as_str().unwrap_or_default().to_owned();
        kind.rsplit('#').next().unwrap_or_default().to_owned()
    }
}

/// Sends a request and closes the connection without waiting for an answer.
pub(crate) async fn send_and_leave(sandbox: &Sandbox, request: &str) {
    let mut stream = TcpStream::connect(sandbox.endpoint().replace("http://", "")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

/// Sends a request as it is, and reads until the connection closes. `None`: it closed without an answer.
pub(crate) async fn raw(sandbox: &Sandbox, request: &str) -> Option<Reply> {
    exchange(&sandbox.endpoint().replace("http://", ""), request).await
}

/// Does what [`raw`] does, with the server at `address`.
pub(crate) async fn exchange(address: &str, request: &str) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (headers, body) = text.split_once("\r\n\r\n")?;
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Reply { status, headers: headers.to_lowercase(), body: body.to_owned() })
}

/// The element with this name in an XML body.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let rest = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest).unwrap_or_default();
    rest.split('<').next().unwrap_or_default()
}

pub(crate) fn authorization(key: &str, service: &str) -> String {
    let signature = "0".repeat(64);
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261124/us-east-1/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
    )
}

/// The text of a request, for [`raw`], [`exchange`] or [`send_and_leave`].
pub(crate) fn text(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

pub(crate) async fn request(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Reply {
    raw(sandbox, &text(method, path, &[], body)).await.unwrap()
}

/// The text of a call with this access key.
pub(crate) fn signed(key: &str, action: &str, body: &str) -> String {
    signed_as((key, ""), action, body)
}

/// The text of a call as the session with this access key and token. The body of a call of STS names the operation.
fn signed_as((key, token): (&str, &str), action: &str, body: &str) -> String {
    let (service, operation) = action.split_once(':').unwrap();
    let json = "application/x-amz-json-1.1";
    let (target, content_type) = match service {
        "rekognition" => ("RekognitionService", json),
        "dynamodb" => ("DynamoDB_20120810", json),
        "events" => ("AWSEvents", json),
        _ => ("", "application/x-www-form-urlencoded; charset=utf-8"),
    };
    let (authorization, target) = (authorization(key, service), format!("{target}.{operation}"));
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", content_type),
        ("x-amz-security-token", token),
        ("x-amz-target", &target),
    ];
    let is_form = service == "sts";
    text("POST", "/", if is_form { &headers[..3] } else { &headers }, body)
}

/// Sends a form-encoded request to STS as the caller with this access key.
pub(crate) async fn sts(sandbox: &Sandbox, key: &str, body: &str) -> Reply {
    raw(sandbox, &signed(key, "sts:", body)).await.unwrap()
}

/// Calls an operation of Rekognition as the session with this key and token.
pub(crate) async fn call_as_session(
    sandbox: &Sandbox,
    session: (&str, &str),
    operation: &str,
    body: &Value,
) -> Reply {
    let action = format!("rekognition:{operation}");
    raw(sandbox, &signed_as(session, &action, &body.to_string())).await.unwrap()
}

/// Calls an operation, such as `rekognition:DescribeProjects`, as `account`.
pub(crate) async fn try_call(sandbox: &Sandbox, account: &str, action: &str, body: &Value) -> Option<Reply> {
    raw(sandbox, &signed(account, action, &body.to_string())).await
}

pub(crate) async fn call(sandbox: &Sandbox, account: &str, action: &str, body: &Value) -> Reply {
    try_call(sandbox, account, action, body).await.expect("an answer")
}

/// The answer of a call that must succeed.
pub(crate) async fn ok(sandbox: &Sandbox, account: &str, operation: &str, body: &Value) -> Value {
    let reply = call(sandbox, account, &format!("rekognition:{operation}"), body).await;
    assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
    reply.json()
}

/// The error code of a call that must fail.
pub(crate) async fn refused(sandbox: &Sandbox, account: &str, operation: &str, body: &Value) -> String {
    let reply = call(sandbox, account, &format!("rekognition:{operation}"), body).await;
    assert_ne!(reply.status, 200, "{operation}: {}", reply.body);
    reply.code()
}

/// A request to copy the trained version of `flowers` to `flowers-production`.
pub(crate) fn copy(version_name: &str) -> Value {
    json!({
        "SourceProjectArn": FLOWERS,
        "SourceProjectVersionArn": FLOWERS_VERSION,
        "DestinationProjectArn": PRODUCTION,
        "VersionName": version_name,
        "OutputConfig": {"S3Bucket": "flowers-production-models"},
    })
}

/// `base` with the members of `change`. A null removes a member.
pub(crate) fn with(base: &Value, change: &Value) -> Value {
    let mut changed = base.clone();
    let members = changed.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    changed
}

/// The status of a version, as DescribeProjectVersions shows it; `None` if the version does not exist.
pub(crate) async fn status(sandbox: &Sandbox, account: &str, project: &str, name: &str) -> Option<String> {
    let request = json!({"ProjectArn": project, "VersionNames": [name]});
    let answer = ok(sandbox, account, "DescribeProjectVersions", &request).await;
    answer["ProjectVersionDescriptions"][0]["Status"].as_str().map(str::to_owned)
}
