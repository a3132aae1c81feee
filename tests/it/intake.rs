//! How requests come in: every form through queue and invocation, good and bad ones in one batch, and
//! what is no request.

use crate::support::{COPY, Copier, DESTINATION, REQUESTER, SOURCE, SOURCE_VERSION};
use crate::support::{event, event_text, minutes, request, seconds, with};
use serde_json::{Value, json};

const EVENT_ID: &str = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";

/// `copy-requested.json` without the ids that it brings along.
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

/// Every form of a request, and the id that its envelope gives it; none: the message's or invocation's own.
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
async fn every_form_of_a_request_is_taken_from_the_queue() {
    for (form, body, id) in forms() {
        let copier = Copier::deployed().await;
        let message_id = copier.deployment.send(body.to_string());
        copier.deliver().await;
        let id = id.unwrap_or(&message_id);
        assert_eq!(copier.words(id), ["STARTED"], "{form}");
        assert_eq!(copier.last(id)["sourceProjectVersionArn"], SOURCE_VERSION, "{form}");
        assert!(copier.version("flowers.2026-11-02").is_some(), "{form}");
    }
}

#[tokio::test]
async fn every_form_of_a_request_is_taken_from_an_invocation_and_answered_at_once() {
    for (form, body, id) in forms() {
        let copier = Copier::deployed().await;
        let answer = copier.deployment.invoke_start(&body).await.unwrap();
        let arn = copier.version("flowers.2026-11-02").unwrap().project_version_arn.to_string();
        let answered = answer["requestId"].as_str().unwrap();
        assert_eq!(
            answer,
            json!({"requestId": answered, "status": "STARTED", "projectVersionArn": arn}),
            "{form}"
        );
        if let Some(id) = id {
            assert_eq!(answered, id, "{form}");
        }
        assert_eq!(copier.words(answered), ["STARTED"], "{form}");
    }
}

#[tokio::test]
async fn an_event_on_the_bus_reaches_the_copier_through_rule_and_queue() {
    let copier = Copier::deployed().await;
    let event = event("copy-requested.json");
    let id = crate::support::bus::put(
        &copier.sandbox().endpoint(),
        REQUESTER,
        event["source"].as_str().unwrap(),
        event["detail-type"].as_str().unwrap(),
        &event["detail"],
    )
    .await;
    copier.deliver().await;
    let started = copier.last("release-2026-11-02");
    assert_eq!((&started["status"], &started["causationId"]), (&json!("STARTED"), &json!(id)));
    let key = format!("{REQUESTER}#release-2026-11-02");
    assert!(copier.item_by_key(&key).await.is_some(), "EventBridge vouches for the sender");
}

#[tokio::test]
async fn a_batch_starts_each_good_request_once_and_rejects_each_bad_one_with_all_its_problems() {
    let copier = Copier::deployed().await;
    let batch = event("copy-requested-batch.json");
    let bodies = batch["Records"].as_array().unwrap().iter().map(|record| record["body"].as_str().unwrap());
    let ids: Vec<String> = bodies.map(|body| copier.deployment.send(body)).collect();
    let delivered = copier.deliver().await;
    assert_eq!(delivered.len(), 1, "one batch");
    assert_eq!((copier.deployment.queue_depth(), copier.deployment.dead_letters().len()), (0, 0));

    // The first and the redelivery of it, the event and the notification.
    for (id, version) in [("release-a", "flowers.a"), ("release-b", "flowers.b"), (&ids[2], "flowers.c")] {
        assert_eq!(copier.words(id), ["STARTED"], "{version}");
        assert_eq!(copier.last(id)["versionName"], version);
        assert!(copier.version(version).is_some(), "{version}");
    }
    assert_eq!(copier.calls(COPY), 3);
    assert_eq!(copier.sandbox().project(DESTINATION).unwrap().versions.len(), 3);
    let event = copier.last("release-b");
    assert_eq!(event["context"], json!({"pipeline": "flowers", "approvedBy": "mlops"}));
    assert_eq!(event["correlationId"], "pipeline-run-4711");
    assert_eq!(copier.version("flowers.b").unwrap().tags.len(), 2);

    let rejected = |id: &str| {
        assert_eq!(copier.words(id), ["REJECTED"]);
        let told = copier.last(id);
        let failure = &told["failure"];
        let text = |name: &str| failure[name].as_str().unwrap().to_owned();
        (text("code"), text("message"), told)
    };
    let (code, message, told) = rejected(&ids[3]);
    assert_eq!(code, "InvalidRequest");
    assert!(message.starts_with("`request` ") && message.contains("JSON"), "{message}");
    assert_eq!(told.get("sourceProjectArn"), None, "nothing of it could be read");

    let (code, message, told) = rejected(&ids[4]);
    assert_eq!(code, "InvalidRequest");
    assert!(message.contains("`versionname`"), "{message}");
    assert_eq!(told["versionName"], "flowers.d", "what could be read is told");

    let (code, message, told) = rejected(&ids[5]);
    assert_eq!(code, "NotAllowed");
    assert!(message.contains("`destinationProjectArn`") && message.contains("`777788889999`"), "{message}");
    assert_eq!(told["versionName"], "flowers.e");
    assert_eq!(copier.announced().len(), 6, "one announcement a request");

    copier.pass(seconds(30)).await;
    copier.sweep().await;
    for id in ["release-a", "release-b", &ids[2]] {
        assert_eq!(copier.words(id), ["STARTED", "COMPLETED"]);
    }
}

#[tokio::test]
async fn all_problems_of_a_request_are_named_at_once() {
    let copier = Copier::deployed_with(&[("ALLOWED_OUTPUT_BUCKETS", "flowers-production-models")]).await;
    let bad = json!({
        "sourceProjectArn": SOURCE.replace("us-east-1", "eu-west-1"),
        "sourceProjectVersionArn": SOURCE_VERSION.replace("111122223333", "999988887777"),
        "versionName": "no spaces",
        "outputConfig": {"s3Bucket": "somebody-elses", "acl": "public"},
        "tags": {"aws:mine": "x"},
        "kmsKeyId": 7,
        "requestId": "bad",
        "context": [],
        "colour": "red",
    });
    copier.send(&[&bad]).await;
    assert_eq!(copier.words("bad"), ["REJECTED"]);
    let message = copier.last("bad")["failure"]["message"].as_str().unwrap().to_owned();
    for field in [
        "`sourceProjectArn` must be in Region `us-east-1`, not `eu-west-1`",
        "`sourceProjectVersionArn` must be in an allowed source account, not `999988887777`",
        "`destinationProjectArn` is missing",
        "`versionName` may have letters",
        "`outputConfig.s3Bucket` must be in `flowers-production-models`, not `somebody-elses`",
        "`outputConfig.acl`",
        "`tags.aws:mine`",
        "`kmsKeyId`",
        "`context` must be an object",
        "`colour`",
    ] {
        assert!(message.contains(field), "{field} in {message}");
    }
    assert_eq!(copier.calls(COPY), 0);
}

#[tokio::test]
async fn a_request_for_another_region_or_partition_or_from_a_foreign_source_is_rejected() {
    let copier = Copier::deployed().await;
    let rows = [
        ("region", json!({"destinationProjectArn": DESTINATION.replace("us-east-1", "eu-west-1")})),
        ("partition", json!({"destinationProjectArn": DESTINATION.replace("arn:aws:", "arn:aws-cn:")})),
        (
            "source",
            json!({
                "sourceProjectArn": SOURCE.replace(REQUESTER, "999988887777"),
                "sourceProjectVersionArn": SOURCE_VERSION.replace(REQUESTER, "999988887777"),
            }),
        ),
    ];
    let bodies = rows.map(|(name, changes)| with(request(name), changes));
    copier.send(&bodies.iter().collect::<Vec<_>>()).await;
    for name in ["region", "partition", "source"] {
        assert_eq!(copier.words(name), ["REJECTED"], "{name}");
        assert_eq!(copier.last(name)["failure"]["code"], "NotAllowed", "{name}");
    }
    assert_eq!(copier.calls(COPY), 0);
}

#[tokio::test]
async fn a_bad_request_is_answered_at_once_by_an_invocation() {
    let copier = Copier::deployed().await;
    let answer = copier.deployment.invoke_start(&with(request("bad"), json!({"versionName": null}))).await;
    let answer = answer.unwrap();
    assert_eq!((&answer["requestId"], &answer["status"]), (&json!("bad"), &json!("REJECTED")));
    let failure = &answer["failure"];
    assert_eq!(failure["code"], "InvalidRequest");
    assert_eq!(failure["message"], "`versionName` is missing: it is required");
    assert!(failure["remedy"].as_str().unwrap().contains("under a new `requestId`"), "{failure}");
    assert_eq!(copier.words("bad"), ["REJECTED"]);
}

#[tokio::test]
async fn a_payload_that_is_no_object_is_rejected_too() {
    let copier = Copier::deployed().await;
    for payload in [json!(null), json!([]), json!("copy"), json!({})] {
        let answer = copier.deployment.invoke_start(&payload).await.unwrap();
        assert_eq!(answer["status"], "REJECTED", "{payload}");
        assert_eq!(copier.words(answer["requestId"].as_str().unwrap()), ["REJECTED"], "{payload}");
    }
}

#[tokio::test]
async fn an_announcement_that_is_sent_back_is_ignored() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    let ours = copier.announced()[0].to_event();
    let disguised = with(ours.clone(), json!({"source": "com.example.forwarder"}));
    let by_source = with(event("copy-requested.json"), json!({"source": "rekognition.model-copier"}));
    copier.send(&[&ours, &disguised, &by_source, &notification_of(&ours)]).await;
    assert_eq!((copier.announced().len(), copier.deployment.queue_depth()), (1, 0));
    assert_eq!(crate::support::ledger::items(&copier.ledger()).await.len(), 1, "no record of it");
    let refused = copier.deployment.invoke_start(&ours).await.unwrap_err();
    assert!(refused.error_message.contains("announcement"), "{refused}");
    let warned = copier.logged("WARN");
    let warning = warned[0]["message"].as_str().unwrap();
    assert!(
        warning.starts_with("ignored an announcement"),
        "whoever misroutes events should hear of it: {warning}"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_rejected_and_one_that_just_fits_is_taken() {
    let copier = Copier::deployed().await;
    let padded = |name: &str, bytes: usize| {
        let body = request(name).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    copier.deployment.send(padded("fits", 64 * 1024));
    let too_large = copier.deployment.send(padded("too-large", 64 * 1024 + 1));
    copier.deliver().await;
    assert_eq!(copier.words("fits"), ["STARTED"]);
    let message = copier.last(&too_large)["failure"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("65536"), "{message}");
}

#[tokio::test]
async fn a_request_that_waits_is_no_failed_message() {
    let copier = Copier::deployed().await;
    let busy = sandbox::Effect::error("ThrottlingException");
    copier.sandbox().fault(sandbox::Fault::new(COPY, busy));
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    assert_eq!(copier.deployment.queue_depth(), 0);
    copier.pass(minutes(6)).await;
    assert_eq!(copier.deployment.dead_letters().len(), 0);
}

#[tokio::test]
async fn a_batch_whose_messages_have_no_ids_fails_as_a_whole() {
    let copier = Copier::deployed().await;
    let mut batch: Value = serde_json::from_str(&event_text("copy-requested-batch.json")).unwrap();
    batch["Records"][3].as_object_mut().unwrap().remove("messageId");
    let failed = copier.deployment.invoke_start(&batch).await.unwrap_err();
    assert!(failed.error_message.contains("messageId"), "{failed}");
    assert_eq!(copier.calls(COPY), 0);
}

#[tokio::test]
async fn a_topics_notification_is_its_accounts_request_and_a_pipes_list_the_copiers() {
    let copier = Copier::deployed().await;
    let answer = copier.deployment.invoke_start(&event("copy-requested-topic.json")).await.unwrap();
    assert_eq!(answer, json!(null));
    let key = "111122223333#22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    assert!(copier.item_by_key(key).await.is_some(), "the topic's account asked");

    let list = event("copy-requested-pipe.json");
    let answer = copier.deployment.invoke_start(&list).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let key = format!("444455556666#{}", list[0]["messageId"].as_str().unwrap());
    assert!(copier.item_by_key(&key).await.is_some(), "the copier's account asked");
}

#[tokio::test]
async fn records_of_another_service_are_refused_by_name() {
    let copier = Copier::deployed().await;
    let event = json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]});
    let error = copier.deployment.invoke_start(&event).await.unwrap_err();
    assert_eq!(error.error_type, "UnknownEventSource");
    assert!(error.error_message.contains("`aws:kinesis`"), "{error}");
}
