//! Tests of one request without faults, from `events/copy-requested.json` to the outcome. tests/it/events.rs compares every
//! field of the announcements.

use crate::support::{COPY, Copier, DESCRIBE, SOURCE_VERSION};
use crate::support::{event, minutes, request, seconds};
use serde_json::json;

const NAME: &str = "flowers.2026-11-02";
const REQUEST: &str = "release-2026-11-02";

#[tokio::test]
async fn a_copy_is_announced_when_it_starts_and_when_it_completes() {
    let copier = Copier::deployed().await;
    copier.send([event("copy-requested.json")]).await;
    assert_eq!(copier.statuses(REQUEST), ["STARTED"]);

    let report = copier.sweep().await;
    assert_eq!((&report["copying"], &report["completed"]), (&json!(1), &json!(0)));
    assert_eq!(copier.statuses(REQUEST), ["STARTED"], "a poll of a running copy announces nothing");

    let report = copier.sweep_after(minutes(31)).await;
    assert_eq!((&report["completed"], &report["published"]), (&json!(1), &json!(1)));
    assert_eq!(copier.statuses(REQUEST), ["STARTED", "COMPLETED"]);
    let [started, completed] = &copier.announcements_of(REQUEST)[..] else { panic!("two announcements") };
    assert_ne!(started["eventId"], completed["eventId"]);

    let after_the_end = copier.sweep().await;
    assert_eq!((&after_the_end["published"], &after_the_end["describeCalls"]), (&json!(0), &json!(0)));
    assert_eq!(copier.announcements().len(), 2, "nothing is announced after the outcome");
    assert_eq!(copier.calls(COPY), 1);
}

#[tokio::test]
async fn the_copy_has_every_parameter_of_the_request() {
    let copier = Copier::deployed().await;
    copier.send([event("copy-requested.json")]).await;
    let version = copier.version(NAME).unwrap();
    assert_eq!(version.source_project_version_arn.unwrap().to_string(), SOURCE_VERSION);
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
    let mut body = request("v1").to_string();
    body.truncate(body.len() - 1);
    copier.deployment.send(format!(r#"{body},"context":{context}}}"#));
    copier.deliver().await;
    let raw = &copier.announcements()[0].raw_detail;
    assert!(raw.contains(&format!(r#""context":{context}"#)), "{raw}");
}

#[tokio::test]
async fn a_request_takes_five_writes_and_a_poll_of_a_running_copy_none() {
    let copier = Copier::deployed().await;
    copier.send([event("copy-requested.json")]).await;
    let (writes, reads) = (copier.calls("dynamodb:PutItem"), copier.calls("dynamodb:GetItem"));
    for _ in 0..3 {
        copier.sweep_after(seconds(5)).await;
    }
    assert_eq!(copier.calls("dynamodb:PutItem"), writes, "a poll writes nothing");
    assert_eq!(copier.calls("dynamodb:GetItem"), reads, "a poll reads no record");
    assert_eq!(copier.calls(DESCRIBE), 3);
    copier.sweep_after(seconds(15)).await;
    assert_eq!(copier.statuses(REQUEST), ["STARTED", "COMPLETED"]);
    assert!(copier.calls("dynamodb:PutItem") <= 5, "{}", copier.calls("dynamodb:PutItem"));
}

#[tokio::test]
async fn each_function_uses_less_than_32_megabytes() {
    let copier = Copier::deployed().await;
    copier.send([event("copy-requested.json")]).await;
    copier.sweep_after(seconds(30)).await;
    for function in [copier.deployment.start_copy(), copier.deployment.check_copies()] {
        let megabytes = function.peak_memory() as f64 / 1_048_576.0;
        assert!(megabytes > 1.0 && megabytes < 32.0, "{}: {megabytes:.1} MB", function.settings().name);
    }
}
