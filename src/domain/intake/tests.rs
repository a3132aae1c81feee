//! What messages become.

use super::*;
use crate::domain::examples::{BARE, EVENT, SOURCE, admission, at, taken_in, words};
use serde_json::{Value, json};

fn taken_in_via(text: &str, via: Via) -> Record {
    let message = Message { text, id: "message-1", via };
    intake(message, &admission(), SOURCE, "owner", at(0)).unwrap().record
}

fn event(change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(EVENT).unwrap();
    change(&mut event);
    event.to_string()
}

fn rejection(record: &Record) -> (String, String) {
    let failure = record.failure().unwrap();
    assert_eq!((record.status(), words(record)), ("REJECTED", vec!["REJECTED"]));
    (failure.code.clone(), failure.message.clone())
}

#[test]
fn a_request_goes_by_its_own_id_then_the_events_then_the_messages() {
    let key = |text: &str| taken_in(text).record.key.to_string();
    assert_eq!(key(EVENT), "111122223333#release-2026-11-02");
    let without = event(|event| event["detail"]["requestId"] = Value::Null);
    assert_eq!(key(&without), "111122223333#6a7e8feb-b491-4cf7-a9f1-bf3703467718");
    assert_eq!(key(BARE), "444455556666#message-1");
}

#[test]
fn what_the_request_does_not_say_is_filled_in() {
    let record = taken_in(BARE).record;
    assert_eq!((record.correlation_id.as_str(), record.causation_id.as_str()), ("message-1", "message-1"));
    let record = taken_in(EVENT).record;
    assert_eq!(record.correlation_id, "pipeline-run-4711");
    assert_eq!(record.causation_id, "6a7e8feb-b491-4cf7-a9f1-bf3703467718");
}

#[test]
fn an_account_is_believed_only_of_an_event_from_the_queue() {
    let notified = json!({ "Type": "Notification", "MessageId": "n", "Message": EVENT }).to_string();
    assert_eq!(taken_in_via(EVENT, Via::Queue).key.sender, "111122223333");
    assert_eq!(taken_in_via(EVENT, Via::Invocation).key.sender, "444455556666");
    assert_eq!(taken_in_via(&notified, Via::Queue).key.sender, "444455556666");
    let forged = event(|event| event["account"] = json!("everybody"));
    assert_eq!(taken_in_via(&forged, Via::Queue).key.sender, "444455556666");
}

#[test]
fn every_form_is_the_same_request() {
    let notification =
        |message: &str| json!({ "Type": "Notification", "MessageId": "n", "Message": message }).to_string();
    let detail = serde_json::from_str::<Value>(EVENT).unwrap()["detail"].to_string();
    let expected = taken_in(EVENT).record;
    for text in [detail.clone(), notification(&detail), notification(EVENT)] {
        let record = taken_in(&text).record;
        assert_eq!(
            (record.copy, record.context.map(|c| serde_json::from_str(c.as_str()).unwrap())),
            (expected.copy.clone(), Some(json!({ "pipeline": "flowers", "approvedBy": "mlops" })))
        );
    }
}

#[test]
fn a_notification_without_one_message_is_rejected_for_that() {
    let twice = format!(r#""Message": "{{}}", "Message": {}"#, json!(BARE));
    for members in [r#""Message": null"#, &twice] {
        let text = format!(r#"{{"Type": "Notification", "MessageId": "n", {members}}}"#);
        let (_, message) = rejection(&taken_in(&text).record);
        assert!(message.contains("`Message`"), "{message}");
    }
}

#[test]
fn a_notification_is_one_by_its_type_message_and_id() {
    let whole = json!({ "Type": "Notification", "MessageId": "n", "Message": BARE });
    assert!(taken_in(&whole.to_string()).record.copy.is_some());
    for name in ["Type", "MessageId", "Message"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(name);
        let (_, message) = rejection(&taken_in(&less.to_string()).record);
        assert!(message.contains("`sourceProjectArn` is missing"), "without {name}: {message}");
    }
}

#[test]
fn the_same_content_has_the_same_fingerprint_however_it_is_written() {
    let fingerprint = |text: &str| taken_in(text).record.fingerprint;
    let rewritten = event(|_| {});
    assert_eq!(fingerprint(EVENT), fingerprint(&rewritten));
    assert_eq!(fingerprint(BARE), fingerprint(&BARE.replace("sourceProjectArn", "SourceProjectArn")));
    for change in [
        |event: &mut Value| event["detail"]["tags"]["team"] = json!("trees"),
        |event: &mut Value| event["detail"]["context"]["pipeline"] = json!("trees"),
        |event: &mut Value| event["detail"]["correlationId"] = json!("another"),
        |event: &mut Value| event["detail"]["versionName"] = json!("another"),
    ] {
        assert_ne!(fingerprint(EVENT), fingerprint(&event(change)));
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_what_could() {
    let (code, message) = rejection(&taken_in("this is no JSON").record);
    assert_eq!(code, "InvalidRequest");
    assert!(message.starts_with("`request` must be JSON"), "{message}");

    let record = taken_in(&event(|event| event["detail"]["versionName"] = json!("a b"))).record;
    rejection(&record);
    assert_eq!((record.key.request_id.as_str(), record.copy.is_none()), ("release-2026-11-02", true));
    let detail: Value = serde_json::from_str(record.outbox[0].detail.get()).unwrap();
    assert_eq!(
        detail["destinationProjectArn"].as_str().unwrap(),
        "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000"
    );
    assert_eq!(
        (&detail["versionName"], &detail["correlationId"]),
        (&Value::Null, &json!("pipeline-run-4711"))
    );
}

#[test]
fn what_is_not_served_here_is_not_allowed() {
    let arns = ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn"];
    let everywhere = |from: &'static str, to: &'static str| {
        event(|event| {
            for name in arns {
                event["detail"][name] = json!(event["detail"][name].as_str().unwrap().replace(from, to));
            }
        })
    };
    for (text, part) in [
        (
            everywhere("us-east-1", "eu-west-1"),
            "`sourceProjectArn` must be in Region `us-east-1`, not `eu-west-1`",
        ),
        (
            everywhere("arn:aws:", "arn:aws-cn:"),
            "`destinationProjectArn` must be in partition `aws`, not `aws-cn`",
        ),
        (
            everywhere("444455556666", "777788889999"),
            "`destinationProjectArn` must be in account `444455556666`",
        ),
        (everywhere("111122223333", "777788889999"), "have it added to `ALLOWED_SOURCE_ACCOUNTS`"),
    ] {
        let (code, message) = rejection(&taken_in(&text).record);
        assert_eq!(code, "NotAllowed");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_bucket_that_only_looks_allowed_is_not() {
    let mut admission = admission();
    admission.output_buckets = Some(["flowers-production-model".to_owned()].into());
    let message = Message { text: EVENT, id: "m", via: Via::Queue };
    let record = intake(message, &admission, SOURCE, "o", at(0)).unwrap().record;
    let (code, message) = rejection(&record);
    assert_eq!(code, "NotAllowed");
    assert!(
        message.contains("`outputConfig.s3Bucket` must be one of `flowers-production-model`"),
        "{message}"
    );
}

#[test]
fn an_announcement_is_no_request() {
    for change in [
        |event: &mut Value| event["source"] = json!(SOURCE),
        |event: &mut Value| event["detail-type"] = json!("Rekognition Model Copy State Change"),
    ] {
        let text = event(change);
        let message = Message { text: &text, id: "m", via: Via::Queue };
        assert_eq!(intake(message, &admission(), SOURCE, "o", at(0)), None);
    }
}

#[test]
fn an_event_of_another_detail_type_is_rejected() {
    let (code, message) = rejection(&taken_in(&event(|event| event["detail-type"] = json!("Other"))).record);
    assert_eq!(code, "InvalidRequest");
    assert!(
        message.contains("`detail-type` must be `Rekognition Model Copy Requested`, not `Other`"),
        "{message}"
    );
}

#[test]
fn a_reused_id_is_rejected_under_the_messages_own() {
    let record = taken_in(EVENT).reused(&admission(), at(5));
    let (code, message) = rejection(&record);
    assert_eq!(
        (code.as_str(), record.key.to_string().as_str()),
        ("RequestIdReused", "111122223333#message-1")
    );
    assert!(message.contains("`release-2026-11-02` names another request already"), "{message}");
    assert_eq!(record.correlation_id, "pipeline-run-4711");
    assert_eq!(record.event_namespace, event_namespace("444455556666", "us-east-1", &record.key));
}

#[test]
fn a_reused_id_leaves_nothing_of_the_request_to_act_on() {
    let roles = [("111122223333".to_owned(), "role".to_owned())].into();
    let granting = Granting { roles, principals: Default::default(), project_wide: false };
    let granted = taken_in(EVENT).granting(&granting);
    assert!(granted.record.grant && granted.record.copy.is_some());
    let bad = taken_in(&event(|event| event["detail"]["versionName"] = json!("a b")));
    for request in [granted, bad] {
        let record = request.reused(&admission(), at(5));
        rejection(&record);
        assert_eq!((record.copy, record.grant, record.announced), (None, false, vec![Status::Rejected]));
    }
}

#[test]
fn event_ids_differ_by_request_and_status_only() {
    let id = |record: &Record| {
        serde_json::from_str::<Value>(record.outbox[0].detail.get()).unwrap()["eventId"].clone()
    };
    let bad = |n: u32| taken_in(&event(|event| event["detail"]["versionName"] = json!(n))).record;
    assert_eq!(id(&bad(1)), id(&bad(2)), "one request, one status");
    assert_ne!(id(&bad(1)), id(&taken_in("no JSON").record));
}
