//! The page's two routes, and the refusal of foreign hosts and origins.

use jiff::SignedDuration;
use sandbox::{Effect, Fault, Sandbox, World};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
};

use crate::support::*;

/// Sends a request without a body. `headers` are lines.
async fn send(sandbox: &Sandbox, method: &str, path: &str, headers: &str) -> Reply {
    let request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n");
    raw(sandbox, &request).await.expect("an answer")
}

#[tokio::test]
async fn the_page_comes_with_a_policy_that_runs_nothing_but_its_own_script() {
    let sandbox = start().await;
    let reply = request(&sandbox, "GET", "/", "").await;
    assert_eq!(reply.status, 200);
    assert!(reply.headers.contains("content-type: text/html; charset=utf-8"), "{}", reply.headers);
    let policy = reply.headers.lines().find(|line| line.starts_with("content-security-policy: ")).unwrap();
    for part in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let nonce = policy.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    for tag in ["script", "style"] {
        assert!(reply.body.contains(&format!("<{tag} nonce=\"{nonce}\">")), "{tag}");
    }
    let again = request(&sandbox, "GET", "/", "").await;
    assert!(!again.headers.contains(nonce), "every answer has a nonce of its own");
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_path_unless_it_is_allowed() {
    let sandbox = Sandbox::builder(World::small()).allow_host("build.example:4566").start().await.unwrap();
    let own = "localhost localhost:4566 LocalHost:1 127.0.0.1 127.0.0.1:4566 [::1] [::1]:4566 build.example Build.Example:80";
    for host in own.split(' ') {
        let reply = send(&sandbox, "GET", "/_sandbox/calls", &format!("host: {host}\r\n")).await;
        assert_eq!(reply.status, 200, "{host}");
    }
    let foreign = "evil.example evil.example:4566 localhost.evil.example 127.0.0.1.evil.example 0.0.0.0 \
        evil.example@127.0.0.1:1:2 other.build.example 127.0.0.2";
    let others = ["", "localhost evil.example", "localhost\r\nhost: evil.example"];
    for host in foreign.split_whitespace().chain(others) {
        for path in ["/", "/_sandbox/calls", "/_sandbox/changes", "/nothing"] {
            for method in ["GET", "POST"] {
                let reply = send(&sandbox, method, path, &format!("host: {host}\r\n")).await;
                assert_eq!((reply.status, reply.code().as_str()), (403, "ForeignHost"), "{path} {host}");
            }
        }
    }
    let reply = send(&sandbox, "GET", "http://evil.example/", "host: localhost\r\n").await;
    assert_eq!(reply.code(), "ForeignHost");
    assert!(reply.body.contains("`--allow-host evil.example`"), "{}", reply.body);
    assert!(sandbox.calls().is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_can_neither_read_nor_change_anything() {
    let sandbox = start().await;
    let own = sandbox.endpoint();
    let host = own.replace("http://", "");
    let other_name = own.replace("127.0.0.1", "localhost");
    let foreign = format!(
        "http://evil.example null http://127.0.0.1:1 http://127.0.0.1 file:// {other_name} {own}.evil.example"
    );
    for (origin, status) in foreign.split(' ').chain([""]).map(|origin| (origin, 403)).chain([(&*own, 200)]) {
        let headers = format!("host: {host}\r\norigin: {origin}\r\n");
        for (method, path) in [("GET", "/"), ("GET", "/_sandbox/world"), ("DELETE", "/_sandbox/faults")] {
            sandbox.fault(Fault::new("*", Effect::LoseAnswer));
            let reply = send(&sandbox, method, path, &headers).await;
            let expected = if method == "DELETE" && status == 200 { 204 } else { status };
            assert_eq!(reply.status, expected, "{origin} {path}");
            assert_eq!(sandbox.faults().is_empty(), expected == 204, "{origin} {path}");
        }
    }
    let call = signed(SOURCE, "rekognition:DescribeProjects", "{}");
    let from_elsewhere = call.replacen("host", "origin: http://localhost:3000\r\nhost", 1);
    assert_eq!(raw(&sandbox, &from_elsewhere).await.unwrap().status, 200, "a page cannot read the answer");
}

/// A page's stream of changes.
struct Changes(Lines<BufReader<TcpStream>>);

impl Changes {
    async fn open(sandbox: &Sandbox) -> Self {
        let mut stream = TcpStream::connect(sandbox.endpoint().replace("http://", "")).await.unwrap();
        stream.write_all(b"GET /_sandbox/changes HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        Self(BufReader::new(stream).lines())
    }

    /// The next message that has this part.
    async fn part(&mut self, name: &str) -> Value {
        loop {
            let line = self.0.next_line().await.unwrap().expect("the stream goes on");
            let message =
                line.strip_prefix("data: ").map(|data| serde_json::from_str::<Value>(data).unwrap());
            if let Some(part) = message.as_ref().and_then(|message| message.get(name)) {
                return part.clone();
            }
        }
    }
}

#[tokio::test]
async fn the_first_message_tells_everything_and_the_next_ones_what_changed() {
    let sandbox = start().await;
    let mut changes = Changes::open(&sandbox).await;
    assert_eq!(changes.part("projects").await.as_array().unwrap().len(), 3);

    ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy("v1")).await;
    let calls = changes.part("calls").await;
    assert_eq!((&calls["restart"], calls["items"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(calls["items"][0]["action"], "rekognition:CopyProjectVersion");

    sandbox.fault(Fault::new("rekognition:DescribeProjects", Effect::LoseAnswer).on_call(1));
    let faults = changes.part("faults").await;
    assert_eq!((&faults[0]["effect"], &faults[0]["seen"]), (&json!("loseAnswer"), &json!(0)));
    try_call(&sandbox, SOURCE, "rekognition:DescribeProjects", &json!({})).await;
    assert_eq!(changes.part("faults").await[0]["seen"], 1);

    sandbox.clock().advance(SignedDuration::from_mins(1));
    let status = changes.part("projects").await[1]["versions"][0]["status"].clone();
    assert_eq!(status, "COPYING_COMPLETED", "time alone changes a status too");

    sandbox.clock().set_paused(true);
    while changes.part("clock").await["paused"] == false {}
}

#[tokio::test]
async fn events_records_and_a_reset_are_told() {
    let sandbox = start().await;
    sandbox.create_ledger(DESTINATION, "ledger").unwrap();
    let mut changes = Changes::open(&sandbox).await;
    assert_eq!(changes.part("announcements").await, json!({"restart": true, "items": []}));

    let entry = json!({"Source": "a.b", "DetailType": "T", "Detail": "{\"requestId\": \"r\"}"});
    call(&sandbox, SOURCE, "events:PutEvents", &json!({"Entries": [entry]})).await;
    assert_eq!(changes.part("announcements").await["items"][0]["detail"]["requestId"], "r");

    let item = json!({"id": {"S": "1#r"}, "record": {"S": "{\"accepted\": {\"attempts\": 1}}"}, "revision": {"N": "2"}});
    call(&sandbox, DESTINATION, "dynamodb:PutItem", &json!({"TableName": "ledger", "Item": item})).await;
    let records = changes.part("records").await;
    assert_eq!(records, json!([{"id": "1#r", "record": {"accepted": {"attempts": 1}}, "revision": 2}]));

    sandbox.reset().unwrap();
    let announcements = changes.part("announcements").await;
    assert_eq!(announcements, json!({"restart": true, "items": []}));
}
