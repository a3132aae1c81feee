//! Tests of intake: the ways in of a request, a batch of valid and invalid requests, and messages that are no request. Every
//! form of a request is in tests/it/events.rs and in `src/domain/intake/tests.rs`.

use crate::support::{COPY, Copier, DESTINATION, event, request, seconds, with};
use serde_json::json;

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

    copier.sweep_after(seconds(30)).await;
    for id in ["release-a", "release-b", &ids[2]] {
        assert_eq!(copier.statuses(id), ["STARTED", "COMPLETED"]);
    }
}

#[tokio::test]
async fn an_announcement_in_the_queue_is_logged_and_ignored() {
    let copier = Copier::deployed().await;
    copier.send([request("v1")]).await;
    let announcement = copier.announcements()[0].to_event();
    let notification = with(event("copy-requested-sns.json"), json!({"Message": announcement.to_string()}));
    copier.send([&announcement, &notification]).await;
    assert_eq!((copier.announcements().len(), copier.items().await.len()), (1, 1));
    let refused = copier.deployment.start_copy().invoke(&announcement).await.unwrap_err();
    assert!(refused.error_message.contains("announcement"), "{refused}");
    let warned = copier.logged("WARN");
    assert!(warned[0]["message"].as_str().unwrap().starts_with("ignored an announcement"), "{warned:?}");
}

#[tokio::test]
async fn the_requester_of_a_notification_is_the_topics_account_and_of_a_pipes_list_the_copiers() {
    let copier = Copier::deployed().await;
    let answer = copier.deployment.start_copy().invoke(&event("copy-requested-topic.json")).await.unwrap();
    assert_eq!(answer, json!(null));
    let key = "111122223333#22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    assert!(copier.item_by_key(key).await.is_some());

    let list = event("copy-requested-pipe.json");
    let answer = copier.deployment.start_copy().invoke(&list).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let key = format!("444455556666#{}", list[0]["messageId"].as_str().unwrap());
    assert!(copier.item_by_key(&key).await.is_some());
}

#[tokio::test]
async fn records_of_another_service_are_an_error_that_names_the_service() {
    let copier = Copier::deployed().await;
    let event = json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]});
    let error = copier.deployment.start_copy().invoke(&event).await.unwrap_err();
    assert_eq!(error.error_type, "UnknownEventSource");
    assert!(error.error_message.contains("`aws:kinesis`"), "{error}");
}
