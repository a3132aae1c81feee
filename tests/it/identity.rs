//! Which request is which: redeliveries, ids used twice, senders, and two requests for one copy.

use crate::support::{ACCOUNT, COPY, Copier, DESTINATION, REQUESTER, event, request, seconds, with};
use serde_json::json;

#[tokio::test]
async fn a_redelivery_starts_nothing_and_announces_nothing() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    let writes = copier.calls("dynamodb:PutItem");
    copier.send(&[&request("v1"), &request("v1")]).await;
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    assert_eq!(copier.calls(COPY), 1);
    // One refused write for each redelivery, and those of the end.
    assert_eq!(copier.calls("dynamodb:PutItem"), writes + 3 + 2);
}

#[tokio::test]
async fn an_invocation_for_a_known_request_answers_where_it_stands() {
    let copier = Copier::deployed().await;
    let first = copier.deployment.invoke_start(&request("v1")).await.unwrap();
    assert_eq!(copier.deployment.invoke_start(&request("v1")).await.unwrap(), first);
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    let later = copier.deployment.invoke_start(&request("v1")).await.unwrap();
    assert_eq!(later, with(first, json!({"status": "COMPLETED"})));
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
}

#[tokio::test]
async fn the_same_request_in_another_form_is_the_same_request() {
    let copier = Copier::deployed().await;
    let cli = with(event("copy-requested-cli.json"), json!({"requestId": "r"}));
    let mut camel = event("copy-requested-bare.json");
    camel["outputConfig"]["s3KeyPrefix"] = json!("copied/");
    let camel = with(
        camel,
        json!({"requestId": "r", "tags": {"stage": "production", "team": "flowers"}, "kmsKeyId": cli["KmsKeyId"]}),
    );
    copier.send(&[&cli]).await;
    copier.send(&[&camel]).await;
    assert_eq!(copier.words("r"), ["STARTED"]);
    assert_eq!(copier.announced().len(), 1);
}

#[tokio::test]
async fn an_id_that_names_another_request_is_rejected_and_that_request_goes_on() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    let message_id = copier.deployment.send(with(request("v1"), json!({"versionName": "v2"})).to_string());
    copier.deliver().await;
    assert_eq!(copier.words(&message_id), ["REJECTED"]);
    let rejected = copier.last(&message_id);
    assert_eq!(rejected["failure"]["code"], "RequestIdReused");
    assert_eq!(rejected["versionName"], "v2");
    assert!(rejected["failure"]["message"].as_str().unwrap().contains("`v1`"), "{rejected}");
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["STARTED", "COMPLETED"]);
    assert_eq!(copier.calls(COPY), 1);
}

#[tokio::test]
async fn two_accounts_may_use_the_same_id_for_different_requests() {
    let copier = Copier::deployed().await;
    let from = |account: &str, version: &str| {
        let mut event = event("copy-requested.json");
        event["account"] = json!(account);
        event["detail"] = request("release-1");
        event["detail"]["versionName"] = json!(version);
        event
    };
    copier.send(&[&from(REQUESTER, "v1"), &from(ACCOUNT, "v2")]).await;
    assert_eq!(copier.words("release-1"), ["STARTED", "STARTED"]);
    let ids: Vec<_> = copier.told("release-1").iter().map(|told| told["eventId"].clone()).collect();
    assert_ne!(ids[0], ids[1]);
    assert!(copier.version("v1").is_some() && copier.version("v2").is_some());
}

#[tokio::test]
async fn an_account_written_into_a_message_is_not_believed() {
    let copier = Copier::deployed().await;
    let mut forged = event("copy-requested.json");
    forged["account"] = json!("999988887777");
    copier.deployment.invoke_start(&forged).await.unwrap();
    assert!(copier.item("release-2026-11-02").await.is_some(), "an invocation is our own account's");
    let copier = Copier::deployed().await;
    let notification = with(event("copy-requested-sns.json"), json!({"Message": forged.to_string()}));
    copier.send(&[&notification]).await;
    assert!(
        copier.item("release-2026-11-02").await.is_some(),
        "a notification is from our own account's topic"
    );
}

#[tokio::test]
async fn a_second_request_for_a_copy_that_is_there_or_on_its_way_gets_its_own_answer() {
    let copier = Copier::deployed().await;
    copier.send(&[&request("v1")]).await;
    copier.send(&[&with(request("v1"), json!({"requestId": "on its way"}))]).await;
    copier.pass(seconds(30)).await;
    copier.sweep().await;
    copier.send(&[&with(request("v1"), json!({"requestId": "there"}))]).await;
    copier.sweep().await;
    let arn = copier.last("v1")["projectVersionArn"].clone();
    for (id, adopted) in [("v1", false), ("on its way", true), ("there", true)] {
        assert_eq!(copier.words(id), ["STARTED", "COMPLETED"], "{id}");
        for told in copier.told(id) {
            assert_eq!((&told["adopted"], &told["projectVersionArn"]), (&json!(adopted), &arn), "{id}");
        }
    }
    assert_eq!(copier.sandbox().project(DESTINATION).unwrap().versions.len(), 1);
}
