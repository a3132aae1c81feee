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

fn notification(message: &str) -> String {
    json!({ "Type": "Notification", "MessageId": "n", "Message": message }).to_string()
}

fn rejection(record: &Record) -> (String, String) {
    let failure = record.failure().unwrap();
    let announced: Vec<_> = record.header().outbox.iter().map(|outgoing| outgoing.status).collect();
    assert_eq!((record.status_word(), announced), ("REJECTED", vec![Status::Rejected]));
    assert!(failure.remedy.as_deref().unwrap().contains("under a new `requestId`"), "{failure:?}");
    (failure.code.clone(), failure.message.clone())
}

#[test]
fn a_request_goes_by_its_own_ids_then_the_events_then_the_messages() {
    let event_id = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";
    let without = event(|event| {
        event["detail"]["requestId"] = Value::Null;
        event["detail"]["correlationId"] = Value::Null;
    });
    for (text, key, correlation, causation) in [
        (EVENT, "111122223333#release-2026-11-02", "pipeline-run-4711", event_id),
        (&without, &format!("111122223333#{event_id}"), event_id, event_id),
        (&notification(&without), &format!("444455556666#{event_id}"), event_id, event_id),
        (BARE, "444455556666#message-1", "message-1", "message-1"),
    ] {
        let record = intake_of(text).record;
        let header = record.header();
        assert_eq!(header.key.to_string(), key);
        assert_eq!((header.correlation_id.as_str(), header.causation_id.as_str()), (correlation, causation));
    }
}

/// Every way in with every form of message, and its requester.
#[test]
fn the_way_in_decides_who_the_requester_is() {
    let notified = notification(EVENT);
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
    assert!(message.contains("`tags.access` has a key that is not allowed: use one of `stage`, `team`"));
}

#[test]
fn a_byte_order_mark_is_named() {
    let (_, message) = rejection(&intake_of(&format!("\u{feff}{BARE}")).record);
    assert!(message.contains("byte order mark"), "{message}");
}

#[test]
fn every_form_is_the_same_request() {
    let detail = serde_json::from_str::<Value>(EVENT).unwrap()["detail"].to_string();
    let cli = include_str!("../../../events/copy-requested-cli.json");
    let expected = intake_of(EVENT).record;
    for text in [&detail, cli, &notification(&detail), &notification(cli), &notification(EVENT)] {
        let record = intake_of(text).record;
        assert_eq!(record.accepted().unwrap().copy, expected.accepted().unwrap().copy, "{text}");
        assert_eq!(record.header().context.is_some(), text != cli && text != notification(cli), "{text}");
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
    for name in ["Type", "MessageId", "Message"] {
        let mut less: Value = serde_json::from_str(&notification(BARE)).unwrap();
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
    assert!(detail["destinationProjectArn"].as_str().unwrap().contains("project/flowers-production/"));
    assert_eq!((detail.get("versionName"), &detail["correlationId"]), (None, &json!("pipeline-run-4711")));
}

#[test]
fn what_is_not_served_here_is_not_allowed() {
    for (from, to, part) in [
        ("us-east-1", "eu-west-1", "`sourceProjectArn` must be in Region `us-east-1`, not `eu-west-1`"),
        ("arn:aws:", "arn:aws-cn:", "`destinationProjectArn` must be in partition `aws`, not `aws-cn`"),
        ("444455556666", "777788889999", "`destinationProjectArn` must be in account `444455556666`"),
        ("111122223333", "777788889999", "added to parameter AllowedSourceAccounts and its projects to"),
    ] {
        let elsewhere = event(|event| {
            for name in ["sourceProjectArn", "sourceProjectVersionArn", "destinationProjectArn"] {
                event["detail"][name] = json!(event["detail"][name].as_str().unwrap().replace(from, to));
            }
        });
        let (code, message) = rejection(&intake_of(&elsewhere).record);
        assert_eq!(code, "NotAllowed");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_bucket_or_prefix_that_is_not_listed_is_not_allowed() {
    let with_location = |text: &str, bucket: &str, prefix: Option<&str>| {
        let location = OutputLocation { bucket: bucket.to_owned(), prefix: prefix.map(str::to_owned) };
        let mut rules = rules();
        rules.admission.output_locations = Some([location].into());
        intake_with(text, WayIn::Queue, &rules).record
    };
    let models = "flowers-production-models";
    assert!(with_location(EVENT, models, None).accepted().is_some());
    let without_prefix = event(|event| event["detail"]["outputConfig"] = json!({ "s3Bucket": models }));
    for (text, bucket, prefix, expected) in [
        (EVENT, "another", None, "`outputConfig.s3Bucket` must be one of `another`, not"),
        (EVENT, models, Some("other"), "but must be one of `other`, or begin with one of them and a slash"),
        (&without_prefix, models, Some("other"), "`outputConfig.s3KeyPrefix` is missing: it must be one of"),
    ] {
        let (code, message) = rejection(&with_location(text, bucket, prefix));
        assert_eq!(code, "NotAllowed");
        assert!(message.contains(expected) && message.contains("parameter OutputBuckets"), "{message}");
    }
}

#[test]
fn an_announcement_is_no_request() {
    let ours = event(|event| event["source"] = json!(SOURCE));
    let forwarded = event(|event| event["detail-type"] = json!("Rekognition Model Copy State Change"));
    let confirmation = notification("confirm").replace("Notification", "SubscriptionConfirmation");
    for (text, reason) in [
        (ours, IgnoreReason::Announcement),
        (forwarded, IgnoreReason::Announcement),
        (confirmation, IgnoreReason::SubscriptionConfirmation),
    ] {
        let message = Message { text: &text, id: "m", way_in: WayIn::Queue };
        assert_eq!(read_message(message, &rules(), "o", at(0)), Err(reason));
    }
}

#[test]
fn an_event_of_another_detail_type_is_rejected() {
    let (code, message) = rejection(&intake_of(&event(|event| event["detail-type"] = json!("Other"))).record);
    assert_eq!(code, "InvalidRequest");
    assert!(message.contains("`detail-type` must be `Rekognition Model Copy Requested`, not `Other`"));
}

#[test]
fn a_reused_id_is_rejected_under_the_messages_own() {
    let bad = event(|event| event["detail"]["versionName"] = json!("a b"));
    for text in [EVENT, &bad] {
        let record = intake_of(text).id_reused(&rules(), at(5));
        let (code, message) = rejection(&record);
        let header = record.header();
        assert_eq!(code, "RequestIdReused");
        assert_eq!(header.key.to_string(), "111122223333#message-1");
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
