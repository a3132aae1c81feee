//! What messages become.

use super::*;
use crate::domain::admission::OutputLocation;
use crate::domain::examples::{BARE, EVENT, SOURCE, at, intake_of, rules};
use crate::domain::status::Status;
use serde_json::{Value, json};

fn intake_with(text: &str, way_in: WayIn<'_>, rules: &Rules) -> Intake {
    read_message(Message { text, id: "message-1", way_in }, rules, "owner", at(0)).unwrap()
}

fn event(change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(EVENT).unwrap();
    change(&mut event);
    event.to_string()
}

fn rejection(record: &Record) -> (String, String) {
    let failure = record.failure().unwrap();
    let announced: Vec<_> = record.header().outbox.iter().map(|outgoing| outgoing.status).collect();
    assert_eq!((record.status_word(), announced), ("REJECTED", vec![Status::Rejected]));
    assert!(failure.remedy.as_deref().unwrap().contains("under a new `requestId`"), "{failure:?}");
    (failure.code.clone(), failure.message.clone())
}

#[test]
fn a_request_goes_by_its_own_id_then_the_events_then_the_messages() {
    let key = |text: &str| intake_of(text).record.header().key.to_string();
    assert_eq!(key(EVENT), "111122223333#release-2026-11-02");
    let without = event(|event| event["detail"]["requestId"] = Value::Null);
    assert_eq!(key(&without), "111122223333#6a7e8feb-b491-4cf7-a9f1-bf3703467718");
    assert_eq!(key(BARE), "444455556666#message-1");
}

#[test]
fn what_the_request_does_not_say_is_filled_in() {
    let record = intake_of(BARE).record;
    let header = record.header();
    assert_eq!((header.correlation_id.as_str(), header.causation_id.as_str()), ("message-1", "message-1"));
    let record = intake_of(EVENT).record;
    assert_eq!(record.header().correlation_id, "pipeline-run-4711");
    assert_eq!(record.header().causation_id, "6a7e8feb-b491-4cf7-a9f1-bf3703467718");
}

/// Every way in with every form of message, and its requester.
#[test]
fn the_way_in_decides_who_the_requester_is() {
    let notified = json!({ "Type": "Notification", "MessageId": "n", "Message": EVENT }).to_string();
    let forged = event(|event| event["account"] = json!("everybody"));
    let (own, events) = ("444455556666", "111122223333");
    let topic = WayIn::Topic("777788889999");
    let table: &[(&str, WayIn<'_>, &str)] = &[
        (EVENT, WayIn::Queue, events),
        (BARE, WayIn::Queue, own),
        (&notified, WayIn::Queue, own),
        (&forged, WayIn::Queue, own),
        (EVENT, topic, "777788889999"),
        (BARE, topic, "777788889999"),
        (EVENT, WayIn::Invocation, own),
        (BARE, WayIn::Invocation, own),
        (&notified, WayIn::Invocation, own),
    ];
    for (text, way_in, requester) in table {
        let record = intake_with(text, *way_in, &rules()).record;
        assert_eq!(record.header().key.requester, *requester, "{way_in:?} {text}");
    }
}

#[test]
fn an_account_may_ask_for_its_own_models_and_the_copiers_account_for_every_allowed_one() {
    let from = |account: &str| event(|event| event["account"] = json!(account));
    for account in ["111122223333", "444455556666"] {
        assert!(intake_of(&from(account)).record.accepted().is_some(), "{account}");
    }
    let (code, message) = rejection(&intake_of(&from("999988887777")).record);
    assert_eq!(code, "NotAllowed");
    assert!(message.contains("the requester's own account `999988887777`"), "{message}");
    assert!(message.contains("parameter TrustedRequesters"), "{message}");
    let mut trusting = rules();
    trusting.admission.trusted_requesters = ["999988887777".to_owned()].into();
    let record = intake_with(&from("999988887777"), WayIn::Queue, &trusting).record;
    assert!(record.accepted().is_some());
}

#[test]
fn only_allowed_tag_keys_are_taken() {
    let mut strict = rules();
    strict.admission.tag_keys = Some(["team", "stage"].map(str::to_owned).into());
    assert!(intake_with(EVENT, WayIn::Queue, &strict).record.accepted().is_some());
    let other = event(|event| event["detail"]["tags"]["access"] = json!("everyone"));
    let (code, message) = rejection(&intake_with(&other, WayIn::Queue, &strict).record);
    assert_eq!(code, "NotAllowed");
    assert!(
        message.contains("`tags.access` has a key that is not allowed: use one of `stage`, `team`"),
        "{message}"
    );
}

#[test]
fn a_byte_order_mark_is_named() {
    let (_, message) = rejection(&intake_of(&format!("\u{feff}{BARE}")).record);
    assert!(message.contains("byte order mark"), "{message}");
}

#[test]
fn every_form_is_the_same_request() {
    let notification =
        |message: &str| json!({ "Type": "Notification", "MessageId": "n", "Message": message }).to_string();
    let detail = serde_json::from_str::<Value>(EVENT).unwrap()["detail"].to_string();
    let expected = intake_of(EVENT).record;
    for text in [detail.clone(), notification(&detail), notification(EVENT)] {
        let record = intake_of(&text).record;
        assert_eq!(
            (
                record.accepted().map(|accepted| &accepted.copy),
                record.header().context.as_ref().map(|c| serde_json::from_str(c.as_str()).unwrap())
            ),
            (
                expected.accepted().map(|accepted| &accepted.copy),
                Some(json!({ "pipeline": "flowers", "approvedBy": "mlops" }))
            )
        );
    }
}

#[test]
fn a_notification_without_one_message_is_rejected_for_that() {
    let twice = format!(r#""Message": "{{}}", "Message": {}"#, json!(BARE));
    for members in [r#""Message": null"#, &twice] {
        let text = format!(r#"{{"Type": "Notification", "MessageId": "n", {members}}}"#);
        let (_, message) = rejection(&intake_of(&text).record);
        assert!(message.contains("`Message`"), "{message}");
    }
}

#[test]
fn a_notification_is_one_by_its_type_message_and_id() {
    let whole = json!({ "Type": "Notification", "MessageId": "n", "Message": BARE });
    assert!(intake_of(&whole.to_string()).record.accepted().is_some());
    for name in ["Type", "MessageId", "Message"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(name);
        let (_, message) = rejection(&intake_of(&less.to_string()).record);
        assert!(message.contains("`sourceProjectArn` is missing"), "without {name}: {message}");
    }
}

#[test]
fn settings_and_validation_do_not_change_a_fingerprint() {
    let good = intake_of(EVENT);
    let mut strict = rules();
    strict.admission.source_accounts = [].into();
    let rejected = intake_with(EVENT, WayIn::Queue, &strict);
    rejection(&rejected.record);
    assert_eq!(good.record.header().fingerprint, rejected.record.header().fingerprint);
    let bare = serde_json::from_str::<Value>(EVENT).unwrap()["detail"].to_string();
    assert_eq!(good.record.header().fingerprint, intake_of(&bare).record.header().fingerprint);
    let other = event(|event| event["detail"]["tags"]["team"] = json!("trees"));
    assert_ne!(good.record.header().fingerprint, intake_of(&other).record.header().fingerprint);
}

#[test]
fn what_cannot_be_read_is_rejected_with_what_could() {
    let (code, message) = rejection(&intake_of("this is no JSON").record);
    assert_eq!(code, "InvalidRequest");
    assert!(message.starts_with("`request` must be JSON"), "{message}");

    let record = intake_of(&event(|event| event["detail"]["versionName"] = json!("a b"))).record;
    rejection(&record);
    assert_eq!(record.header().key.request_id, "release-2026-11-02");
    let detail: Value = serde_json::from_str(record.header().outbox[0].detail.get()).unwrap();
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
        (
            everywhere("111122223333", "777788889999"),
            "added to parameter AllowedSourceAccounts and its projects to SourceProjects",
        ),
    ] {
        let (code, message) = rejection(&intake_of(&text).record);
        assert_eq!(code, "NotAllowed");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_bucket_or_prefix_that_is_not_listed_is_not_allowed() {
    let with_locations = |text: &str, locations: &[(&str, Option<&str>)]| {
        let location = |(bucket, prefix): &(&str, Option<&str>)| OutputLocation {
            bucket: (*bucket).to_owned(),
            prefix: prefix.map(str::to_owned),
        };
        let mut rules = rules();
        rules.admission.output_locations = Some(locations.iter().map(location).collect());
        intake_with(text, WayIn::Queue, &rules).record
    };
    assert!(with_locations(EVENT, &[("flowers-production-models", None)]).accepted().is_some());
    for (locations, expected) in [
        (
            ("flowers-production-model", None),
            "`outputConfig.s3Bucket` must be one of `flowers-production-model`, not",
        ),
        (
            ("flowers-production-models", Some("other")),
            "but must be one of `other`, or begin with one of them and a slash: use",
        ),
    ] {
        let (code, message) = rejection(&with_locations(EVENT, &[locations]));
        assert_eq!(code, "NotAllowed");
        assert!(message.contains(expected) && message.contains("parameter OutputBuckets"), "{message}");
    }
    let without_prefix = event(|event| {
        event["detail"]["outputConfig"].as_object_mut().unwrap().remove("s3KeyPrefix");
    });
    let models = ("flowers-production-models", Some("other"));
    let (_, message) = rejection(&with_locations(&without_prefix, &[models]));
    let expected = "`outputConfig.s3KeyPrefix` is missing: it must be one of `other`, or begin";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn an_announcement_is_no_request() {
    for change in [
        |event: &mut Value| event["source"] = json!(SOURCE),
        |event: &mut Value| event["detail-type"] = json!("Rekognition Model Copy State Change"),
    ] {
        let text = event(change);
        let message = Message { text: &text, id: "m", way_in: WayIn::Queue };
        assert_eq!(read_message(message, &rules(), "o", at(0)), Err(IgnoreReason::Announcement));
    }
}

#[test]
fn a_subscriptions_confirmation_needs_no_answer() {
    let text =
        json!({ "Type": "SubscriptionConfirmation", "MessageId": "n", "Message": "confirm" }).to_string();
    let message = Message { text: &text, id: "m", way_in: WayIn::Queue };
    assert_eq!(read_message(message, &rules(), "o", at(0)), Err(IgnoreReason::SubscriptionConfirmation));
}

#[test]
fn an_event_of_another_detail_type_is_rejected() {
    let (code, message) = rejection(&intake_of(&event(|event| event["detail-type"] = json!("Other"))).record);
    assert_eq!(code, "InvalidRequest");
    assert!(
        message.contains("`detail-type` must be `Rekognition Model Copy Requested`, not `Other`"),
        "{message}"
    );
}

#[test]
fn a_reused_id_is_rejected_under_the_messages_own() {
    let bad = event(|event| event["detail"]["versionName"] = json!("a b"));
    for text in [EVENT, &bad] {
        let record = intake_of(text).id_reused(&rules(), at(5));
        let (code, message) = rejection(&record);
        let header = record.header();
        assert_eq!(
            (code.as_str(), header.key.to_string().as_str()),
            ("RequestIdReused", "111122223333#message-1")
        );
        assert!(message.contains("`release-2026-11-02` already names another request"), "{message}");
        assert_eq!(header.correlation_id, "pipeline-run-4711");
        let namespace = event_namespace("444455556666", "us-east-1", "copier", &header.key);
        assert_eq!(header.event_namespace, namespace);
    }
}

#[test]
fn event_ids_differ_by_request_and_status_only() {
    let id = |record: &Record| {
        serde_json::from_str::<Value>(record.header().outbox[0].detail.get()).unwrap()["eventId"].clone()
    };
    let bad = |n: u32| intake_of(&event(|event| event["detail"]["versionName"] = json!(n))).record;
    assert_eq!(id(&bad(1)), id(&bad(2)), "one request, one status");
    assert_ne!(id(&bad(1)), id(&intake_of("no JSON").record));
}
