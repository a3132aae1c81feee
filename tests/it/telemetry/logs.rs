//! Tests of the fields that each line of the logs must have, and of the values that no line may have.

use std::collections::BTreeSet;

use sandbox::{Effect, Fault};
use serde_json::{Map, Value, json};

use super::{Logs, is_metrics, logs, read, refused, run_mixed_batch};
use crate::support::{COPY, Copier, DESCRIBE, event, minutes, request, seconds, with};

fn line_with_message<'a>(lines: &'a [Map<String, Value>], message: &str) -> &'a Map<String, Value> {
    let is_it = |line: &&Map<String, Value>| line.get("message") == Some(&json!(message));
    lines.iter().find(is_it).unwrap_or_else(|| panic!("{lines:#?}"))
}

#[tokio::test]
async fn every_line_has_the_id_of_its_invocation() {
    let copier = run_mixed_batch().await;
    copier.sandbox().fault(refused("dynamodb:*"));
    copier.deployment.start_copy().invoke(&request("v1")).await.unwrap_err();
    let Logs { start_copy, check_copies } = logs(&copier);
    for (lines, invocations) in [(start_copy, 2), (check_copies, 1)] {
        let lines = read(&lines);
        let ids: BTreeSet<_> =
            lines.iter().map(|line| line.get("requestId").unwrap_or(&Value::Null).to_string()).collect();
        assert!(ids.len() == invocations && !ids.contains("null"), "{ids:?}: {lines:#?}");
        // A line of metrics has no message, so that a query for messages leaves it out.
        let (metrics, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(is_metrics);
        assert!(metrics.iter().all(|line| !line.contains_key("message")), "{metrics:#?}");
        for line in lines {
            for member in ["timestamp", "level", "message"] {
                assert!(line.get(member).is_some_and(Value::is_string), "{member}: {line:?}");
            }
            assert_eq!(line.get("span"), None, "the fields of spans are at the top level: {line:?}");
        }
    }
}

#[tokio::test]
async fn a_line_about_a_request_has_its_key_its_fields_and_its_status() {
    let copier = run_mixed_batch().await;
    let example = event("copy-requested.json")["detail"].clone();
    let lines = read(&copier.deployment.logs().unwrap());
    let about: Vec<_> = lines
        .iter()
        .filter(|line| line.get("request") == Some(&json!("111122223333#release-2026-11-02")))
        .collect();
    assert!(!about.is_empty(), "{lines:#?}");
    for line in &about {
        for member in ["correlationId", "sourceProjectVersionArn", "destinationProjectArn", "versionName"] {
            assert_eq!(line.get(member), example.get(member), "{line:?}");
        }
    }
    let statuses: Vec<_> = about.iter().filter_map(|line| line.get("status")?.as_str()).collect();
    assert_eq!(statuses, ["STARTING", "STARTED", "COMPLETED"]);
    let arn = &copier.last("release-2026-11-02")["projectVersionArn"];
    assert_eq!(about.last().unwrap().get("projectVersionArn"), Some(arn));
}

#[tokio::test]
async fn every_line_about_a_failure_names_its_request_and_the_http_status() {
    let copier = Copier::deployed().await;
    copier.send([request("hibernating")]).await;
    copier.set_status("hibernating", "HIBERNATING");
    copier.sweep_after(minutes(3)).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("InternalServerError")).containing("unanswered"));
    copier.sandbox().fault(Fault::new(COPY, Effect::error("ThrottlingException")).containing("throttled"));
    copier.sandbox().fault(refused("events:*"));
    copier.sandbox().fault(refused("dynamodb:PutItem").containing("#lost"));
    for id in ["unanswered", "throttled", "unpublished", "lost"] {
        copier.deployment.send(request(id).to_string());
    }
    copier.deployment.deliver().await;
    copier.sandbox().fault(refused(DESCRIBE));
    copier.sandbox().fault(refused("dynamodb:GetItem"));
    copier.sweep().await;
    let lines = read(&copier.deployment.logs().unwrap());
    let request = ["request", "correlationId", "sourceProjectVersionArn"];
    let copy = ["request", "destinationProjectArn", "versionName", "projectVersionArn"];
    let table: &[(&str, &[&str], &str)] = &[
        (
            "an unknown status",
            &["request", "correlationId", "status", "projectVersionArn", "modelStatus"],
            "",
        ),
        ("refused", &request, r#""httpStatus":400"#),
        ("unanswered", &request, "(HTTP 500)"),
        ("announcements were not published", &["reason"], "(HTTP 400)"),
        ("the request was not recorded", &[&request[..], &["messageId"]].concat(), "(HTTP 400)"),
        ("a project could not be read", &["error"], "(HTTP 400)"),
        ("a record could not be read", &copy, "(HTTP 400)"),
    ];
    for (message, members, status) in table {
        let has_all = |line: &&Map<String, Value>| {
            line.get("message") == Some(&json!(message))
                && members.iter().all(|member| line.get(*member).is_some_and(Value::is_string))
                && serde_json::to_string(line).unwrap().contains(status)
        };
        assert!(lines.iter().any(|line| has_all(&line)), "{message}: {lines:#?}");
    }
}

#[tokio::test]
async fn a_failed_call_to_the_bus_is_one_line() {
    for code in ["AccessDeniedException", "ThrottlingException"] {
        let copier = Copier::deployed().await;
        copier.sandbox().fault(Fault::new("events:*", Effect::error(code)));
        let requests: Vec<_> = (0..12).map(|n| request(&format!("v{n}"))).collect();
        copier.send(&requests).await;
        copier.sweep().await;
        let lines = read(&logs(&copier).check_copies);
        let about = lines
            .iter()
            .filter(|line| line.get("message") == Some(&json!("announcements were not published")));
        assert_eq!(about.count(), 2, "{code}: a call has ten announcements");
    }
}

/// So a trace continues from the function to the subscribers of the announcement.
#[tokio::test]
async fn an_announcement_carries_the_trace_of_its_invocation() {
    let copier = run_mixed_batch().await;
    let lines = read(&copier.deployment.logs().unwrap());
    let traces: BTreeSet<_> =
        lines.iter().filter_map(|line| Some(line.get("xrayTraceId")?.as_str()?.to_owned())).collect();
    let announced = copier.announcements();
    assert!(!announced.is_empty());
    for event in announced {
        assert!(event.trace_header.as_ref().is_some_and(|trace| traces.contains(trace)), "{event:?}");
    }
}

/// A reader of the line would lose one of two equal members.
#[tokio::test]
async fn no_line_repeats_a_member() {
    let copier = Copier::deployed_with(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")]).await;
    copier.sandbox().fault(Fault::new(COPY, Effect::error("InternalServerError")).times(2));
    copier.send([request("v1"), request("v2")]).await;
    copier.send([request("v1")]).await;
    copier.sandbox().fault(refused("events:*").times(3));
    copier.sweep_after(minutes(20)).await;
    copier.sweep_after(minutes(20)).await;
    let lines = copier.deployment.logs().unwrap();
    assert!(lines.len() > 10);
    for (line, read) in lines.iter().zip(read(&lines)).filter(|(_, read)| !is_metrics(read)) {
        assert_eq!(serde_json::to_string(&read).unwrap().len(), line.len(), "{line}");
    }
}

#[tokio::test]
async fn an_error_has_the_same_fields_at_higher_log_levels() {
    for level in ["WARN", "ERROR"] {
        let copier = Copier::deployed_with(&[("AWS_LAMBDA_LOG_LEVEL", level)]).await;
        copier.sandbox().fault(refused("events:*"));
        copier.send([request("v1")]).await;
        let lines = read(&logs(&copier).start_copy);
        let rank = |level: &Value| ["WARN", "ERROR"].iter().position(|name| level == name);
        let is_passed = |line: &Map<String, Value>| rank(&line["level"]) >= rank(&json!(level));
        assert!(lines.iter().filter(|line| !is_metrics(line)).all(is_passed), "{lines:#?}");
        let line = line_with_message(&lines, "announcements were not published");
        assert_eq!((&line["level"], &line["requests"]), (&json!("ERROR"), &json!("444455556666#v1")));
        assert!(["requestId", "reason"].iter().all(|member| line.contains_key(*member)), "{line:?}");
    }
}

#[tokio::test]
async fn no_line_holds_a_request_or_a_secret() {
    let key = "the-secret-access-key";
    let variables = [("AWS_LAMBDA_LOG_LEVEL", "TRACE"), ("AWS_SECRET_ACCESS_KEY", key)];
    let copier = Copier::deployed_with(&variables).await;
    let secrets = ["in-the-tags", "in-the-prefix", "in-the-context", "in-no-member", key];
    let marked = with(
        request("v1"),
        json!({
            "tags": {"team": secrets[0]},
            "outputConfig": {"s3Bucket": "flowers-production-models", "s3KeyPrefix": secrets[1]},
            "context": {"approvedBy": secrets[2]},
        }),
    );
    let unreadable = Value::String(secrets[3].to_owned());
    copier.sandbox().fault(refused("events:*"));
    copier.send([marked, unreadable]).await;
    copier.sweep_after(seconds(40)).await;
    let logs = logs(&copier);
    assert!(logs.all().any(|line| line.contains("v1")), "the request is in the log");
    for line in logs.all() {
        for secret in secrets.into_iter().chain(["Signature="]) {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
    }
}
