//! Tests of intake: every form and way in of a request, a batch of valid and invalid requests, and messages that are no
//! request.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::support::{COPY, Copier, DESTINATION, REQUESTER, SOURCE_VERSION};
use crate::support::{event, ledger, request, sdk, seconds, with};
use serde_json::{Value, json};

const EVENT_ID: &str = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";

/// Reads `copy-requested.json` and removes its ids.
fn event_without_ids() -> Value {
    let mut event = event("copy-requested.json");
    for name in ["requestId", "correlationId"] {
        event["detail"].as_object_mut().unwrap().remove(name);
    }
    event
}

fn notification_of(message: &Value) -> Value {
    with(event("copy-requested-sns.json"), json!({"Message": message.to_string()}))
}

/// Every form of a request with its id. Without one, the message's id is used.
fn forms() -> Vec<(&'static str, Value, Option<&'static str>)> {
    vec![
        ("bare", event("copy-requested-bare.json"), None),
        ("as for the AWS CLI", event("copy-requested-cli.json"), None),
        ("an event", event_without_ids(), Some(EVENT_ID)),
        ("a notification of a bare one", event("copy-requested-sns.json"), None),
        ("a notification of one for the AWS CLI", notification_of(&event("copy-requested-cli.json")), None),
        ("a notification of an event", notification_of(&event_without_ids()), Some(EVENT_ID)),
        ("an event with ids", event("copy-requested.json"), Some("release-2026-11-02")),
    ]
}

#[tokio::test]
async fn every_form_of_a_request_in_the_queue_starts_a_copy() {
    for (form, body, id) in forms() {
        let copier = Copier::deployed().await;
        let message_id = copier.deployment.send(body.to_string());
        copier.deliver().await;
        let id = id.unwrap_or(&message_id);
        assert_eq!(copier.statuses(id), ["STARTED"], "{form}");
        assert_eq!(copier.last(id)["sourceProjectVersionArn"], SOURCE_VERSION, "{form}");
        assert!(copier.version("flowers.2026-11-02").is_some(), "{form}");
    }
}

#[tokio::test]
async fn an_event_on_the_bus_starts_a_copy_for_the_account_that_sent_it() {
    let copier = Copier::deployed().await;
    let event = event("copy-requested.json");
    let bus = Client::new(&sdk(&copier.sandbox().endpoint(), REQUESTER));
    let entry = PutEventsRequestEntry::builder()
        .source(event["source"].as_str().unwrap())
        .detail_type(event["detail-type"].as_str().unwrap())
        .detail(event["detail"].to_string())
        .build();
    let put = bus.put_events().entries(entry).send().await.unwrap();
    copier.deliver().await;
    let started = copier.last("release-2026-11-02");
    assert_eq!(started["status"], "STARTED");
    assert_eq!(started["causationId"].as_str(), put.entries()[0].event_id());
    let key = format!("{REQUESTER}#release-2026-11-02");
    assert!(copier.item_by_key(&key).await.is_some(), "the requester is the account that sent the event");
}

#[tokio::test]
async fn a_batch_starts_each_valid_request_once_and_rejects_each_invalid_one() {
    let copier = Copier::deployed().await;
    let batch = event("copy-requested-batch.json");
    let bodies = batch["Records"].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap());
    let ids: Vec<String> = bodies.map(|body| copier.deployment.send(body)).collect();
    let delivered = copier.deliver().await;
    assert_eq!(delivered.len(), 1, "one batch");
    assert_eq!((copier.deployment.queue_depth(), copier.deployment.dead_letters().len()), (0, 0));

    // The second record is a redelivery of the first.
    for (id, version) in [("release-a", "flowers.a"), ("release-b", "flowers.b"), (&ids[2], "flowers.c")] {
        assert_eq!(copier.statuses(id), ["STARTED"], "{version}");
        assert!(copier.version(version).is_some(), "{version}");
    }
    assert_eq!(copier.calls(COPY), 3);
    assert_eq!(copier.sandbox().project(DESTINATION).unwrap().versions.len(), 3);

    for (id, code, field, version) in [
        (&ids[3], "InvalidRequest", "`request`", &json!(null)),
        (&ids[4], "InvalidRequest", "`versionname`", &json!("flowers.d")),
        (&ids[5], "NotAllowed", "`destinationProjectArn`", &json!("flowers.e")),
    ] {
        assert_eq!(copier.statuses(id), ["REJECTED"]);
        let rejected = copier.last(id);
        assert_eq!(rejected["failure"]["code"], code);
        assert!(rejected["failure"]["message"].as_str().unwrap().contains(field), "{rejected}");
        assert_eq!(rejected["versionName"], *version, "the announcement repeats every readable field");
    }
    assert_eq!(copier.announcements().len(), 6);

    copier.pass(seconds(30)).await;
    copier.sweep().await;
    for id in ["release-a", "release-b", &ids[2]] {
        assert_eq!(copier.statuses(id), ["STARTED", "COMPLETED"]);
    }
}

#[tokio::test]
async fn an_invocation_with_another_payload_than_a_request_is_rejected() {
    let copier = Copier::deployed().await;
    for payload in [json!(null), json!([]), json!("copy"), json!({})] {
        let answer = copier.deployment.invoke_start(&payload).await.unwrap();
        assert_eq!(answer["status"], "REJECTED", "{payload}");
        assert_eq!(copier.statuses(answer["requestId"].as_str().unwrap()), ["REJECTED"], "{payload}");
    }
}

#[tokio::test]
async fn an_announcement_in_the_queue_is_logged_and_ignored() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    let announcement = copier.announcements()[0].to_event();
    let disguised = with(announcement.clone(), json!({"source": "com.example.forwarder"}));
    let by_source = with(event("copy-requested.json"), json!({"source": "rekognition.model-copier"}));
    copier.send(&[&announcement, &disguised, &by_source, &notification_of(&announcement)]).await;
    assert_eq!((copier.announcements().len(), copier.deployment.queue_depth()), (1, 0));
    assert_eq!(ledger::items(&copier.ledger()).await.len(), 1);
    let refused = copier.deployment.invoke_start(&announcement).await.unwrap_err();
    assert!(refused.error_message.contains("announcement"), "{refused}");
    let warned = copier.logged("WARN");
    assert!(warned[0]["message"].as_str().unwrap().starts_with("ignored an announcement"), "{warned:?}");
}

#[tokio::test]
async fn the_requester_of_a_notification_is_the_topics_account_and_of_a_pipes_list_the_copiers() {
    let copier = Copier::deployed().await;
    let answer = copier.deployment.invoke_start(&event("copy-requested-topic.json")).await.unwrap();
    assert_eq!(answer, json!(null));
    let key = "111122223333#22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    assert!(copier.item_by_key(key).await.is_some());

    let list = event("copy-requested-pipe.json");
    let answer = copier.deployment.invoke_start(&list).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let key = format!("444455556666#{}", list[0]["messageId"].as_str().unwrap());
    assert!(copier.item_by_key(&key).await.is_some());
}

#[tokio::test]
async fn records_of_another_service_are_an_error_that_names_the_service() {
    let copier = Copier::deployed().await;
    let event = json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]});
    let error = copier.deployment.invoke_start(&event).await.unwrap_err();
    assert_eq!(error.error_type, "UnknownEventSource");
    assert!(error.error_message.contains("`aws:kinesis`"), "{error}");
}
