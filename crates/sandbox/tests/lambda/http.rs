//! As much of an HTTP client as the tests need.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// `endpoint` is `http://HOST:PORT`; `headers` are complete lines.
pub(crate) async fn post(endpoint: &str, path: &str, headers: &str, body: &str) -> Answer {
    let server = endpoint.trim_start_matches("http://");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
}

/// PutEvents, signed in form as the account that the copier runs in.
pub(crate) async fn put_events(endpoint: &str, entries: &[&Value]) {
    let headers = format!(
        "content-type: application/x-amz-json-1.1\r\n\
         x-amz-target: AWSEvents.PutEvents\r\n\
         x-amz-date: 20261124T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 \
         Credential=444455556666/20261124/us-east-1/events/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={:064}\r\n",
        0
    );
    let body = serde_json::json!({ "Entries": entries }).to_string();
    let answer = post(endpoint, "/", &headers, &body).await;
    assert_eq!(answer.body["FailedEntryCount"], 0, "{}", answer.body);
}
