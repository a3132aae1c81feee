//! Tests of the identity of a request: its redeliveries, its id and its requester.

use crate::support::{ACCOUNT, COPY, Copier, REQUESTER, event, request, seconds, with};
use serde_json::json;

#[tokio::test]
async fn a_redelivery_starts_and_announces_nothing() {
    let copier = Copier::deployed().await;
    copier.send([request("v1")]).await;
    let writes = copier.calls("dynamodb:PutItem");
    copier.send([request("v1"), request("v1")]).await;
    copier.sweep_after(seconds(30)).await;
    copier.send([request("v1")]).await;
    assert_eq!(copier.statuses("v1"), ["STARTED", "COMPLETED"]);
    assert_eq!(copier.calls(COPY), 1);
    // Each of three redeliveries causes one refused write. The end causes two writes.
    assert_eq!(copier.calls("dynamodb:PutItem"), writes + 3 + 2);
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
    copier.send([from(REQUESTER, "v1"), from(ACCOUNT, "v2")]).await;
    assert_eq!(copier.statuses("release-1"), ["STARTED", "STARTED"]);
    let ids: Vec<_> =
        copier.announcements_of("release-1").iter().map(|event| event["eventId"].clone()).collect();
    assert_ne!(ids[0], ids[1]);
    assert!(copier.version("v1").is_some() && copier.version("v2").is_some());
}

#[tokio::test]
async fn an_account_written_into_a_message_is_not_believed() {
    let copier = Copier::deployed().await;
    let mut forged = event("copy-requested.json");
    forged["account"] = json!("999988887777");
    copier.deployment.start_copy().invoke(&forged).await.unwrap();
    assert!(
        copier.item("release-2026-11-02").await.is_some(),
        "the requester of an invocation is the copier's account"
    );
    let copier = Copier::deployed().await;
    let notification = with(event("copy-requested-sns.json"), json!({"Message": forged.to_string()}));
    copier.send([notification]).await;
    let item = copier.item("release-2026-11-02").await;
    assert!(item.is_some(), "the requester of a notification in the queue is the copier's account");
}
