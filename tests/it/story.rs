//! Tests of one request without faults, from `events/copy-requested.json` to the outcome.

use crate::support::{ACCOUNT, COPY, Copier, DESCRIBE, DESTINATION, SOURCE, SOURCE_VERSION};
use crate::support::{event, minutes, seconds, time};
use serde_json::{Value, json};

const NAME: &str = "flowers.2026-11-02";
const REQUEST: &str = "release-2026-11-02";

/// The fields that every announcement of the request repeats.
fn common_fields(arn: &str) -> Value {
    json!({
        "version": "1",
        "requestId": REQUEST,
        "correlationId": "pipeline-run-4711",
        "causationId": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "requesterAccount": "111122223333",
        "sourceProjectArn": SOURCE,
        "sourceProjectVersionArn": SOURCE_VERSION,
        "destinationProjectArn": DESTINATION,
        "versionName": NAME,
        "projectVersionArn": arn,
        "adopted": false,
        "context": {"pipeline": "flowers", "approvedBy": "mlops"},
    })
}

/// Removes the fields that differ between runs or between announcements.
fn without_variable_fields(detail: &Value) -> Value {
    let mut detail = detail.clone();
    for name in ["eventId", "status", "modelStatus", "requestedAt", "startedAt", "endedAt", "durationSeconds"]
    {
        detail.as_object_mut().unwrap().remove(name);
    }
    detail
}

#[tokio::test]
async fn a_copy_is_announced_when_it_starts_and_when_it_completes() {
    let copier = Copier::deployed().await;
    copier.send(&[&event("copy-requested.json")]).await;
    let arn = copier.version(NAME).unwrap().project_version_arn.to_string();

    let [started] = &copier.announcements()[..] else { panic!("{:?}", copier.announcements()) };
    assert_eq!(started.detail["status"], "STARTED");
    assert_eq!(without_variable_fields(&started.detail), common_fields(&arn));
    assert!(time(&started.detail["requestedAt"]) <= time(&started.detail["startedAt"]));
    for later in ["endedAt", "durationSeconds", "failure"] {
        assert_eq!(started.detail.get(later), None, "{later}");
    }

    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["completed"]), (&json!(1), &json!(0)));
    assert_eq!(copier.announcements().len(), 1, "a poll of a running copy announces nothing");

    copier.pass(minutes(31)).await;
    let report = copier.sweep().await;
    assert_eq!((&report["completed"], &report["published"]), (&json!(1), &json!(1)));
    let [_, completed] = &copier.announcements()[..] else { panic!("{:?}", copier.announcements()) };
    assert_eq!(completed.detail["status"], "COMPLETED");
    assert_eq!(completed.detail["modelStatus"], "COPYING_COMPLETED");
    assert_eq!(without_variable_fields(&completed.detail), common_fields(&arn));
    let lasted = time(&completed.detail["endedAt"]).duration_since(time(&completed.detail["startedAt"]));
    assert!((minutes(31)..minutes(32)).contains(&lasted), "{lasted}");
    assert_eq!(completed.detail["durationSeconds"], lasted.as_secs());

    for event in [started, completed] {
        assert_eq!(event.source, "rekognition.model-copier");
        assert_eq!((event.account.as_str(), event.event_bus_name.as_str()), (ACCOUNT, "default"));
        assert_eq!(event.resources, [SOURCE, SOURCE_VERSION, DESTINATION, &arn]);
    }
    assert_ne!(started.detail["eventId"], completed.detail["eventId"]);

    let after_the_end = copier.sweep().await;
    assert_eq!((&after_the_end["published"], &after_the_end["describeCalls"]), (&json!(0), &json!(0)));
    assert_eq!(copier.announcements().len(), 2, "nothing is announced after the outcome");
    assert_eq!(copier.calls(COPY), 1);
}

#[tokio::test]
async fn the_copy_has_every_parameter_of_the_request() {
    let copier = Copier::deployed().await;
    copier.send(&[&event("copy-requested.json")]).await;
    let version = copier.version(NAME).unwrap();
    assert_eq!(
        version.source_project_version_arn.map(|arn| arn.to_string()).as_deref(),
        Some(SOURCE_VERSION)
    );
    assert_eq!(
        serde_json::to_value(version.output_config).unwrap(),
        json!({"S3Bucket": "flowers-production-models", "S3KeyPrefix": "copied/"})
    );
    assert_eq!(json!(version.tags), json!({"team": "flowers", "stage": "production"}));
    let key = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!(version.kms_key_id.as_deref(), Some(key));
}

#[tokio::test]
async fn a_context_is_returned_byte_for_byte() {
    let copier = Copier::deployed().await;
    let context = r#"{ "z":1.50, "a" : [ "\u0041", 1e2 ],"z2":{} }"#;
    let mut body = crate::support::request("v1").to_string();
    body.truncate(body.len() - 1);
    copier.deployment.send(format!(r#"{body},"context":{context}}}"#));
    copier.deliver().await;
    let raw = &copier.announcements()[0].raw_detail;
    assert!(raw.contains(&format!(r#""context":{context}"#)), "{raw}");
}

#[tokio::test]
async fn a_request_takes_five_writes_and_a_poll_of_a_running_copy_none() {
    let copier = Copier::deployed().await;
    copier.send(&[&event("copy-requested.json")]).await;
    let (writes, reads) = (copier.calls("dynamodb:PutItem"), copier.calls("dynamodb:GetItem"));
    for _ in 0..3 {
        copier.pass(seconds(5)).await;
        copier.sweep().await;
    }
    assert_eq!(copier.calls("dynamodb:PutItem"), writes, "a poll writes nothing");
    assert_eq!(copier.calls("dynamodb:GetItem"), reads, "a poll reads no record");
    assert_eq!(copier.calls(DESCRIBE), 3);
    copier.pass(seconds(15)).await;
    copier.sweep().await;
    assert_eq!(copier.statuses(REQUEST), ["STARTED", "COMPLETED"]);
    assert!(copier.calls("dynamodb:PutItem") <= 5, "{}", copier.calls("dynamodb:PutItem"));
}

#[tokio::test]
async fn each_function_uses_less_than_32_megabytes() {
    let copier = Copier::deployed().await;
    copier.send(&[&event("copy-requested.json")]).await;
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    for function in [copier.deployment.start_copy(), copier.deployment.check_copies()] {
        let megabytes = function.peak_memory() as f64 / 1_048_576.0;
        assert!(megabytes > 1.0 && megabytes < 32.0, "{}: {megabytes:.1} MB", function.settings().name);
        println!("{}: {megabytes:.1} MB", function.settings().name);
    }
}
