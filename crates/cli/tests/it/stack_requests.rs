//! `list` and `show` of a stack's requests: what they write, and which calls they make for it.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Machine, SOURCE_ACCOUNT, STACK};

const EVENT: &str = include_str!("../../../../events/copy-requested.json");
const ID: &str = "release-2026-11-02";

/// A request under this id with another version name.
pub(crate) fn request(id: &str, version_name: &str) -> String {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    event["id"] = json!(format!("event-{id}"));
    event["detail"]["requestId"] = json!(id);
    event["detail"]["versionName"] = json!(version_name);
    event.to_string()
}

pub(crate) async fn sent(machine: &Machine, requests: &[String]) {
    for request in requests {
        machine.stack().send(request.as_str());
        machine.stack().deliver().await;
    }
}

fn ids(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().map(|request| request["requestId"].as_str().unwrap()).collect()
}

/// How often these were called since the first `seen` calls.
fn calls(machine: &Machine, seen: usize, action: &str) -> usize {
    machine.sandbox.calls_after(seen).iter().filter(|call| call.action == action).count()
}

#[tokio::test]
async fn unfinished_requests_are_listed_through_the_index_and_others_by_a_scan() {
    let machine = Machine::with_stack(3600).await;
    let bad = request("bad", "no spaces");
    sent(&machine, &[request("first", "one"), request("second", "two"), bad]).await;
    let list = async |arguments: &[&str]| {
        let ran = machine.run(["list", "--stack", STACK].iter().chain(arguments)).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    };
    let seen = machine.sandbox.call_count();
    let listed = list(&["--output", "json"]).await;
    assert_eq!(ids(&listed.json()), ["first", "second"]);
    assert_eq!(listed.json()[0]["requesterAccount"], SOURCE_ACCOUNT);
    assert_eq!(calls(&machine, seen, "dynamodb:Scan"), 0);
    let table = list(&[]).await.out;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["ID", "REQUESTER", "STATUS", "STEP", "PROJECT", "VERSION", "SINCE", "NEXT"]);
    assert_eq!(lines[1][..6], ["first", SOURCE_ACCOUNT, "STARTED", "poll", "flowers-production", "one"]);
    assert_eq!(lines.len(), 3);

    let all = list(&["--all", "--output", "json"]).await;
    assert_eq!(ids(&all.json()), ["first", "second", "bad"]);
    assert!(all.err.contains("3 of 3 requests"), "{all:?}");
    for (conditions, expected) in [
        (&["--failed"] as &[&str], &["bad"] as &[&str]),
        (&["--since", "1h", "--name", "two"], &["second"]),
        (&["--since", "0s"], &[]),
        (&["--project", "flowers-production", "--failed"], &["bad"]),
        (&["--project", "flowers"], &[]),
        (&["--requester", SOURCE_ACCOUNT, "--name", "one"], &["first"]),
        (&["--requester", ACCOUNT], &[]),
    ] {
        let listed = list(&[conditions, &["--output", "json"]].concat()).await;
        assert_eq!(ids(&listed.json()), expected, "{conditions:?}");
    }
}

#[tokio::test]
async fn a_request_is_shown_with_its_log_by_one_read() {
    let machine = Machine::with_stack(3600).await;
    sent(&machine, &[request(ID, "one"), request("other", "two")]).await;
    let show = ["show", ID, "--stack", STACK, "--requester", SOURCE_ACCOUNT];
    let seen = machine.sandbox.call_count();
    let ran = machine.run(show).await;
    assert_eq!((ran.code, calls(&machine, seen, "dynamodb:GetItem")), (Some(0), 1), "{ran:?}");
    assert!(ran.out.contains("\nstatus       STARTED since "), "{ran:?}");
    assert!(ran.out.contains("\nannounced    STARTED "), "{ran:?}");
    let is_log = |line: &&str| line.starts_with("log ") && line.contains(" start-copy INFO record ");
    assert!(ran.out.lines().filter(is_log).count() > 0, "{ran:?}");
    let shown = machine.run(show.iter().chain(&["--output", "json"])).await.json();
    let key = format!("{SOURCE_ACCOUNT}#{ID}");
    assert!(shown["log"].as_array().unwrap().iter().all(|line| line["line"]["request"] == key), "{shown}");
    let missing = machine.run(["show", ID, "--stack", STACK]).await;
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.err.contains("`--requester` names the account that asked"), "{missing:?}");
    // A log that cannot be read is a note.
    let denied = sandbox::Effect::error("AccessDeniedException");
    machine.sandbox.fault(sandbox::Fault::new("logs:FilterLogEvents", denied));
    let ran = machine.run(show).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("the log `/aws/lambda/start-copy` was not read to its end: "), "{ran:?}");
}

#[tokio::test]
async fn a_request_that_is_followed_ends_with_its_exit_code() {
    let machine = Machine::with_stack(0).await;
    sent(&machine, &[request(ID, "one")]).await;
    machine.stack().check().await.unwrap();
    let show = ["show", ID, "--stack", STACK, "--requester", SOURCE_ACCOUNT, "--follow"];
    let ran = machine.run(show).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("\nstatus       COMPLETED since "), "{ran:?}");
}
